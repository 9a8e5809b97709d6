using System;
using System.Collections.Generic;
using System.Text;
using System.Threading;
using VhdxTools.Disks;
using VhdxTools.Format;
using VhdxTools.IO;
using VhdxTools.Layout;

namespace VhdxTools.Operations;

/// <summary>Writes the bytes of a disk into a new VHD (version 1), in one pass from its start to its end.</summary>
internal static class VhdImageWriter
{
    /// <summary>Writes a fixed or dynamic image. Blocks of zeros get no space in a dynamic one.</summary>
    /// <param name="plan">What to write; a disk that is larger than the source has zeros at its end.</param>
    /// <param name="source">The disk.</param>
    /// <param name="target">An empty file; flushing it and giving it its name is the caller's.</param>
    /// <param name="preallocation">How a fixed image gets its space.</param>
    /// <param name="progress">Gets bytes of the disk that are done, and all of them.</param>
    /// <param name="cancellation">Stops the work; the file is not complete then.</param>
    public static void Write(
        VhdPlan plan,
        IVirtualDisk source,
        IRandomAccessFile target,
        Preallocation preallocation = Preallocation.None,
        Action<long, long>? progress = null,
        CancellationToken cancellation = default)
    {
        ThrowIfUnusable(plan, source, target);
        Action<long, long>? report = progress is null ? null : (done, _) => progress(done, plan.Size);
        using PageBufferPool buffers = DataRuns.NewBuffers();
        IEnumerable<DataRun> runs = DataRuns.Of(source, 0, source.Capacity, buffers, report, ReadAhead.Depth, cancellation);
        switch (plan.Type)
        {
            case VhdType.Fixed:
                FlatImageWriter.SetLength(target, plan.MinimumFileLength, preallocation);
                FlatImageWriter.Write(runs, target, new(0, plan.Size), preallocation, cancellation);
                WriteFooter(plan, target, plan.Size);
                break;
            case VhdType.Dynamic:
                VhdBlockAppender blocks = Begin(plan, target);
                foreach (DataRun run in runs)
                {
                    blocks.Write(run);
                }

                End(plan, blocks, target);
                break;
            default:
                throw new ArgumentException("A differencing image is written from the ranges that it holds.", nameof(plan));
        }

        progress?.Invoke(plan.Size, plan.Size);
    }

    /// <summary>Writes a differencing image that holds some ranges of a disk and leaves all others to its parent.</summary>
    /// <param name="plan">What to write.</param>
    /// <param name="source">The disk.</param>
    /// <param name="ranges">What the image holds: whole sectors, in order, none twice.</param>
    /// <param name="target">An empty file; flushing it and giving it its name is the caller's.</param>
    /// <param name="progress">Gets bytes of the disk that are done, and all of them.</param>
    /// <param name="cancellation">Stops the work; the file is not complete then.</param>
    public static void WriteDifferences(
        VhdPlan plan,
        IVirtualDisk source,
        IEnumerable<FileRange> ranges,
        IRandomAccessFile target,
        Action<long, long>? progress = null,
        CancellationToken cancellation = default)
    {
        ThrowIfUnusable(plan, source, target);
        if (plan.Type != VhdType.Differencing)
        {
            throw new ArgumentException("Only a differencing image leaves anything to a parent.", nameof(plan));
        }

        VhdBlockAppender blocks = Begin(plan, target);
        long last = 0;
        foreach (FileRange range in ranges)
        {
            if (range.Offset < last || range.End > plan.Size || range.Offset % VhdFooter.SectorLength != 0 || range.Length % VhdFooter.SectorLength != 0)
            {
                throw new ArgumentException($"The range {range} is not on the disk, not in whole sectors, or not behind the one before it.", nameof(ranges));
            }

            WriteRange(range, plan.BlockLayout.BlockSize, source, blocks, cancellation);
            last = range.End;
            progress?.Invoke(last, plan.Size);
        }

        End(plan, blocks, target);
        progress?.Invoke(plan.Size, plan.Size);
    }

    private static void WriteRange(FileRange range, int blockSize, IVirtualDisk source, VhdBlockAppender blocks, CancellationToken cancellation)
    {
        for (long offset = range.Offset; offset < range.End;)
        {
            cancellation.ThrowIfCancellationRequested();
            long end = Math.Min(range.End, ((offset / blockSize) + 1) * blockSize);
            blocks.Hold(new(offset, end - offset));
            long sourceEnd = Math.Min(end, source.Capacity);
            if (offset < sourceEnd)
            {
                // One for each block: some do not come back before its end.
                using PageBufferPool buffers = DataRuns.NewBuffers();
                foreach (DataRun run in DataRuns.Of(source, offset, sourceEnd - offset, buffers, cancellation: cancellation))
                {
                    blocks.Write(run);
                }
            }

            offset = end;
        }
    }

    private static VhdBlockAppender Begin(VhdPlan plan, IRandomAccessFile target)
    {
        WriteFooter(plan, target, 0);
        VhdDynamicHeader header = plan.DynamicHeader!;
        byte[] bytes = new byte[VhdDynamicHeader.Length];
        header.Write(bytes);
        target.Write(VhdPlan.DynamicHeaderOffset, bytes);
        for (int i = 0; i < header.Locators.Count; i++)
        {
            byte[] text = new byte[header.Locators[i].DataSpace];
            Encoding.Unicode.GetBytes(plan.LocatorTexts[i]).CopyTo(text, 0);
            target.Write(header.Locators[i].DataOffset, text);
        }

        return new(plan, target);
    }

    private static void End(VhdPlan plan, VhdBlockAppender blocks, IRandomAccessFile target)
    {
        blocks.Complete();
        WriteFooter(plan, target, blocks.End);
    }

    private static void WriteFooter(VhdPlan plan, IRandomAccessFile target, long offset)
    {
        byte[] bytes = new byte[VhdFooter.Length];
        plan.Footer.Write(bytes);
        target.Write(offset, bytes);
    }

    private static void ThrowIfUnusable(VhdPlan plan, IVirtualDisk source, IRandomAccessFile target)
    {
        if (source.Capacity > plan.Size)
        {
            throw new ArgumentException("The disk would be cut.", nameof(source));
        }

        if (target.Length != 0)
        {
            throw new ArgumentException("What is not written would show what the file held.", nameof(target));
        }
    }
}
