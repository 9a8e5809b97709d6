using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using VhdxTools.Disks;
using VhdxTools.Format;
using VhdxTools.IO;
using VhdxTools.Layout;

namespace VhdxTools.Operations;

/// <summary>Compares the disks in two files byte by byte, whatever their formats. What both files leave out is never read.</summary>
internal static class DiskComparer
{
    /// <summary>Differences are told in sectors of this many bytes, whatever the disks' own are.</summary>
    public const int Grain = 512;

    private const int PieceLength = (int)FormatConstants.MiB;

    /// <summary>Both disks' bytes are compared while they are still near the processor.</summary>
    private const int PartLength = (int)(256 * FormatConstants.KiB);

    /// <param name="referencePath">Full path of the file that is compared with.</param>
    /// <param name="differencePath">Full path of the other file.</param>
    /// <param name="quick">Whether the first difference is enough; its range ends where the comparison did.</param>
    /// <param name="progress">Gets bytes of the disk that are done, and all of them.</param>
    /// <param name="cancellation">Stops the work.</param>
    /// <exception cref="VhdxException">A file cannot be opened, is of no format that is read here, or is damaged, a link of its chain is broken, or it is cut meanwhile.</exception>
    public static IEnumerable<VhdxDifference> Compare(
        string referencePath, string differencePath, bool quick = false, Action<long, long>? progress = null, CancellationToken cancellation = default)
    {
        using OpenedDisk reference = DiskOpener.OpenRead(referencePath);
        using OpenedDisk difference = DiskOpener.OpenRead(differencePath);
        foreach (VhdxDifference found in Compare(reference, difference, quick, progress, cancellation))
        {
            yield return found;
        }
    }

    /// <summary>The same for disks that are open; they stay so.</summary>
    public static IEnumerable<VhdxDifference> Compare(
        OpenedDisk reference, OpenedDisk difference, bool quick, Action<long, long>? progress, CancellationToken cancellation)
    {
        long common = Math.Min(reference.Disk.Capacity, difference.Disk.Capacity);
        OpenedDisk longer = reference.Disk.Capacity > common ? reference : difference;

        // Unequal sizes are a difference that is known without reading; whoever wants one only need not wait for another.
        if (quick && longer.Disk.Capacity > common)
        {
            yield return Beyond();
            yield break;
        }

        IEnumerable<DifferenceRange> ranges = Ranges(reference.Disk, difference.Disk, new DoubtfulRanges(reference, difference).Pieces(common, PieceLength, cancellation), Report);
        foreach (DifferenceRange range in quick ? ranges.Where(range => range.Length > 0).Take(1) : DifferenceRange.Join(ranges))
        {
            ThrowIfCut();
            yield return new()
            {
                Offset = range.Offset,
                Length = range.Length,
                Kind = range.Kind,
                ReferencePath = reference.Path,
                DifferencePath = difference.Path,
            };
        }

        ThrowIfCut();
        if (longer.Disk.Capacity > common)
        {
            yield return Beyond();
        }

        // Zeros that nobody wrote are no difference, and no equality.
        void ThrowIfCut()
        {
            reference.Watch.ThrowIfCut();
            difference.Watch.ThrowIfCut();
        }

        void Report(long done)
        {
            cancellation.ThrowIfCancellationRequested();
            progress?.Invoke(done, longer.Disk.Capacity);
        }

        VhdxDifference Beyond()
        {
            bool isZero = IsZeroFrom(longer.Disk, common, Report);
            ThrowIfCut();
            return new()
            {
                Offset = common,
                Length = longer.Disk.Capacity - common,
                Kind = VhdxDifferenceKind.BeyondEnd,
                IsZero = isZero,
                LongerPath = longer.Path,
                ReferencePath = reference.Path,
                DifferencePath = difference.Path,
            };
        }
    }

    /// <summary>The differing runs of sectors in pieces of two disks; those that go on in the next piece are not joined yet. Each piece ends with a range without length.</summary>
    private static IEnumerable<DifferenceRange> Ranges(IVirtualDisk reference, IVirtualDisk difference, IEnumerable<FileRange> pieces, Action<long> report)
    {
        using PageBufferPool buffers = new(2 * PartLength);
        foreach ((FileRange piece, List<FileRange> runs) in ReadAhead.InOrder(pieces, Compared))
        {
            foreach (FileRange run in runs)
            {
                yield return new(run.Offset, run.Length, VhdxDifferenceKind.Content);
            }

            report(piece.End);
            yield return new(piece.End, 0, VhdxDifferenceKind.Content);
        }

        (FileRange Piece, List<FileRange> Runs) Compared(FileRange piece)
        {
            List<FileRange> runs = [];
            Memory<byte> buffer = buffers.Rent();
            for (long offset = piece.Offset; offset < piece.End; offset += PartLength)
            {
                int length = (int)Math.Min(PartLength, piece.End - offset);
                Span<byte> left = buffer.Span.Slice(0, length);
                Span<byte> right = buffer.Span.Slice(PartLength, length);
                reference.Read(offset, left);
                difference.Read(offset, right);
                if (!left.SequenceEqual(right))
                {
                    for (int start = 0; NextRun(left, right, ref start, out int runLength); start += runLength)
                    {
                        // A run may go on from one part to the next.
                        if (runs.Count > 0 && runs[runs.Count - 1] is FileRange last && last.End == offset + start)
                        {
                            runs[runs.Count - 1] = new(last.Offset, last.Length + runLength);
                        }
                        else
                        {
                            runs.Add(new(offset + start, runLength));
                        }
                    }
                }
            }

            buffers.Return(buffer);
            return (piece, runs);
        }
    }

    private static bool NextRun(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right, ref int start, out int length)
    {
        while (start < left.Length && IsSectorEqual(left, right, start))
        {
            start += Grain;
        }

        int end = start;
        while (end < left.Length && !IsSectorEqual(left, right, end))
        {
            end += Grain;
        }

        length = end - start;
        return length > 0;
    }

    private static bool IsSectorEqual(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right, int start) => left.Slice(start, Grain).SequenceEqual(right.Slice(start, Grain));

    private static bool IsZeroFrom(IVirtualDisk disk, long offset, Action<long> report)
    {
        byte[] buffer = new byte[PieceLength];
        foreach (DiskExtent extent in disk.HeldExtents(offset, disk.Capacity - offset).Where(extent => extent.Kind == DiskExtentKind.Data))
        {
            for (long place = extent.Offset; place < extent.End; place += PieceLength)
            {
                Span<byte> part = buffer.AsSpan(0, (int)Math.Min(PieceLength, extent.End - place));
                disk.Read(place, part);
                if (!ByteFields.IsZero(part))
                {
                    return false;
                }

                report(place + part.Length);
            }
        }

        return true;
    }
}
