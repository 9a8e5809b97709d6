using System;
using System.Collections.Generic;
using System.Globalization;

namespace VhdxTools.Operations;

/// <summary>What a merge will do, in numbers. All sizes in bytes.</summary>
internal sealed record MergePlan
{
    /// <summary>Full paths of the files that are merged, the tip first.</summary>
    public required IReadOnlyList<string> Sources { get; init; }

    /// <summary>Full path of the ancestor that takes it all in.</summary>
    public required string Target { get; init; }

    /// <summary>Size of the ancestor's disk now.</summary>
    public required long SizeBefore { get; init; }

    /// <summary>Size of its disk afterwards: the tip's.</summary>
    public required long SizeAfter { get; init; }

    /// <summary>How much data the merged files hold that counts.</summary>
    public required long BytesToMerge { get; init; }

    /// <summary>Blocks that the ancestor gets space for, at the most: those that turn out to be zero get none.</summary>
    public required long BlocksToAllocate { get; init; }

    /// <summary>How much longer the ancestor's file becomes, at the most.</summary>
    public required long GrowthAtMost { get; init; }

    /// <summary>How much more of its volume the ancestor's file takes, at the most: holes in a sparse file are filled, too.</summary>
    public required long SpaceAtMost { get; init; }

    /// <summary>Images in the folders of the chain that see another disk afterwards, and are told so by their link to their parent.</summary>
    public required IReadOnlyList<string> Spoiled { get; init; }

    /// <summary>Images in these folders that build on the tip, and lose it when it is deleted.</summary>
    public required IReadOnlyList<string> Orphaned { get; init; }

    public string Describe() => string.Format(
        CultureInfo.InvariantCulture,
        "Merge {0} of data from {1} into '{2}', which gets space for up to {3} more blocks and grows by up to {4}{5}{6}",
        ByteText.Size(BytesToMerge),
        Sources.Count == 1 ? $"'{Sources[0]}'" : FormattableString.Invariant($"'{Sources[0]}' and {Sources.Count - 1} of its parents"),
        Target,
        BlocksToAllocate,
        ByteText.Size(GrowthAtMost),
        SizeBefore == SizeAfter ? "" : FormattableString.Invariant($"; its disk has {ByteText.ExactSize(SizeBefore)} and gets {ByteText.ExactSize(SizeAfter)}"),
        Spoiled.Count == 0 ? "" : "; other images that build on it will no longer fit: " + string.Join(", ", Spoiled));
}
