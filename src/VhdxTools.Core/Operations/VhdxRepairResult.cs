using System;
using System.Collections.Generic;

namespace VhdxTools;

/// <summary>What the repair of an image came to.</summary>
public sealed class VhdxRepairResult
{
    /// <summary>Lists of findings and actions hold so many at the most; the counts beside them tell of all.</summary>
    public const int MaximumListed = 10_000;

    /// <summary>Full path of the image.</summary>
    public required string Path { get; init; }

    /// <summary>Whether the file was changed. With -Salvage it never is.</summary>
    public required bool Changed { get; init; }

    /// <summary>What was done, in order.</summary>
    public required IReadOnlyList<VhdxRepairAction> Actions { get; init; }

    /// <summary>How many actions there were, listed or not.</summary>
    public required long ActionCount { get; init; }

    /// <summary>What was wrong with the image and its chain before.</summary>
    public required IReadOnlyList<VhdxFinding> Before { get; init; }

    /// <summary>How many findings there were before, listed or not.</summary>
    public required long BeforeCount { get; init; }

    /// <summary>What is left; with -Salvage, the findings of the new image.</summary>
    public required IReadOnlyList<VhdxFinding> After { get; init; }

    /// <summary>How many findings are left, listed or not.</summary>
    public required long AfterCount { get; init; }

    /// <summary>Length of the file before, in bytes.</summary>
    public required long BytesBefore { get; init; }

    /// <summary>Length of the file afterwards, in bytes; with -Salvage, of the new one.</summary>
    public required long BytesAfter { get; init; }

    /// <summary>How many blocks and regions were moved into gaps, with -Leaks.</summary>
    public long BlocksMoved { get; init; }

    /// <summary>Whether no finding of severity Error is left: what Test-VhdxImage says.</summary>
    public required bool IsSound { get; init; }

    /// <summary>What would help against findings that are left; empty when nothing here would.</summary>
    public IReadOnlyList<string> Hints { get; init; } = [];

    /// <summary>Full path of the new image; null without -Salvage.</summary>
    public string? Destination { get; init; }

    /// <summary>The ranges of the disk that could not be read, in order; null without -Salvage. They read as zeros in the new image.</summary>
    public IReadOnlyList<VhdxLostRange>? Unreadable { get; init; }

    /// <inheritdoc/>
    public override string ToString() => FormattableString.Invariant($"{Path}: {ActionCount} actions, {BeforeCount} findings before, {AfterCount} after");
}
