using System;
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
        long sectors = capacity / sectorSize;
        if ((GptTable.Read(read, capacity, sectorSize, 1) ?? GptTable.Read(read, capacity, sectorSize, sectors - 1)) is not { } table)
        {
            return null;
        }

        // A partition that was cut has lost enough.
        long end = Math.Min(table.EndOfPartitions(sectors), sectors);
        return Math.Min((end + table.ArraySectors(sectorSize) + 1) * sectorSize, capacity);
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
