using System;

namespace VhdxTools.Layout;

/// <summary>
/// Payload blocks that follow one another on the virtual disk, have the same state and, when they have data, follow one another in
/// the file. FileOffset is that of the first block, and 0 for states without data.
/// </summary>
internal readonly record struct BlockRun(long FirstBlock, long Count, BlockState State, long FileOffset)
{
    public override string ToString() => FormattableString.Invariant($"{FirstBlock}+{Count} {State} @ 0x{FileOffset:X}");
}
