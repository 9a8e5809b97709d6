namespace VhdxTools.Operations;

/// <summary>What is done with an entry of the BAT.</summary>
internal enum EntryFix
{
    /// <summary>Reserved bits are cleared.</summary>
    Clear,

    /// <summary>The block is given up.</summary>
    Drop,

    /// <summary>The block gets a copy of its own of space that it shares.</summary>
    Part,

    /// <summary>The file is lengthened, so that what is left of the block is readable.</summary>
    Extend,
}
