namespace VhdxTools.Disks;

/// <summary>What one file of a chain says of a range of the disk.</summary>
/// <param name="Offset">Where the range starts on the disk, in bytes.</param>
/// <param name="Length">Length in bytes.</param>
/// <param name="Source">Where the bytes are.</param>
/// <param name="FileOffset">Where the range starts in the file, in bytes; 0 without data.</param>
/// <param name="State">The state of the block that the range lies in; null in formats without states.</param>
internal readonly record struct LayerExtent(long Offset, long Length, LayerSource Source, long FileOffset, BlockState? State);
