using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using VhdxTools.Checking;
using VhdxTools.Diagnostics;
using VhdxTools.Format;
using VhdxTools.Images;
using VhdxTools.IO;
using VhdxTools.Layout;

namespace VhdxTools.Operations;

/// <summary>
/// Decides what a repair does with a file, from what the check finds. What the findings call Automatic is done, unless an error that is
/// left makes writing dangerous; what loses something is done when its switch is given.
/// </summary>
internal sealed class RepairPlanner
{
    private static readonly HashSet<string> s_headerRules = Ids(
        VhdxRules.HeaderSignature, VhdxRules.HeaderChecksum, VhdxRules.OneHeaderLost, VhdxRules.HeaderReserved, VhdxRules.HeaderGuid, VhdxRules.TwinHeaders);

    private static readonly HashSet<string> s_tableRules = Ids(
        VhdxRules.RegionSignature, VhdxRules.RegionChecksum, VhdxRules.RegionCount, VhdxRules.RegionCopiesDiffer, VhdxRules.RegionNotRequired, VhdxRules.RegionReserved);

    private static readonly HashSet<string> s_metadataRules = Ids(VhdxRules.MetadataFlags, VhdxRules.MetadataReserved, VhdxRules.DiskIdentifierZero);

    private static readonly HashSet<string> s_logRules = Ids(
        VhdxRules.LogOffset, VhdxRules.LogLength, VhdxRules.LogLost, VhdxRules.LogFileTruncated, VhdxRules.LogDescriptorTarget);

    /// <summary>Whoever does not know what these say may not write to the file at all.</summary>
    private static readonly HashSet<string> s_foreign = Ids(
        VhdxRules.HeaderVersion, VhdxRules.LogVersion, VhdxRules.RegionUnknownRequired, VhdxRules.MetadataUnknownRequired);

    private readonly RepairOptions _options;
    private readonly CancellationToken _cancellation;
    private readonly VhdxFile _image;
    private readonly List<VhdxFinding> _findings = [];
    private readonly HashSet<string> _rules = [];
    private readonly RepairPlan _plan = new();

    /// <summary>Errors of structures that everything else depends on.</summary>
    private readonly bool _hasBrokenStructure;

    private readonly bool _hasBadBlocks;

    // These come last, and a damaged table has more findings than are kept.
    private readonly VhdxFinding? _tail;
    private readonly VhdxFinding? _oddLength;

    private RepairPlanner(VhdxFile image, CollectingSink readers, string path, RepairOptions options, Action<long, long>? progress, CancellationToken cancellation)
    {
        _image = image;
        _options = options;
        _cancellation = cancellation;
        foreach (VhdxFinding finding in new FileChecker(image, readers, progress).Check(path, cancellation))
        {
            _rules.Add(finding.RuleId);
            bool isError = finding.Severity == FindingSeverity.Error;
            _hasBadBlocks |= isError && finding.Repair == RepairMethod.DropBadBlocks;
            _hasBrokenStructure |= isError && finding.Repair is RepairMethod.None or RepairMethod.Salvage && !IsOfLink(finding.RuleId);
            _tail = finding.RuleId == VhdxRules.LeakedSpace.Id && finding.Repair == RepairMethod.Leaks ? finding : _tail;
            _oddLength = finding.RuleId == VhdxRules.FileLengthOdd.Id ? finding : _oddLength;
            if (_findings.Count < VhdxRepairResult.MaximumListed)
            {
                _findings.Add(finding);
            }
        }
    }

    /// <summary>Works out the next round.</summary>
    /// <param name="file">The file; it stays open.</param>
    /// <param name="path">Its full path.</param>
    /// <param name="options">What may be done.</param>
    /// <param name="progress">Gets steps of work done and in all.</param>
    /// <param name="cancellation">Stops the work.</param>
    /// <returns>The image as it was read, and the plan; it is empty when there is nothing to do, or nothing that may be done.</returns>
    /// <exception cref="VhdxException">The file cannot be read, or is no VHDX.</exception>
    public static (VhdxFile Image, RepairPlan Plan) Plan(IRandomAccessFile file, string path, RepairOptions options, Action<long, long>? progress, CancellationToken cancellation)
    {
        CollectingSink sink = new();
        VhdxFile image = VhdxFile.Open(file, sink);
        RepairPlanner planner = new(image, sink, path, options, progress, cancellation);
        planner.Decide();
        return (image, planner._plan);
    }

    private static HashSet<string> Ids(params VhdxRule[] rules) => [.. rules.Select(rule => rule.Id)];

    /// <summary>A child that has lost the way to its parent can be mended all the same.</summary>
    private static bool IsOfLink(string id) => id.StartsWith("VX8", StringComparison.Ordinal) || id == VhdxRules.ParentLocatorMissing.Id;

    private void Decide()
    {
        if (_image.Header is null || _rules.Overlaps(s_foreign))
        {
            return;
        }

        bool isLogLost = _image.IsLogDirty && _image.Replayed is null;
        if ((isLogLost || _image.Log is null) && _options.DiscardLog && DiscardLog())
        {
            return;
        }

        DecideHeaders();
        if (isLogLost)
        {
            // What the lost log was about to change is not known, so only the headers, which are never logged, are mended.
            return;
        }

        if (_image.IsLogDirty)
        {
            _plan.ReplaysLog = true;
            AddEach([VhdxRules.LogDirty.Id], _ => "Replay the log into the file.");
        }

        if (_rules.Contains(VhdxRules.FileSignature.Id) && _image.RegionTables.Any(table => table.IsValid))
        {
            _plan.WritesSignature = true;
            AddEach([VhdxRules.FileSignature.Id], _ => "Put the file type signature back.");
        }

        DecideTables();

        // A block over the log or over metadata reads otherwise as soon as anything is written there.
        bool isOverStructure = _rules.Contains(VhdxRules.BlockOverStructure.Id) && !_options.DropBadBlocks;
        if (_hasBrokenStructure || isOverStructure || _image.Log is not FileRange log || log.End > _image.View.Length || _image.Geometry is null || _image.Bat is null)
        {
            return;
        }

        DecideMetadata();
        DecideBlocks();
    }

    private bool DiscardLog()
    {
        FileRange? newLog = null;
        if (_image.Log is null)
        {
            if (_image.Bat is null || _hasBrokenStructure)
            {
                return false;
            }

            EntryRepair entries = new(_image, dropsBadBlocks: false);
            foreach (EntryChange _ in entries.Changes(0, _cancellation))
            {
                // Only who has which space is of interest.
            }

            // At the end of the file lost blocks may point to what would be the log.
            long? place = entries.FindGap(LayoutPlanner.DefaultLogSize)
                ?? (_rules.Contains(VhdxRules.BlockBeyondEnd.Id) ? null : FormatConstants.AlignUp(_image.View.Length, FormatConstants.Alignment));
            if (place is not long offset)
            {
                return false;
            }

            newLog = new(offset, LayoutPlanner.DefaultLogSize);
        }

        _plan.DiscardsLog = true;
        _plan.NewLog = newLog;
        _plan.IsVisible = _image.IsLogDirty;
        string what = _image.IsLogDirty
            ? "Give up the log, and with it all updates of the image that only the log holds; structures may stay half updated."
            : "Give up the place of the log, which is empty.";
        string where = newLog is FileRange range ? $" The new log is at {ByteText.Hex(range.Offset)}." : "";
        AddEach(s_logRules, _ => what + where, isLast: true);
        return true;
    }

    private void DecideHeaders()
    {
        if (_rules.Overlaps(s_headerRules))
        {
            _plan.RenewsHeaders = true;
            AddEach(s_headerRules, finding => finding.RuleId switch
            {
                "VX309" => "Clear the reserved bytes of the headers.",
                "VX310" => "Give the headers new write GUIDs in place of zeros.",
                "VX902" => "Renew the headers, so that they differ.",
                _ => $"Restore {(finding.Item ?? "the header").ToLowerInvariant()} from the good one.",
            });
        }
    }

    private void DecideTables()
    {
        RegionTableCopy? current = _image.RegionTables.FirstOrDefault(table => table.IsCurrent);
        bool isCut = _image.View.Length < FormatConstants.HeaderSectionReservedOffset;
        if (current is null || isCut || !_rules.Overlaps(s_tableRules))
        {
            return;
        }

        // When the current copy leads to broken structures, a valid other one may be right.
        if (_hasBrokenStructure && _image.RegionTables.All(table => table.IsValid))
        {
            return;
        }

        _plan.WritesTables = true;
        AddEach(s_tableRules, finding => finding.RuleId switch
        {
            "VX411" => $"Mark the {finding.Item} region as required.",
            "VX412" => "Clear the reserved fields of the region tables.",
            _ => $"Restore {(finding.Item ?? "Region table 2").ToLowerInvariant()} from the other copy.",
        });
    }

    private void DecideMetadata()
    {
        if (_rules.Overlaps(s_metadataRules))
        {
            _plan.WritesMetadata = true;
            AddEach(s_metadataRules, finding => finding.RuleId switch
            {
                "VX709" => $"Give the metadata item {finding.Item} its usual flags.",
                "VX715" => "Clear the reserved fields of the metadata table.",
                _ => "Give the disk an identifier of its own.",
            });
        }
    }

    private void DecideBlocks()
    {
        long length = _image.View.Length;
        if (_rules.Contains(VhdxRules.BatReserved.Id))
        {
            _plan.WritesEntries = true;
            AddEach([VhdxRules.BatReserved.Id], finding => $"Clear the reserved bits of {Name(finding)}.");
        }

        bool drops = _hasBadBlocks && _options.DropBadBlocks;
        EntryRepair entries = new(_image, drops);
        EntryActions actions = new(_image.Geometry!, _image.BatRegion!.Value.Offset);

        foreach (EntryChange change in entries.Changes(0, _cancellation))
        {
            foreach (VhdxRepairAction action in actions.Take(change))
            {
                _plan.Add(action);
            }
        }

        foreach (VhdxRepairAction action in actions.Complete())
        {
            _plan.Add(action);
        }

        if (drops)
        {
            _plan.WritesEntries = true;
            _plan.DropsBadBlocks = true;
            _plan.IsVisible = actions.IsVisible;
            _plan.CopyOffset = FormatConstants.AlignUp(Math.Max(length, entries.NeededLength), FormatConstants.Alignment);
            _plan.NewLength = entries.NeededLength > length && entries.CopiedLength == 0 ? entries.NeededLength : null;
            return;
        }

        if (!_hasBadBlocks)
        {
            DecideLength(entries, length);
        }
    }

    private void DecideLength(EntryRepair entries, long length)
    {
        if (_options.Leaks && _tail is not null)
        {
            _plan.NewLength = _tail.FileOffset;
            _plan.Add(ActionOf(_tail, $"Cut off the last {ByteText.Size(length - _tail.FileOffset!.Value)} of the file, which nothing references."));
        }

        long odd = _image.Raw.Length % FormatConstants.MiB;
        if (odd != 0 && _image.Replayed is null && _oddLength is VhdxFinding finding)
        {
            long whole = length - odd;
            bool isCut = !entries.IsUsed(whole) && ByteFields.IsZero(_image.View.ReadPadded(whole, (int)odd));
            _plan.NewLength ??= isCut ? whole : whole + FormatConstants.MiB;
            _plan.Add(ActionOf(finding, FormattableString.Invariant($"Make the file {_plan.NewLength} bytes long, a multiple of 1 MiB.")));
        }
    }

    private static string Name(VhdxFinding finding) => finding.Item is string item ? item.ToLowerInvariant()
        : AreaNames.Numbered("payload block", finding.Block ?? 0, finding.BlockCount ?? 1);

    private void AddEach(HashSet<string> rules, Func<VhdxFinding, string> describe, bool isLast = false)
    {
        foreach (VhdxFinding finding in _findings.Where(finding => rules.Contains(finding.RuleId)))
        {
            _plan.Add(ActionOf(finding, describe(finding)));
            if (isLast)
            {
                break;
            }
        }
    }

    private static VhdxRepairAction ActionOf(VhdxFinding finding, string description) => new()
    {
        RuleId = finding.RuleId,
        Method = finding.Repair,
        Description = description,
        FileOffset = finding.FileOffset,
        Length = finding.Length,
        Block = finding.Block,
        BlockCount = finding.BlockCount,
        VirtualOffset = finding.VirtualOffset,
        VirtualLength = finding.VirtualLength,
        Item = finding.Item,
    };
}
