using System;
using System.Collections.Generic;
using System.Threading;
using VhdxTools.IO;

namespace VhdxTools.Disks;

/// <summary>A disk that is read as if it were longer: zeros follow its end. The disk inside is not closed with it.</summary>
/// <param name="inner">The disk.</param>
/// <param name="capacity">The size to show in bytes, at least the disk's own.</param>
internal sealed class PaddedDisk(IVirtualDisk inner, long capacity) : IVirtualDisk
{
    public long Capacity => capacity;

    public int LogicalSectorSize => inner.LogicalSectorSize;

    public int PhysicalSectorSize => inner.PhysicalSectorSize;

    public bool CanWrite => false;

    public void Read(long offset, Span<byte> buffer)
    {
        int count = (int)Math.Max(0, Math.Min(buffer.Length, inner.Capacity - offset));
        if (count > 0)
        {
            inner.Read(offset, buffer.Slice(0, count));
        }

        buffer.Slice(count).Clear();
    }

    public void Write(long offset, ReadOnlySpan<byte> data) => throw ReadOnly();

    public void Trim(long offset, long length) => throw ReadOnly();

    public void Flush()
    {
    }

    public IEnumerable<DiskExtent> Extents(long offset, long length, CancellationToken cancellation = default) => Padded(offset, length, (start, count) => inner.Extents(start, count, cancellation));

    public IEnumerable<DiskExtent> HeldExtents(long offset, long length, CancellationToken cancellation = default) => Padded(offset, length, (start, count) => inner.HeldExtents(start, count, cancellation));

    public IRandomAccessFile FileOf(DiskExtent extent) => inner.FileOf(extent);

    public void Dispose()
    {
    }

    private IEnumerable<DiskExtent> Padded(long offset, long length, Func<long, long, IEnumerable<DiskExtent>> extents)
    {
        long end = offset + length;
        long innerEnd = Math.Min(end, inner.Capacity);
        if (offset < innerEnd)
        {
            foreach (DiskExtent extent in extents(offset, innerEnd - offset))
            {
                yield return extent;
            }
        }

        long start = Math.Max(offset, innerEnd);
        if (start < end)
        {
            yield return new(start, end - start, DiskExtentKind.Absent, -1, 0, null);
        }
    }

    private static InvalidOperationException ReadOnly() => new("The disk is open for reading only.");
}
