using System;
using System.Collections.Generic;
using VhdxTools.Format;
using VhdxTools.Images;
using VhdxTools.Layout;

namespace VhdxTools.Disks;

/// <summary>Finds space for blocks: in gaps of the file first, then at its end. Counts in units of 1 MiB.</summary>
internal sealed class SpaceAllocator
{
    private const long Unit = FormatConstants.MiB;
    private const long MaximumStep = 256 * FormatConstants.MiB;

    private readonly BitField _used;
    private readonly List<FileRange> _released = [];
    private readonly long _blockSize;
    private readonly long _length;
    private long _freshStart;

    /// <summary>No unit before it is free.</summary>
    private long _firstFree;

    /// <summary>No gap that begins before it has room for a block.</summary>
    private long _firstFit;

    private SpaceAllocator(BitField used, long length, long blockSize)
    {
        _used = used;
        _blockSize = blockSize;
        _length = length;
        NeededLength = length;
        _freshStart = used.Length * Unit;
    }

    private long BlockUnits => _blockSize / Unit;

    /// <summary>A copy, to try things out.</summary>
    public SpaceAllocator Clone()
    {
        BitField used = new(_used.Length);
        used.SetAll(_used);
        return new(used, _length, _blockSize) { NeededLength = NeededLength, _freshStart = _freshStart, _firstFree = _firstFree, _firstFit = _firstFit };
    }

    /// <summary>The length in bytes that the file needs: what it had, and what was allocated beyond that.</summary>
    public long NeededLength { get; private set; }

    /// <summary>Where the last byte that anything uses ends.</summary>
    public long UsedEnd => (_used.FindLast() + 1) * Unit;

    /// <summary>Bytes inside the file that nothing uses.</summary>
    public long FreeLength => FreeLengthBefore(_freshStart);

    /// <summary>Bytes before a place that nothing uses.</summary>
    public long FreeLengthBefore(long end) => _used.CountClear(0, Math.Min(_used.Length, end / Unit)) * Unit;

    /// <summary>The part of <see cref="FreeLength"/> that is no hole of a sparse file: using it takes nothing from the volume.</summary>
    public long HeldFreeLength(VhdxLayer layer)
    {
        long units = 0;
        for (long place = 0; layer.FindData(place, _freshStart) is FileRange data; place = data.End)
        {
            long first = FormatConstants.CeilingDivide(data.Offset, Unit);
            units += data.End / Unit > first ? _used.CountClear(first, data.End / Unit) : 0;
        }

        return units * Unit;
    }

    /// <summary>Whether the start of a range belongs to anything.</summary>
    public bool IsUsed(FileRange range) => _used[range.Offset / Unit];

    /// <summary>Reads who uses which space, and looks at each entry of the BAT: who changes an image must understand all of it.</summary>
    /// <exception cref="VhdxException">
    /// Two owners claim the same space, one has none in the file, or an entry has no meaning and may be that of somebody's data: nothing may be
    /// written then.
    /// </exception>
    public static SpaceAllocator Of(VhdxLayer layer)
    {
        VhdxFile image = layer.Image;
        VhdxGeometry geometry = layer.Geometry;
        long length = image.View.Length;
        if (length > FormatConstants.MaximumFileLength)
        {
            throw new VhdxException(
                ErrorIds.FileTooLong,
                ErrorKind.NotSupported,
                FormattableString.Invariant($"'{image.Raw.Name}' is {ByteText.Size(length)} long. Files of more than {ByteText.Size(FormatConstants.MaximumFileLength)} are only read."));
        }

        BitField used = new(FormatConstants.CeilingDivide(length, Unit));
        Take(new(0, FormatConstants.HeaderSectionLength), null);
        Take(image.Log!.Value, null);
        foreach (RegionEntry region in image.Regions)
        {
            if (RegionReader.RangeOf(region) is FileRange range)
            {
                Take(range, null);
            }
        }

        foreach ((long index, BatEntry entry) in image.Bat!.NonZeroEntries())
        {
            bool isBitmap = geometry.IsSectorBitmapEntry(index);
            bool hasNone = entry.IsStateValid && !entry.HasData;
            if (!isBitmap && (hasNone || geometry.PayloadBlockOfEntry(index) >= geometry.PayloadBlockCount))
            {
                continue;
            }

            ThrowIfMeaningless(layer, index, entry, length);
            if (entry.HasData)
            {
                Take(new(entry.FileOffset, isBitmap ? FormatConstants.SectorBitmapBlockLength : geometry.BlockSize), index);
            }
        }

        return new(used, length, geometry.BlockSize);

        void Take(FileRange range, long? entry)
        {
            bool isBeyond = range.Offset >= length;
            if (!isBeyond)
            {
                // What starts in the file may end beyond it: a last block may be cut short.
                used.Extend(FormatConstants.CeilingDivide(range.End, Unit));
            }

            if (isBeyond || !used.TrySet(range.Offset / Unit, FormatConstants.CeilingDivide(range.Length, Unit)))
            {
                string owner = entry is long index
                    ? geometry.IsSectorBitmapEntry(index)
                        ? FormattableString.Invariant($"sector bitmap block {geometry.ChunkOfEntry(index)}")
                        : FormattableString.Invariant($"payload block {geometry.PayloadBlockOfEntry(index)}")
                    : "a structure";
                VhdxRule rule = (isBeyond, entry is null) switch
                {
                    (true, true) => VhdxRules.FileTooShort,
                    (true, false) => VhdxRules.BlockBeyondEnd,
                    (false, true) => VhdxRules.ObjectsOverlap,
                    (false, false) => VhdxRules.BlocksShareSpace,
                };
                string problem = isBeyond ? "lies beyond the end of the file" : "belongs to something else, too";
                throw new VhdxException(VhdxFinding.Of(rule, image.Raw.Name, $"The place of {owner} {problem}, so nothing may be written. Test-VhdxImage tells more.") with
                {
                    FileOffset = range.Offset,
                    Length = range.Length,
                });
            }
        }
    }

    private static void ThrowIfMeaningless(VhdxLayer layer, long index, BatEntry entry, long fileLength)
    {
        VhdxGeometry geometry = layer.Geometry;
        if (geometry.IsSectorBitmapEntry(index))
        {
            layer.ThrowIfBitmapInvalid(geometry.ChunkOfEntry(index), entry);
            return;
        }

        long block = geometry.PayloadBlockOfEntry(index);
        if (layer.StateOf(block, entry, fileLength) == BlockState.PartiallyPresent)
        {
            _ = layer.BitmapOffset(block, fileLength);
        }
    }

    /// <summary>Takes space.</summary>
    /// <returns>Its offset in bytes, and whether it reads as zeros because nobody wrote there since the file grew.</returns>
    public (long Offset, bool IsZero) Allocate(long length)
    {
        long units = length / Unit;
        if (FindGap(units) is long gap)
        {
            _used.Set(gap, units);

            // The last gap of a file whose length is no multiple of 1 MiB reaches beyond its end.
            NeededLength = Math.Max(NeededLength, (gap + units) * Unit);
            return (gap * Unit, false);
        }

        long offset = _freshStart;
        _freshStart += length;
        _used.Extend(_freshStart / Unit);
        _used.Set(offset / Unit, units);
        NeededLength = _freshStart;
        return (offset, true);
    }

    /// <summary>Takes space in a gap that ends at or before a limit.</summary>
    /// <returns>Its offset in bytes, or null when there is no such gap.</returns>
    public long? AllocateBelow(long length, long limit)
    {
        long units = length / Unit;
        if (FindGap(units, limit / Unit) is not long gap)
        {
            return null;
        }

        _used.Set(gap, units);
        return gap * Unit;
    }

    /// <summary>The file needs to reach to a place that is used already: its last block was cut short.</summary>
    public void Require(long end) => NeededLength = Math.Max(NeededLength, FormatConstants.AlignUp(end, Unit));

    /// <summary>Gives back at once what was allocated last, and to which nothing points.</summary>
    public void Unallocate(FileRange range)
    {
        Release(range);
        if (range.End == NeededLength)
        {
            NeededLength = Math.Max(_length, range.Offset);
        }
    }

    /// <summary>Bytes that are free from the next commit on.</summary>
    public long ReleasedLength { get; private set; }

    /// <summary>Marks space as free from the next commit on; until then the file on the device may still point to it.</summary>
    public void ReleaseLater(FileRange range)
    {
        _released.Add(range);
        ReleasedLength += range.Length;
    }

    /// <summary>What was released may be used again.</summary>
    public void FreeReleased()
    {
        foreach (FileRange range in _released)
        {
            Release(range);
        }

        _released.Clear();
        ReleasedLength = 0;
    }

    /// <summary>The length to grow to: in steps, so that not each new block changes the length of the file.</summary>
    public long GrownLength(long current, long needed) =>
        Math.Max(needed, FormatConstants.AlignUp(current + Math.Max(_blockSize, Math.Min(MaximumStep, current / 8)), Unit));

    /// <summary>Marks space as free at once.</summary>
    public void Release(FileRange range)
    {
        long start = range.Offset / Unit;
        _used.Clear(start, range.Length / Unit);
        _firstFree = Math.Min(_firstFree, start);

        // With what is free before it, it may be large enough.
        for (long left = BlockUnits - 1; left > 0 && start > 0 && !_used[start - 1]; left--)
        {
            start--;
        }

        _firstFit = Math.Min(_firstFit, start);
    }

    private long? FindGap(long units, long limit = long.MaxValue)
    {
        long end = Math.Min(limit, Math.Min(_used.Length, _freshStart / Unit));
        long? found = null;
        long passed = end;
        for (long start = _used.Find(value: false, units < BlockUnits ? _firstFree : _firstFit); start < end && found is null;)
        {
            long stop = _used.Find(value: true, start);
            if (Math.Min(end, stop) - start >= units)
            {
                found = start;
            }

            // A gap that reaches beyond the limit may have room for who has another.
            passed = found is not null || stop > end ? start : passed;
            start = _used.Find(value: false, stop);
        }

        // What was looked at in vain is not looked at again until something there is freed: else the cost grows with the square of the file.
        if (units == 1)
        {
            _firstFree = Math.Max(_firstFree, passed);
        }

        if (units == BlockUnits)
        {
            _firstFit = Math.Max(_firstFit, passed);
        }

        return found;
    }
}
