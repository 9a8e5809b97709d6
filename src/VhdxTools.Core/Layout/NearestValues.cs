using System;
using System.Collections.Generic;

namespace VhdxTools.Layout;

/// <summary>The two valid values that are nearest to an invalid one, for error messages.</summary>
internal static class NearestValues
{
    /// <summary>On the grid of all multiples of a step between two of them.</summary>
    public static (long Lower, long Upper) OnGrid(ulong value, long step, long minimum, long maximum)
    {
        long lower = value >= (ulong)maximum ? maximum : (long)value / step * step;
        lower = Math.Max(minimum, Math.Min(lower, maximum - step));
        return (lower, lower + step);
    }

    /// <summary>Among at least two values in ascending order.</summary>
    public static (long Lower, long Upper) Among(ulong value, IReadOnlyList<long> sorted)
    {
        int upper = 1;
        while (upper < sorted.Count - 1 && (ulong)sorted[upper] < value)
        {
            upper++;
        }

        return (sorted[upper - 1], sorted[upper]);
    }
}
