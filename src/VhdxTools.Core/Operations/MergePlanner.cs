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
    public static MergePlan Plan(string path, string? destination, Action<string> warn, CancellationToken cancellation) =>
        BusyImage.Read(path, () => PlanOnce(path, destination, warn, cancellation));

    private static MergePlan PlanOnce(string path, string? destination, Action<string> warn, CancellationToken cancellation)
    {
        using DiskChain chain = DiskChain.OpenRead(path);
        int target = IndexOf(chain, path, destination);
        VhdxLayer ancestor = chain.Layers[target];
        string[] sources = chain.Layers.Take(target).Select(layer => layer.Path).ToArray();
        MergeCounts counts = MergeCounts.Of(chain, target, cancellation);
        long wanted = Wanted(chain, ancestor, counts);
        SpaceAllocator space = SpaceAllocator.Of(ancestor);
        (List<string> spoiled, List<string> orphaned) = Dependents(sources, ancestor.Path, warn, cancellation);
        return new()
        {
            Sources = sources,
            Target = ancestor.Path,
            SizeBefore = ancestor.Geometry.VirtualDiskSize,
            SizeAfter = chain.Capacity,
            BytesToMerge = counts.Bytes,
            BlocksToAllocate = counts.Blocks,
            GrowthAtMost = Math.Max(0, wanted - space.FreeLength),
            SpaceAtMost = Math.Max(0, wanted - space.HeldFreeLength(ancestor)) + counts.HoleBytes,
            Spoiled = spoiled,
            Orphaned = orphaned,
        };
    }

    /// <summary>Refuses a merge whose target cannot grow that far.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="available">Free bytes of the volume; null when they are not known.</param>
    public static void ThrowIfNoSpace(MergePlan plan, long? available)
    {
        if (available < plan.SpaceAtMost)
        {
            throw new VhdxException(ErrorIds.DiskFull, ErrorKind.DiskFull, FormattableString.Invariant(
                $"'{plan.Target}' may need {ByteText.Size(plan.SpaceAtMost)} ({plan.SpaceAtMost} bytes) more than it has, and its volume has {ByteText.Size(available.Value)} ({available} bytes) left. Nothing was changed."));
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

    /// <summary>How many bytes the new blocks and the structures of the target take.</summary>
    private static long Wanted(DiskChain chain, VhdxLayer ancestor, MergeCounts counts)
    {
        VhdxGeometry before = ancestor.Geometry;
        VhdxGeometry after = new(chain.Capacity, before.BlockSize, before.LogicalSectorSize, before.HasParent);
        bool movesBat = after.BatLength > ancestor.Image.BatRegion!.Value.Length;
        long wanted = (counts.Blocks * before.BlockSize)
            + (before.HasParent ? counts.Chunks * FormatConstants.SectorBitmapBlockLength : 0)
            + (movesBat ? FormatConstants.AlignUp(after.BatLength, FormatConstants.Alignment) : 0);
        return ancestor.Image.Type == VhdType.Fixed
            ? wanted + (Math.Max(0, after.PayloadBlockCount - before.PayloadBlockCount - counts.Blocks) * before.BlockSize)
            : wanted;
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
