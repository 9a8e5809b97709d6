using System;
using System.Globalization;

namespace VhdxTools;

/// <summary>Byte counts for people.</summary>
public static class ByteText
{
    private static readonly string[] s_units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

    /// <summary>Whole MiB and more in the largest unit that needs no decimals, so that neighbours differ: <c>4094 MiB</c>; else as <see cref="Size"/>.</summary>
    /// <param name="bytes">The size in bytes.</param>
    internal static string ExactSize(long bytes)
    {
        long value = bytes;
        int unit = 0;
        while (value != 0 && value % 1024 == 0 && unit < s_units.Length - 1)
        {
            value /= 1024;
            unit++;
        }

        return unit < 2 ? Size(bytes) : value.ToString(CultureInfo.InvariantCulture) + " " + s_units[unit];
    }

    /// <summary>The size in the largest binary unit that leaves at least 1, with up to two decimals: <c>1.5 GiB</c>.</summary>
    /// <param name="bytes">The size in bytes.</param>
    public static string Size(long bytes)
    {
        double value = bytes;
        int unit = 0;
        while (Math.Abs(value) >= 1024 && unit < s_units.Length - 1)
        {
            value /= 1024;
            unit++;
        }

        return value.ToString("0.##", CultureInfo.InvariantCulture) + " " + s_units[unit];
    }

    /// <summary>An offset as people write it: <c>0x1F00</c>.</summary>
    internal static string Hex(long offset) => "0x" + offset.ToString("X", CultureInfo.InvariantCulture);
}
