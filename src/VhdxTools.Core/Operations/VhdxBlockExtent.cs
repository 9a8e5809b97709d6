using System;

namespace VhdxTools;

/// <summary>A range of the virtual disk and where it is.</summary>
public sealed class VhdxBlockExtent
{
    /// <summary>Where the range starts on the disk, in bytes.</summary>
    public required long VirtualOffset { get; init; }

    /// <summary>Length in bytes.</summary>
    public required long Length { get; init; }

    /// <summary>The payload block of the file that was asked for in which the range starts.</summary>
    public required long Block { get; init; }

    /// <summary>The state, in the file named by File, of the block in which the range starts; null when no file has anything to say about the range.</summary>
    public BlockState? State { get; init; }

    /// <summary>Whether the bytes are in a file, zero by a file's word, or in no file that was looked at.</summary>
    public required DiskExtentKind Kind { get; init; }

    /// <summary>The file that decides about the range, or the only one that was looked at; null when no file of a whole chain decides.</summary>
    public string? File { get; init; }

    /// <summary>Where the range starts in that file, in bytes; null without data.</summary>
    public long? FileOffset { get; init; }

    /// <inheritdoc/>
    public override string ToString() => FormattableString.Invariant(
        $"0x{VirtualOffset:X}+0x{Length:X} {Kind}{(FileOffset is long offset ? FormattableString.Invariant($" at 0x{offset:X}") : "")}");
}
