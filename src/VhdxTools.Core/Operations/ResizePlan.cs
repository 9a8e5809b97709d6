using System;
using System.Collections.Generic;
using System.Globalization;

namespace VhdxTools.Operations;

/// <summary>What a change of the size will do, in numbers. All sizes in bytes.</summary>
internal sealed record ResizePlan
{
    /// <summary>Full path of the file.</summary>
    public required string Path { get; init; }

    /// <summary>The DataWriteGuid of the image that the plan was made for.</summary>
    public required Guid DataWriteGuid { get; init; }

    /// <summary>Size of the disk now.</summary>
    public required long SizeBefore { get; init; }

    /// <summary>Size of the disk afterwards.</summary>
    public required long SizeAfter { get; init; }

    /// <summary>Where what the disk holds ends: its partitions, or its last byte that is not zero. Not looked for when no data can be cut.</summary>
    public required long MinimumSize { get; init; }

    /// <summary>Length of the file now.</summary>
    public required long FileSizeBefore { get; init; }

    /// <summary>Length of the file afterwards, as far as it can be told before.</summary>
    public required long FileSizeAfter { get; init; }

    /// <summary>Whether the BAT grows out of its region and gets a new one.</summary>
    public required bool MovesBat { get; init; }

    /// <summary>Whether the disk has a GUID partition table of which at least one copy is sound.</summary>
    public required bool HasGpt { get; init; }

    /// <summary>Whether the backup of the GUID partition table is put at the new end.</summary>
    public required bool UpdatesGpt { get; init; }

    /// <summary>Whether the first copy of the table is damaged, and is restored from the backup while that is where it is found.</summary>
    public required bool RestoresGpt { get; init; }

    /// <summary>Whether the disk will have a GUID partition table whose backup is not at its end.</summary>
    public required bool LeavesGptBehind { get; init; }

    /// <summary>Whether the disk has its size already, and a change of it may have been broken off: the log is replayed, and the end of the file cut.</summary>
    public required bool Finishes { get; init; }

    /// <summary>Images in the same folder that build on this one and will no longer fit.</summary>
    public required IReadOnlyList<string> Children { get; init; }

    /// <summary>Whether there is anything to do.</summary>
    public bool IsNeeded => SizeBefore != SizeAfter || UpdatesGpt || Finishes;

    /// <summary>Whether bytes are cut that are not zero, or a part of a partition.</summary>
    public bool CutsData => SizeAfter < MinimumSize;

    public string Describe() => string.Format(
        CultureInfo.InvariantCulture,
        "{0} the disk in '{1}' from {2} ({3} bytes) to {4} ({5} bytes); the file has {6} and will have about {7}{8}{9}{10}{11}{12}{13}",
        SizeAfter > SizeBefore ? "Grow" : SizeAfter < SizeBefore ? "Shrink" : "Leave the size of",
        Path,
        ByteText.Size(SizeBefore),
        SizeBefore,
        ByteText.Size(SizeAfter),
        SizeAfter,
        ByteText.Size(FileSizeBefore),
        ByteText.Size(FileSizeAfter),
        MovesBat ? "; the BAT gets a larger region" : "",
        UpdatesGpt ? "; the backup of the partition table is put at the end" : "",
        Finishes ? "; what a broken-off change has left in the log is replayed" : "",
        LeavesGptBehind ? "; the backup of the partition table is not at the end then" : "",
        CutsData ? FormattableString.Invariant($"; WHAT THE DISK HOLDS IS CUT: it reaches to {MinimumSize} bytes, so the last {MinimumSize - SizeAfter} bytes of it are lost") : "",
        Children.Count == 0 ? "" : "; images that build on it will no longer fit: " + string.Join(", ", Children));
}
