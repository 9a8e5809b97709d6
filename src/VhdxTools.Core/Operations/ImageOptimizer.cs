using System;
using System.Threading;
using VhdxTools.Disks;
using VhdxTools.Images;
using VhdxTools.IO;
using VhdxTools.Layout;

namespace VhdxTools.Operations;

/// <summary>
/// Makes the file of an image as short as it can be without a visible change: gives up blocks that hold nothing, moves others into the
/// gaps, and cuts the end.
/// </summary>
internal static class ImageOptimizer
{
    /// <summary>Tells what <see cref="Optimize"/> would do.</summary>
    /// <param name="path">Full path of the file.</param>
    /// <param name="progress">Gets blocks done and blocks in all.</param>
    /// <param name="cancellation">Stops the work.</param>
    /// <exception cref="VhdxException">A file of the chain cannot be opened or is damaged.</exception>
    public static VhdxOptimizeResult Estimate(string path, Action<long, long>? progress = null, CancellationToken cancellation = default)
    {
        using DiskChain disk = DiskChain.OpenRead(path);
        VhdxFile image = disk.Layers[0].Image;
        SpaceAllocator space = SpaceAllocator.Of(disk.Layers[0]);
        OptimizeTally tally = new();
        tally.AddCleared(StaleEntries.Count(disk.Layers[0], cancellation));
        foreach (BlockChange change in new BlockJudge(disk).Changes(Progress(disk, progress), cancellation))
        {
            tally.Add(change.Reason);
            if (change.Freed is FileRange freed)
            {
                space.Release(freed);
            }
        }

        GapEstimate gaps = GapMover.Estimate(image, space, cancellation);
        tally.AddMoves(gaps.Moves);
        return tally.ToResult(path, image.Raw.Length, gaps.Length, gaps.Unused, image.IsLogDirty, gaps.Obstacle);
    }

    /// <summary>Compacts an image. When it is stopped or killed, what was done stays done, and the rest can be done later.</summary>
    /// <param name="path">Full path of the file.</param>
    /// <param name="newGuid">Gives a new GUID at each call.</param>
    /// <param name="progress">Gets blocks done and blocks in all.</param>
    /// <param name="wrap">For tests: puts another file over the one that is opened.</param>
    /// <param name="cancellation">Stops the work.</param>
    /// <exception cref="VhdxException">The file is in use, damaged, or cannot be written to.</exception>
    public static VhdxOptimizeResult Optimize(
        string path,
        Func<Guid> newGuid,
        Action<long, long>? progress = null,
        Func<IRandomAccessFile, IRandomAccessFile>? wrap = null,
        CancellationToken cancellation = default)
    {
        long before;
        bool wasDirty;
        using (VhdxFile image = VhdxFile.OpenRead(path))
        {
            before = image.Raw.Length;
            wasDirty = image.IsLogDirty;
        }

        OptimizeTally tally = new();
        BitField? arrived = null;
        long after = before;
        long unused = 0;
        string? obstacle = null;
        for (long end = long.MaxValue; end > 0;)
        {
            using DiskChain disk = DiskChain.OpenWrite(path, newGuid, wrap);
            disk.Edit(session =>
            {
                // Before anything is cut: an image with a damaged table is left alone.
                _ = session.Space;
                session.CutsTail = true;
                if (arrived is null)
                {
                    arrived = GapMover.Arrivals(session.Layer.Image.View.Length);
                    Free(session, disk, tally, progress, cancellation);
                }

                GapCloser closer = new(session.Space, arrived);
                end = GapMover.Move(session, closer, () => tally.AddMoves(1), end, cancellation);
                obstacle = closer.Obstacle ?? obstacle;
                after = session.LengthAtClose;
                unused = session.Space.FreeLengthBefore(after);
                if (after < session.Layer.Image.View.Length)
                {
                    session.Begin(isVisible: false);
                }
            });
        }

        return tally.ToResult(path, before, after, unused, wasDirty, obstacle);
    }

    private static void Free(WriteSession session, DiskChain disk, OptimizeTally tally, Action<long, long>? progress, CancellationToken cancellation)
    {
        foreach (BlockChange change in new BlockJudge(disk).Changes(Progress(disk, progress), cancellation))
        {
            session.Begin(isVisible: false);
            session.SetEntry(change.Index, change.State, change.FileOffset);
            if (change.Freed is FileRange freed)
            {
                session.Free(freed);
            }

            tally.Add(change.Reason);
            session.MakeRoom(1);
        }

        session.Commit();
        if (StaleEntries.Count(session.Layer, cancellation) is long count and > 0)
        {
            session.Begin(isVisible: false);
            StaleEntries.Clear(session, cancellation);
            tally.AddCleared(count);
        }
    }

    private static Action<long>? Progress(DiskChain disk, Action<long, long>? progress) =>
        progress is null ? null : block => progress(block, disk.Layers[0].Geometry.PayloadBlockCount);
}
