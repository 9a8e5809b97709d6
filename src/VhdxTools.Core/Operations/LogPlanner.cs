using System.Collections.Generic;
using System.Linq;
using System.Threading;
using VhdxTools.Images;
using VhdxTools.Layout;

namespace VhdxTools.Operations;

/// <summary>Decides with -DiscardLog whether the log is given up, and where a new one goes.</summary>
internal static class LogPlanner
{
    private static readonly HashSet<string> s_rules =
        [VhdxRules.LogOffset.Id, VhdxRules.LogLength.Id, VhdxRules.LogLost.Id, VhdxRules.LogFileTruncated.Id, VhdxRules.LogDescriptorTarget.Id];

    /// <summary>Plans that the log is given up, or only its place when it is empty.</summary>
    /// <returns>False when the log is good, can be replayed, or no new place for it is known: then nothing is planned.</returns>
    public static bool Discard(VhdxFile image, RepairFindings findings, RepairPlan plan, CancellationToken cancellation)
    {
        bool needsPlace = image.Log is null || findings.LogPlace is not null;
        if (image.Replayed is not null || (!image.IsLogDirty && !needsPlace))
        {
            return false;
        }

        FileRange? place = needsPlace ? PlaceOf(image, findings, cancellation) : null;
        if (place is null && (image.Log is null || !image.IsLogDirty))
        {
            return false;
        }

        plan.DiscardsLog = true;
        plan.NewLog = place;
        plan.IsVisible = image.IsLogDirty;
        string text = image.IsLogDirty
            ? "Give up the log, and with it all updates of the image that only the log holds; structures may stay half updated."
            : "Give up the place of the log, which is empty.";
        if (place is FileRange range)
        {
            text += $" The new log is at {ByteText.Hex(range.Offset)}.";
            text += findings.LogPlace is null ? "" : " What lies at the old place stays as it is, and may have been overwritten by the log.";
        }

        VhdxFinding reason = findings.Of(s_rules).FirstOrDefault() ?? findings.LogPlace!;
        plan.Add(VhdxRepairAction.Of(reason, text) with { Method = RepairMethod.DiscardLog });
        return true;
    }

    private static FileRange? PlaceOf(VhdxFile image, RepairFindings findings, CancellationToken cancellation)
    {
        if (image.Bat is null || findings.HasBrokenStructure)
        {
            return null;
        }

        EntryRepair entries = new(image, dropsBadBlocks: false);
        foreach (EntryChange _ in entries.Changes(0, cancellation))
        {
            // Only who has which space is of interest.
        }

        // Where the region tables differ, a gap of the one may be in use by the other. At the end of the file lost blocks may point to what would be the log.
        long? gap = findings.Has(VhdxRules.RegionCopiesDiffer) ? null : entries.FindGap(LayoutPlanner.DefaultLogSize);
        long? place = gap ?? (findings.Has(VhdxRules.BlockBeyondEnd) ? null : entries.End);
        return place is long offset ? new FileRange(offset, LayoutPlanner.DefaultLogSize) : null;
    }
}
