using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using VhdxTools.Format;
using VhdxTools.IO;
using VhdxTools.Layout;

namespace VhdxTools.Images;

/// <summary>
/// Who uses which part of the file. Blocks are kept as runs while these are few, and as two bits for each MiB of the file in any case,
/// so that a badly fragmented 64 TiB image takes 16 MiB of memory and not gigabytes.
/// </summary>
internal sealed class SpaceMap
{
    /// <summary>Up to so many runs of blocks are told apart by number; beyond, neighbours of one kind become one area.</summary>
    public const int MaximumRuns = 1 << 16;

    /// <summary>Unreferenced space is looked through for data up to this many bytes for each gap.</summary>
    private const long ProbeLimit = 64 * FormatConstants.MiB;

    private const int ProbeLength = (int)FormatConstants.MiB;

    private readonly IRandomAccessFile _view;
    private readonly long _length;
    private readonly List<FileArea> _structures = [];
    private readonly List<FileArea> _runs = [];
    private readonly BitField _payload;
    private readonly BitField _bitmaps;
    private bool _hasAllRuns = true;
    private byte[]? _probe;

    private SpaceMap(IRandomAccessFile view)
    {
        _view = view;
        _length = view.Length;
        long units = FormatConstants.CeilingDivide(Math.Min(_length, FormatConstants.MaximumVirtualDiskSize * 2), FormatConstants.MiB);
        _payload = new(units);
        _bitmaps = new(units);
    }

    public static SpaceMap Build(VhdxFile image, CancellationToken cancellation)
    {
        SpaceMap map = new(image.View);
        map.AddStructures(image);
        if (image.Bat is { } bat && image.Geometry is { } geometry)
        {
            map.AddBlocks(bat, geometry, cancellation);
        }

        return map;
    }

    /// <summary>The file from its first byte to its last, in order, without gap or overlap.</summary>
    public IEnumerable<FileArea> Areas(CancellationToken cancellation)
    {
        IEnumerable<FileArea> blocks = _hasAllRuns ? _runs.OrderBy(run => run.FileOffset).ThenBy(run => run.Length) : BitAreas();
        long position = 0;
        foreach (FileArea area in Merge(_structures.OrderBy(area => area.FileOffset), blocks))
        {
            cancellation.ThrowIfCancellationRequested();

            // Where a damaged file's areas overlap, the one that starts first keeps the space.
            long start = Math.Max(area.FileOffset, position);
            long end = Math.Min(area.End, _length);
            if (start >= end)
            {
                continue;
            }

            if (start > position)
            {
                yield return Gap(position, start, cancellation);
            }

            yield return start == area.FileOffset && end == area.End ? area : area with { FileOffset = start, Length = end - start };
            position = end;
        }

        if (position < _length)
        {
            yield return Gap(position, _length, cancellation);
        }
    }

    private static IEnumerable<FileArea> Merge(IEnumerable<FileArea> left, IEnumerable<FileArea> right)
    {
        using IEnumerator<FileArea> a = left.GetEnumerator();
        using IEnumerator<FileArea> b = right.GetEnumerator();
        bool hasA = a.MoveNext();
        bool hasB = b.MoveNext();
        while (hasA || hasB)
        {
            if (hasA && (!hasB || a.Current.FileOffset <= b.Current.FileOffset))
            {
                yield return a.Current;
                hasA = a.MoveNext();
            }
            else
            {
                yield return b.Current;
                hasB = b.MoveNext();
            }
        }
    }

    private void AddStructures(VhdxFile image)
    {
        _structures.AddRange(HeaderSection.Areas);
        if (image.Log is FileRange log)
        {
            _structures.Add(new(log.Offset, log.Length, AreaKind.Log, "Log"));
        }

        foreach (RegionEntry region in image.Regions)
        {
            if (RegionReader.RangeOf(region) is FileRange range)
            {
                AreaKind kind = region.Id == WellKnownGuids.BatRegion ? AreaKind.Bat
                    : region.Id == WellKnownGuids.MetadataRegion ? AreaKind.Metadata
                    : AreaKind.UnknownRegion;
                _structures.Add(new(range.Offset, range.Length, kind, $"{WellKnownGuids.RegionName(region.Id)} region"));
            }
        }
    }

    private void AddBlocks(BlockAllocationTable bat, VhdxGeometry geometry, CancellationToken cancellation)
    {
        (long Offset, long First, long Count) run = default;
        foreach ((long index, BatEntry entry) in bat.NonZeroEntries(cancellation))
        {
            bool isBitmap = geometry.IsSectorBitmapEntry(index);
            if (!entry.HasData || entry.FileOffset >= _length || (isBitmap && (entry.State != BlockState.FullyPresent || !geometry.HasParent)))
            {
                continue;
            }

            if (isBitmap)
            {
                _bitmaps.Set(entry.FileOffset / FormatConstants.MiB, 1);
                AddRun(new(entry.FileOffset, FormatConstants.SectorBitmapBlockLength, AreaKind.SectorBitmapBlock, AreaNames.Numbered("Sector bitmap block", geometry.ChunkOfEntry(index), 1)));
                continue;
            }

            long block = geometry.PayloadBlockOfEntry(index);
            if (block >= geometry.PayloadBlockCount)
            {
                continue;
            }

            _payload.Set(entry.FileOffset / FormatConstants.MiB, geometry.BlockSize / FormatConstants.MiB);
            if (run.Count > 0 && block == run.First + run.Count && entry.FileOffset == run.Offset + (run.Count * geometry.BlockSize))
            {
                run.Count++;
                continue;
            }

            AddPayload(run, geometry);
            run = (entry.FileOffset, block, 1);
        }

        AddPayload(run, geometry);
    }

    private void AddPayload((long Offset, long First, long Count) run, VhdxGeometry geometry)
    {
        if (run.Count > 0)
        {
            AddRun(AreaNames.PayloadBlocks(run.Offset, geometry.BlockSize, run.First, run.Count));
        }
    }

    private void AddRun(FileArea area)
    {
        if (!_hasAllRuns)
        {
            return;
        }

        _runs.Add(area);
        if (_runs.Count > MaximumRuns)
        {
            _hasAllRuns = false;
            _runs.Clear();
            _runs.TrimExcess();
        }
    }

    private IEnumerable<FileArea> BitAreas()
    {
        long units = _payload.Length;
        for (long unit = 0; unit < units;)
        {
            AreaKind? kind = KindOf(unit);
            long start = unit;
            do
            {
                unit++;
            }
            while (unit < units && KindOf(unit) == kind);

            if (kind is AreaKind known)
            {
                yield return new(start * FormatConstants.MiB, (unit - start) * FormatConstants.MiB, known, known == AreaKind.PayloadBlock ? "Payload blocks" : "Sector bitmap blocks");
            }
        }

        AreaKind? KindOf(long unit) => _payload[unit] ? AreaKind.PayloadBlock : _bitmaps[unit] ? AreaKind.SectorBitmapBlock : null;
    }

    private FileArea Gap(long start, long end, CancellationToken cancellation) => HoldsData(start, end, cancellation)
        ? new(start, end - start, AreaKind.Leaked, "Leaked space")
        : new(start, end - start, AreaKind.Free, "Free space");

    private bool HoldsData(long start, long end, CancellationToken cancellation)
    {
        byte[] buffer = _probe ??= new byte[ProbeLength];
        long probed = 0;
        while (start < end && _view.FindData(start, end) is FileRange data)
        {
            for (start = data.Offset; start < data.End;)
            {
                cancellation.ThrowIfCancellationRequested();
                if (probed >= ProbeLimit)
                {
                    return true;
                }

                int length = (int)Math.Min(buffer.Length, data.End - start);
                _view.ReadPadded(start, buffer.AsSpan(0, length));
                if (!ByteFields.IsZero(buffer.AsSpan(0, length)))
                {
                    return true;
                }

                start += length;
                probed += length;
            }
        }

        return false;
    }
}
