using System.Collections.Generic;
using VhdxTools.Format;

namespace VhdxTools.Operations;

/// <summary>A child's new link to its parent.</summary>
internal sealed record ParentLink
{
    /// <summary>The new locator.</summary>
    public required ParentLocator Locator { get; init; }

    /// <summary>What tells that the parent is not the one that the child was made from; null when it is.</summary>
    public string? Mismatch { get; init; }

    /// <summary>What the user should know about the parent.</summary>
    public required IReadOnlyList<string> Warnings { get; init; }
}
