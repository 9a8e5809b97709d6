using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using VhdxTools.Checking;
using Xunit;
using static VhdxTools.Core.Tests.Checking.CheckingImage;

namespace VhdxTools.Core.Tests.Checking;

/// <summary>Findings of blocks: runs become one, collisions are resolved, and what is legal stays unmentioned.</summary>
public class CheckingBlockTests
{
    [Fact]
    public void A_cut_fixed_image_gives_one_finding()
    {
        using CheckingFolder folder = new();
        CheckingImage image = Create(folder["fixed.vhdx"], VhdType.Fixed, size: 10_000 * MiB);
        image.Length = Payload + (100 * MiB);

        VhdxFinding finding = Assert.Single(image.Check());

        Assert.Equal("VX608", finding.RuleId);
        Assert.Equal((100, 9900), (finding.Block, finding.BlockCount));
        Assert.Equal((100 * MiB, 9900 * MiB), (finding.VirtualOffset, finding.VirtualLength));
    }

    [Fact]
    public void A_run_ends_where_another_trouble_or_a_good_block_stands()
    {
        using CheckingFolder folder = new();
        CheckingImage image = Create(folder["image.vhdx"]).Map(1);
        (ulong State, ulong Unit)[] entries = [(4, 0), (5, 0), (6, 0), (6, 0), (4, 0), (6, 4), (4, 0), (6, 99), (6, 98), (0, 0), (6, 97)];
        image.Entry(0, 0);
        for (int i = 0; i < entries.Length; i++)
        {
            image.Entry(i, entries[i].State, entries[i].Unit);
        }

        Assert.Equal(
            ["VX602 0 x2", "VX607 2 x2", "VX602 4 x1", "VX602 6 x1", "VX608 7 x2", "VX608 10 x1"],
            image.Check().Select(finding => $"{finding.RuleId} {finding.Block} x{finding.BlockCount}"));
    }

    [Fact]
    public void Blocks_over_different_structures_are_different_findings()
    {
        using CheckingFolder folder = new();
        CheckingImage image = Create(folder["image.vhdx"]).Entry(0, 6, 1).Entry(1, 6, 1).Entry(2, 6, 2).Entry(3, 6, 3);

        Assert.Equal(
            [
                "Payload blocks 0-1: each overlaps the log", "Payload block 2 overlaps the Metadata region", "Payload block 3 overlaps the BAT region",
                "Payload block 1 shares file space with payload block 0",
            ],
            image.Check().Select(finding => finding.Message.Split(';')[0]));
    }

    [Fact]
    public void Two_troubles_in_each_block_of_a_row_are_two_findings()
    {
        using CheckingFolder folder = new();
        CheckingImage image = Create(folder["image.vhdx"]);
        for (int i = 0; i < 16; i++)
        {
            image.Entry(i, 6, 90 + (ulong)i, reserved: 1);
        }

        Assert.Equal(["VX603 0 x16", "VX608 0 x16"], image.Check().Select(finding => $"{finding.RuleId} {finding.Block} x{finding.BlockCount}"));
    }

    [Fact]
    public void A_run_goes_on_across_pages_and_sector_bitmaps()
    {
        // A page of the BAT has 32768 entries, and every 4097th is a sector bitmap's.
        using CheckingFolder folder = new();
        CheckingImage image = Create(folder["image.vhdx"], size: 70_000 * MiB);
        byte[] bat = new byte[8 * 70_017];
        for (int i = 0; i < bat.Length / 8; i++)
        {
            Set(bat, 8 * i, i % 4097 == 4096 ? 0 : 4UL);
        }

        VhdxFinding finding = Assert.Single(image.Write(Bat, bat).Check());

        Assert.Equal((0, 70_000), (finding.Block, finding.BlockCount));
    }

    [Fact]
    public void The_range_of_the_last_block_ends_with_the_disk()
    {
        using CheckingFolder folder = new();
        CheckingImage image = Create(folder["image.vhdx"], size: (16 * MiB) + 512).Entry(16, 4);

        Assert.Equal((16 * MiB, 512L), Assert.Single(image.Check()) is { } finding ? (finding.VirtualOffset, finding.VirtualLength) : default);
    }

    [Fact]
    public void A_last_block_that_the_file_cuts_where_the_disk_ends_is_legal()
    {
        using CheckingFolder folder = new();
        CheckingImage image = Create(folder["image.vhdx"], size: (16 * MiB) + 4096).Entry(16, 6, 4);
        image.Length = Payload + 4096;

        Assert.Equal(["VX907"], image.Check().Select(finding => finding.RuleId));
        image.Length = Payload + 4095;
        Assert.Equal(["VX608", "VX907"], image.Check().Select(finding => finding.RuleId));
    }

    [Fact]
    public void Stale_offsets_in_states_1_and_3_are_legal()
    {
        using CheckingFolder folder = new();

        Assert.Empty(Create(folder["image.vhdx"]).Entry(0, 1, 4).Entry(1, 3, 4).Entry(2, 1, 1).Entry(3, 3, 9999).Entry(4, 2).Check());
    }

    [Fact]
    public void Blocks_in_any_order_are_legal()
    {
        using CheckingFolder folder = new();
        CheckingImage image = Create(folder["image.vhdx"]).Map(16);
        int[] order = [.. Enumerable.Range(0, 16)];
        new Random(1).Shuffle(order);
        for (int i = 0; i < 16; i++)
        {
            image.Entry(i, 6, 4 + (ulong)order[i]);
        }

        Assert.Empty(image.Check());
    }

    [Fact]
    public void A_BAT_region_longer_than_needed_is_legal_and_its_rest_is_not_read()
    {
        using CheckingFolder folder = new();

        Assert.Empty(Create(folder["image.vhdx"]).Entry(16, 6, 1).Entry(17, 4).Check());
    }

    [Fact]
    public void Entries_of_a_childs_last_chunk_for_blocks_that_the_disk_does_not_have_are_not_judged()
    {
        using CheckingFolder folder = new();
        CheckingImage child = CheckingRuleCases.Child(folder).Map(2).Entry(1, 6, 5).Entry(16, 4).Entry(17, 6, 1).Entry(4095, 6, 5);

        Assert.Empty(child.Check());
        Assert.Equal("Payload block 2 shares file space with payload block 1; bytes 0x200000 to 0x300000 of the disk.", Assert.Single(child.Entry(2, 6, 5).Check()).Message);
    }

    [Fact]
    public void Blocks_that_overlap_in_part_are_found_from_both_sides()
    {
        using CheckingFolder folder = new();
        CheckingImage image = Create(folder["image.vhdx"], size: 64 * MiB, blockSize: 4 * MiB);
        image.Length = 20 * MiB;
        image.Entry(0, 6, 8).Entry(1, 6, 5).Entry(2, 6, 11).Entry(3, 6, 15);

        Assert.Equal(
            [
                "VX609 Error at 0x800000 long 0x100000 block 1 x1 disk 0x400000+0x400000 expected [space of its own] actual [0x500000 to 0x900000]",
                "VX609 Error at 0xB00000 long 0x100000 block 2 x1 disk 0x800000+0x400000 expected [space of its own] actual [0xB00000 to 0xF00000]",
            ],
            image.Check().Where(finding => finding.RuleId != "VX611").Select(CheckingCase.Describe));
    }

    [Fact]
    public void Every_block_of_a_collision_is_named()
    {
        using CheckingFolder folder = new();
        CheckingImage image = Create(folder["image.vhdx"], size: 256 * MiB, blockSize: 32 * MiB);
        image.Length = 68 * MiB;
        image.Entry(0, 6, 4).Entry(1, 6, 36).Entry(2, 6, 20).Entry(3, 6, 20);

        Assert.Equal(
            [
                "Payload block 2 shares file space with payload block 0, payload block 1 and payload block 3",
                "Payload block 3 shares file space with payload block 0, payload block 1 and payload block 2",
            ],
            image.Check().Select(finding => finding.Message.Split(';')[0]));
    }

    [Fact]
    public void Of_many_blocks_in_one_place_the_first_are_named_and_the_others_counted()
    {
        using CheckingFolder folder = new();
        CheckingImage image = Create(folder["image.vhdx"]);
        image.Length = 5 * MiB;
        for (int i = 0; i < 12; i++)
        {
            image.Entry(i, 6, 4);
        }

        List<VhdxFinding> findings = image.Check();

        Assert.Equal(Enumerable.Range(1, 11).Select(i => (long?)i), findings.Select(finding => finding.Block));
        Assert.Equal(
            "Payload block 11 shares file space with " + string.Join(", ", Enumerable.Range(0, 8).Select(i => $"payload block {i}")) + " and 3 more; bytes 0xB00000 to 0xC00000 of the disk.",
            findings[10].Message);
    }

    [Fact]
    public void A_block_with_another_trouble_keeps_its_space()
    {
        // 0 over three structures and block 1; 2 reaches past the end of the file and into block 3; 4 and 5 have no offset.
        using CheckingFolder folder = new();
        CheckingImage image = Create(folder["image.vhdx"], size: 32 * MiB, blockSize: 4 * MiB);
        image.Length = 14 * MiB;
        image.Entry(0, 6, 1).Entry(1, 6, 4).Entry(2, 6, 11).Entry(3, 6, 8).Entry(4, 6, 0).Entry(5, 6, 0);

        Assert.Equal(
            [
                "VX610 Payload block 0 overlaps the log, the Metadata region and the BAT region",
                "VX608 Payload block 2 lies partly beyond the end of the file, so the last 1048576 of its 4194304 bytes are lost",
                "VX607 Payload blocks 4-5: each has no offset",
                "VX609 Payload block 1 shares file space with payload block 0",
                "VX609 Payload block 3 shares file space with payload block 2",
            ],
            image.Entry(0, 6, 1).Entry(1, 6, 4).Check().Select(finding => $"{finding.RuleId} {finding.Message.Split(';')[0]}"));
    }

    [Fact]
    public void Space_that_a_present_entry_references_is_not_leaked()
    {
        // In turn: cut by the end of the file, over the BAT and behind it, without an offset, a bitmap that means nothing.
        using CheckingFolder folder = new();
        CheckingImage image = Create(folder["image.vhdx"], size: 64 * MiB, blockSize: 4 * MiB);
        image.Length = 6 * MiB;
        Assert.Equal(["VX611"], Ids(image));
        Assert.Equal(["VX608"], Ids(image.Entry(0, 6, 4)));
        image.Length = 7 * MiB;
        Assert.Equal(["VX610"], Ids(image.Entry(0, 6, 3)));
        image.Length = 4 * MiB;
        Assert.Equal(["VX607"], Ids(image.Entry(0, 6, 0)));
        CheckingImage large = Create(folder["large.vhdx"], size: 8 * GiB, blockSize: 256 * MiB);
        large.Length = 5 * MiB;
        Assert.Equal(["VX605"], Ids(large.Entry(16, 6, 4)));
        Assert.Equal(["VX608", "VX605", "VX609"], Ids(large.Entry(0, 6, 4)));

        static IEnumerable<string> Ids(CheckingImage image) => image.Check().Select(finding => finding.RuleId);
    }

    [Theory]
    [InlineData(0, 0, false)]
    [InlineData(2, 0, false)]
    [InlineData(1, 1, true)]
    public void Nothing_is_called_leaked_where_the_file_must_not_be_processed(byte version, byte logVersion, bool isDirty)
    {
        using CheckingFolder folder = new();
        CheckingImage image = Create(folder["image.vhdx"]);
        image.Length = 7 * MiB;
        Assert.Equal("VX611", Assert.Single(image.Check()).RuleId);

        image.Current(header =>
        {
            header[CheckingImage.Version] = version;
            header[LogVersion] = logVersion;
            Set(header, LogGuid, isDirty ? CheckingLog.Guid : Guid.Empty);
        });

        Assert.Equal(version == 1 ? "VX305" : "VX304", Assert.Single(image.Check()).RuleId);
    }

    [Fact]
    public void Offsets_beyond_2_to_the_63_are_told_apart()
    {
        using CheckingFolder folder = new();
        CheckingImage image = Create(folder["image.vhdx"]).Entry(0, 6, (1UL << 44) - 1).Entry(2, 6, (1UL << 44) - 2);

        Assert.Equal(
            [(null, "0xFFFFFFFFFFF00000 to 0x10000000000000000"), (null, "0xFFFFFFFFFFE00000 to 0xFFFFFFFFFFF00000")],
            image.Check().Select(finding => (finding.FileOffset, finding.Actual)));
    }

    [Fact]
    public void A_sector_bitmap_that_the_end_cuts_tells_which_part_of_the_disk_it_stands_for()
    {
        using CheckingFolder folder = new();
        CheckingImage image = CheckingRuleCases.LargeChild(folder);
        image.Length = Payload + (512 * KiB);

        Assert.Equal(
            "Sector bitmap block 0 lies partly beyond the end of the file, so the last 524288 of its 1048576 bytes are lost; they stand for bytes 0x80000000 to 0x100000000 of the disk.",
            image.Entry(16, 6, 4).Check()[0].Message);
    }

    [Fact]
    public void A_block_and_a_sector_bitmap_in_one_place_are_found()
    {
        using CheckingFolder folder = new();
        CheckingImage image = CheckingRuleCases.LargeChild(folder);
        image.Length = Payload + (256 * MiB);
        image.Entry(0, 6, 4).Entry(16, 6, 10);

        VhdxFinding finding = Assert.Single(image.Check());

        Assert.Equal("VX609 Error at 0xA00000 long 0x100000 item [Sector bitmap block 0] expected [space of its own] actual [0xA00000 to 0xB00000]", CheckingCase.Describe(finding));
        Assert.Equal("Sector bitmap block 0 shares file space with payload block 0.", finding.Message);
    }

    [Fact]
    public void Blocks_of_two_chunks_without_bitmaps_are_two_findings()
    {
        using CheckingFolder folder = new();
        CheckingImage image = CheckingRuleCases.LargeChild(folder);
        image.Length = Payload + (768 * MiB);
        image.Entry(3, 7, 4).Entry(5, 7, 260).Entry(20, 7, 516);

        Assert.Equal(
            ["VX606 block 3", "VX606 block 19"],
            image.Check().Select(finding => $"{finding.RuleId} block {finding.Block}"));
    }

    [Fact]
    public void Partly_present_blocks_with_their_bitmap_are_sound()
    {
        using CheckingFolder folder = new();
        CheckingImage image = CheckingRuleCases.LargeChild(folder);
        image.Length = Payload + (257 * MiB);

        Assert.Empty(image.Entry(3, 7, 4).Entry(16, 6, 260).Check());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Nobody_waits_for_the_rest_when_one_error_is_enough(bool isAlone)
    {
        // The first block is bad; the progress tells how much of a BAT of 200000 entries was read.
        using CheckingFolder folder = new();
        CheckingImage image = Create(folder["image.vhdx"], size: 200_000 * MiB);
        byte[] bat = new byte[8 * 200_048];
        for (int i = 0; i < bat.Length / 8; i++)
        {
            Set(bat, 8 * i, i == 0 || (!isAlone && i % 2 == 0) ? 4UL : 1UL);
        }

        image.Write(Bat, bat);
        int pages = 0;
        long seen = 0;
        Checker checker = new(skipParent: false, (_, _, _) => pages++);

        bool isSound = !checker.Check(image.Path).Select(Count).Any(finding => finding.Severity == FindingSeverity.Error);

        Assert.False(isSound);
        Assert.Equal(1, seen);
        Assert.Equal(1, pages);

        VhdxFinding Count(VhdxFinding finding)
        {
            seen++;
            return finding;
        }
    }

    [Fact]
    public void Findings_come_while_the_table_is_read()
    {
        using CheckingFolder folder = new();
        CheckingImage image = Create(folder["image.vhdx"], size: 200_000 * MiB);
        byte[] bat = new byte[8 * 200_048];
        for (int i = 0; i < bat.Length / 8; i++)
        {
            Set(bat, 8 * i, i % 2 == 0 ? 4UL : 1UL);
        }

        image.Write(Bat, bat);
        List<long> done = [];
        long atFirst = 0;
        foreach (VhdxFinding finding in new Checker(skipParent: false, (path, part, whole) =>
        {
            Assert.Equal(image.Path, path);
            Assert.Equal(200_048, whole);
            done.Add(part);
        }).Check(image.Path))
        {
            atFirst = atFirst == 0 ? done.Count : atFirst;
        }

        Assert.Equal(1, atFirst);
        Assert.Equal(done.Order(), done);
        Assert.Equal(7, done.Count);
    }

    [Fact]
    public void Progress_is_told_while_collisions_are_resolved_and_leaks_are_listed()
    {
        // Blocks 0 and 1 in one place, and every second MiB leaked.
        using CheckingFolder folder = new();
        CheckingImage image = Create(folder["image.vhdx"], size: 100_000 * MiB);
        image.Length = 60_000 * MiB;
        byte[] bat = new byte[8 * 100_024];
        for (int i = 0; i < 20_000; i++)
        {
            Set(bat, 8 * i, i % 4097 == 4096 ? 0 : (((ulong)Math.Max(1, i) * 2 + 4) << 20) | 6);
        }

        List<(long Done, long Total)> reports = [];
        List<VhdxFinding> findings = [.. new Checker(skipParent: false, (_, done, total) => reports.Add((done, total))).Check(image.Write(Bat, bat).Path)];

        Assert.Equal(["VX609", "VX611"], findings.Select(finding => finding.RuleId).Distinct());
        Assert.Contains((0, 100_024), reports);
        Assert.Contains((100_024, 200_048), reports);
        Assert.Contains(reports, report => report.Total == 60_000 && report.Done > 0);
        Assert.All(reports, report => Assert.InRange(report.Done, 0, report.Total));
    }

    [Fact]
    public void A_check_can_be_stopped()
    {
        using CheckingFolder folder = new();
        CheckingImage image = Create(folder["image.vhdx"], VhdType.Fixed, size: 200_000 * MiB);
        using CancellationTokenSource stop = new();
        Checker checker = new(skipParent: false, (_, _, _) => stop.Cancel());

        Assert.Throws<OperationCanceledException>(() => checker.Check(image.Path, stop.Token).Count());
    }

    [Fact]
    public void The_file_is_closed_when_the_caller_has_enough()
    {
        using CheckingFolder folder = new();
        CheckingImage image = Create(folder["image.vhdx"]).Entry(0, 4);

        _ = new Checker(skipParent: false).Check(image.Path).First();

        using System.IO.FileStream alone = new(image.Path, System.IO.FileMode.Open, System.IO.FileAccess.ReadWrite, System.IO.FileShare.None);
        Assert.NotEqual(0, alone.Length);
    }
}
