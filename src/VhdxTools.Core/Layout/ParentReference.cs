using System;
using System.Collections.Generic;

namespace VhdxTools.Layout;

/// <summary>What a new differencing image takes from its parent.</summary>
internal sealed record ParentReference
{
    /// <summary>The parent's file, for messages.</summary>
    public required string Path { get; init; }

    /// <summary>The parent's DataWriteGuid, the child's <c>parent_linkage</c>.</summary>
    public required Guid DataWriteGuid { get; init; }

    public required long VirtualDiskSize { get; init; }

    public required int LogicalSectorSize { get; init; }

    /// <summary>Every item of the parent with the flag IsVirtualDisk: a child describes the same disk.</summary>
    public required IReadOnlyList<MetadataItem> VirtualDiskItems { get; init; }

    /// <summary>Locator key and path, in the order in which they are stored.</summary>
    public required IReadOnlyList<KeyValuePair<string, string>> Paths { get; init; }
}
