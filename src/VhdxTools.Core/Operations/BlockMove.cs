using System;
using VhdxTools.Layout;

namespace VhdxTools.Operations;

/// <summary>Something that goes to another place in the file.</summary>
/// <param name="Index">Index of its entry in the BAT; -1 for a region.</param>
/// <param name="State">State of that entry.</param>
/// <param name="Region">The region; null for blocks.</param>
/// <param name="From">Where it is, in bytes.</param>
/// <param name="To">Where it goes, in bytes.</param>
internal readonly record struct BlockMove(long Index, BlockState State, Guid? Region, FileRange From, long To);
