using System;
using System.Collections.Generic;
using System.Linq;
using VhdxTools.Images;
using VhdxTools.Layout;

namespace VhdxTools.Operations;

/// <summary>What the check finds in a file, as far as a repair has to know it: the first findings, and what follows from all of them.</summary>
internal sealed class RepairFindings
{
    private readonly List<VhdxFinding> _findings = [];
    private readonly HashSet<string> _rules = [];

    /// <param name="image">The image that was checked.</param>
    /// <param name="findings">What the check found.</param>
    public RepairFindings(VhdxFile image, IEnumerable<VhdxFinding> findings)
    {
        foreach (VhdxFinding finding in findings)
        {
            _rules.Add(finding.RuleId);
            bool isError = finding.Severity == FindingSeverity.Error;
            HasErrorsLeft |= isError && finding.Repair != RepairMethod.Automatic;
            HasBadBlocks |= isError && finding.Repair == RepairMethod.DropBadBlocks;
            HasBrokenStructure |= isError && finding.Repair is RepairMethod.None or RepairMethod.Salvage && !IsOfLink(finding.RuleId);
            LogPlace ??= IsOfLogPlace(finding) || IsBlockOverLog(finding, image) ? finding : null;
            IsLogMisplaced |= IsOfLogPlace(finding);
            FirstLeak ??= IsLeak(finding) ? finding : null;
            LastLeak = IsLeak(finding) ? finding : LastLeak;
            OddLength = finding.RuleId == VhdxRules.FileLengthOdd.Id ? finding : OddLength;
            if (_findings.Count < VhdxRepairResult.MaximumListed)
            {
                _findings.Add(finding);
            }
        }
    }

    /// <summary>Errors that are not mended without a switch.</summary>
    public bool HasErrorsLeft { get; }

    /// <summary>Errors of structures that everything else depends on.</summary>
    public bool HasBrokenStructure { get; }

    public bool HasBadBlocks { get; }

    /// <summary>The first finding that says that the log is where something else is, or where no file is.</summary>
    public VhdxFinding? LogPlace { get; }

    /// <summary>Whether the log lies over a structure or beyond the end of the file, so that nothing may be written there.</summary>
    public bool IsLogMisplaced { get; }

    /// <summary>The first and the last piece of unused space that can be freed.</summary>
    public VhdxFinding? FirstLeak { get; }

    public VhdxFinding? LastLeak { get; }

    public VhdxFinding? OddLength { get; }

    public bool Has(VhdxRule rule) => _rules.Contains(rule.Id);

    public bool HasAny(HashSet<string> rules) => _rules.Overlaps(rules);

    /// <summary>The findings of some rules; those that are listed.</summary>
    public IEnumerable<VhdxFinding> Of(HashSet<string> rules) => _findings.Where(finding => rules.Contains(finding.RuleId));

    /// <summary>A child that has lost the way to its parent can be mended all the same.</summary>
    private static bool IsOfLink(string id) => id.StartsWith("VX8", StringComparison.Ordinal) || id == VhdxRules.ParentLocatorMissing.Id;

    private static bool IsOfLogPlace(VhdxFinding finding) =>
        finding.Repair == RepairMethod.DiscardLog && (finding.RuleId == VhdxRules.ObjectsOverlap.Id || finding.RuleId == VhdxRules.FileTooShort.Id);

    private static bool IsBlockOverLog(VhdxFinding finding, VhdxFile image) =>
        finding.RuleId == VhdxRules.BlockOverStructure.Id && image.Log is FileRange log
        && finding is { FileOffset: long offset, Length: long length } && log.Overlaps(new(offset, length));

    private static bool IsLeak(VhdxFinding finding) => finding.RuleId == VhdxRules.LeakedSpace.Id && finding.Repair == RepairMethod.Leaks;
}
