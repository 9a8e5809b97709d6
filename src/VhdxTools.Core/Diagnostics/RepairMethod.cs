namespace VhdxTools;

/// <summary>What it takes to mend a finding.</summary>
public enum RepairMethod
{
    /// <summary>Nothing to mend, or nothing that can be done inside the file.</summary>
    None,

    /// <summary>Can be mended without losing or guessing anything.</summary>
    Automatic,

    /// <summary>Space that nothing references can be freed: blocks move into it, and the end of the file is cut off.</summary>
    Leaks,

    /// <summary>Giving up the log, and with it the updates that only it holds, or only its place when it is empty.</summary>
    DiscardLog,

    /// <summary>Giving up blocks that cannot be right: what is lost becomes zero. Blocks that share space each get a copy of it.</summary>
    DropBadBlocks,

    /// <summary>Only copying what is readable into a new image.</summary>
    Salvage,
}
