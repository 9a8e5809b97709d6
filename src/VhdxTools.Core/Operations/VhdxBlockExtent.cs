using System;

namespace VhdxTools;

/// <summary>A range of the virtual disk and where it is.</summary>
public sealed class VhdxBlockExtent
{
    /// <summary>Where the range starts on the disk, in bytes.</summary>
    public required long VirtualOffset { get; init; }

    /// <summary>Length in bytes.</summary>
    public required long Length { get; init; }

    /// <summary>The first payload block of the file that was asked for.</summary>
    public required long Block { get; init; }

    /// <summary>The state of the blocks in the file named by File; null when no file has anything to say about the range.</summary>
    public BlockState? State { get; init; }

    /// <summary>Whether the bytes are in a file, zero by a file's word, or in no file at all.</summary>
    public required DiskExtentKind Kind { get; init; }

    /// <summary>The file that decides about the range; null when none does.</summary>
    public string? File { get; init; }

    /// <summary>Where the range starts in that file, in bytes; null without data.</summary>
    public long? FileOffset { get; init; }

    /// <inheritdoc/>
    public override string ToString() => FormattableString.Invariant(
        $"0x{VirtualOffset:X}+0x{Length:X} {Kind}{(FileOffset is long offset ? FormattableString.Invariant($" at 0x{offset:X}") : "")}");
}
