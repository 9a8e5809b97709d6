using System;
using System.Collections.Generic;

namespace VhdxTools.Layout;

/// <summary>What the caller wants of a new image. Null means the default; nothing is checked here (see <see cref="LayoutPlanner"/>).</summary>
internal sealed record CreateOptions
{
    public VhdType Type { get; init; } = VhdType.Dynamic;

    /// <summary>Virtual size in bytes; null is good for differencing images only, and means the parent's.</summary>
    public ulong? SizeBytes { get; init; }

    public ulong? BlockSizeBytes { get; init; }

    public ulong? LogSizeBytes { get; init; }

    public ulong? LogicalSectorSizeBytes { get; init; }

    public ulong? PhysicalSectorSizeBytes { get; init; }

    /// <summary>Dynamic images only.</summary>
    public InitialBlockState? BlockState { get; init; }

    /// <summary>Fixed images only.</summary>
    public Preallocation? Preallocation { get; init; }

    public required string Creator { get; init; }

    public required ImageIdentifiers Identifiers { get; init; }

    /// <summary>The page 83 identifier; null means the parent's for a child, else the one in <see cref="Identifiers"/>.</summary>
    public Guid? DiskIdentifier { get; init; }

    /// <summary>Differencing images only.</summary>
    public ParentReference? Parent { get; init; }

    /// <summary>Metadata items beyond those that the format knows; null means the parent's that describe the disk, if there is one.</summary>
    public IReadOnlyList<MetadataItem>? Items { get; init; }
}
