using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using VhdxTools.Core.Tests.Checking;
using VhdxTools.Operations;
using Xunit;
using static VhdxTools.Core.Tests.Checking.CheckingImage;

namespace VhdxTools.Core.Tests.Operations;

/// <summary>Every rule with every image that breaks it: what the finding promises is what the repair does, and nothing else changes.</summary>
public class RepairRuleTests
{
    /// <summary>Where a repair may write, by rule; headers, and the log when the change goes through it, are always added.</summary>
    private static readonly Dictionary<string, (long Offset, long End)[]> s_places = new()
    {
        ["VX201"] = [(0, 8)],
        ["VX401"] = [(Table1, Table2 + (64 * KiB))],
        ["VX402"] = [(Table1, Table2 + (64 * KiB))],
        ["VX403"] = [(Table1, Table2 + (64 * KiB))],
        ["VX404"] = [(Table1, Table2 + (64 * KiB))],
        ["VX411"] = [(Table1, Table1 + 80), (Table2, Table2 + 80)],
        ["VX412"] = [(Table1, Table1 + 80), (Table2, Table2 + 80)],
        ["VX709"] = [(ItemEntry(0) + 24, ItemEntry(0) + 28)],
        ["VX714"] = [(DiskId, DiskId + 16)],
        ["VX715"] = [(Metadata + 8, ItemEntry(1))],
    };

    /// <summary>Rules whose changes need neither BAT nor metadata, so that the log is not touched.</summary>
    private static readonly string[] s_withoutLog = ["VX201", "VX301", "VX302", "VX308", "VX309", "VX310", "VX401", "VX402", "VX403", "VX404", "VX411", "VX412", "VX501", "VX502", "VX503", "VX504", "VX611", "VX902", "VX907"];

    public static TheoryData<int, string> Cases => CheckingRuleTests.Cases;

    [Theory]
    [MemberData(nameof(Cases))]
    public void What_a_finding_promises_is_done_and_nothing_else(int index, string id)
    {
        using CheckingFolder folder = new();
        CheckingImage image = CheckingRuleCases.All[index].Build(folder);
        List<VhdxFinding> before = image.Check();
        bool isRepairable = before.All(finding => finding.Repairable);
        byte[] bytes = RepairRun.Bytes(image.Path);
        DateTime time = File.GetLastWriteTimeUtc(image.Path);

        VhdxRepairResult result = RepairRun.Repair(image.Path, RepairRun.OptionsOf(before[0].Repair));

        byte[] after = RepairRun.Bytes(image.Path);
        Assert.Equal(before, result.Before);
        Assert.Equal(image.Check(), result.After);
        Assert.Equal(isRepairable, result.Changed);
        if (!isRepairable)
        {
            Assert.Empty(result.Actions);
            Assert.Equal(before, result.After);
            Assert.True(bytes.AsSpan().SequenceEqual(after));
            Assert.Equal(time, File.GetLastWriteTimeUtc(image.Path));
            return;
        }

        Assert.DoesNotContain(id, RepairRun.Ids(result.After));
        Assert.True(result.IsSound);
        Assert.All(result.Actions, action => Assert.Equal(id, action.RuleId));
        Assert.Equal(before.Count(finding => finding.RuleId == id), result.Actions.Count(action => action.RuleId == id));
        AssertOnlyThere(id, bytes, after);

        DateTime afterwards = File.GetLastWriteTimeUtc(image.Path);
        VhdxRepairResult second = RepairRun.Repair(image.Path, RepairRun.OptionsOf(before[0].Repair), seed: 2);
        Assert.False(second.Changed);
        Assert.Empty(second.Actions);
        Assert.True(after.AsSpan().SequenceEqual(RepairRun.Bytes(image.Path)));
        Assert.Equal(afterwards, File.GetLastWriteTimeUtc(image.Path));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Without_its_switch_nothing_is_lost(int index, string id)
    {
        using CheckingFolder folder = new();
        CheckingImage image = CheckingRuleCases.All[index].Build(folder);
        RepairMethod method = image.Check()[0].Repair;
        if (method == RepairMethod.Automatic)
        {
            return;
        }

        byte[] bytes = RepairRun.Bytes(image.Path);

        VhdxRepairResult result = RepairRun.Repair(image.Path);

        Assert.False(result.Changed);
        Assert.Contains(id, RepairRun.Ids(result.After));
        Assert.True(bytes.AsSpan().SequenceEqual(RepairRun.Bytes(image.Path)));
        string wanted = method switch { RepairMethod.None => "", _ => "-" + method };
        Assert.True(wanted.Length == 0 || result.Hints.Any(hint => hint.StartsWith(wanted, StringComparison.Ordinal)), string.Join("|", result.Hints));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void What_is_not_confirmed_is_not_done(int index, string id)
    {
        using CheckingFolder folder = new();
        CheckingImage image = CheckingRuleCases.All[index].Build(folder);
        byte[] bytes = RepairRun.Bytes(image.Path);
        DateTime time = File.GetLastWriteTimeUtc(image.Path);
        string? text = null;

        VhdxRepairResult? result = ImageRepairer.Repair(image.Path, RepairRun.All, plan => { text = plan.Describe(); return false; }, Guid.NewGuid);

        Assert.Equal(result is null, !string.IsNullOrWhiteSpace(text));
        Assert.NotNull(id);
        Assert.True(bytes.AsSpan().SequenceEqual(RepairRun.Bytes(image.Path)));
        Assert.Equal(time, File.GetLastWriteTimeUtc(image.Path));
    }

    private static void AssertOnlyThere(string id, byte[] before, byte[] after)
    {
        List<(long Offset, long End)> allowed = [(Header1, Header1 + 4096), (Header2, Header2 + 4096)];
        if (s_places.TryGetValue(id, out (long Offset, long End)[]? places))
        {
            allowed.AddRange(places);
        }

        if (id.StartsWith("VX6", StringComparison.Ordinal))
        {
            allowed.Add((Bat, Bat + 136));
        }

        if (!s_withoutLog.Contains(id))
        {
            allowed.Add((Log, Log + MiB));
        }

        if (id is "VX101" or "VX102" or "VX609" or "VX611" or "VX907")
        {
            allowed.Add((Math.Min(before.Length, after.Length), Math.Max(before.Length, after.Length)));
        }

        foreach ((long offset, long end) in RepairRun.Differences(before, after))
        {
            Assert.True(allowed.Any(range => range.Offset <= offset && end <= range.End), $"0x{offset:X} to 0x{end:X} was changed.");
        }

        Assert.True(id is "VX101" or "VX102" or "VX609" or "VX611" or "VX907" or "VX306" or "VX307" || before.Length == after.Length);
    }
}
