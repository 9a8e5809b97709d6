using System;
using VhdxTools.Disks;

namespace VhdxTools.Core.Tests.Support;

/// <summary>A small disk with partition tables built by hand.</summary>
internal sealed class DiskModel(int capacity, int sectorSize)
{
    public byte[] Bytes { get; } = new byte[capacity];

    public long? MinimumSize() => PartitionTable.MinimumSize(Read, capacity, sectorSize);

    public void AddMbr(params (byte Status, byte Type, uint First, uint Count)[] entries)
    {
        for (int i = 0; i < entries.Length; i++)
        {
            int place = 446 + (16 * i);
            Bytes[place] = entries[i].Status;
            Bytes[place + 4] = entries[i].Type;
            Support.Bytes.Put(Bytes, place + 8, Support.Bytes.U32(entries[i].First));
            Support.Bytes.Put(Bytes, place + 12, Support.Bytes.U32(entries[i].Count));
        }

        Support.Bytes.Put(Bytes, 510, [0x55, 0xAA]);
    }

    /// <summary>128 entries of 128 bytes behind the header, or before the backup header at the end of the disk.</summary>
    public void AddGpt(bool backup, params (ulong First, ulong Last)[] partitions)
    {
        int sectors = 16_384 / sectorSize;
        int sector = backup ? (capacity / sectorSize) - 1 : 1;
        int array = backup ? sector - sectors : 2;
        int header = sector * sectorSize;
        Support.Bytes.Put(Bytes, header, "EFI PART"u8);
        Support.Bytes.Put(Bytes, header + 8, Support.Bytes.U32(0x00010000));
        Support.Bytes.Put(Bytes, header + 12, Support.Bytes.U32(92));
        Support.Bytes.Put(Bytes, header + 24, Support.Bytes.U64((ulong)sector));
        Support.Bytes.Put(Bytes, header + 32, Support.Bytes.U64(backup ? 1UL : (ulong)(capacity / sectorSize) - 1));
        Support.Bytes.Put(Bytes, header + 40, Support.Bytes.U64((ulong)(2 + sectors)));
        Support.Bytes.Put(Bytes, header + 72, Support.Bytes.U64((ulong)array));
        Support.Bytes.Put(Bytes, header + 80, Support.Bytes.U32(128));
        Support.Bytes.Put(Bytes, header + 84, Support.Bytes.U32(128));
        for (int i = 0; i < partitions.Length; i++)
        {
            int place = (array * sectorSize) + (128 * i);
            Bytes.AsSpan(place, 32).Fill((byte)(i + 1));
            Support.Bytes.Put(Bytes, place + 32, Support.Bytes.U64(partitions[i].First));
            Support.Bytes.Put(Bytes, place + 40, Support.Bytes.U64(partitions[i].Last));
        }

        Support.Bytes.Put(Bytes, header + 88, Support.Bytes.U32(Crc32(Bytes.AsSpan(array * sectorSize, 16_384))));
        SealGpt(sector);
    }

    public void SealGpt(int sector)
    {
        int header = sector * sectorSize;
        uint length = (uint)Support.Bytes.Read(Bytes, header + 12, 4);
        Support.Bytes.Put(Bytes, header + 16, new byte[4]);
        Support.Bytes.Put(Bytes, header + 16, Support.Bytes.U32(Crc32(Bytes.AsSpan(header, (int)Math.Min(length, (uint)sectorSize)))));
    }

    private void Read(long offset, Span<byte> buffer)
    {
        buffer.Clear();
        int count = (int)Math.Clamp(capacity - offset, 0, buffer.Length);
        if (count > 0)
        {
            Bytes.AsSpan((int)offset, count).CopyTo(buffer);
        }
    }

    /// <summary>The CRC-32 of IEEE 802.3, bit by bit.</summary>
    public static uint Crc32(ReadOnlySpan<byte> bytes)
    {
        uint crc = 0xFFFFFFFF;
        foreach (byte value in bytes)
        {
            crc ^= value;
            for (int bit = 0; bit < 8; bit++)
            {
                crc = (crc & 1) != 0 ? (crc >> 1) ^ 0xEDB88320 : crc >> 1;
            }
        }

        return ~crc;
    }
}
