namespace VhdxTools;

/// <summary>What it takes to mend a finding.</summary>
public enum RepairMethod
{
    /// <summary>Nothing to mend, or nothing that can be done inside the file.</summary>
    None,

    /// <summary>Can be mended without losing or guessing anything.</summary>
    Automatic,

    /// <summary>Space that nothing references can be freed.</summary>
    Leaks,

    /// <summary>Giving up the log, and with it the updates that only it holds.</summary>
    DiscardLog,

    /// <summary>Giving up blocks that cannot be right; their ranges become zero.</summary>
    DropBadBlocks,

    /// <summary>Only copying what is readable into a new image.</summary>
    Salvage,
}
