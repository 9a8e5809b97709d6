namespace VhdxTools;

/// <summary>What compacting an image freed, or with -WhatIf would free. All sizes in bytes.</summary>
public sealed class VhdxOptimizeResult
{
    /// <summary>Full path of the file.</summary>
    public required string Path { get; init; }

    /// <summary>Length of the file before.</summary>
    public required long BytesBefore { get; init; }

    /// <summary>Length of the file afterwards.</summary>
    public required long BytesAfter { get; init; }

    /// <summary>How much shorter the file is.</summary>
    public long BytesFreed => BytesBefore - BytesAfter;

    /// <summary>Blocks that held nothing but zeros, or nothing but what the parent holds there, and gave up their space.</summary>
    public required long ZeroBlocksFreed { get; init; }

    /// <summary>Blocks of a differencing image that were there and held no sector, and gave up their space.</summary>
    public required long EmptyBlocksFreed { get; init; }

    /// <summary>Sector bitmap blocks that no block needs any more.</summary>
    public required long BitmapBlocksFreed { get; init; }

    /// <summary>Entries of unmapped, undefined or surplus blocks that were cleared; they have no space of their own.</summary>
    public required long EntriesCleared { get; init; }

    /// <summary>All blocks that gave up space.</summary>
    public long BlocksFreed => ZeroBlocksFreed + EmptyBlocksFreed + BitmapBlocksFreed;

    /// <summary>Blocks and regions that were moved into gaps before them.</summary>
    public required long BlocksMoved { get; init; }

    /// <summary>Gaps that stay inside the file: what lies behind them is too large for them, or cannot be moved.</summary>
    public required long BytesUnused { get; init; }

    /// <summary>Why these gaps stay, in a sentence; null without them.</summary>
    public string? Remark { get; init; }

    /// <summary>Whether the file was, or would be, changed at all.</summary>
    public required bool Changed { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"{Path}: {ByteText.Size(BytesFreed)} freed";
}
