using System.Collections.Generic;
using VhdxTools.Layout;

namespace VhdxTools.Operations;

/// <summary>What is to be changed in an image; without changes the file is left alone.</summary>
internal sealed record SetPlan
{
    /// <summary>All metadata items as they are to be.</summary>
    public required IReadOnlyList<MetadataItem> Items { get; init; }

    /// <summary>Each change with its old and its new value.</summary>
    public required IReadOnlyList<string> Changes { get; init; }

    /// <summary>Whether a reader of the disk sees a change, so that DataWriteGuid gets a new value (MS-VHDX 2.2.2).</summary>
    public required bool IsVisible { get; init; }

    /// <summary>What tells that the new parent is not the one that the image was made from; null when it is.</summary>
    public string? Mismatch { get; init; }

    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>All changes in one line.</summary>
    public string Describe() => string.Join("; ", Changes);
}
