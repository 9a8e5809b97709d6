using System;
using System.Collections.Generic;

namespace VhdxTools.Layout;

/// <summary>What a new differencing VHD tells of its parent.</summary>
internal sealed record VhdParentReference
{
    /// <summary>The parent's file, for messages.</summary>
    public required string Path { get; init; }

    /// <summary>The UniqueId of the parent's footer.</summary>
    public required Guid UniqueId { get; init; }

    /// <summary>When the parent's file was last modified.</summary>
    public required DateTimeOffset ModifiedAt { get; init; }

    /// <summary>Size of the parent's disk in bytes, the child's too.</summary>
    public required long VirtualDiskSize { get; init; }

    /// <summary>The parent's file name without folders.</summary>
    public required string Name { get; init; }

    /// <summary>Code of a locator entry (<c>W2ru</c>, <c>W2ku</c>) and path, in the order in which they are stored; eight at most.</summary>
    public required IReadOnlyList<KeyValuePair<string, string>> Paths { get; init; }
}
