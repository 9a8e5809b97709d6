using System;

namespace VhdxTools.Layout;

/// <summary>A run of bytes in a file.</summary>
internal readonly record struct FileRange(long Offset, long Length)
{
    public long End => Offset + Length;

    public bool Overlaps(FileRange other) => Offset < other.End && other.Offset < End;

    public override string ToString() => FormattableString.Invariant($"0x{Offset:X}+0x{Length:X}");
}
