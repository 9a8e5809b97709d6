using System;

namespace VhdxTools.Format;

/// <summary>A disk as cylinders, heads and sectors per track, the way a BIOS saw it.</summary>
internal readonly record struct ChsGeometry(ushort Cylinders, byte Heads, byte SectorsPerTrack)
{
    private const int MaximumHeads = 16;

    /// <summary>A cylinder number of the BIOS has ten bits.</summary>
    private const int BiosCylinders = 1024;

    /// <summary>What larger disks are capped to; it says nothing of their size.</summary>
    public static ChsGeometry Maximum { get; } = new(ushort.MaxValue, MaximumHeads, byte.MaxValue);

    /// <summary>Cylinders x heads x sectors, in bytes.</summary>
    public long Size => (long)Cylinders * Heads * SectorsPerTrack * VhdFooter.SectorLength;

    /// <summary>The geometry of a disk; often a little smaller than the disk (specification of 2006, appendix "CHS Calculation").</summary>
    /// <param name="size">Size of the disk in bytes.</param>
    public static ChsGeometry Of(long size)
    {
        if (size >= Maximum.Size)
        {
            return Maximum;
        }

        long sectors = size / VhdFooter.SectorLength;
        if (sectors >= (long)ushort.MaxValue * MaximumHeads * 63)
        {
            return With(sectors, MaximumHeads, byte.MaxValue);
        }

        long heads = Math.Max(4, FormatConstants.CeilingDivide(sectors / 17, BiosCylinders));
        return heads <= MaximumHeads && sectors / 17 < heads * BiosCylinders ? With(sectors, (byte)heads, 17)
            : sectors / 31 < MaximumHeads * BiosCylinders ? With(sectors, MaximumHeads, 31)
            : With(sectors, MaximumHeads, 63);
    }

    private static ChsGeometry With(long sectors, byte heads, byte sectorsPerTrack) => new((ushort)(sectors / sectorsPerTrack / heads), heads, sectorsPerTrack);
}
