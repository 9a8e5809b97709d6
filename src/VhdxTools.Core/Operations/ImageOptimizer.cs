using System;
using System.Collections.Generic;
using System.Threading;
using VhdxTools.Disks;
using VhdxTools.Format;
using VhdxTools.Images;
using VhdxTools.IO;
using VhdxTools.Layout;

namespace VhdxTools.Operations;

/// <summary>
/// Makes the file of an image as short as it can be without a visible change: gives up blocks that hold nothing, moves others into the
/// gaps, and cuts the end. The file is never punched: holes in images that are used elsewhere have destroyed disks.
/// </summary>
internal static class ImageOptimizer
{
    private const int BufferLength = (int)FormatConstants.MiB;

    /// <summary>Tells what <see cref="Optimize"/> would do.</summary>
    /// <param name="path">Full path of the file.</param>
    /// <param name="progress">Gets blocks done and blocks in all.</param>
    /// <param name="cancellation">Stops the work.</param>
    /// <exception cref="VhdxException">A file of the chain cannot be opened or is damaged.</exception>
    public static VhdxOptimizeResult Estimate(string path, Action<long, long>? progress = null, CancellationToken cancellation = default)
    {
        using DiskChain disk = DiskChain.OpenRead(path);
        VhdxFile image = disk.Layers[0].Image;
        SpaceAllocator space = SpaceAllocator.Of(image);
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

        GapCloser closer = new(space, Arrivals(image.View.Length));
        foreach (BlockMove move in closer.Moves(image, image.Regions, space.UsedEnd, () => { }, cancellation))
        {
            space.Release(move.From);
            tally.AddMove();
        }

        long after = Math.Min(image.View.Length, space.UsedEnd);
        return tally.ToResult(path, image.Raw.Length, after, space.FreeLengthBefore(after), image.IsLogDirty, closer.Obstacle);
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
                session.CutsTail = true;
                if (arrived is null)
                {
                    arrived = Arrivals(session.Layer.Image.View.Length);
                    Free(session, disk, tally, progress, cancellation);
                }

                GapCloser closer = new(session.Space, arrived);
                end = CloseGaps(session, closer, tally, end, cancellation);
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

    /// <summary>Moves blocks; a region is moved last, because the image has to be opened anew then.</summary>
    /// <returns>Where to go on once it is open again, or 0 when all is done.</returns>
    private static long CloseGaps(WriteSession session, GapCloser closer, OptimizeTally tally, long end, CancellationToken cancellation)
    {
        PageBufferPool buffers = new(BufferLength);
        foreach (BlockMove move in closer.Moves(session.Layer.Image, session.Regions, Math.Min(end, session.Space.UsedEnd), session.Commit, cancellation))
        {
            session.Begin(isVisible: false);
            tally.AddMove();
            session.Layer.Metadata.Forget(move.To, move.From.Length);
            Copy(session, move, buffers);
            session.Free(move.From);
            if (move.Region is Guid region)
            {
                StructureWriter.SetRegion(session, region, new(move.To, move.From.Length));
                session.Commit();
                return move.From.Offset;
            }

            session.SetEntry(move.Index, move.State, move.To);
            session.MakeRoom(1);
        }

        session.Commit();
        return 0;
    }

    private static void Copy(WriteSession session, BlockMove move, PageBufferPool buffers)
    {
        if (move.Region is not null)
        {
            // Of the BAT, what is staged is in memory only.
            session.Commit();
        }

        foreach ((long done, Memory<byte> buffer) in ReadAhead.InOrder(Pieces(), Read))
        {
            session.WriteData(move.To + done, buffer.Span.Slice(0, CountAt(done)));
            buffers.Return(buffer);
        }

        int CountAt(long done) => (int)Math.Min(BufferLength, move.From.Length - done);

        IEnumerable<long> Pieces()
        {
            for (long done = 0; done < move.From.Length; done += BufferLength)
            {
                if (!IsHole(move.From.Offset + done, CountAt(done)) || !IsHole(move.To + done, CountAt(done)))
                {
                    yield return done;
                }
            }
        }

        (long Done, Memory<byte> Buffer) Read(long done)
        {
            Memory<byte> buffer = buffers.Rent();
            session.Layer.ReadData(move.From.Offset + done, buffer.Span.Slice(0, CountAt(done)));
            return (done, buffer);
        }

        bool IsHole(long offset, long length) => session.Layer.Image.View.FindData(offset, offset + length) is null;
    }

    private static BitField Arrivals(long fileLength) => new(FormatConstants.CeilingDivide(fileLength, FormatConstants.MiB));

    private static Action<long>? Progress(DiskChain disk, Action<long, long>? progress) =>
        progress is null ? null : block => progress(block, disk.Layers[0].Geometry.PayloadBlockCount);
}
