using System;
using System.Collections.Generic;
using System.Threading;
using VhdxTools.Format;

namespace VhdxTools.Disks;

/// <summary>Finds where the last byte of a disk is that is not zero, without reading what lies before it.</summary>
internal static class LastData
{
    private const int MaximumExtents = 4096;
    private const int BufferLength = (int)FormatConstants.MiB;

    /// <summary>The first byte behind it; 0 on a disk of zeros.</summary>
    public static long EndOf(IVirtualDisk disk, CancellationToken cancellation)
    {
        // The extents come from the front: the last ones are kept, and when these are all zeros, the search goes on before them.
        for (long end = disk.Capacity; end > 0;)
        {
            Queue<DiskExtent> last = new();
            foreach (DiskExtent extent in disk.HeldExtents(0, end, cancellation))
            {
                if (extent.Kind == DiskExtentKind.Data)
                {
                    last.Enqueue(extent);
                    if (last.Count > MaximumExtents)
                    {
                        last.Dequeue();
                    }
                }
            }

            DiskExtent[] extents = last.ToArray();
            for (int i = extents.Length - 1; i >= 0; i--)
            {
                if (EndIn(disk, extents[i], cancellation) is long found)
                {
                    return found;
                }
            }

            end = extents.Length == 0 ? 0 : extents[0].Offset;
        }

        return 0;
    }

    private static long? EndIn(IVirtualDisk disk, DiskExtent extent, CancellationToken cancellation)
    {
        byte[] buffer = new byte[Math.Min(BufferLength, extent.Length)];
        for (long end = extent.End; end > extent.Offset;)
        {
            cancellation.ThrowIfCancellationRequested();
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
