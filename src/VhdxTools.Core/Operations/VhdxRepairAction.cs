namespace VhdxTools;

/// <summary>One thing that was done to an image, and which rule asked for it.</summary>
public sealed record VhdxRepairAction
{
    /// <summary>The rule that was broken, for example <c>VX302</c>.</summary>
    public required string RuleId { get; init; }

    /// <summary>What it took: Automatic, or the switch that allowed it.</summary>
    public required RepairMethod Method { get; init; }

    /// <summary>What was done, in a sentence.</summary>
    public required string Description { get; init; }

    /// <summary>Byte offset in the file of what was changed, or null.</summary>
    public long? FileOffset { get; init; }

    /// <summary>Length in bytes of that place, or null.</summary>
    public long? Length { get; init; }

    /// <summary>The first payload block that is concerned, or null.</summary>
    public long? Block { get; init; }

    /// <summary>How many payload blocks in a row are concerned; null without a block.</summary>
    public long? BlockCount { get; init; }

    /// <summary>Where the range of the disk starts that is concerned, in bytes; null without a block.</summary>
    public long? VirtualOffset { get; init; }

    /// <summary>Its length in bytes; null without a block.</summary>
    public long? VirtualLength { get; init; }

    /// <summary>The metadata item, region or sector bitmap block that is concerned, or null.</summary>
    public string? Item { get; init; }

    /// <summary>Whether that range of the disk reads as zeros now, because its data is given up.</summary>
    public bool IsLost { get; init; }

    /// <summary>What is done about a finding.</summary>
    internal static VhdxRepairAction Of(VhdxFinding finding, string description) => new()
    {
        RuleId = finding.RuleId,
        Method = finding.Repair,
        Description = description,
        FileOffset = finding.FileOffset,
        Length = finding.Length,
        Block = finding.Block,
        BlockCount = finding.BlockCount,
        VirtualOffset = finding.VirtualOffset,
        VirtualLength = finding.VirtualLength,
        Item = finding.Item,
    };

    /// <inheritdoc/>
    public override string ToString() => $"{RuleId}: {Description}";
}
