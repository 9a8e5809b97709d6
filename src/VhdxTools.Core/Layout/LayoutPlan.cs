using System;
using System.Collections.Generic;
using System.Globalization;
using VhdxTools.Format;

namespace VhdxTools.Layout;

/// <summary>A complete and valid description of a new file, down to every byte that is not zero.</summary>
internal sealed record LayoutPlan
{
    public required VhdType Type { get; init; }

    public required string Creator { get; init; }

    public required VhdxHeader Header1 { get; init; }

    public required VhdxHeader Header2 { get; init; }

    public required IReadOnlyList<RegionEntry> Regions { get; init; }

    public required IReadOnlyList<MetadataItem> Metadata { get; init; }

    public required VhdxGeometry Geometry { get; init; }

    /// <summary>The payload blocks in virtual order: one run, because a new image is uniform.</summary>
    public required BlockRun Blocks { get; init; }

    public required FileRange Log { get; init; }

    public required FileRange MetadataRegion { get; init; }

    public required FileRange BatRegion { get; init; }

    public required long FileLength { get; init; }

    public required Preallocation Preallocation { get; init; }

    /// <summary>Things that are legal and that the user should know.</summary>
    public required IReadOnlyList<string> Warnings { get; init; }

    /// <summary>The file from its first byte to its last, in order.</summary>
    public IEnumerable<FileArea> Areas
    {
        get
        {
            foreach (FileArea area in HeaderSection.Areas)
            {
                yield return area;
            }

            yield return new(Log.Offset, Log.Length, AreaKind.Log, "Log");
            yield return new(MetadataRegion.Offset, MetadataRegion.Length, AreaKind.Metadata, "Metadata region");
            yield return new(BatRegion.Offset, BatRegion.Length, AreaKind.Bat, "BAT region");
            if (Blocks.State == BlockState.FullyPresent)
            {
                yield return AreaNames.PayloadBlocks(Blocks.FileOffset, Geometry.BlockSize, Blocks.FirstBlock, Blocks.Count);
            }
        }
    }

    /// <summary>The plan in a sentence, for -WhatIf and -Confirm.</summary>
    public string Describe() => string.Format(
        CultureInfo.InvariantCulture,
        "{0} VHDX of {1} ({2} bytes), {3} blocks of {4}, sectors {5}/{6}, log {7}, BAT {8} at {9}; the new file is {10} long{11}",
        Type,
        ByteText.Size(Geometry.VirtualDiskSize),
        Geometry.VirtualDiskSize,
        Geometry.PayloadBlockCount,
        ByteText.Size(Geometry.BlockSize),
        Geometry.LogicalSectorSize,
        PhysicalSectorSize,
        ByteText.Size(Log.Length),
        ByteText.Size(BatRegion.Length),
        ByteText.Size(BatRegion.Offset),
        ByteText.Size(FileLength),
        Type != VhdType.Fixed ? "" : Preallocation switch
        {
            Preallocation.Reserve => ", its space is reserved",
            Preallocation.Full => ", zeros are written",
            _ => ", holes are left",
        });

    private uint PhysicalSectorSize
    {
        get
        {
            foreach (MetadataItem item in Metadata)
            {
                if (item.Id == WellKnownGuids.PhysicalSectorSize)
                {
                    return ByteFields.U32(item.Content, 0);
                }
            }

            throw new InvalidOperationException("A plan always has a physical sector size.");
        }
    }
}
