using System;
using System.Collections.Generic;
using System.IO.Hashing;
using VhdxTools.Format;

namespace VhdxTools.Disks;

/// <summary>One of the two copies of a GUID partition table that is sound (UEFI 2.10, 5.3).</summary>
internal sealed record GptTable
{
    public const int HeaderLength = 92;

    private const int ChecksumOffset = 16;
    private const int SectorOffset = 24;
    private const int OtherSectorOffset = 32;
    private const int FirstUsableOffset = 40;
    private const int LastUsableOffset = 48;
    private const int ArraySectorOffset = 72;
    private const int EntryCountOffset = 80;
    private const int EntryLengthOffset = 84;
    private const int ArrayChecksumOffset = 88;
    private const int MinimumEntryLength = 128;
    private const long MaximumArrayLength = FormatConstants.MiB;

    private readonly byte[] _header;

    private GptTable(byte[] header, byte[] array, long sector)
    {
        _header = header;
        Array = array;
        Sector = sector;
    }

    /// <summary>The sector of the header.</summary>
    public long Sector { get; }

    /// <summary>Whether it is the copy at the start of the disk.</summary>
    public bool IsPrimary => Sector == 1;

    /// <summary>All partition entries.</summary>
    public byte[] Array { get; }

    /// <summary>The sector where the other copy's header is said to be.</summary>
    public long OtherSector => ByteFields.Clamp(ByteFields.U64(_header, OtherSectorOffset));

    /// <summary>The sector where the entries start.</summary>
    public long ArraySector => ByteFields.Clamp(ByteFields.U64(_header, ArraySectorOffset));

    /// <summary>The first sector that partitions may use.</summary>
    public long FirstUsable => ByteFields.Clamp(ByteFields.U64(_header, FirstUsableOffset));

    /// <summary>The last sector that partitions may use.</summary>
    public long LastUsable => ByteFields.Clamp(ByteFields.U64(_header, LastUsableOffset));

    /// <summary>Reads a copy.</summary>
    /// <param name="read">Reads a range of the disk.</param>
    /// <param name="capacity">Size of the disk in bytes.</param>
    /// <param name="sectorSize">Size of a logical sector in bytes.</param>
    /// <param name="sector">Where the header is.</param>
    /// <returns>Null when no sound copy is there.</returns>
    public static GptTable? Read(PartitionTable.Reader read, long capacity, int sectorSize, long sector)
    {
        long sectors = capacity / sectorSize;
        if (sector < 1 || sector >= sectors)
        {
            return null;
        }

        byte[] header = new byte[sectorSize];
        read(sector * sectorSize, header);
        uint headerLength = ByteFields.U32(header, 12);
        if (!header.AsSpan().StartsWith("EFI PART"u8) || headerLength < HeaderLength || headerLength > header.Length)
        {
            return null;
        }

        long entryLength = ByteFields.U32(header, EntryLengthOffset);
        long arrayLength = ByteFields.U32(header, EntryCountOffset) * entryLength;
        ulong arraySector = ByteFields.U64(header, ArraySectorOffset);
        if (ChecksumOf(header) != ByteFields.U32(header, ChecksumOffset)
            || ByteFields.U64(header, SectorOffset) != (ulong)sector
            || entryLength < MinimumEntryLength
            || arrayLength is <= 0 or > MaximumArrayLength
            || arraySector >= (ulong)sectors
            || arrayLength > capacity - ((long)arraySector * sectorSize))
        {
            return null;
        }

        byte[] array = new byte[arrayLength];
        read((long)arraySector * sectorSize, array);
        return ChecksumOfBytes(array) == ByteFields.U32(header, ArrayChecksumOffset) ? new(header, array, sector) : null;
    }

    /// <summary>How many sectors the entries take.</summary>
    /// <param name="sectorSize">Size of a logical sector in bytes.</param>
    public long ArraySectors(int sectorSize) => FormatConstants.CeilingDivide(Array.Length, sectorSize);

    /// <summary>Whether a first copy fits between the start of the disk and all partitions.</summary>
    /// <param name="sectorSize">Size of a logical sector in bytes.</param>
    public bool HasRoomForPrimary(int sectorSize)
    {
        long start = FirstUsable;
        foreach ((long first, _) in Partitions())
        {
            start = Math.Min(start, first);
        }

        return start >= 2 + ArraySectors(sectorSize);
    }

    /// <summary>
    /// The first sector behind all partitions that begin on the disk; without any, the first that partitions may use. More than the disk
    /// has when a partition was cut.
    /// </summary>
    /// <param name="sectors">Sectors of the disk.</param>
    public long EndOfPartitions(long sectors)
    {
        long end = Math.Min(FirstUsable, sectors);
        foreach ((long first, long last) in Partitions())
        {
            end = first < sectors ? Math.Max(end, Math.Min(last, long.MaxValue - 1) + 1) : end;
        }

        return end;
    }

    /// <summary>The header sector of a copy of this table at another place.</summary>
    /// <param name="sector">Where it will be.</param>
    /// <param name="otherSector">Where the header of the other copy will be.</param>
    /// <param name="arraySector">Where its entries will start.</param>
    /// <param name="lastUsable">The last sector that partitions may use.</param>
    public byte[] HeaderAt(long sector, long otherSector, long arraySector, long lastUsable)
    {
        byte[] header = (byte[])_header.Clone();
        ByteFields.U64(header, SectorOffset, (ulong)sector);
        ByteFields.U64(header, OtherSectorOffset, (ulong)otherSector);
        ByteFields.U64(header, LastUsableOffset, (ulong)lastUsable);
        ByteFields.U64(header, ArraySectorOffset, (ulong)arraySector);
        ByteFields.U32(header, ChecksumOffset, ChecksumOf(header));
        return header;
    }

    private IEnumerable<(long First, long Last)> Partitions()
    {
        int entryLength = (int)ByteFields.U32(_header, EntryLengthOffset);
        for (int place = 0; place < Array.Length; place += entryLength)
        {
            if (ByteFields.Guid(Array, place) != Guid.Empty)
            {
                yield return (ByteFields.Clamp(ByteFields.U64(Array, place + 32)), ByteFields.Clamp(ByteFields.U64(Array, place + 40)));
            }
        }
    }

    private static uint ChecksumOf(ReadOnlySpan<byte> header)
    {
        byte[] copy = header.Slice(0, (int)ByteFields.U32(header, 12)).ToArray();
        ByteFields.U32(copy, ChecksumOffset, 0);
        return ChecksumOfBytes(copy);
    }

    // In a method of its own: the library is loaded when there is a table, and not before.
    private static uint ChecksumOfBytes(byte[] bytes) => Crc32.HashToUInt32(bytes);
}
