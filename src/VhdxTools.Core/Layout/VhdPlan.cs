using System.Collections.Generic;
using System.Globalization;
using VhdxTools.Format;

namespace VhdxTools.Layout;

/// <summary>A complete and valid description of a new VHD (version 1): every structure, and where the blocks go.</summary>
internal sealed record VhdPlan
{
    /// <summary>Where the dynamic header is: right behind the copy of the footer.</summary>
    public const long DynamicHeaderOffset = VhdFooter.Length;

    /// <summary>Where the BAT is: right behind the dynamic header.</summary>
    public const long TableOffset = DynamicHeaderOffset + VhdDynamicHeader.Length;

    public required VhdFooter Footer { get; init; }

    /// <summary>Null in fixed images.</summary>
    public required VhdDynamicHeader? DynamicHeader { get; init; }

    /// <summary>The texts of the locator entries, in their order.</summary>
    public required IReadOnlyList<string> LocatorTexts { get; init; }

    /// <summary>Means nothing in fixed images.</summary>
    public required VhdBlockLayout BlockLayout { get; init; }

    /// <summary>Where the structures end and blocks may start, in bytes; 0 in fixed images.</summary>
    public required long BlocksOffset { get; init; }

    /// <summary>Things that are legal and that the user should know.</summary>
    public required IReadOnlyList<string> Warnings { get; init; }

    public VhdType Type => (VhdType)Footer.DiskType;

    /// <summary>Virtual size in bytes.</summary>
    public long Size => (long)Footer.CurrentSize;

    /// <summary>Blocks of the disk, whether or not they get space; 0 in fixed images.</summary>
    public long BlockCount => DynamicHeader?.MaxTableEntries ?? 0;

    /// <summary>Length of the BAT with what fills its last sector, in bytes.</summary>
    public long TableLength => FormatConstants.AlignUp(BlockCount * sizeof(uint), VhdFooter.SectorLength);

    /// <summary>Length of the file in bytes; null when it depends on how many blocks hold anything.</summary>
    public long? FileLength => Type == VhdType.Fixed ? MinimumFileLength : null;

    /// <summary>Length of the file in bytes without any block.</summary>
    public long MinimumFileLength => (Type == VhdType.Fixed ? Size : BlocksOffset) + VhdFooter.Length;

    /// <summary>Length of the file in bytes with all blocks.</summary>
    public long MaximumFileLength => Type == VhdType.Fixed ? MinimumFileLength : BlockLayout.EndAfter(BlocksOffset, BlockCount) + VhdFooter.Length;

    /// <summary>The plan in a sentence, for -WhatIf and -Confirm.</summary>
    public string Describe() => string.Format(
        CultureInfo.InvariantCulture,
        Type == VhdType.Fixed
            ? "{0} VHD of {1} ({2} bytes); the new file is {3} ({4} bytes) long, holes are left"
            : "{0} VHD of {1} ({2} bytes), {5} blocks of {6}; the new file is from {3} ({4} bytes) to {7} long, depending on what the disk holds",
        Type,
        ByteText.Size(Size),
        Size,
        ByteText.Size(MinimumFileLength),
        MinimumFileLength,
        BlockCount,
        ByteText.Size(BlockLayout.BlockSize),
        ByteText.Size(MaximumFileLength));
}
