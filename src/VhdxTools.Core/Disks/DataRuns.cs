using System;
using System.Buffers;
using System.Collections.Generic;
using System.Threading;
using VhdxTools.Format;

namespace VhdxTools.Disks;

/// <summary>Reads a disk from its start to its end and leaves out what is zero, whether or not a file says so.</summary>
internal static class DataRuns
{
    /// <summary>Zeros are left out in pieces of this many bytes, at multiples of it: finer holes cost more calls than they save space.</summary>
    public const int Grain = (int)(64 * FormatConstants.KiB);

    private const int BufferLength = (int)(2 * FormatConstants.MiB);

    /// <summary>
    /// The runs of a range in order. Each lies between two multiples of 2 MiB, and starts at a multiple of <see cref="Grain"/> when the
    /// range does.
    /// </summary>
    /// <param name="disk">The disk.</param>
    /// <param name="offset">Where the range starts.</param>
    /// <param name="length">Length of the range in bytes.</param>
    /// <param name="progress">Gets bytes of the range that are done, and all of them.</param>
    /// <param name="cancellation">Stops the work.</param>
    public static IEnumerable<DataRun> Of(IVirtualDisk disk, long offset, long length, Action<long, long>? progress = null, CancellationToken cancellation = default)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferLength);
        try
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
                    cancellation.ThrowIfCancellationRequested();
                    int count = (int)Math.Min(BufferLength - (position % BufferLength), extentEnd - position);
                    disk.Read(position, buffer.AsSpan(0, count));
                    for (int start = 0; NextRun(buffer.AsSpan(0, count), ref start, out int runLength); start += runLength)
                    {
                        yield return new(position + start, new(buffer, start, runLength));
                    }

                    position += count;
                    progress?.Invoke(position - offset, length);
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
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
}
