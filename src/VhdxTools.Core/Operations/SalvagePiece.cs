namespace VhdxTools.Operations;

/// <summary>A range of a damaged disk that may hold data, and where it is read.</summary>
/// <param name="Offset">Where it starts on the disk, in bytes.</param>
/// <param name="Length">Length in bytes.</param>
/// <param name="FileOffset">Where it starts in the file; null when the parent has it.</param>
internal readonly record struct SalvagePiece(long Offset, long Length, long? FileOffset);
