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

/// <summary>
/// Merges images into one that they build on. At any moment the whole chain reads the same: what is copied down lies under what still
/// covers it. A merge that was broken off is finished by doing it again.
/// </summary>
internal static class ImageMerger
{
    private const int BufferLength = (int)FormatConstants.MiB;

    /// <param name="plan">What to do.</param>
    /// <param name="newGuid">Gives a new GUID at each call.</param>
    /// <param name="progress">Gets bytes done and bytes in all.</param>
    /// <param name="wrap">For tests: puts another file over each that is opened for writing.</param>
    /// <param name="cancellation">Stops the work; the chain reads the same then.</param>
    /// <exception cref="VhdxException">A file is in use, damaged, or cannot be written to; the chain reads the same then.</exception>
    public static void Merge(
        MergePlan plan,
        Func<Guid> newGuid,
        Action<long, long>? progress = null,
        Func<IRandomAccessFile, IRandomAccessFile>? wrap = null,
        CancellationToken cancellation = default)
    {
        using MergeSources sources = new(plan, newGuid, wrap);
        Guid before;
        using (ImageEditor target = ImageEditor.Open(plan.Target, newGuid, wrap))
        {
            before = target.Layer.Image.Header!.DataWriteGuid;
            sources.Announce(before);
        }

        if (plan.SizeAfter > plan.SizeBefore)
        {
            Resize(plan, sources, newGuid, wrap, cancellation);
        }

        using (DiskChain target = DiskChain.OpenWrite(plan.Target, newGuid, wrap, sources.TargetGuid))
        {
            if (target.Layers[0].Image.Header!.DataWriteGuid is Guid now && now != before && now != sources.TargetGuid)
            {
                throw new VhdxException(VhdxFinding.Of(VhdxRules.ParentMismatch, plan.Target, "Another program has changed the image just now. Nothing was merged."));
            }

            Copy(sources.Disk, target, Math.Min(plan.SizeAfter, target.Capacity), plan.BytesToMerge, progress, cancellation);
            target.Flush();
            target.Edit(session =>
            {
                session.Begin();
                StructureWriter.SetItems(session, DescribedLike(session.Layer, sources.Tip));
                session.Commit();
            });
        }

        if (plan.SizeAfter < plan.SizeBefore)
        {
            Resize(plan, sources, newGuid, wrap, cancellation);
        }

        sources.Settle();
    }

    /// <summary>Deletes what was merged, the tip first: what is left of the chain can be read whenever this is broken off.</summary>
    /// <param name="plan">What was merged.</param>
    /// <param name="cancellation">A stop that came since leaves all of them; they still fit.</param>
    /// <exception cref="VhdxException">A file cannot be deleted.</exception>
    /// <exception cref="OperationCanceledException">The work was stopped; nothing was deleted.</exception>
    public static void DeleteSources(MergePlan plan, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        foreach (string source in plan.Sources)
        {
            try
            {
                File.Delete(source);
            }
            catch (Exception exception) when (SystemErrors.IsSystemError(exception))
            {
                throw SystemErrors.Translate(exception, source, "delete");
            }
        }
    }

    private static void Copy(DiskChain sources, DiskChain target, long length, long total, Action<long, long>? progress, CancellationToken cancellation)
    {
        using PageBufferPool buffers = new(BufferLength);
        VhdxLayer layer = target.Layers[0];
        using WriteBehind writes = new(layer.File);
        long done = 0;
        IEnumerable<MergePiece> pieces = MergePiece.Gather(ChangeLister.Ranges(sources.Layers, target.Capacity, cancellation), length, BufferLength);
        foreach ((MergePiece piece, Memory<byte> buffer, List<FileRange> zeros, List<DataRun> data) in ReadAhead.InOrder(pieces, Read))
        {
            cancellation.ThrowIfCancellationRequested();
            foreach (FileRange range in zeros)
            {
                target.Trim(range.Offset, range.Length);
            }

            if (data.Count > 0 && layer.TryFindPresent(piece.Range.Offset / layer.Geometry.BlockSize, out _))
            {
                // Where it goes is settled, so it may wait; whatever takes space does that in the order of the disk.
                writes.Do(Write);
            }
            else
            {
                Write();
            }

            if (piece.Kind == VhdxDifferenceKind.Changed)
            {
                done += piece.Ranges.Sum(range => range.Length);
                progress?.Invoke(Math.Min(done, total), total);
            }

            void Write()
            {
                foreach (DataRun run in data)
                {
                    target.Write(run.Offset, run.Bytes.Span, run.Origin);
                }

                if (!buffer.IsEmpty)
                {
                    buffers.Return(buffer);
                }
            }
        }

        writes.Complete();

        (MergePiece Piece, Memory<byte> Buffer, List<FileRange> Zeros, List<DataRun> Data) Read(MergePiece piece)
        {
            if (piece.Kind == VhdxDifferenceKind.Zeroed)
            {
                return (piece, default, [.. piece.Ranges], []);
            }

            List<FileRange> zeros = [];
            List<DataRun> data = [];
            Memory<byte> buffer = buffers.Rent();
            sources.Read(piece.Range.Offset, buffer.Span.Slice(0, (int)piece.Range.Length));
            foreach (FileRange range in piece.Ranges)
            {
                Memory<byte> bytes = buffer.Slice((int)(range.Offset - piece.Range.Offset), (int)range.Length);
                if (ByteFields.IsZero(bytes.Span))
                {
                    zeros.Add(range);
                }
                else
                {
                    data.Add(new(range.Offset, bytes, DataRuns.OriginOf(sources, range)));
                }
            }

            return (piece, buffer, zeros, data);
        }
    }

    /// <summary>The target's items with those that describe the disk taken from the tip (MS-VHDX 2.6.1.2); the size has its own step.</summary>
    private static List<MetadataItem> DescribedLike(VhdxLayer target, VhdxLayer tip)
    {
        IReadOnlyList<MetadataItem> own = StructureWriter.ItemsOf(target.Image);
        List<MetadataItem> items = own.Where(item => IsSize(item) || !IsOfDisk(item)).ToList();
        items.AddRange(StructureWriter.ItemsOf(tip.Image).Where(item => IsOfDisk(item) && !IsSize(item)));
        return items;

        static bool IsOfDisk(MetadataItem item) => item.Flags.HasFlag(MetadataFlags.IsVirtualDisk);
        static bool IsSize(MetadataItem item) => item.Id == WellKnownGuids.VirtualDiskSize && !item.IsUser;
    }

    private static void Resize(MergePlan plan, MergeSources sources, Func<Guid> newGuid, Func<IRandomAccessFile, IRandomAccessFile>? wrap, CancellationToken cancellation)
    {
        ResizePlan resize = ResizePlanner.Plan(plan.Target, new() { SizeBytes = (ulong)plan.SizeAfter, Force = true }, _ => { }, cancellation);
        ImageResizer.Resize(resize, newGuid, wrap: wrap, dataWriteGuid: sources.TargetGuid, cancellation: cancellation);
    }
}
