using System;
using System.Buffers;
using System.Collections.Generic;
using System.Threading;
using VhdxTools.Disks;
using VhdxTools.Format;
using VhdxTools.Layout;

namespace VhdxTools.Operations;

/// <summary>What a child has to hold: where a disk differs from the parent to be.</summary>
/// <param name="source">The disk.</param>
/// <param name="parent">The parent's.</param>
/// <param name="size">Size of the child's disk in bytes; both are read as if they had it.</param>
/// <param name="sectorSize">The child's logical sector size in bytes.</param>
internal sealed class DiskDifferences(OpenedDisk source, OpenedDisk parent, long size, int sectorSize)
{
    private const int PieceLength = (int)(2 * FormatConstants.MiB);

    private readonly OpenedDisk _parent = parent with { Disk = new PaddedDisk(parent.Disk, Math.Max(size, parent.Disk.Capacity)) };
    private readonly OpenedDisk _source = source with { Disk = new PaddedDisk(source.Disk, size) };

    /// <summary>The disk in the child's size.</summary>
    public IVirtualDisk Disk => _source.Disk;

    /// <summary>Whole sectors that may differ, in order, without reading the disks.</summary>
    public IEnumerable<FileRange> Candidates(CancellationToken cancellation)
    {
        long position = 0;
        foreach (FileRange piece in new DoubtfulRanges(_source, _parent).Pieces(size, PieceLength, cancellation))
        {
            // Extents of raw disks begin at any multiple of 512.
            long start = Math.Max(position, piece.Offset / sectorSize * sectorSize);
            position = FormatConstants.AlignUp(piece.End, sectorSize);
            if (start < position)
            {
                yield return new(start, position - start);
            }
        }
    }

    /// <summary>The runs of sectors that differ, in order, with the bytes of the disk; neighbours are not always joined.</summary>
    /// <param name="progress">Gets bytes of the disk that are done, and all of them.</param>
    /// <param name="cancellation">Stops the work.</param>
    public IEnumerable<DataRun> Runs(Action<long, long>? progress, CancellationToken cancellation)
    {
        byte[] left = ArrayPool<byte>.Shared.Rent(PieceLength + FormatConstants.HeaderSlotLength);
        byte[] right = ArrayPool<byte>.Shared.Rent(PieceLength + FormatConstants.HeaderSlotLength);
        try
        {
            foreach (FileRange piece in Candidates(cancellation))
            {
                cancellation.ThrowIfCancellationRequested();
                int length = (int)piece.Length;
                _source.Disk.Read(piece.Offset, left.AsSpan(0, length));
                _parent.Disk.Read(piece.Offset, right.AsSpan(0, length));
                for (int start = 0; NextRun(left.AsSpan(0, length), right.AsSpan(0, length), ref start, out int runLength); start += runLength)
                {
                    FileRange run = new(piece.Offset + start, runLength);
                    yield return new(run.Offset, new(left, start, runLength), DataRuns.OriginOf(_source.Disk, run));
                }

                progress?.Invoke(piece.End, size);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(left);
            ArrayPool<byte>.Shared.Return(right);
        }
    }

    private bool NextRun(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right, ref int start, out int length)
    {
        length = 0;
        if (left.Slice(start).SequenceEqual(right.Slice(start)))
        {
            return false;
        }

        while (IsSectorEqual(left, right, start))
        {
            start += sectorSize;
        }

        int end = start;
        while (end < left.Length && !IsSectorEqual(left, right, end))
        {
            end += sectorSize;
        }

        length = end - start;
        return true;
    }

    private bool IsSectorEqual(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right, int start) =>
        left.Slice(start, sectorSize).SequenceEqual(right.Slice(start, sectorSize));
}
