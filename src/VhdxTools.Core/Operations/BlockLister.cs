using System;
using System.Collections.Generic;
using System.Threading;
using VhdxTools.Disks;
using VhdxTools.Images;
using VhdxTools.Layout;

namespace VhdxTools.Operations;

/// <summary>Lists where the ranges of a disk are.</summary>
internal static class BlockLister
{
    /// <summary>What one file holds, by the states of its BAT.</summary>
    /// <param name="path">Full path of the file.</param>
    /// <param name="coalesce">Whether blocks in a row are joined; else each block is an extent.</param>
    /// <param name="cancellation">Stops the work.</param>
    /// <exception cref="VhdxException">The file cannot be opened, is damaged, or is cut meanwhile.</exception>
    public static IEnumerable<VhdxBlockExtent> OfFile(string path, bool coalesce, CancellationToken cancellation)
    {
        using VhdxLayer layer = new(path, VhdxFile.OpenRead(path));
        CutWatch watch = new([layer]);
        VhdxGeometry geometry = layer.Geometry;
        long fileLength = -1;
        foreach (BlockRun run in layer.Image.Bat!.PayloadRuns(cancellation))
        {
            long step = coalesce ? run.Count : 1;
            for (long done = 0; done < run.Count; done += step)
            {
                cancellation.ThrowIfCancellationRequested();
                long block = run.FirstBlock + done;
                long start = block * geometry.BlockSize;
                bool hasData = run.State is BlockState.FullyPresent or BlockState.PartiallyPresent;
                bool isAbsent = run.State == BlockState.NotPresent;

                // Blocks without data have nothing but their state that could be wrong, and it is one for the whole run.
                for (long one = block; one < block + (hasData ? step : 1); one++)
                {
                    layer.StateOf(one, layer.PayloadEntry(one), ref fileLength);
                }

                yield return new()
                {
                    VirtualOffset = start,
                    Length = Math.Min(step * geometry.BlockSize, geometry.VirtualDiskSize - start),
                    Block = block,
                    State = run.State,
                    Kind = hasData ? DiskExtentKind.Data : isAbsent ? DiskExtentKind.Absent : DiskExtentKind.Zero,
                    File = path,
                    FileOffset = hasData ? run.FileOffset + (done * geometry.BlockSize) : null,
                };
            }
        }

        watch.ThrowIfCut();
    }

    /// <summary>What the disk is made of, through all parents, sector bitmaps included.</summary>
    /// <param name="path">Full path of the tip.</param>
    /// <param name="coalesce">Whether ranges in a row are joined; else each ends at the end of a block of the tip.</param>
    /// <param name="cancellation">Stops the work.</param>
    /// <exception cref="VhdxException">A file of the chain cannot be opened, is damaged or is cut meanwhile, or a link is broken.</exception>
    public static IEnumerable<VhdxBlockExtent> OfChain(string path, bool coalesce, CancellationToken cancellation)
    {
        using DiskChain disk = DiskChain.OpenRead(path);
        CutWatch watch = new(disk.Layers);
        long blockSize = disk.Layers[0].Geometry.BlockSize;
        foreach (DiskExtent extent in disk.Extents(0, disk.Capacity, cancellation))
        {
            for (long offset = extent.Offset; offset < extent.End;)
            {
                cancellation.ThrowIfCancellationRequested();
                long end = coalesce ? extent.End : Math.Min(extent.End, ((offset / blockSize) + 1) * blockSize);
                VhdxLayer? layer = extent.Layer < 0 ? null : disk.Layers[extent.Layer];
                yield return new()
                {
                    VirtualOffset = offset,
                    Length = end - offset,
                    Block = offset / blockSize,
                    State = extent.State,
                    Kind = extent.Kind,
                    File = layer?.Path,
                    FileOffset = extent.Kind == DiskExtentKind.Data ? extent.FileOffset + (offset - extent.Offset) : null,
                };
                offset = end;
            }
        }

        watch.ThrowIfCut();
    }
}
