using System;
using System.Linq;
using System.Threading;
using VhdxTools.Disks;
using VhdxTools.Layout;

namespace VhdxTools.Operations;

/// <summary>What a merge brings into an ancestor, counted before it begins.</summary>
/// <param name="Bytes">Data of the images above it.</param>
/// <param name="Blocks">Its payload blocks that are not there yet and may be needed.</param>
/// <param name="Chunks">Its chunks in which these lie.</param>
/// <param name="HoleBytes">Bytes of blocks that are there as holes of a sparse file, and get data.</param>
internal readonly record struct MergeCounts(long Bytes, long Blocks, long Chunks, long HoleBytes)
{
    /// <param name="chain">The whole chain.</param>
    /// <param name="target">The ancestor's place in it.</param>
    /// <param name="cancellation">Stops the work.</param>
    public static MergeCounts Of(DiskChain chain, int target, CancellationToken cancellation)
    {
        VhdxLayer ancestor = chain.Layers[target];
        long blockSize = ancestor.Geometry.BlockSize;
        MergeCounts counts = default;
        long lastBlock = -1;
        long lastChunk = -1;
        foreach (DifferenceRange range in ChangeLister.Ranges(chain.Layers.Take(target).ToArray(), ancestor.Size, cancellation))
        {
            bool isData = range.Kind == VhdxDifferenceKind.Changed;
            counts = isData ? counts with { Bytes = counts.Bytes + range.Length } : counts;
            long first = range.Offset / blockSize;
            long last = (range.End - 1) / blockSize;

            // A block of zeros needs no space; a part of one does, where it hides something.
            for (long block = first; block <= last; block += isData || block > first ? 1 : Math.Max(1, last - first))
            {
                long start = Math.Max(range.Offset, block * blockSize);
                long end = Math.Min(range.End, (block + 1) * blockSize);
                if (block < ancestor.Geometry.PayloadBlockCount && ancestor.PayloadEntry(block) is { HasData: true } entry)
                {
                    long place = entry.FileOffset + start - (block * blockSize);
                    counts = isData ? counts with { HoleBytes = counts.HoleBytes + HolesIn(ancestor, place, place + end - start) } : counts;
                    continue;
                }

                if (block == lastBlock || (!isData && (end - start == blockSize || !ancestor.HasParent)))
                {
                    continue;
                }

                lastBlock = block;
                long chunk = block / ancestor.Geometry.ChunkRatio;
                counts = counts with { Blocks = counts.Blocks + 1, Chunks = counts.Chunks + (chunk > lastChunk ? 1 : 0) };
                lastChunk = chunk;
            }
        }

        return counts;
    }

    private static long HolesIn(VhdxLayer layer, long start, long end)
    {
        long held = 0;
        for (long place = start; layer.FindData(place, end) is FileRange data; place = data.End)
        {
            held += data.Length;
        }

        return end - start - held;
    }
}
