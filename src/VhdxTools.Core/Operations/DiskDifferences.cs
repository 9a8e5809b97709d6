using System;
using System.Collections.Generic;
using System.Threading;
using VhdxTools.Disks;
using VhdxTools.Format;
using VhdxTools.IO;
using VhdxTools.Layout;

namespace VhdxTools.Operations;

/// <summary>What a child has to hold: where a disk differs from the parent to be.</summary>
/// <param name="source">The disk.</param>
/// <param name="parent">The parent's.</param>
/// <param name="size">Size of the child's disk in bytes; both are read as if they had it.</param>
/// <param name="sectorSize">The child's logical sector size in bytes.</param>
internal sealed class DiskDifferences(OpenedDisk source, OpenedDisk parent, long size, int sectorSize)
{
    /// <summary>A multiple of every sector size, so that whole sectors lie in one piece.</summary>
    private const int PieceLength = (int)FormatConstants.MiB;

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

    /// <summary>The runs of sectors that differ, in order; neighbours are not always joined. Their bytes stay until the next run is asked for.</summary>
    /// <param name="progress">Gets bytes of the disk that are done, and all of them.</param>
    /// <param name="cancellation">Stops the work.</param>
    public IEnumerable<DataRun> Runs(Action<long, long>? progress, CancellationToken cancellation)
    {
        using PageBufferPool buffers = new(PieceLength);
        foreach ((FileRange piece, Memory<byte> buffer, List<DataRun> runs) in ReadAhead.InOrder(Candidates(cancellation), Compared))
        {
            cancellation.ThrowIfCancellationRequested();
            foreach (DataRun run in runs)
            {
                yield return run;
            }

            buffers.Return(buffer);
            progress?.Invoke(piece.End, size);
        }

        (FileRange Piece, Memory<byte> Buffer, List<DataRun> Runs) Compared(FileRange piece)
        {
            cancellation.ThrowIfCancellationRequested();
            Memory<byte> buffer = buffers.Rent();
            Memory<byte> other = buffers.Rent();
            Span<byte> left = buffer.Span.Slice(0, (int)piece.Length);
            Span<byte> right = other.Span.Slice(0, (int)piece.Length);
            _source.Disk.Read(piece.Offset, left);
            _parent.Disk.Read(piece.Offset, right);
            List<DataRun> runs = [];
            for (int start = 0; NextRun(left, right, ref start, out int runLength); start += runLength)
            {
                FileRange run = new(piece.Offset + start, runLength);
                runs.Add(new(run.Offset, buffer.Slice(start, runLength), DataRuns.OriginOf(_source.Disk, run)));
            }

            buffers.Return(other);
            return (piece, buffer, runs);
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
