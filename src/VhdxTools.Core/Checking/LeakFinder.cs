using System;
using System.Collections.Generic;
using System.Threading;
using VhdxTools.Format;
using VhdxTools.Images;
using VhdxTools.Layout;

namespace VhdxTools.Checking;

/// <summary>Finds the space of a file that nothing references (VX611).</summary>
internal static class LeakFinder
{
    /// <summary>Progress is told once for so many pieces.</summary>
    private const int LeaksPerReport = 8192;

    /// <param name="file">The file, for messages.</param>
    /// <param name="used">A bit for each MiB that something references.</param>
    /// <param name="fileLength">Length of the file in bytes; a last part of less than 1 MiB is not looked at.</param>
    /// <param name="isFillable">Whether something that lies behind a gap may fit into it.</param>
    /// <param name="progress">Gets MiB done and MiB in all.</param>
    /// <param name="cancellation">Stops the work.</param>
    public static IEnumerable<VhdxFinding> Find(string file, BitField used, long fileLength, Func<FileRange, bool> isFillable, Action<long, long>? progress, CancellationToken cancellation)
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
            FileRange range = new(start * FormatConstants.MiB, (end - start) * FormatConstants.MiB);
            bool isFreeable = isTail || isFillable(range);
            yield return VhdxFinding.Of(
                VhdxRules.LeakedSpace,
                file,
                FormattableString.Invariant($"Nothing references {ByteText.Size(range.Length)} {(isTail ? "at the end of" : "inside")} the file{(isFreeable ? "" : ", and no block fits into that gap")}.")) with
            {
                // To close a gap inside the file, what lies behind it has to move into it.
                Repair = isFreeable ? RepairMethod.Leaks : RepairMethod.None,
                FileOffset = range.Offset,
                Length = range.Length,
            };
            start = used.Find(value: false, end);
        }
    }
}
