using System;

namespace VhdxTools;

/// <summary>A range of a disk that could not be read, and why.</summary>
public sealed record VhdxLostRange
{
    /// <summary>Where it starts on the disk, in bytes.</summary>
    public required long VirtualOffset { get; init; }

    /// <summary>Its length in bytes.</summary>
    public required long VirtualLength { get; init; }

    /// <summary>The rule that is broken, or the id of the error that reading gave.</summary>
    public required string RuleId { get; init; }

    /// <summary>Why it cannot be read, in a few words.</summary>
    public required string Reason { get; init; }

    /// <inheritdoc/>
    public override string ToString() => FormattableString.Invariant($"0x{VirtualOffset:X}+0x{VirtualLength:X}: {Reason} ({RuleId})");
}
