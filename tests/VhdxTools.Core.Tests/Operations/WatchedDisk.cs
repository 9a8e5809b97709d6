using System;
using System.Collections.Generic;
using System.Threading;
using VhdxTools.Disks;
using VhdxTools.IO;
using VhdxTools.Layout;

namespace VhdxTools.Core.Tests.Operations;

/// <summary>A disk that remembers what was read of it.</summary>
internal sealed class WatchedDisk(IVirtualDisk disk) : IVirtualDisk
{
    public List<FileRange> Reads { get; } = [];

    /// <summary>The disk with what its files tell of it.</summary>
    public OpenedDisk Opened { get; private set; } = null!;

    public long Capacity => disk.Capacity;

    public int LogicalSectorSize => disk.LogicalSectorSize;

    public int PhysicalSectorSize => disk.PhysicalSectorSize;

    public bool CanWrite => false;

    public static WatchedDisk Open(string path)
    {
        OpenedDisk opened = DiskOpener.OpenRead(path);
        WatchedDisk watched = new(opened.Disk);
        watched.Opened = opened with { Disk = watched };
        return watched;
    }

    public void Read(long offset, Span<byte> buffer)
    {
        Reads.Add(new(offset, buffer.Length));
        disk.Read(offset, buffer);
    }

    public void Write(long offset, ReadOnlySpan<byte> data) => throw new NotSupportedException();

    public void Trim(long offset, long length) => throw new NotSupportedException();

    public void Flush() => throw new NotSupportedException();

    public IEnumerable<DiskExtent> Extents(long offset, long length, CancellationToken cancellation = default) => disk.Extents(offset, length, cancellation);

    public IEnumerable<DiskExtent> HeldExtents(long offset, long length, CancellationToken cancellation = default) => disk.HeldExtents(offset, length, cancellation);

    public IRandomAccessFile FileOf(DiskExtent extent) => disk.FileOf(extent);

    public void Dispose() => disk.Dispose();
}
