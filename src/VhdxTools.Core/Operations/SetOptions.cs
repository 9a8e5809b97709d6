using System;
using System.Collections.Generic;

namespace VhdxTools.Operations;

/// <summary>What Set-VhdxImage is asked to change; null leaves a value as it is.</summary>
internal sealed record SetOptions
{
    /// <summary>Full path of the parent that a differencing image is to be linked to.</summary>
    public string? ParentPath { get; init; }

    /// <summary>Whether a parent that is not the one that the image was made from is linked all the same.</summary>
    public bool IgnoreIdMismatch { get; init; }

    /// <summary>512 or 4096.</summary>
    public ulong? PhysicalSectorSizeBytes { get; init; }

    /// <summary>The identity of the virtual disk (SCSI page 83).</summary>
    public Guid? DiskIdentifier { get; init; }

    /// <summary>User metadata items by their ids; null removes one.</summary>
    public IReadOnlyList<KeyValuePair<Guid, byte[]?>> Metadata { get; init; } = [];

    /// <summary>Whether user items that are new describe the disk, so that they go along into children.</summary>
    public bool MetadataIsVirtualDisk { get; init; }
}
