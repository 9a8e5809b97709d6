using VhdxTools.Layout;

namespace VhdxTools.Operations;

/// <summary>A better entry for a block.</summary>
/// <param name="Index">Index of the entry in the BAT.</param>
/// <param name="State">The new state.</param>
/// <param name="FileOffset">The place in the file, in bytes; 0 for states without data.</param>
/// <param name="Freed">The space that it gives up; null for none.</param>
/// <param name="Reason">Why.</param>
internal readonly record struct BlockChange(long Index, BlockState State, long FileOffset, FileRange? Freed, BlockChangeReason Reason);
