using System;
using System.Buffers;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using VhdxTools.Disks;
using VhdxTools.Format;
using VhdxTools.Layout;

namespace VhdxTools.Operations;

/// <summary>Compares the disks in two files byte by byte, whatever their formats. What both files leave out is never read.</summary>
internal static class DiskComparer
{
    /// <summary>Differences are told in sectors of this many bytes, whatever the disks' own are.</summary>
    public const int Grain = 512;

    private const int PieceLength = (int)FormatConstants.MiB;

    /// <param name="referencePath">Full path of the file that is compared with.</param>
    /// <param name="differencePath">Full path of the other file.</param>
    /// <param name="quick">Whether the first difference is enough; its range ends where the comparison did.</param>
    /// <param name="progress">Gets bytes of the disk that are done, and all of them.</param>
    /// <param name="cancellation">Stops the work.</param>
    /// <exception cref="VhdxException">A file cannot be opened, is of no format that is read here, or is damaged, or a link of its chain is broken.</exception>
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
            yield return new()
            {
                Offset = range.Offset,
                Length = range.Length,
                Kind = range.Kind,
                ReferencePath = reference.Path,
                DifferencePath = difference.Path,
            };
        }

        if (longer.Disk.Capacity > common)
        {
            yield return Beyond();
        }

        void Report(long done)
        {
            cancellation.ThrowIfCancellationRequested();
            progress?.Invoke(done, longer.Disk.Capacity);
        }

        VhdxDifference Beyond() => new()
        {
            Offset = common,
            Length = longer.Disk.Capacity - common,
            Kind = VhdxDifferenceKind.BeyondEnd,
            IsZero = IsZeroFrom(longer.Disk, common, Report),
            LongerPath = longer.Path,
            ReferencePath = reference.Path,
            DifferencePath = difference.Path,
        };
    }

    /// <summary>The differing runs of sectors in pieces of two disks; those that go on in the next piece are not joined yet. Each piece ends with a range without length.</summary>
    private static IEnumerable<DifferenceRange> Ranges(IVirtualDisk reference, IVirtualDisk difference, IEnumerable<FileRange> pieces, Action<long> report)
    {
        byte[] left = ArrayPool<byte>.Shared.Rent(PieceLength);
        byte[] right = ArrayPool<byte>.Shared.Rent(PieceLength);
        try
        {
            foreach (FileRange piece in pieces)
            {
                int length = (int)piece.Length;
                reference.Read(piece.Offset, left.AsSpan(0, length));
                difference.Read(piece.Offset, right.AsSpan(0, length));
                if (!left.AsSpan(0, length).SequenceEqual(right.AsSpan(0, length)))
                {
                    for (int start = 0; NextRun(left.AsSpan(0, length), right.AsSpan(0, length), ref start, out int runLength); start += runLength)
                    {
                        yield return new(piece.Offset + start, runLength, VhdxDifferenceKind.Content);
                    }
                }

                report(piece.End);
                yield return new(piece.End, 0, VhdxDifferenceKind.Content);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(left);
            ArrayPool<byte>.Shared.Return(right);
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
