using System;
using System.Collections.Generic;
using System.Globalization;

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

    /// <summary>The sentence that names an invalid value, its rule, and the two nearest values that keep it.</summary>
    public static string RuleText(string subject, ulong value, string rule, (long Lower, long Upper) nearest) => string.Format(
        CultureInfo.InvariantCulture,
        "{0} bytes is no valid {1}. The {1} {2}; the nearest valid values are {3} ({4}) and {5} ({6}).",
        value, subject, rule, nearest.Lower, ByteText.ExactSize(nearest.Lower), nearest.Upper, ByteText.ExactSize(nearest.Upper));
}
