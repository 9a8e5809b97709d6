namespace VhdxTools;

/// <summary>One observation about a file: which rule, where, what was expected and what was found.</summary>
public sealed record VhdxFinding
{
    /// <summary>The rule's id, for example <c>VX302</c>.</summary>
    public required string RuleId { get; init; }

    /// <summary>How much it matters for this file.</summary>
    public required FindingSeverity Severity { get; init; }

    /// <summary>The finding in a sentence.</summary>
    public required string Message { get; init; }

    /// <summary>The file that the finding is about.</summary>
    public required string File { get; init; }

    /// <summary>Byte offset in the file, or null when the finding has no single place.</summary>
    public long? FileOffset { get; init; }

    /// <summary>Length in bytes of the place, or null.</summary>
    public long? Length { get; init; }

    /// <summary>What the format asks for, or null.</summary>
    public string? Expected { get; init; }

    /// <summary>What the file holds, or null.</summary>
    public string? Actual { get; init; }

    /// <summary>The section of the specification, for example <c>MS-VHDX 2.2.2</c>.</summary>
    public required string Reference { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"{RuleId} {Severity}: {Message}";
}
