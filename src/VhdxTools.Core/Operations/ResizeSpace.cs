using System.Collections.Generic;
using VhdxTools.Disks;
using VhdxTools.Format;
using VhdxTools.Layout;

namespace VhdxTools.Operations;

/// <summary>What a smaller disk no longer needs.</summary>
internal static class ResizeSpace
{
    /// <summary>The blocks and sector bitmap blocks behind the new end, by their places in the file.</summary>
    public static IEnumerable<FileRange> Freed(VhdxLayer layer, VhdxGeometry after)
    {
        VhdxGeometry before = layer.Geometry;
        foreach ((long index, BatEntry entry) in layer.Image.Bat!.NonZeroEntries())
        {
            if (before.IsSectorBitmapEntry(index))
            {
                if (before.HasParent && entry.State == BlockState.FullyPresent && before.ChunkOfEntry(index) >= after.SectorBitmapBlockCount)
                {
                    yield return new(entry.FileOffset, FormatConstants.SectorBitmapBlockLength);
                }
            }
            else if (entry.HasData && before.PayloadBlockOfEntry(index) is long block && block >= after.PayloadBlockCount && block < before.PayloadBlockCount)
            {
                yield return new(entry.FileOffset, before.BlockSize);
            }
        }
    }
}
