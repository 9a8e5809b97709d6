namespace VhdxTools.Layout;

/// <summary>A run of bytes in a file, and what it is.</summary>
internal sealed record NamedRange(FileRange Range, string Name);
