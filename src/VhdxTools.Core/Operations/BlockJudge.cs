using System;
using System.Collections.Generic;
using System.Threading;
using VhdxTools.Disks;
using VhdxTools.Format;
using VhdxTools.IO;
using VhdxTools.Layout;

namespace VhdxTools.Operations;

/// <summary>Finds entries of the BAT that could be better without a visible change. Fixed images keep all blocks and states.</summary>
internal sealed class BlockJudge(DiskChain disk)
{
    private const int BufferLength = (int)(256 * FormatConstants.KiB);
    private const int FirstLength = (int)(16 * FormatConstants.KiB);

    private readonly VhdxLayer _layer = disk.Layers[0];
    private readonly DiskChain? _parents = disk.Layers.Count > 1 ? DiskChain.Over(Rest(disk.Layers)) : null;
    private readonly DataFinder _data = new(disk.Layers[0].Image.View);
    private readonly byte[] _buffer = new byte[BufferLength];
    private long _fileLength = -1;

    /// <summary>The changes in the order of the BAT. Entries that were passed may be changed meanwhile.</summary>
    public IEnumerable<BlockChange> Changes(Action<long>? progress, CancellationToken cancellation)
    {
        VhdxGeometry geometry = _layer.Geometry;
        long chunk = -1;
        bool needsBitmap = false;
        foreach ((long index, BatEntry entry) in _layer.Image.Bat!.NonZeroEntries(cancellation))
        {
            if (entry.Value == (ulong)BlockState.Zero && !geometry.HasParent)
            {
                // Nothing could be better: there may be as many of these as the disk has blocks.
                continue;
            }

            cancellation.ThrowIfCancellationRequested();
            if (geometry.ChunkOfEntry(index) != chunk)
            {
                chunk = geometry.ChunkOfEntry(index);
                needsBitmap = false;
            }

            if (geometry.IsSectorBitmapEntry(index))
            {
                if (geometry.HasParent && entry.State == BlockState.FullyPresent && !needsBitmap)
                {
                    yield return new(index, BlockState.NotPresent, 0, new(entry.FileOffset, FormatConstants.SectorBitmapBlockLength), BlockChangeReason.Bitmap);
                }
                else if (geometry.HasParent && entry.State == BlockState.NotPresent)
                {
                    yield return new(index, BlockState.NotPresent, 0, null, BlockChangeReason.Cleared);
                }

                continue;
            }

            long block = geometry.PayloadBlockOfEntry(index);
            if (block >= geometry.PayloadBlockCount)
            {
                // These are cleared together with what the table has room for.
                continue;
            }

            BlockChange? change = Judge(block, index, entry, cancellation);
            needsBitmap |= (change?.State ?? entry.State) == BlockState.PartiallyPresent;
            progress?.Invoke(block);
            if (change is BlockChange better)
            {
                yield return better;
            }
        }
    }

    private static VhdxLayer[] Rest(IReadOnlyList<VhdxLayer> layers)
    {
        VhdxLayer[] rest = new VhdxLayer[layers.Count - 1];
        for (int i = 0; i < rest.Length; i++)
        {
            rest[i] = layers[i + 1];
        }

        return rest;
    }

    private BlockChange? Judge(long block, long index, BatEntry entry, CancellationToken cancellation)
    {
        VhdxGeometry geometry = _layer.Geometry;
        long start = block * geometry.BlockSize;
        FileRange space = new(entry.FileOffset, geometry.BlockSize);
        BlockState state = _layer.StateOf(block, entry, ref _fileLength);
        if (_layer.Image.Type == VhdType.Fixed)
        {
            return entry.HasData ? null : WithoutOffset(index, entry);
        }

        switch (state)
        {
            case BlockState.FullyPresent when IsZero(space with { Length = geometry.UsedLength(block) }, cancellation):
                return new(index, ZeroState(block, cancellation), 0, space, BlockChangeReason.Zero);
            case BlockState.PartiallyPresent:
                return JudgePartial(block, index, space, cancellation);
            case BlockState.Zero when geometry.HasParent && ZeroState(block, cancellation) == BlockState.NotPresent:
            case BlockState.Undefined or BlockState.Unmapped:
                return new(index, ZeroState(block, cancellation), 0, null, BlockChangeReason.Cleared);
            case BlockState.NotPresent or BlockState.Zero:
                return WithoutOffset(index, entry);
            default:
                return null;
        }
    }

    /// <summary>Without data the offset means nothing, other programs stumble over it, and its space may have another owner soon.</summary>
    private static BlockChange? WithoutOffset(long index, BatEntry entry) =>
        BatEntry.Create(entry.State, 0).Equals(entry) ? null : new(index, entry.State, 0, null, BlockChangeReason.Cleared);

    private BlockChange? JudgePartial(long block, long index, FileRange space, CancellationToken cancellation)
    {
        VhdxGeometry geometry = _layer.Geometry;
        long start = block * geometry.BlockSize;
        bool hasData = false;
        bool hasGap = false;
        foreach (LayerExtent extent in _layer.Extents(start, geometry.UsedLength(block), cancellation))
        {
            hasData |= extent.Source == LayerSource.Data;
            hasGap |= extent.Source != LayerSource.Data;
        }

        if (!hasData)
        {
            return new(index, BlockState.NotPresent, 0, space, BlockChangeReason.Empty);
        }

        if (IsZero(_layer.Extents(start, geometry.UsedLength(block), cancellation), cancellation))
        {
            // Zeros over zeros of the parent say nothing; over anything else they do, sector by sector.
            if (!hasGap)
            {
                return new(index, ZeroState(block, cancellation), 0, space, BlockChangeReason.Zero);
            }

            bool isNeeded = false;
            bool isZero = true;
            foreach (LayerExtent extent in _layer.Extents(start, geometry.UsedLength(block), cancellation))
            {
                bool isZeroBelow = ParentReadsZero(extent.Offset, extent.Length, cancellation);
                isNeeded |= extent.Source == LayerSource.Data && !isZeroBelow;
                isZero &= extent.Source == LayerSource.Data || isZeroBelow;
            }

            if (isZero || !isNeeded)
            {
                return new(index, isNeeded ? BlockState.Zero : BlockState.NotPresent, 0, space, BlockChangeReason.Zero);
            }
        }

        return hasGap ? null : new(index, BlockState.FullyPresent, space.Offset, null, BlockChangeReason.Complete);
    }

    /// <summary>The state of a block without data that reads as zeros.</summary>
    private BlockState ZeroState(long block, CancellationToken cancellation) =>
        _layer.Geometry.HasParent && !ParentReadsZero(block * _layer.Geometry.BlockSize, _layer.Geometry.UsedLength(block), cancellation)
            ? BlockState.Zero
            : BlockState.NotPresent;

    private bool ParentReadsZero(long offset, long length, CancellationToken cancellation)
    {
        long end = Math.Min(offset + length, _parents!.Capacity);
        if (offset >= end)
        {
            return true;
        }

        foreach (DiskExtent extent in _parents.Extents(offset, end - offset, cancellation))
        {
            for (long place = extent.Offset; extent.Kind == DiskExtentKind.Data && place < extent.End; place += BufferLength)
            {
                Span<byte> part = _buffer.AsSpan(0, (int)Math.Min(BufferLength, extent.End - place));
                _parents.Read(place, part);
                if (!ByteFields.IsZero(part))
                {
                    return false;
                }
            }
        }

        return true;
    }

    /// <summary>Whether what the file holds of these ranges is zero.</summary>
    private bool IsZero(IEnumerable<LayerExtent> extents, CancellationToken cancellation)
    {
        foreach (LayerExtent extent in extents)
        {
            if (extent.Source == LayerSource.Data && !IsZero(new FileRange(extent.FileOffset, extent.Length), cancellation))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Whether a range of the file is zero; its holes are not read.</summary>
    private bool IsZero(FileRange range, CancellationToken cancellation)
    {
        // Most blocks that are not zero show it at once.
        int count = FirstLength;
        for (long place = range.Offset; _data.FindData(place, range.End) is FileRange data;)
        {
            for (place = data.Offset; place < data.End;)
            {
                cancellation.ThrowIfCancellationRequested();
                Span<byte> part = _buffer.AsSpan(0, (int)Math.Min(count, data.End - place));
                _layer.ReadData(place, part);
                if (!ByteFields.IsZero(part))
                {
                    return false;
                }

                place += part.Length;
                count = BufferLength;
            }

            place = data.End;
        }

        return true;
    }
}
