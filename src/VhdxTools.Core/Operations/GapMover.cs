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
/// Moves what lies at the end of a file into its gaps, through the log: copied first, durable, and only then pointed to. The file is never
/// punched: holes in images that are used elsewhere have destroyed disks.
/// </summary>
internal static class GapMover
{
    private const int BufferLength = (int)FormatConstants.MiB;

    /// <summary>A bit for each MiB of a file, where nothing has moved to yet.</summary>
    public static BitField Arrivals(long fileLength) => new(FormatConstants.CeilingDivide(fileLength, FormatConstants.MiB));

    /// <summary>Tells what closing the gaps would do.</summary>
    /// <param name="image">The image.</param>
    /// <param name="space">Who uses its space; afterwards, who would.</param>
    /// <param name="cancellation">Stops the work.</param>
    public static GapEstimate Estimate(VhdxFile image, SpaceAllocator space, CancellationToken cancellation)
    {
        GapCloser closer = new(space, Arrivals(image.View.Length));
        long moves = 0;
        foreach (BlockMove move in closer.Moves(image, image.Regions, space.UsedEnd, () => { }, cancellation))
        {
            space.Release(move.From);
            moves++;
        }

        long length = Math.Min(image.View.Length, space.UsedEnd);
        return new(moves, length, space.FreeLengthBefore(length), closer.Obstacle);
    }

    /// <summary>Moves blocks; a region is moved last, because the image has to be opened anew then.</summary>
    /// <param name="session">The image, open for changes.</param>
    /// <param name="closer">Finds the moves.</param>
    /// <param name="moved">Called for each move.</param>
    /// <param name="end">Where to begin: what lies before this place is looked at.</param>
    /// <param name="cancellation">Stops the work.</param>
    /// <returns>Where to go on once it is open again, or 0 when all is done.</returns>
    public static long Move(WriteSession session, GapCloser closer, Action moved, long end, CancellationToken cancellation)
    {
        using PageBufferPool buffers = new(BufferLength);
        foreach (BlockMove move in closer.Moves(session.Layer.Image, session.Regions, Math.Min(end, session.Space.UsedEnd), session.Commit, cancellation))
        {
            cancellation.ThrowIfCancellationRequested();
            session.Begin(isVisible: false);
            moved();
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

        long shift = move.To - move.From.Offset;
        List<FileRange> data = [];
        long copied = move.From.Offset;
        while (session.Layer.FindData(copied, move.From.End) is FileRange range)
        {
            Clear(session, new(copied + shift, range.Offset - copied));
            if (!session.TryShare(range, range.Offset + shift))
            {
                data.Add(range);
            }

            copied = range.End;
        }

        Clear(session, new(copied + shift, move.From.End - copied));
        foreach ((FileRange piece, Memory<byte> buffer) in ReadAhead.InOrder(Pieces(data), Read))
        {
            session.WriteData(piece.Offset + shift, buffer.Span.Slice(0, (int)piece.Length));
            buffers.Return(buffer);
        }

        (FileRange Piece, Memory<byte> Buffer) Read(FileRange piece)
        {
            Memory<byte> buffer = buffers.Rent();
            session.Layer.ReadData(piece.Offset, buffer.Span.Slice(0, (int)piece.Length));
            return (piece, buffer);
        }
    }

    private static IEnumerable<FileRange> Pieces(List<FileRange> ranges)
    {
        foreach (FileRange range in ranges)
        {
            for (long place = range.Offset; place < range.End; place += BufferLength)
            {
                yield return new(place, Math.Min(BufferLength, range.End - place));
            }
        }
    }

    /// <summary>Makes a range read as zeros where it does not yet: what is a hole before the move and after it needs no space of the volume.</summary>
    private static void Clear(WriteSession session, FileRange range)
    {
        for (long place = range.Offset; session.Layer.FindData(place, range.End) is FileRange old; place = old.End)
        {
            session.WriteZeros(old.Offset, old.Length);
        }
    }
}
