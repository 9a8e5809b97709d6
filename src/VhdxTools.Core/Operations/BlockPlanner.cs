using System;
using System.Threading;
using VhdxTools.Disks;
using VhdxTools.Format;
using VhdxTools.Images;
using VhdxTools.IO;
using VhdxTools.Layout;

namespace VhdxTools.Operations;

/// <summary>Decides what a repair does with the blocks of an image, the gaps between them and the length of its file.</summary>
internal sealed class BlockPlanner(VhdxFile image, RepairFindings findings, RepairOptions options, RepairPlan plan, CancellationToken cancellation)
{
    public void Decide()
    {
        if (findings.Has(VhdxRules.BatReserved))
        {
            plan.WritesEntries = true;
            plan.AddEach(findings.Of([VhdxRules.BatReserved.Id]), finding => $"Clear the reserved bits of {Name(finding)}.");
        }

        bool drops = findings.HasBadBlocks && options.DropBadBlocks;
        EntryRepair entries = new(image, drops);
        EntryActions actions = new(image.Geometry!, image.BatRegion!.Value.Offset);
        foreach (EntryChange change in entries.Changes(0, cancellation))
        {
            foreach (VhdxRepairAction action in actions.Take(change))
            {
                plan.Add(action);
            }
        }

        foreach (VhdxRepairAction action in actions.Complete())
        {
            plan.Add(action);
        }

        if (drops)
        {
            Drop(entries, actions.IsVisible);
        }
        else if (!findings.HasBadBlocks)
        {
            VhdxFinding? tail = TailOf(entries);
            DecideLength(entries, tail);
            if (options.Leaks && !findings.HasErrorsLeft && findings.FirstLeak is VhdxFinding leak && leak != tail)
            {
                DecideGaps(leak);
            }
        }
    }

    private void Drop(EntryRepair entries, bool isVisible)
    {
        long length = image.View.Length;
        plan.WritesEntries = true;
        plan.DropsBadBlocks = true;
        plan.IsVisible = isVisible;
        plan.CopyOffset = Math.Max(entries.End, FormatConstants.AlignUp(entries.NeededLength, FormatConstants.Alignment));
        plan.NewLength = entries.NeededLength > length && entries.CopiedLength == 0 ? entries.NeededLength : null;
        if (findings.Has(VhdxRules.BlocksShareSpace))
        {
            foreach (VhdxRepairAction action in new BitmapDoubts(image, RepairMethod.DropBadBlocks).Actions(cancellation))
            {
                plan.Add(action);
            }
        }
    }

    /// <summary>The last leak when it reaches to the end of the file.</summary>
    private VhdxFinding? TailOf(EntryRepair entries)
    {
        long whole = image.View.Length / FormatConstants.MiB * FormatConstants.MiB;
        return findings.LastLeak is { FileOffset: long offset, Length: long length } last && offset + length == whole && !entries.IsUsed(whole) ? last : null;
    }

    private void DecideLength(EntryRepair entries, VhdxFinding? tail)
    {
        long length = image.View.Length;
        if (options.Leaks && tail is not null)
        {
            plan.NewLength = tail.FileOffset;
            plan.Add(VhdxRepairAction.Of(tail, $"Cut off the last {ByteText.Size(length - tail.FileOffset!.Value)} of the file, which nothing references."));
        }

        long odd = image.Raw.Length % FormatConstants.MiB;
        if (odd != 0 && image.Replayed is null && findings.OddLength is VhdxFinding finding)
        {
            long whole = length - odd;
            bool isCut = !entries.IsUsed(whole) && ByteFields.IsZero(image.View.ReadPadded(whole, (int)odd));
            plan.NewLength ??= isCut ? whole : whole + FormatConstants.MiB;
            plan.Add(VhdxRepairAction.Of(finding, FormattableString.Invariant($"Make the file {plan.NewLength} bytes long, a multiple of 1 MiB.")));
        }
    }

    private void DecideGaps(VhdxFinding leak)
    {
        GapEstimate gaps = GapMover.Estimate(image, SpaceAllocator.Of(new(image.Raw.Name, image)), cancellation);
        plan.Obstacle = gaps.Obstacle;
        if (gaps.Moves == 0)
        {
            return;
        }

        plan.Moves = gaps.Moves;
        string blocks = FormattableString.Invariant($"{gaps.Moves} block{(gaps.Moves == 1 ? "" : "s")}");
        string text = FormattableString.Invariant($"Move {blocks} from the end of the file into space that nothing references, and cut the file to {gaps.Length} bytes, {image.Raw.Length - gaps.Length} less.");
        text += gaps.Unused > 0 ? FormattableString.Invariant($" {gaps.Unused} bytes stay unused. {gaps.Obstacle}") : "";
        plan.Add(VhdxRepairAction.Of(leak, text.TrimEnd()));
    }

    private static string Name(VhdxFinding finding) => finding.Item is string item ? item.ToLowerInvariant()
        : AreaNames.Numbered("payload block", finding.Block ?? 0, finding.BlockCount ?? 1);
}
