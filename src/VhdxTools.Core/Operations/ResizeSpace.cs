using System.Collections.Generic;
using VhdxTools.Disks;
using VhdxTools.Format;
using VhdxTools.Layout;

namespace VhdxTools.Operations;

/// <summary>What a smaller disk no longer needs of its file, and what a larger one needs.</summary>
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

    /// <summary>Bytes that the file needs because the last block, of which nothing is there, would show a longer parent.</summary>
    public static long SharedBlock(DiskChain disk, VhdxGeometry after)
    {
        VhdxLayer layer = disk.Layers[0];
        VhdxGeometry before = layer.Geometry;
        long block = before.PayloadBlockCount - 1;
        bool isShared = disk.Layers.Count > 1
            && disk.Layers[1].Geometry.VirtualDiskSize > before.VirtualDiskSize
            && before.UsedLength(block) < after.UsedLength(block)
            && layer.PayloadEntry(block).State == BlockState.NotPresent;
        return !isShared ? 0
            : layer.BitmapEntry(before.SectorBitmapBlockCount - 1).State == BlockState.FullyPresent ? before.BlockSize
            : before.BlockSize + FormatConstants.SectorBitmapBlockLength;
    }
}
