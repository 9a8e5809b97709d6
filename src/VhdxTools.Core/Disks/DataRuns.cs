using System;
using System.Collections.Generic;
using System.Threading;
using VhdxTools.Format;
using VhdxTools.IO;
using VhdxTools.Layout;

namespace VhdxTools.Disks;

/// <summary>Reads a disk from its start to its end and leaves out what is zero, whether or not a file says so.</summary>
internal static class DataRuns
{
    /// <summary>Zeros are left out in pieces of this many bytes, at multiples of it: finer holes cost more calls than they save space.</summary>
    public const int Grain = (int)(64 * FormatConstants.KiB);

    /// <summary>Large enough for a disk, small enough that what was read is still near the processor when it is looked at and written.</summary>
    private const int BufferLength = (int)FormatConstants.MiB;

    /// <summary>
    /// The runs of a range in order. Each lies between two multiples of 1 MiB, and starts at a multiple of <see cref="Grain"/> when the
    /// range does.
    /// </summary>
    /// <param name="disk">The disk.</param>
    /// <param name="offset">Where the range starts.</param>
    /// <param name="length">Length of the range in bytes.</param>
    /// <param name="progress">Gets bytes of the range that are done, and all of them.</param>
    /// <param name="ahead">How many pieces other threads read meanwhile; 0 for callers that want little.</param>
    /// <param name="cancellation">Stops the work.</param>
    public static IEnumerable<DataRun> Of(
        IVirtualDisk disk, long offset, long length, Action<long, long>? progress = null, int ahead = 0, CancellationToken cancellation = default)
    {
        PageBufferPool buffers = new(BufferLength);
        Queue<Memory<byte>> kept = new();
        foreach (Piece piece in ReadAhead.InOrder(Ranges(disk, offset, length, cancellation), Read, ahead))
        {
            // What was read ahead is not handed out to somebody who wants no more.
            cancellation.ThrowIfCancellationRequested();
            foreach ((int start, int runLength) in piece.Runs)
            {
                yield return new(piece.Range.Offset + start, piece.Buffer.Slice(start, runLength));
            }

            // One run a buffer at the least: then as many are kept as writes may be under way.
            if (piece.Runs.Count == 0)
            {
                buffers.Return(piece.Buffer);
            }
            else
            {
                kept.Enqueue(piece.Buffer);
            }

            if (kept.Count > WriteBehind.Depth)
            {
                buffers.Return(kept.Dequeue());
            }

            progress?.Invoke(piece.Range.End - offset, length);
        }

        Piece Read(FileRange range)
        {
            cancellation.ThrowIfCancellationRequested();
            Memory<byte> buffer = buffers.Rent();
            Span<byte> bytes = buffer.Span.Slice(0, (int)range.Length);
            disk.Read(range.Offset, bytes);
            List<(int Start, int Length)> runs = [];
            for (int start = 0; NextRun(bytes, ref start, out int runLength); start += runLength)
            {
                runs.Add((start, runLength));
            }

            return new(range, buffer, runs);
        }
    }

    /// <summary>What is worth reading, in pieces of a buffer.</summary>
    private static IEnumerable<FileRange> Ranges(IVirtualDisk disk, long offset, long length, CancellationToken cancellation)
    {
        long end = offset + length;
        long position = offset;
        foreach (DiskExtent extent in disk.HeldExtents(offset, length, cancellation))
        {
            if (extent.Kind != DiskExtentKind.Data)
            {
                continue;
            }

            // Whole grains, also where an extent begins or ends inside one: the rest of it is zero or comes again.
            position = Math.Max(position, extent.Offset / Grain * Grain);
            long extentEnd = Math.Min(end, FormatConstants.AlignUp(extent.End, Grain));
            while (position < extentEnd)
            {
                FileRange range = new(position, Math.Min(BufferLength - (position % BufferLength), extentEnd - position));
                yield return range;
                position = range.End;
            }
        }
    }

    private static bool NextRun(ReadOnlySpan<byte> bytes, ref int start, out int length)
    {
        while (start < bytes.Length && IsGrainZero(bytes, start))
        {
            start += Grain;
        }

        int end = start;
        while (end < bytes.Length && !IsGrainZero(bytes, end))
        {
            end = Math.Min(bytes.Length, end + Grain);
        }

        length = end - start;
        return length > 0;
    }

    private static bool IsGrainZero(ReadOnlySpan<byte> bytes, int start) => ByteFields.IsZero(bytes.Slice(start, Math.Min(Grain, bytes.Length - start)));

    private readonly record struct Piece(FileRange Range, Memory<byte> Buffer, List<(int Start, int Length)> Runs);
}
