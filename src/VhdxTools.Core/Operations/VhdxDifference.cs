using System;

namespace VhdxTools;

/// <summary>A range in which two disks differ, or that a differencing image changed.</summary>
public sealed class VhdxDifference
{
    /// <summary>Where the range starts on the disk, in bytes.</summary>
    public required long Offset { get; init; }

    /// <summary>Length in bytes.</summary>
    public required long Length { get; init; }

    /// <summary>What the range is about.</summary>
    public required VhdxDifferenceKind Kind { get; init; }

    /// <summary>Whether all bytes of a BeyondEnd range are zero; null for other kinds.</summary>
    public bool? IsZero { get; init; }

    /// <summary>Full path of the longer disk, the one that has a BeyondEnd range; null for other kinds.</summary>
    public string? LongerPath { get; init; }

    /// <summary>Full path of the file that was compared with, or of the ancestor; null when an image was held against its own parent.</summary>
    public string? ReferencePath { get; init; }

    /// <summary>Full path of the file that was compared.</summary>
    public required string DifferencePath { get; init; }

    /// <inheritdoc/>
    public override string ToString() => FormattableString.Invariant($"0x{Offset:X}+0x{Length:X} {Kind}");
}
