using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using VhdxTools.Checking;

namespace VhdxTools.Operations;

/// <summary>The findings of a file and its chain: the first of them, and numbers of all.</summary>
internal sealed class FindingSummary
{
    private readonly List<VhdxFinding> _findings = [];
    private readonly Dictionary<(bool IsOwn, RepairMethod Method), long> _counts = [];

    public IReadOnlyList<VhdxFinding> Findings => _findings;

    public long Count { get; private set; }

    public bool IsSound { get; private set; } = true;

    public static FindingSummary Of(string path, Action<long, long>? progress, CancellationToken cancellation)
    {
        FindingSummary summary = new();
        Checker checker = new(skipParent: false, progress is null ? null : (_, done, total) => progress(done, total));
        foreach (VhdxFinding finding in checker.Check(path, cancellation))
        {
            summary.Count++;
            summary.IsSound &= finding.Severity != FindingSeverity.Error;
            (bool, RepairMethod) kind = (finding.File == path, finding.Repair);
            summary._counts[kind] = summary._counts.TryGetValue(kind, out long count) ? count + 1 : 1;
            if (summary._findings.Count < VhdxRepairResult.MaximumListed)
            {
                summary._findings.Add(finding);
            }
        }

        return summary;
    }

    /// <summary>What would help against these findings.</summary>
    /// <param name="obstacle">Why space that was to be freed is still there, in a sentence; null when it was not to be, or is gone.</param>
    public IReadOnlyList<string> Hints(string? obstacle)
    {
        List<string> hints = [];
        Add(RepairMethod.DiscardLog, "-DiscardLog mends {0}: it gives up the log and the updates that only it holds.");
        Add(RepairMethod.DropBadBlocks, "-DropBadBlocks mends {0}: it gives up blocks that cannot be right.");
        Add(RepairMethod.Leaks, obstacle is null ? "-Leaks mends {0}: it moves blocks into unused space and cuts the end of the file." : "-Leaks does no more about {0}. " + obstacle);
        Add(RepairMethod.Salvage, "-Salvage DESTINATION copies what is readable into a new image, because of {0}.");
        Add(RepairMethod.Automatic, "{0} can be mended once the errors are gone.");
        long parents = _counts.Where(kind => !kind.Key.IsOwn).Sum(kind => kind.Value);
        if (parents > 0)
        {
            hints.Add(FormattableString.Invariant($"{Text(parents)} about parents: repair those files themselves."));
        }

        return hints;

        void Add(RepairMethod method, string text)
        {
            if (_counts.TryGetValue((true, method), out long count))
            {
                hints.Add(string.Format(System.Globalization.CultureInfo.InvariantCulture, text, Text(count)));
            }
        }

        static string Text(long count) => FormattableString.Invariant($"{count} finding{(count == 1 ? "" : "s")}");
    }
}
