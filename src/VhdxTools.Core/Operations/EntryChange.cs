using VhdxTools.Format;

namespace VhdxTools.Operations;

/// <summary>An entry of the BAT that is to be changed.</summary>
/// <param name="Index">Its index.</param>
/// <param name="Rule">The rule that it breaks.</param>
/// <param name="Fix">What is done.</param>
/// <param name="Before">The entry as it is.</param>
/// <param name="After">The entry as it will be.</param>
/// <param name="Sound">Bytes at the start of the block that stay readable when the rest is given up.</param>
internal readonly record struct EntryChange(long Index, VhdxRule Rule, EntryFix Fix, BatEntry Before, BatEntry After, long Sound = 0);
