namespace VhdxTools.Operations;

/// <summary>Why an entry of the BAT can be a better one.</summary>
internal enum BlockChangeReason
{
    /// <summary>The block holds zeros, or no more than the parent does.</summary>
    Zero,

    /// <summary>No sector of the block is present.</summary>
    Empty,

    /// <summary>No block of the chunk needs the sector bitmap.</summary>
    Bitmap,

    /// <summary>The entry is of a state that says nothing, or belongs to no block of the disk.</summary>
    Cleared,

    /// <summary>All sectors of the block are present: its bits need not be looked at.</summary>
    Complete,
}
