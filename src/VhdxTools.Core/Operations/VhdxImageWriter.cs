using System;
using System.Collections.Generic;
using System.Threading;
using VhdxTools.Disks;
using VhdxTools.IO;
using VhdxTools.Layout;

namespace VhdxTools.Operations;

/// <summary>
/// Writes the bytes of a disk into a new VHDX in one pass from its start to its end. No log is needed, because nobody sees the file
/// before it is complete.
/// </summary>
internal static class VhdxImageWriter
{
    /// <summary>Writes a fixed or dynamic image. Blocks of zeros get no space in a dynamic one.</summary>
    /// <param name="plan">What to write; a disk that is larger than the source has zeros at its end.</param>
    /// <param name="source">The disk.</param>
    /// <param name="target">An empty file; flushing it and giving it its name is the caller's.</param>
    /// <param name="progress">Gets bytes of the disk that are done, and all of them.</param>
    /// <param name="cancellation">Stops the work; the file is not complete then.</param>
    public static void Write(LayoutPlan plan, IVirtualDisk source, IRandomAccessFile target, Action<long, long>? progress = null, CancellationToken cancellation = default)
    {
        ImageCreator.WriteStructures(plan, target, progress: null, cancellation);
        using PageBufferPool buffers = DataRuns.NewBuffers();
        IEnumerable<DataRun> runs = DataRuns.Of(source, 0, source.Capacity, buffers, progress, ReadAhead.Depth, cancellation);
        if (plan.Type == VhdType.Fixed)
        {
            // The last block reaches beyond the disk, and has space there, too.
            FlatImageWriter.Write(runs, target, new(plan.Blocks.FileOffset, plan.FileLength - plan.Blocks.FileOffset), plan.Preallocation, cancellation);
        }
        else
        {
            WriteBlocks(plan, runs, target);
        }

        ImageCreator.WriteHeaders(plan, target);
    }

    /// <summary>Writes a differencing image.</summary>
    /// <param name="plan">What to write.</param>
    /// <param name="source">The disk, of the size that the plan has.</param>
    /// <param name="differences">Where it differs from the parent: whole sectors, in order.</param>
    /// <param name="target">An empty file; flushing it and giving it its name is the caller's.</param>
    /// <param name="cancellation">Stops the work; the file is not complete then.</param>
    public static void WriteDifferences(LayoutPlan plan, IVirtualDisk source, IEnumerable<DataRun> differences, IRandomAccessFile target, CancellationToken cancellation = default)
    {
        ImageCreator.WriteStructures(plan, target, progress: null, cancellation);
        VhdxDifferenceAppender blocks = new(plan, source, target, cancellation);
        foreach (DataRun run in differences)
        {
            blocks.Add(run);
        }

        target.SetLength(blocks.Complete());
        ImageCreator.WriteHeaders(plan, target);
    }

    private static void WriteBlocks(LayoutPlan plan, IEnumerable<DataRun> runs, IRandomAccessFile target)
    {
        int blockSize = plan.Geometry.BlockSize;
        BatWriter bat = new(plan.BatRegion, target);
        long end = plan.FileLength;
        long last = -1;
        using WriteBehind writes = new(target);
        foreach (DataRun run in runs)
        {
            long offset = run.Offset;
            for (int done = 0; done < run.Bytes.Length;)
            {
                long block = offset / blockSize;
                if (block != last)
                {
                    bat.Set(plan.Geometry.EntryOfPayloadBlock(block), BlockState.FullyPresent, end);
                    end += blockSize;
                    last = block;

                    // Extents can be shared inside the file only.
                    target.SetLength(end);
                }

                long within = offset % blockSize;
                int count = (int)Math.Min(run.Bytes.Length - done, blockSize - within);
                writes.Write(end - blockSize + within, run.Bytes.Slice(done, count), run.Origin?.Slice(done, count));
                done += count;
                offset += count;
            }
        }

        writes.Complete();
        bat.Complete();
        target.SetLength(end);
    }
}
