using System;
using System.Collections.Generic;
using System.Threading;
using VhdxTools.Format;
using VhdxTools.Images;

namespace VhdxTools.Checking;

/// <summary>Finds the space of a file that nothing references (VX611).</summary>
internal static class LeakFinder
{
    /// <summary>Progress is told once for so many pieces.</summary>
    private const int LeaksPerReport = 8192;

    /// <param name="file">The file, for messages.</param>
    /// <param name="used">A bit for each MiB that something references.</param>
    /// <param name="fileLength">Length of the file in bytes; a last part of less than 1 MiB is not looked at.</param>
    /// <param name="progress">Gets MiB done and MiB in all.</param>
    /// <param name="cancellation">Stops the work.</param>
    public static IEnumerable<VhdxFinding> Find(string file, BitField used, long fileLength, Action<long, long>? progress, CancellationToken cancellation)
    {
        long count = 0;
        long whole = Math.Min(used.Length, fileLength / FormatConstants.MiB);
        for (long start = used.Find(value: false, 0); start < whole;)
        {
            cancellation.ThrowIfCancellationRequested();
            if (++count % LeaksPerReport == 0)
            {
                progress?.Invoke(start, whole);
            }

            long end = Math.Min(whole, used.Find(value: true, start));
            bool isTail = end == whole && used.Length * FormatConstants.MiB >= fileLength && used.Find(value: true, end) == used.Length;
            yield return VhdxFinding.Of(
                VhdxRules.LeakedSpace,
                file,
                FormattableString.Invariant($"Nothing references {ByteText.Size((end - start) * FormatConstants.MiB)} {(isTail ? "at the end of" : "inside")} the file.")) with
            {
                // To close a gap inside the file, blocks have to move: that is compacting, not mending.
                Repair = isTail ? RepairMethod.Leaks : RepairMethod.None,
                FileOffset = start * FormatConstants.MiB,
                Length = (end - start) * FormatConstants.MiB,
            };
            start = used.Find(value: false, end);
        }
    }
}
