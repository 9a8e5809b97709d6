using System;
using System.Collections.Generic;

namespace VhdxTools.Disks;

/// <summary>A disk that is open for reading, and what its files tell of it.</summary>
internal sealed record OpenedDisk : IDisposable
{
    /// <summary>Full path of the file that was named.</summary>
    public required string Path { get; init; }

    /// <summary>The format, by content.</summary>
    public required VhdFormat Format { get; init; }

    /// <summary>Fixed for raw disks.</summary>
    public required VhdType Type { get; init; }

    public required IVirtualDisk Disk { get; init; }

    /// <summary>All files that the disk is read from, the named one first.</summary>
    public required IReadOnlyList<string> Files { get; init; }

    /// <summary>Tells, after the disk was read, whether one of them was cut meanwhile.</summary>
    public required CutWatch Watch { get; init; }

    /// <summary>The disk's identity (SCSI page 83; UniqueId of a VHD); null for raw disks.</summary>
    public Guid? DiskIdentifier { get; init; }

    /// <summary>Size of a payload block in bytes; null without blocks.</summary>
    public int? BlockSize { get; init; }

    /// <summary>The chain when the file is a VHDX, else null.</summary>
    public DiskChain? Chain => Disk as DiskChain;

    public void Dispose() => Disk.Dispose();
}
