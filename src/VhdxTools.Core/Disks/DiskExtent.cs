using System;
using VhdxTools.Layout;

namespace VhdxTools.Disks;

/// <summary>A range of a virtual disk and where its bytes come from.</summary>
/// <param name="Offset">Where it starts on the disk, in bytes.</param>
/// <param name="Length">Length in bytes.</param>
/// <param name="Kind">Whether a file holds it.</param>
/// <param name="Layer">The file of the chain that decides about it, 0 is the tip; -1 when no file has anything to say.</param>
/// <param name="FileOffset">Where it starts in that file, in bytes; 0 without data.</param>
/// <param name="State">The state of its block in that file; null when no file has anything to say, and in formats without states.</param>
internal readonly record struct DiskExtent(long Offset, long Length, DiskExtentKind Kind, int Layer, long FileOffset, BlockState? State)
{
    public long End => Offset + Length;

    public FileRange Range => new(Offset, Length);

    /// <summary>Whether the other extent continues this one, on the disk and in the file.</summary>
    public bool IsContinuedBy(DiskExtent other) =>
        other.Offset == End && other.Kind == Kind && other.Layer == Layer && other.State == State && (Kind != DiskExtentKind.Data || other.FileOffset == FileOffset + Length);

    public override string ToString() => FormattableString.Invariant($"0x{Offset:X}+0x{Length:X} {Kind} {Layer} @ 0x{FileOffset:X}");
}
