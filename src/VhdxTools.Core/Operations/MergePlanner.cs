using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using VhdxTools.Disks;
using VhdxTools.Format;
using VhdxTools.IO;
using VhdxTools.Layout;

namespace VhdxTools.Operations;

/// <summary>Works out what a merge will do; changes nothing.</summary>
internal static class MergePlanner
{
    /// <param name="path">Full path of the tip.</param>
    /// <param name="destination">Full path of the ancestor; null means the tip's parent.</param>
    /// <param name="warn">Gets a sentence for each folder that cannot be looked through.</param>
    /// <param name="cancellation">Stops the work.</param>
    /// <exception cref="VhdxException">A file of the chain cannot be opened or is damaged, a link is broken, or the destination is none of the ancestors.</exception>
    public static MergePlan Plan(string path, string? destination, Action<string> warn, CancellationToken cancellation)
    {
        using DiskChain chain = DiskChain.OpenRead(path);
        int target = IndexOf(chain, path, destination);
        VhdxLayer ancestor = chain.Layers[target];
        string[] sources = chain.Layers.Take(target).Select(layer => layer.Path).ToArray();
        (long bytes, long blocks, long chunks) = Count(chain, target, cancellation);
        (List<string> spoiled, List<string> orphaned) = Dependents(sources, ancestor.Path, warn, cancellation);
        return new()
        {
            Sources = sources,
            Target = ancestor.Path,
            SizeBefore = ancestor.Geometry.VirtualDiskSize,
            SizeAfter = chain.Capacity,
            BytesToMerge = bytes,
            BlocksToAllocate = blocks,
            GrowthAtMost = Growth(chain, ancestor, blocks, chunks),
            Spoiled = spoiled,
            Orphaned = orphaned,
        };
    }

    /// <summary>Refuses a merge whose target cannot grow that far.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="available">Free bytes of the volume; null when they are not known.</param>
    public static void ThrowIfNoSpace(MergePlan plan, long? available)
    {
        if (available < plan.GrowthAtMost)
        {
            throw new VhdxException(ErrorIds.DiskFull, ErrorKind.DiskFull, FormattableString.Invariant(
                $"'{plan.Target}' may grow by {ByteText.Size(plan.GrowthAtMost)} ({plan.GrowthAtMost} bytes), and its volume has {ByteText.Size(available.Value)} ({available} bytes) left. Nothing was changed."));
        }
    }

    private static int IndexOf(DiskChain chain, string path, string? destination)
    {
        if (chain.Layers.Count == 1)
        {
            throw new VhdxException(ErrorIds.NotDifferencing, ErrorKind.InvalidArgument, $"'{path}' has no parent that it could be merged into: it is of type {chain.Layers[0].Image.Type}.");
        }

        if (destination is null)
        {
            return 1;
        }

        int index = chain.Layers.ToList().FindIndex(layer => FileKinds.AreSame(layer.Path, destination));
        return index > 0 ? index : throw new VhdxException(
            ErrorIds.NotAnAncestor,
            ErrorKind.InvalidArgument,
            index == 0
                ? $"'{path}' cannot be merged into itself."
                : $"'{destination}' is none of the images that '{path}' builds on; these are: {string.Join(", ", chain.Layers.Skip(1).Select(layer => $"'{layer.Path}'"))}.");
    }

    /// <summary>Data above the target, blocks of the target that are not there yet, and its chunks that these lie in.</summary>
    private static (long Bytes, long Blocks, long Chunks) Count(DiskChain chain, int target, CancellationToken cancellation)
    {
        VhdxLayer ancestor = chain.Layers[target];
        long blockSize = ancestor.Geometry.BlockSize;
        long bytes = 0;
        long blocks = 0;
        long chunks = 0;
        long lastBlock = -1;
        long lastChunk = -1;
        DiskChain merged = DiskChain.Over(chain.Layers.Take(target).ToArray());
        foreach (DiskExtent extent in merged.Extents(0, chain.Capacity, cancellation).Where(extent => extent.Kind == DiskExtentKind.Data))
        {
            bytes += extent.Length;
            for (long block = Math.Max(lastBlock + 1, extent.Offset / blockSize); block * blockSize < extent.End; block++)
            {
                lastBlock = block;
                if (block < ancestor.Geometry.PayloadBlockCount && ancestor.PayloadEntry(block).HasData)
                {
                    continue;
                }

                blocks++;
                long chunk = block / ancestor.Geometry.ChunkRatio;
                chunks += chunk > lastChunk ? 1 : 0;
                lastChunk = chunk;
            }
        }

        return (bytes, blocks, chunks);
    }

    private static long Growth(DiskChain chain, VhdxLayer ancestor, long blocks, long chunks)
    {
        VhdxGeometry before = ancestor.Geometry;
        VhdxGeometry after = new(chain.Capacity, before.BlockSize, before.LogicalSectorSize, before.HasParent);
        bool movesBat = after.BatLength > ancestor.Image.BatRegion!.Value.Length;
        long wanted = (blocks * before.BlockSize)
            + (before.HasParent ? chunks * FormatConstants.SectorBitmapBlockLength : 0)
            + (movesBat ? FormatConstants.AlignUp(after.BatLength, FormatConstants.Alignment) : 0);
        if (ancestor.Image.Type == VhdType.Fixed)
        {
            wanted += Math.Max(0, after.PayloadBlockCount - before.PayloadBlockCount - blocks) * before.BlockSize;
        }

        return Math.Max(0, wanted - SpaceAllocator.Of(ancestor.Image).FreeLength);
    }

    private static (List<string> Spoiled, List<string> Orphaned) Dependents(string[] sources, string target, Action<string> warn, CancellationToken cancellation)
    {
        Dictionary<string, VhdxChainLink> links = [];
        foreach (string folder in sources.Append(target).Select(file => Path.GetDirectoryName(file)!).Distinct())
        {
            foreach (VhdxChainLink link in ChainInspector.Children(target, folder, recurse: false, warn, cancellation).Where(link => link.Depth > 0))
            {
                links[link.Path] = link;
            }
        }

        List<string> spoiled = [];
        List<string> orphaned = [];
        foreach (VhdxChainLink link in links.Values.Where(link => !sources.Any(source => FileKinds.AreSame(source, link.Path))))
        {
            (DependsOnTip(link) ? orphaned : spoiled).Add(link.Path);
        }

        return (spoiled, orphaned);

        bool DependsOnTip(VhdxChainLink link)
        {
            for (VhdxChainLink? next = link; next?.ParentPath is string parent; next = links.Values.FirstOrDefault(known => FileKinds.AreSame(known.Path, parent)))
            {
                if (FileKinds.AreSame(parent, sources[0]))
                {
                    return true;
                }
            }

            return false;
        }
    }
}
