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

    /// <summary>The file that the finding is about; in a chain it may be a parent.</summary>
    public required string File { get; init; }

    /// <summary>Byte offset in the file, or null when the finding has no single place.</summary>
    public long? FileOffset { get; init; }

    /// <summary>Length in bytes of the place, or null.</summary>
    public long? Length { get; init; }

    /// <summary>What the format asks for, or null.</summary>
    public string? Expected { get; init; }

    /// <summary>What the file holds, or null.</summary>
    public string? Actual { get; init; }

    /// <summary>The first payload block that is concerned, or null.</summary>
    public long? Block { get; init; }

    /// <summary>How many payload blocks in a row are concerned; null without a block.</summary>
    public long? BlockCount { get; init; }

    /// <summary>Where these blocks start on the virtual disk, in bytes; null without a block.</summary>
    public long? VirtualOffset { get; init; }

    /// <summary>How many bytes of the virtual disk they hold; null without a block.</summary>
    public long? VirtualLength { get; init; }

    /// <summary>The metadata item, region or sector bitmap block that is concerned, or null.</summary>
    public string? Item { get; init; }

    /// <summary>The section of the specification, for example <c>MS-VHDX 2.2.2</c>.</summary>
    public required string Reference { get; init; }

    /// <summary>What it takes to mend it.</summary>
    public required RepairMethod Repair { get; init; }

    /// <summary>Whether it can be mended inside the file.</summary>
    public bool Repairable => Repair is not (RepairMethod.None or RepairMethod.Salvage);

    /// <summary>Makes a finding with the severity, reference and repair of its rule.</summary>
    internal static VhdxFinding Of(VhdxRule rule, string file, string message) => new()
    {
        RuleId = rule.Id,
        Severity = rule.Severity,
        Reference = rule.Reference,
        Repair = rule.Repair,
        File = file,
        Message = message,
    };

    /// <inheritdoc/>
    public override string ToString() => $"{RuleId} {Severity}: {Message}";
}
