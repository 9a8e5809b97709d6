using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Xunit;
using static VhdxTools.Core.Tests.Checking.CheckingImage;

namespace VhdxTools.Core.Tests.Checking;

/// <summary>Dirty logs: the image is judged as it is after the replay, and not a byte changes.</summary>
public class CheckingLogTests
{
    [Fact]
    public void A_dirty_log_is_a_note_that_says_so_and_nothing_is_written()
    {
        using CheckingFolder folder = new();
        CheckingImage image = CheckingLog.Dirty(CheckingRuleCases.New(folder).Map(2), Bat(entries: [Block(5), Block(4)]));
        byte[] before = File.ReadAllBytes(image.Path);
        DateTime time = File.GetLastWriteTimeUtc(image.Path);

        VhdxFinding finding = Assert.Single(image.Check());

        Assert.Equal("VX503 Note at 0x100000", CheckingCase.Describe(finding));
        Assert.Contains("replay", finding.Message, StringComparison.Ordinal);
        Assert.Equal(before, File.ReadAllBytes(image.Path));
        Assert.Equal(time, File.GetLastWriteTimeUtc(image.Path));
    }

    [Fact]
    public void A_replay_that_mends_the_table_takes_its_findings_away()
    {
        using CheckingFolder folder = new();
        CheckingImage image = CheckingRuleCases.New(folder).Map(2).Entry(1, 4);
        Assert.Equal(["VX602", "VX611"], Ids(image));

        CheckingLog.Dirty(image, Bat(entries: [Block(4), Block(5)]));

        Assert.Equal(["VX503"], Ids(image));
    }

    [Fact]
    public void A_replay_that_breaks_the_table_brings_findings()
    {
        using CheckingFolder folder = new();
        CheckingImage image = CheckingRuleCases.New(folder).Map(2);
        Assert.Empty(image.Check());

        CheckingLog.Dirty(image, Bat(entries: [Block(4), Block(4)]));

        Assert.Equal(["VX503", "VX609", "VX611"], Ids(image));
    }

    [Fact]
    public void A_replay_that_mends_a_region_table_is_seen()
    {
        using CheckingFolder folder = new();
        CheckingImage image = CheckingRuleCases.New(folder);
        byte[] good = image.Read(Table1, 4096);
        image.Write(Table1 + 20, 99u);
        Assert.Equal(["VX402"], Ids(image));

        CheckingLog.Dirty(image, new CheckingLog.Update((ulong)Table1, good));

        Assert.Equal(["VX503"], Ids(image));
    }

    [Fact]
    public void A_zero_descriptor_clears_a_damaged_table()
    {
        using CheckingFolder folder = new();
        CheckingImage image = CheckingRuleCases.New(folder).Write(CheckingImage.Bat, Enumerable.Repeat((byte)0xFF, 4096).ToArray());
        Assert.Contains("VX604", Ids(image));

        CheckingLog.Dirty(image, new CheckingLog.Update((ulong)CheckingImage.Bat, null, 4096));

        Assert.Equal(["VX503"], Ids(image));
    }

    [Fact]
    public void A_replay_that_lengthens_the_file_brings_lost_blocks_back()
    {
        using CheckingFolder folder = new();
        CheckingImage image = CheckingRuleCases.New(folder).Map(2);
        image.Length = 5 * MiB;
        Assert.Equal(["VX608"], Ids(image));

        CheckingLog.Dirty(image, CheckingLog.Entry(1, 0, (ulong)(5 * MiB), (ulong)(6 * MiB)));

        Assert.Equal(["VX503"], Ids(image));
        Assert.Equal(5 * MiB, image.Length);
    }

    [Fact]
    public void The_length_of_the_real_file_is_judged()
    {
        using CheckingFolder folder = new();
        CheckingImage image = CheckingRuleCases.New(folder);
        image.Length += 512;

        CheckingLog.Dirty(image, CheckingLog.Entry(1, 0, (ulong)(4 * MiB), (ulong)(5 * MiB)));

        Assert.Equal("4194816 bytes", image.Check().Single(finding => finding.RuleId == "VX907").Actual);
    }

    [Fact]
    public void Updates_up_to_the_length_that_the_log_knows_of_are_replayed()
    {
        using CheckingFolder folder = new();
        CheckingImage image = CheckingRuleCases.New(folder);

        CheckingLog.Dirty(image, CheckingLog.Entry(1, 0, (ulong)(4 * MiB), (ulong)(5 * MiB), new CheckingLog.Update((ulong)(5 * MiB) - 4096, null, 4096)));
        Assert.Equal(["VX503", "VX611"], Ids(image));

        CheckingLog.Dirty(image, CheckingLog.Entry(1, 0, (ulong)(4 * MiB), (ulong)(5 * MiB), new CheckingLog.Update((ulong)(5 * MiB) - 4096, null, 8192)));
        Assert.Equal(["VX504"], Ids(image));
    }

    [Fact]
    public void Nothing_is_called_leaked_when_a_log_is_lost()
    {
        using CheckingFolder folder = new();
        CheckingImage image = CheckingRuleCases.New(folder);
        image.Length = 8 * MiB;

        Assert.Equal(["VX501"], Ids(image.Current(header => Set(header, LogGuid, CheckingLog.Guid))));
    }

    [Fact]
    public void Holes_of_the_table_that_the_log_fills_are_read()
    {
        // The image's BAT is a hole of the file: its pages are passed over unless the overlay has something there.
        using CheckingFolder folder = new();
        CheckingImage image = CheckingRuleCases.New(folder);

        CheckingLog.Dirty(image, Bat(entries: [Block(2)]));

        Assert.Equal(["VX503", "VX610"], Ids(image));
    }

    [Fact]
    public void Of_several_entries_the_last_counts_and_all_are_named()
    {
        using CheckingFolder folder = new();
        CheckingImage image = CheckingRuleCases.New(folder).Map(2);
        byte[] first = CheckingLog.Entry(7, 0, (ulong)(6 * MiB), (ulong)(6 * MiB), Bat(entries: [4UL, 4UL]));
        byte[] second = CheckingLog.Entry(8, 0, (ulong)(6 * MiB), (ulong)(6 * MiB), Bat(entries: [Block(4), Block(5)]));

        CheckingLog.Dirty(image, [.. first, .. second]);

        Assert.Contains("2 in all", Assert.Single(image.Check()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_entry_that_wraps_round_the_end_of_the_ring_is_replayed()
    {
        using CheckingFolder folder = new();
        CheckingImage image = CheckingRuleCases.New(folder).Map(2).Entry(1, 4);
        byte[] entry = CheckingLog.Entry(1, (uint)MiB - 4096, (ulong)(6 * MiB), (ulong)(6 * MiB), Bat(entries: [Block(4), Block(5)]));
        byte[] log = new byte[MiB];
        entry.AsSpan(0, 4096).CopyTo(log.AsSpan((int)MiB - 4096));
        entry.AsSpan(4096).CopyTo(log);

        CheckingLog.Dirty(image, log);

        Assert.Equal(["VX503"], Ids(image));
    }

    [Theory]
    [InlineData("checksum")]
    [InlineData("guid")]
    [InlineData("tail")]
    [InlineData("data sector")]
    [InlineData("descriptor count")]
    [InlineData("sequence zero")]
    public void A_damaged_entry_leaves_no_sequence(string damage)
    {
        using CheckingFolder folder = new();
        CheckingImage image = CheckingRuleCases.New(folder);
        byte[] entry = CheckingLog.Entry(damage == "sequence zero" ? 0UL : 1, damage == "tail" ? 4096u : 0, (ulong)(4 * MiB), (ulong)(4 * MiB), Bat(entries: [0UL]));
        switch (damage)
        {
            case "guid":
                Set(entry, 32, Unknown);
                break;
            case "data sector":
                entry[4096] = 0;
                break;
            case "descriptor count":
                Set(entry, 24, uint.MaxValue);
                break;
        }

        CheckingCrc.Repair(entry);
        entry[4] ^= (byte)(damage == "checksum" ? 1 : 0);

        Assert.Equal(["VX501"], Ids(CheckingLog.Dirty(image, entry)));
    }

    [Fact]
    public void Old_entries_in_a_clean_log_are_history()
    {
        using CheckingFolder folder = new();
        CheckingImage image = CheckingRuleCases.New(folder);
        byte[] entry = CheckingLog.Entry(1, 0, (ulong)(4 * MiB), (ulong)(4 * MiB), Bat(entries: [4UL]));

        Assert.Empty(image.Write(Log, entry).Check());
    }

    private static IEnumerable<string> Ids(CheckingImage image) => image.Check().Select(finding => finding.RuleId);

    private static ulong Block(ulong unit) => (unit << 20) | 6;

    private static CheckingLog.Update Bat(params ulong[] entries)
    {
        byte[] sector = new byte[4096];
        for (int i = 0; i < entries.Length; i++)
        {
            Set(sector, 8 * i, entries[i]);
        }

        return new((ulong)CheckingImage.Bat, sector);
    }
}
