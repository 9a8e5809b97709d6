namespace VhdxTools.Operations;

/// <summary>What closing the gaps of a file comes to, worked out without moving anything.</summary>
/// <param name="Moves">How many blocks and regions move.</param>
/// <param name="Length">How long the file is afterwards, in bytes.</param>
/// <param name="Unused">Bytes inside it that nothing uses even then.</param>
/// <param name="Obstacle">What could not be moved in the end, in a sentence; null when there is no such thing.</param>
internal readonly record struct GapEstimate(long Moves, long Length, long Unused, string? Obstacle);
