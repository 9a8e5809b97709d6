using System;
using System.Collections.Generic;
using System.Threading;
using VhdxTools.Disks;
using VhdxTools.IO;
using VhdxTools.Layout;

namespace VhdxTools.Operations;

/// <summary>The ranges of two disks of which the structures of their files do not tell that they are equal.</summary>
internal sealed class DoubtfulRanges(OpenedDisk reference, OpenedDisk difference)
{
    private readonly Dictionary<(int Reference, int Difference), bool> _sameFiles = [];

    /// <summary>The ranges in order, neighbours joined, in pieces that do not cross a multiple of a length.</summary>
    /// <param name="end">Where to stop, in bytes.</param>
    /// <param name="pieceLength">That length in bytes.</param>
    /// <param name="cancellation">Stops the work.</param>
    public IEnumerable<FileRange> Pieces(long end, int pieceLength, CancellationToken cancellation)
    {
        FileRange piece = new(0, 0);
        foreach (FileRange range in Ranges(end, cancellation))
        {
            for (long offset = range.Offset; offset < range.End;)
            {
                if (piece.Length > 0 && (offset > piece.End || offset % pieceLength == 0))
                {
                    yield return piece;
                    piece = new(offset, 0);
                }

                long next = Math.Min(range.End, ((offset / pieceLength) + 1) * pieceLength);
                long start = piece.Length > 0 ? piece.Offset : offset;
                piece = new(start, next - start);
                offset = next;
            }
        }

        if (piece.Length > 0)
        {
            yield return piece;
        }
    }

    private IEnumerable<FileRange> Ranges(long end, CancellationToken cancellation)
    {
        using IEnumerator<DiskExtent> left = reference.Disk.HeldExtents(0, end, cancellation).GetEnumerator();
        using IEnumerator<DiskExtent> right = difference.Disk.HeldExtents(0, end, cancellation).GetEnumerator();
        for (long offset = 0; offset < end;)
        {
            if (offset == 0 || left.Current.End == offset)
            {
                left.MoveNext();
            }

            if (offset == 0 || right.Current.End == offset)
            {
                right.MoveNext();
            }

            long next = Math.Min(left.Current.End, right.Current.End);
            if (!AreKnownEqual(left.Current, right.Current))
            {
                yield return new(offset, next - offset);
            }

            offset = next;
        }
    }

    private bool AreKnownEqual(DiskExtent left, DiskExtent right)
    {
        if (left.Kind != DiskExtentKind.Data || right.Kind != DiskExtentKind.Data)
        {
            return left.Kind != DiskExtentKind.Data && right.Kind != DiskExtentKind.Data;
        }

        // One place of one file: a common parent, or twice the same image.
        return left.FileOffset - left.Offset == right.FileOffset - right.Offset && IsSameFile(left.Layer, right.Layer);
    }

    private bool IsSameFile(int left, int right)
    {
        if (!_sameFiles.TryGetValue((left, right), out bool isSame))
        {
            isSame = FileKinds.AreSame(reference.Files[left], difference.Files[right]);
            _sameFiles.Add((left, right), isSame);
        }

        return isSame;
    }
}
