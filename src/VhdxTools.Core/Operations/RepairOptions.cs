namespace VhdxTools.Operations;

/// <summary>What a repair may do beyond what loses nothing.</summary>
internal sealed record RepairOptions
{
    /// <summary>Free space of the file that nothing references.</summary>
    public bool Leaks { get; init; }

    /// <summary>Give up a log that cannot be replayed.</summary>
    public bool DiscardLog { get; init; }

    /// <summary>Give up blocks that cannot be right.</summary>
    public bool DropBadBlocks { get; init; }

    public bool Allows(RepairMethod method) => method switch
    {
        RepairMethod.Automatic => true,
        RepairMethod.Leaks => Leaks,
        RepairMethod.DiscardLog => DiscardLog,
        RepairMethod.DropBadBlocks => DropBadBlocks,
        _ => false,
    };
}
