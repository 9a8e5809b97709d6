using System;
using System.Collections.Generic;
using System.Threading;
using VhdxTools.IO;

namespace VhdxTools.Disks;

/// <summary>A virtual disk, whatever files it is made of. All offsets and lengths in bytes; calls may come from several threads.</summary>
internal interface IVirtualDisk : IDisposable
{
    long Capacity { get; }

    int LogicalSectorSize { get; }

    int PhysicalSectorSize { get; }

    bool CanWrite { get; }

    /// <summary>Fills the buffer; the range lies on the disk.</summary>
    void Read(long offset, Span<byte> buffer);

    /// <summary>Writes all bytes; the range lies on the disk. Durable after the next <see cref="Flush"/>.</summary>
    void Write(long offset, ReadOnlySpan<byte> data);

    /// <summary>Makes a range read as zeros and gives up the space of its whole blocks, where the type of the image allows that.</summary>
    void Trim(long offset, long length);

    /// <summary>Returns when everything written is on the device.</summary>
    void Flush();

    /// <summary>The ranges of the disk in order, neighbours of one kind joined.</summary>
    IEnumerable<DiskExtent> Extents(long offset, long length, CancellationToken cancellation = default);

    /// <summary>The same, with the holes of the files as zeros: what is still data is worth reading.</summary>
    IEnumerable<DiskExtent> HeldExtents(long offset, long length, CancellationToken cancellation = default);

    /// <summary>The file that holds the data of an extent.</summary>
    IRandomAccessFile FileOf(DiskExtent extent);
}
