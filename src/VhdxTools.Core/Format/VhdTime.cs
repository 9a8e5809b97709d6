using System;

namespace VhdxTools.Format;

/// <summary>Times in VHD files: whole seconds since the start of the year 2000, UTC.</summary>
internal static class VhdTime
{
    private static readonly DateTimeOffset s_start = new(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Times that the field cannot hold become the nearest that it can.</summary>
    public static uint Of(DateTimeOffset time) => (uint)Math.Max(0, Math.Min(uint.MaxValue, (time - s_start).Ticks / TimeSpan.TicksPerSecond));
}
