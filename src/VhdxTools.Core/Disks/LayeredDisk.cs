using System;
using System.Collections.Generic;
using System.Threading;
using VhdxTools.Format;
using VhdxTools.IO;

namespace VhdxTools.Disks;

/// <summary>A disk in files that are only read: raw, or VHD with its parents.</summary>
/// <param name="layers">The files, the tip first; closed with the disk.</param>
internal sealed class LayeredDisk(IReadOnlyList<IDiskLayer> layers) : IVirtualDisk
{
    private readonly LayerStack _stack = new(layers);

    public long Capacity => _stack.Capacity;

    public int LogicalSectorSize => VhdFooter.SectorLength;

    public int PhysicalSectorSize => VhdFooter.SectorLength;

    public bool CanWrite => false;

    public void Read(long offset, Span<byte> buffer)
    {
        _stack.ThrowIfOutside(offset, buffer.Length);
        _stack.Read(offset, buffer);
    }

    public void Write(long offset, ReadOnlySpan<byte> data) => throw ReadOnly();

    public void Trim(long offset, long length) => throw ReadOnly();

    public void Flush()
    {
    }

    public IEnumerable<DiskExtent> Extents(long offset, long length, CancellationToken cancellation = default) => _stack.Extents(offset, length, cancellation);

    public IEnumerable<DiskExtent> HeldExtents(long offset, long length, CancellationToken cancellation = default) => _stack.HeldExtents(offset, length, cancellation);

    public IRandomAccessFile FileOf(DiskExtent extent) => layers[extent.Layer].File;

    public void Dispose()
    {
        foreach (IDiskLayer layer in layers)
        {
            layer.Dispose();
        }
    }

    private static InvalidOperationException ReadOnly() => new("The disk is open for reading only.");
}
