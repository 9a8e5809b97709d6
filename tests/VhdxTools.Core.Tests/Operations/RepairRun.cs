using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using VhdxTools.Core.Tests.Disks;
using VhdxTools.IO;
using VhdxTools.Operations;

namespace VhdxTools.Core.Tests.Operations;

/// <summary>Runs repairs in tests, and tells which bytes they changed.</summary>
internal static class RepairRun
{
    public static readonly RepairOptions None = new();
    public static readonly RepairOptions Leaks = new() { Leaks = true };
    public static readonly RepairOptions Discard = new() { DiscardLog = true };
    public static readonly RepairOptions Drop = new() { DropBadBlocks = true };
    public static readonly RepairOptions All = new() { Leaks = true, DiscardLog = true, DropBadBlocks = true };

    public static VhdxRepairResult Repair(string path, RepairOptions? options = null, Func<IRandomAccessFile, IRandomAccessFile>? wrap = null, int seed = 1) =>
        ImageRepairer.Repair(path, options ?? None, _ => true, EngineImages.Guids(seed), wrap)!;

    /// <summary>The options that a rule's repair takes.</summary>
    public static RepairOptions OptionsOf(RepairMethod method) => method switch
    {
        RepairMethod.Leaks => Leaks,
        RepairMethod.DiscardLog => Discard,
        RepairMethod.DropBadBlocks => Drop,
        _ => None,
    };

    /// <summary>The ranges that differ between two contents of a file, joined over gaps of up to 64 bytes; a difference in length counts.</summary>
    public static List<(long Offset, long End)> Differences(byte[] before, byte[] after)
    {
        List<(long Offset, long End)> ranges = [];
        for (int i = 0; i < Math.Max(before.Length, after.Length); i++)
        {
            if (i < before.Length && i < after.Length && before[i] == after[i])
            {
                int same = before.AsSpan(i).CommonPrefixLength(after.AsSpan(i));
                i += same - 1;
                continue;
            }

            if (i >= Math.Min(before.Length, after.Length))
            {
                ranges.Add((i, Math.Max(before.Length, after.Length)));
                break;
            }

            if (ranges.Count > 0 && i - ranges[^1].End <= 64)
            {
                ranges[^1] = (ranges[^1].Offset, i + 1);
            }
            else
            {
                ranges.Add((i, i + 1));
            }
        }

        return ranges;
    }

    public static byte[] Bytes(string path) => File.ReadAllBytes(path);

    public static IEnumerable<string> Ids(IEnumerable<VhdxFinding> findings) => findings.Select(finding => finding.RuleId).Distinct();
}
