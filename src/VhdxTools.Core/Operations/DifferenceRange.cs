using System.Collections.Generic;

namespace VhdxTools.Operations;

/// <summary>A range of a disk and what is to be said of it. Offset and length in bytes.</summary>
internal readonly record struct DifferenceRange(long Offset, long Length, VhdxDifferenceKind Kind)
{
    public long End => Offset + Length;

    /// <summary>
    /// Joins neighbours of one kind. A range without length tells that nothing else comes before it, so that what is complete comes
    /// out at once; it is left out itself.
    /// </summary>
    public static IEnumerable<DifferenceRange> Join(IEnumerable<DifferenceRange> ranges)
    {
        DifferenceRange? joined = null;
        foreach (DifferenceRange range in ranges)
        {
            if (joined is DifferenceRange before)
            {
                if (before.End == range.Offset && before.Kind == range.Kind)
                {
                    joined = before with { Length = before.Length + range.Length };
                    continue;
                }

                yield return before;
            }

            joined = range.Length > 0 ? range : null;
        }

        if (joined is DifferenceRange last)
        {
            yield return last;
        }
    }
}
