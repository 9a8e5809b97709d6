using System;
using System.Collections.Generic;
using VhdxTools.Format;
using VhdxTools.Layout;

namespace VhdxTools.Operations;

/// <summary>What sources change of a target inside one piece of a buffer's length, or a range that they zero.</summary>
/// <param name="Range">From the start of the first range to the end of the last one.</param>
/// <param name="Kind">What all of them are.</param>
/// <param name="Ranges">The ranges in order.</param>
internal sealed record MergePiece(FileRange Range, VhdxDifferenceKind Kind, IReadOnlyList<FileRange> Ranges)
{
    /// <summary>So much is zeroed in one go, in bytes: whoever stops a merge does not wait for the rest of the disk. Whole blocks of every size.</summary>
    public const long ZeroedLength = 4 * FormatConstants.GiB;

    /// <summary>Gathers changes: as many as lie between two multiples of a length are copied at once, however small each is.</summary>
    /// <param name="changes">The changes in order.</param>
    /// <param name="end">Where the disk of the target ends, in bytes.</param>
    /// <param name="length">The length that a piece of data has at the most, in bytes.</param>
    public static IEnumerable<MergePiece> Gather(IEnumerable<DifferenceRange> changes, long end, long length)
    {
        List<FileRange> gathered = [];
        foreach (DifferenceRange change in changes)
        {
            long changeEnd = Math.Min(end, change.End);
            for (long offset = change.Offset; offset < changeEnd;)
            {
                bool isZeroed = change.Kind == VhdxDifferenceKind.Zeroed;
                if (gathered.Count > 0 && (isZeroed || gathered[0].Offset / length != offset / length))
                {
                    yield return Of(gathered);
                    gathered = [];
                }

                long limit = isZeroed ? ZeroedLength : length;
                FileRange range = new(offset, Math.Min(limit - (offset % limit), changeEnd - offset));
                if (isZeroed)
                {
                    yield return new(range, change.Kind, [range]);
                }
                else
                {
                    gathered.Add(range);
                }

                offset = range.End;
            }
        }

        if (gathered.Count > 0)
        {
            yield return Of(gathered);
        }
    }

    private static MergePiece Of(List<FileRange> ranges) =>
        new(new(ranges[0].Offset, ranges[ranges.Count - 1].End - ranges[0].Offset), VhdxDifferenceKind.Changed, ranges);
}
