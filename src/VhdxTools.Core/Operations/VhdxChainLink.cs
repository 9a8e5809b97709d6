using System;

namespace VhdxTools;

/// <summary>A file of a chain, and its link to its parent.</summary>
public sealed class VhdxChainLink
{
    /// <summary>Links from the tip to this file; with -Children, from this file to the one that was asked for, and 0 when the parent is nowhere.</summary>
    public required int Depth { get; init; }

    /// <summary>Full path of the file.</summary>
    public required string Path { get; init; }

    /// <summary>Fixed, dynamic or differencing.</summary>
    public required VhdType VhdType { get; init; }

    /// <summary>Size of the virtual disk in bytes.</summary>
    public required long Size { get; init; }

    /// <summary>Length of the file in bytes.</summary>
    public required long FileSize { get; init; }

    /// <summary>The state of the link to the parent.</summary>
    public required LinkageState LinkageState { get; init; }

    /// <summary>Full path of the parent that was found; null when there is none.</summary>
    public string? ParentPath { get; init; }

    /// <summary>The parent's path as the file stores it, in the entry that led to it, or else in the one that is tried first.</summary>
    public string? StoredParentPath { get; init; }

    /// <summary>The locator entry of StoredParentPath: relative_path, volume_path or absolute_win32_path.</summary>
    public string? LocatorKey { get; init; }

    /// <summary>The DataWriteGuid that the parent has to have.</summary>
    public Guid? ParentLinkage { get; init; }

    /// <summary>A second DataWriteGuid that is accepted; null outside of merges.</summary>
    public Guid? ParentLinkage2 { get; init; }

    /// <summary>The DataWriteGuid that the parent has; null when it was not found.</summary>
    public Guid? ParentDataWriteGuid { get; init; }

    /// <summary>The file's own DataWriteGuid.</summary>
    public required Guid DataWriteGuid { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"{Path} ({VhdType}, {ByteText.Size(Size)}, {LinkageState})";
}
