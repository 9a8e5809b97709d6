using System;
using System.IO.Hashing;
using VhdxTools.Format;

namespace VhdxTools.Disks;

/// <summary>Finds where the partitions of a disk end, from its GPT (UEFI 2.10, 5.3) or MBR.</summary>
internal static class PartitionTable
{
    /// <summary>Reads a range of the disk into a buffer.</summary>
    public delegate void Reader(long offset, Span<byte> buffer);

    private const int MbrEntriesOffset = 446;
    private const int MbrEntryLength = 16;
    private const int MbrEntryCount = 4;
    private const byte ProtectiveType = 0xEE;
    private const int GptHeaderLength = 92;
    private const long MaximumGptArrayLength = FormatConstants.MiB;

    /// <summary>
    /// The smallest size in bytes that holds every partition, and behind them, with a GPT, room for its backup; null when the disk has no
    /// valid partition table.
    /// </summary>
    public static long? MinimumSize(Reader read, long capacity, int sectorSize)
    {
        byte[] mbr = new byte[512];
        read(0, mbr);
        return GptMinimum(read, capacity, sectorSize) ?? MbrMinimum(mbr, capacity, sectorSize);
    }

    /// <summary>"GPT" or "MBR" when the disk has such a table in sectors of that size; null when it has none.</summary>
    public static string? KindOf(Reader read, long capacity, int sectorSize)
    {
        if (GptMinimum(read, capacity, sectorSize) is not null)
        {
            return "GPT";
        }

        byte[] mbr = new byte[512];
        read(0, mbr);
        return MbrMinimum(mbr, capacity, sectorSize) is null ? null : "MBR";
    }

    private static long? GptMinimum(Reader read, long capacity, int sectorSize)
    {
        byte[] header = new byte[sectorSize];
        foreach (long sector in new[] { 1, (capacity / sectorSize) - 1 })
        {
            // A disk of one sector has no second one.
            if (sector < 1 || sector >= capacity / sectorSize)
            {
                continue;
            }

            read(sector * sectorSize, header);
            if (GptMinimumOf(read, header, sector, capacity, sectorSize) is long minimum)
            {
                return minimum;
            }
        }

        return null;
    }

    private static long? GptMinimumOf(Reader read, byte[] header, long sector, long capacity, int sectorSize)
    {
        uint headerLength = ByteFields.U32(header, 12);
        if (!header.AsSpan().StartsWith("EFI PART"u8) || headerLength < GptHeaderLength || headerLength > header.Length)
        {
            return null;
        }

        uint stored = ByteFields.U32(header, 16);
        byte[] copy = header.AsSpan(0, (int)headerLength).ToArray();
        ByteFields.U32(copy, 16, 0);
        ulong arraySector = ByteFields.U64(header, 72);
        uint count = ByteFields.U32(header, 80);
        uint entryLength = ByteFields.U32(header, 84);
        long arrayLength = (long)count * entryLength;
        if (Crc32.HashToUInt32(copy) != stored
            || ByteFields.U64(header, 24) != (ulong)sector
            || entryLength < 128
            || arrayLength is 0 or > MaximumGptArrayLength
            || arraySector >= (ulong)(capacity / sectorSize)
            || arrayLength > capacity - ((long)arraySector * sectorSize))
        {
            return null;
        }

        byte[] array = new byte[arrayLength];
        read((long)arraySector * sectorSize, array);
        if (Crc32.HashToUInt32(array) != ByteFields.U32(header, 88))
        {
            return null;
        }

        // A disk without partitions still has the room of both tables: usable space starts where the header says.
        ulong end = Math.Min(ByteFields.U64(header, 40), (ulong)(capacity / sectorSize));
        for (int place = 0; place < arrayLength; place += (int)entryLength)
        {
            ulong last = ByteFields.U64(array, place + 40);
            if (ByteFields.Guid(array, place) != Guid.Empty && last < (ulong)(capacity / sectorSize))
            {
                end = Math.Max(end, last + 1);
            }
        }

        long backup = FormatConstants.AlignUp(arrayLength, sectorSize) + sectorSize;
        return Math.Min(((long)end * sectorSize) + backup, capacity);
    }

    private static long? MbrMinimum(byte[] mbr, long capacity, int sectorSize)
    {
        if (ByteFields.U16(mbr, 510) != 0xAA55)
        {
            return null;
        }

        long? end = null;
        for (int i = 0; i < MbrEntryCount; i++)
        {
            ReadOnlySpan<byte> entry = mbr.AsSpan(MbrEntriesOffset + (i * MbrEntryLength), MbrEntryLength);
            if (ByteFields.IsZero(entry))
            {
                continue;
            }

            long first = ByteFields.U32(entry, 8);
            long count = ByteFields.U32(entry, 12);

            // Boot sectors of file systems end in 55 AA too; their code does not make four sound entries. A protective
            // entry alone means that the GPT that it protects is lost.
            if (entry[0] is not (0 or 0x80) || entry[4] is 0 or ProtectiveType || first == 0 || count == 0 || (first + count) * sectorSize > capacity)
            {
                return null;
            }

            end = Math.Max(end ?? 0, (first + count) * sectorSize);
        }

        return end;
    }
}
