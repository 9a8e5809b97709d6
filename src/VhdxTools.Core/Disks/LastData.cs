using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using VhdxTools.Format;

namespace VhdxTools.Disks;

/// <summary>Finds where the last byte of a disk is that is not zero, without reading what lies before it.</summary>
internal static class LastData
{
    private const int MaximumExtents = 4096;
    private const int BufferLength = (int)FormatConstants.MiB;
    private const long FirstWindow = 1024 * FormatConstants.MiB;

    /// <summary>The first byte behind it; 0 on a disk of zeros.</summary>
    /// <param name="disk">The disk.</param>
    /// <param name="progress">Gets bytes that are looked through, and all of them.</param>
    /// <param name="cancellation">Stops the work.</param>
    public static long EndOf(IVirtualDisk disk, Action<long, long>? progress = null, CancellationToken cancellation = default)
    {
        // The extents of a window come from its front. A window has as many of them as fit into memory, so each is asked for about once.
        long window = FirstWindow;
        for (long end = disk.Capacity; end > 0;)
        {
            long start = Math.Max(0, end - window);
            List<DiskExtent> data = disk.HeldExtents(start, end - start, cancellation)
                .Where(extent => extent.Kind == DiskExtentKind.Data)
                .Take(MaximumExtents + 1)
                .ToList();
            if (data.Count > MaximumExtents && window > BufferLength)
            {
                window /= 2;
                continue;
            }

            for (int i = data.Count - 1; i >= 0; i--)
            {
                if (EndIn(disk, data[i], progress, cancellation) is long found)
                {
                    return found;
                }
            }

            progress?.Invoke(disk.Capacity - start, disk.Capacity);
            end = start;
            window *= 2;
        }

        return 0;
    }

    private static long? EndIn(IVirtualDisk disk, DiskExtent extent, Action<long, long>? progress, CancellationToken cancellation)
    {
        byte[] buffer = new byte[Math.Min(BufferLength, extent.Length)];
        for (long end = extent.End; end > extent.Offset;)
        {
            cancellation.ThrowIfCancellationRequested();
            progress?.Invoke(disk.Capacity - end, disk.Capacity);
            int count = (int)Math.Min(buffer.Length, end - extent.Offset);
            Span<byte> part = buffer.AsSpan(0, count);
            disk.Read(end - count, part);
            if (!ByteFields.IsZero(part))
            {
                int length = count;
                while (part[length - 1] == 0)
                {
                    length--;
                }

                return end - count + length;
            }

            end -= count;
        }

        return null;
    }
}
