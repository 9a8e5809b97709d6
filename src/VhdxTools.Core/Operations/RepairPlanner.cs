using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using VhdxTools.Checking;
using VhdxTools.Diagnostics;
using VhdxTools.Format;
using VhdxTools.Images;
using VhdxTools.IO;

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

    /// <summary>Whoever does not know what these say may not write to the file at all.</summary>
    private static readonly HashSet<string> s_foreign = Ids(
        VhdxRules.HeaderVersion, VhdxRules.LogVersion, VhdxRules.RegionUnknownRequired, VhdxRules.MetadataUnknownRequired);

    private readonly RepairOptions _options;
    private readonly CancellationToken _cancellation;
    private readonly VhdxFile _image;
    private readonly RepairFindings _findings;
    private readonly RepairPlan _plan = new();

    private RepairPlanner(VhdxFile image, RepairFindings findings, RepairOptions options, CancellationToken cancellation)
    {
        _image = image;
        _findings = findings;
        _options = options;
        _cancellation = cancellation;
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
        RepairFindings findings = new(image, new FileChecker(image, sink, progress).Check(path, cancellation));
        RepairPlanner planner = new(image, findings, options, cancellation);
        planner.Decide();
        return (image, planner._plan);
    }

    private static HashSet<string> Ids(params VhdxRule[] rules) => [.. rules.Select(rule => rule.Id)];

    private void Decide()
    {
        if (_image.Header is null || _findings.HasAny(s_foreign))
        {
            return;
        }

        if (_options.Leaks && _findings.FirstLeak is not null && _findings.HasErrorsLeft)
        {
            _plan.Obstacle = "While errors are left, no block is moved and nothing is cut off.";
        }

        bool isLogLost = _image.IsLogDirty && _image.Replayed is null;
        if (_options.DiscardLog && LogPlanner.Discard(_image, _findings, _plan, _cancellation))
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
            _plan.AddEach(_findings.Of([VhdxRules.LogDirty.Id]), _ => "Replay the log into the file.");
        }

        if (_findings.Has(VhdxRules.FileSignature) && _image.RegionTables.Any(table => table.IsValid))
        {
            _plan.WritesSignature = true;
            _plan.AddEach(_findings.Of([VhdxRules.FileSignature.Id]), _ => "Put the file type signature back.");
        }

        DecideTables();

        // A block over the log or over metadata reads otherwise as soon as anything is written there, and so does a structure under the log.
        bool isOverStructure = _findings.Has(VhdxRules.BlockOverStructure) && !_options.DropBadBlocks;
        bool isLogSound = _image.Log is not null && !_findings.IsLogMisplaced;
        if (_findings.HasBrokenStructure || isOverStructure || !isLogSound || _image.Geometry is null || _image.Bat is null)
        {
            return;
        }

        DecideMetadata();
        new BlockPlanner(_image, _findings, _options, _plan, _cancellation).Decide();
    }

    private void DecideHeaders()
    {
        if (_findings.HasAny(s_headerRules))
        {
            _plan.RenewsHeaders = true;
            _plan.AddEach(_findings.Of(s_headerRules), finding => finding.RuleId switch
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
        if (current is null || isCut || !_findings.HasAny(s_tableRules))
        {
            return;
        }

        // When the current copy leads to broken structures, a valid other one may be right.
        if ((_findings.HasBrokenStructure || _findings.IsLogMisplaced) && _image.RegionTables.All(table => table.IsValid))
        {
            return;
        }

        _plan.WritesTables = true;
        _plan.AddEach(_findings.Of(s_tableRules), finding => finding.RuleId switch
        {
            "VX411" => $"Mark the {finding.Item} region as required.",
            "VX412" => "Clear the reserved fields of the region tables.",
            _ => $"Restore {(finding.Item ?? "Region table 2").ToLowerInvariant()} from the other copy.",
        });
    }

    private void DecideMetadata()
    {
        if (_findings.HasAny(s_metadataRules))
        {
            _plan.WritesMetadata = true;
            _plan.AddEach(_findings.Of(s_metadataRules), finding => finding.RuleId switch
            {
                "VX709" => $"Give the metadata item {finding.Item} its usual flags.",
                "VX715" => "Clear the reserved fields of the metadata table.",
                _ => "Give the disk an identifier of its own.",
            });
        }
    }
}
