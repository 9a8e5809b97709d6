using System;
using System.Collections.Generic;

namespace VhdxTools;

/// <summary>Every structure of a VHDX file with its place. Where a damaged file does not tell something, it is null or empty, and Problems says why.</summary>
public sealed class VhdxLayout
{
    /// <summary>Full path of the file.</summary>
    public required string Path { get; init; }

    /// <summary>Length of the file in bytes; with a dirty log, as it is after the replay.</summary>
    public required long FileLength { get; init; }

    /// <summary>Fixed, dynamic or differencing; Unknown when the file does not tell.</summary>
    public required VhdType VhdType { get; init; }

    /// <summary>Size of the virtual disk in bytes.</summary>
    public long? Size { get; init; }

    /// <summary>Size of a payload block in bytes.</summary>
    public int? BlockSize { get; init; }

    /// <summary>Payload blocks for each sector bitmap block (MS-VHDX 2.5).</summary>
    public long? ChunkRatio { get; init; }

    /// <summary>The program that made the file.</summary>
    public required string Creator { get; init; }

    /// <summary>Whether the log is to be replayed; everything but the headers and LogEntries is told as it is after the replay.</summary>
    public required LogState LogState { get; init; }

    /// <summary>Both header copies.</summary>
    public required IReadOnlyList<HeaderCopy> Headers { get; init; }

    /// <summary>Both region table copies.</summary>
    public required IReadOnlyList<RegionTableCopy> RegionTables { get; init; }

    /// <summary>The regions of the current table.</summary>
    public required IReadOnlyList<VhdxRegion> Regions { get; init; }

    /// <summary>All metadata items, in the order of the table.</summary>
    public required IReadOnlyList<VhdxMetadataItem> MetadataItems { get; init; }

    /// <summary>The pairs of the parent locator, in the file's order; empty without a parent.</summary>
    public required IReadOnlyList<KeyValuePair<string, string>> ParentLocator { get; init; }

    /// <summary>Every valid entry in the log; those that are not active are history and never replayed.</summary>
    public required IReadOnlyList<VhdxLogEntry> LogEntries { get; init; }

    /// <summary>The BAT in totals; null when it cannot be read.</summary>
    public BatStatistics? Bat { get; init; }

    /// <summary>The whole file from its first byte to its last, sorted, without gap or overlap.</summary>
    public required IReadOnlyList<FileArea> Areas { get; init; }

    /// <summary>What was noticed while reading.</summary>
    public required IReadOnlyList<VhdxFinding> Problems { get; init; }

    /// <inheritdoc/>
    public override string ToString() => FormattableString.Invariant($"{Path}: {ByteText.Size(FileLength)} in {Areas.Count} areas");
}
