using System;
using System.Collections.Generic;
using System.Linq;
using VhdxTools.Core.Tests.Checking;
using VhdxTools.Core.Tests.Support;
using VhdxTools.Disks;
using VhdxTools.Operations;
using Xunit;
using static VhdxTools.Core.Tests.Checking.CheckingImage;
using static VhdxTools.Core.Tests.Checking.CheckingRuleCases;

namespace VhdxTools.Core.Tests.Operations;

/// <summary>-DropBadBlocks, -DiscardLog and -Leaks against a byte model of the disk, for both sector sizes and all types.</summary>
public class RepairBlockTests
{
    public static TheoryData<VhdType, int> Kinds => new()
    {
        { VhdType.Dynamic, 512 }, { VhdType.Dynamic, 4096 }, { VhdType.Fixed, 512 }, { VhdType.Fixed, 4096 }, { VhdType.Differencing, 512 }, { VhdType.Differencing, 4096 },
    };

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Bad_blocks_become_zero_and_all_else_stays(VhdType type, int sector)
    {
        using CheckingFolder folder = new();
        (CheckingImage image, byte[] model) = RepairImages.Filled(folder, type, sector);
        image.Entry(1, 6, 60).Entry(2, 4, 6).Entry(3, 6, 2).Entry(4, 5);
        for (int block = 1; block <= 4; block++)
        {
            model.AsSpan(block * (int)MiB, (int)MiB).Clear();
        }

        Guid dataWriteGuid = RepairImages.Guids(image).Data;
        VhdxRepairResult result = RepairRun.Repair(image.Path, RepairRun.Drop);

        Assert.Equal(
            ["VX608 1+1 lost", "VX602 2+1 lost", "VX610 3+1 lost", "VX602 4+1 lost"],
            result.Actions.Select(Describe));
        Assert.Equal([0x100000L, 0x200000, 0x300000, 0x400000], result.Actions.Select(action => action.VirtualOffset!.Value));
        RepairImages.AssertReads(image, model, result);
        ulong dropped = type == VhdType.Differencing ? 2UL : 0;
        Assert.Equal([dropped, dropped, dropped, dropped], Enumerable.Range(1, 4).Select(block => BitConverter.ToUInt64(image.Read(Bat + (8 * block), 8))));
        Assert.NotEqual(dataWriteGuid, RepairImages.Guids(image).Data);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Blocks_that_share_space_each_get_a_copy_and_read_as_before(VhdType type, int sector)
    {
        using CheckingFolder folder = new();
        (CheckingImage image, byte[] model) = RepairImages.Filled(folder, type, sector);
        long length = image.Length;
        image.Entry(4, 6, 5);
        model.AsSpan((int)MiB, (int)MiB).CopyTo(model.AsSpan(4 * (int)MiB));
        (Guid File, Guid Data) guids = RepairImages.Guids(image);

        VhdxRepairResult result = RepairRun.Repair(image.Path, RepairRun.Drop);

        Assert.Equal(["VX609 4+1"], result.Actions.Select(Describe));
        RepairImages.AssertReads(image, model, result);
        Assert.Equal(length + MiB, image.Length);
        Assert.Equal((ulong)length | 6, BitConverter.ToUInt64(image.Read(Bat + 32, 8)));
        Assert.NotEqual(guids.File, RepairImages.Guids(image).File);
        Assert.Equal(guids.Data, RepairImages.Guids(image).Data);
    }

    [Fact]
    public void Blocks_that_overlap_in_part_are_parted()
    {
        using CheckingFolder folder = new();
        CheckingImage image = Create(folder["image.vhdx"], blockSize: 2 * MiB).Map(2, 2 * MiB);
        byte[] data = Bytes.Pattern(5, (int)(4 * MiB));
        image.Write(Payload, data).Entry(2, 6, 5);

        VhdxRepairResult result = RepairRun.Repair(image.Path, RepairRun.Drop);

        byte[] model = new byte[16 * MiB];
        data.CopyTo(model, 0);
        data.AsSpan((int)MiB, (int)(2 * MiB)).CopyTo(model.AsSpan((int)(4 * MiB)));
        Assert.Equal(["VX609 2+1"], result.Actions.Select(Describe));
        RepairImages.AssertReads(image, model, result);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_truncated_file_keeps_what_is_left_of_a_block(VhdType type, int sector)
    {
        using CheckingFolder folder = new();
        (CheckingImage image, byte[] model) = RepairImages.Filled(folder, type, sector);

        // Half of block 2 and a part of a sector; the rest of the file is gone.
        image.Length = (6 * MiB) + (512 * KiB) + 100;
        model.AsSpan((2 * (int)MiB) + (512 * 1024), (5 * (int)MiB) - (2 * (int)MiB) - (512 * 1024)).Clear();

        VhdxRepairResult result = RepairRun.Repair(image.Path, RepairRun.All);

        Assert.Equal("VX608 2+1 lost", Describe(result.Actions[0]));
        Assert.Equal((0x280000L, 0x80000L), (result.Actions[0].VirtualOffset!.Value, result.Actions[0].VirtualLength!.Value));
        Assert.Equal(type == VhdType.Fixed ? "VX608 3+13 lost" : "VX608 3+2 lost", Describe(result.Actions[1]));
        Assert.Equal(0, image.Length % MiB);

        // A hundred bytes of the half sector are there, and nobody can say what the rest of it was.
        using DiskChain disk = DiskChain.OpenRead(image.Path);
        byte[] torn = new byte[100];
        disk.Read((2 * MiB) + (512 * KiB), torn);
        torn.CopyTo(model, (2 * MiB) + (512 * KiB));
        RepairImages.AssertReads(image, model, result);
    }

    [Fact]
    public void A_child_whose_bitmap_is_lost_gives_up_its_partial_blocks_as_zeros_and_never_shows_the_parents()
    {
        using CheckingFolder folder = new();
        (CheckingImage image, byte[] model) = RepairImages.Filled(folder, VhdType.Differencing, 512);
        int bitmap = (int)((1L << 23) * 512 / MiB);
        image.Entry(1, 7, 5).Entry(2, 7, 6);
        model.AsSpan((int)MiB, 2 * (int)MiB).Clear();

        VhdxRepairResult result = RepairRun.Repair(image.Path, RepairRun.Drop);

        Assert.Equal(["VX606 1+2 lost"], result.Actions.Select(Describe));
        Assert.Equal(0UL, BitConverter.ToUInt64(image.Read(Bat + (8 * bitmap), 8)));
        RepairImages.AssertReads(image, model, result);
    }

    [Fact]
    public void A_child_keeps_its_partial_blocks_when_its_bitmap_shares_space()
    {
        using CheckingFolder folder = new();
        (CheckingImage image, byte[] model) = RepairImages.Filled(folder, VhdType.Differencing, 512);
        int bitmap = (int)((1L << 23) * 512 / MiB);

        // The bitmap lies in block 0: its bytes decide where each sector of block 1 comes from.
        image.Entry(1, 7, 5).Entry(bitmap, 6, 4);
        byte[] before = RepairImages.Read(image.Path);

        VhdxRepairResult result = RepairRun.Repair(image.Path, RepairRun.Drop);

        // Doubtful is the data of block 0, which may be bits, and what block 1 has of its own, which the bits tell.
        Assert.Equal(
            ["VX609  Sector bitmap block 0", "VX609 0+1 Sector bitmap block 0 0x0+0x100000", "VX609 1+1 Sector bitmap block 0 0x100000+0x100000"],
            result.Actions.Select(DescribeItem));
        RepairImages.AssertReads(image, before, result);
        Assert.NotEqual(model, before);
    }

    [Fact]
    public void What_depends_on_a_bitmap_that_shares_its_place_with_a_block_of_another_chunk_is_listed_in_rows()
    {
        using CheckingFolder folder = new();
        string parent = Create(folder["parent.vhdx"], size: 5 * GiB).Path;
        CheckingImage image = Create(folder["image.vhdx"], parent: parent).Map(4);
        int bitmap = 4096;
        image.Entry(1, 7, 5).Entry(2, 7, 6).Entry(3, 7, 7).Entry(0, 7, 4);
        image.Length += 2 * MiB;
        image.Entry(bitmap, 6, 8).Entry(2, 6, 6).Entry(bitmap + 1, 6, 8).Entry(bitmap + 2, 6, 9);

        VhdxRepairResult result = RepairRun.Repair(image.Path, RepairRun.Drop);

        Assert.Equal(
            ["VX609 4096+1  0x100000000+0x100000", "VX609 0+2 Sector bitmap block 0 0x0+0x200000", "VX609 3+1 Sector bitmap block 0 0x300000+0x100000"],
            result.Actions.Select(DescribeItem));
        Assert.True(result.IsSound);
    }

    [Fact]
    public void Without_a_reason_to_write_metadata_a_block_over_the_log_keeps_what_it_reads()
    {
        // Reserved bits alone would be cleared; through a log that a block claims, that would change the block.
        using CheckingFolder folder = new();
        CheckingImage image = New(folder).Map(2).Entry(9, 6, 1).Entry(1, 6, 5, reserved: 9).Write(ItemEntry(0) + 24, 0u).Write(Header1 + 100, 1u);
        byte[] before = RepairImages.Read(image.Path);

        VhdxRepairResult result = RepairRun.Repair(image.Path);

        Assert.Equal(["VX302"], result.Actions.Select(action => action.RuleId));
        Assert.Equal(before, RepairImages.Read(image.Path));
        Assert.Contains(result.Hints, hint => hint.StartsWith("-DropBadBlocks mends 1 finding", StringComparison.Ordinal));
        Assert.Contains(result.Hints, hint => hint.StartsWith("2 findings can be mended once the errors are gone.", StringComparison.Ordinal));
    }

    [Fact]
    public void Leaks_at_the_end_are_cut_and_those_inside_filled()
    {
        using CheckingFolder folder = new();
        (CheckingImage image, byte[] model) = RepairImages.Filled(folder, VhdType.Dynamic, 512);
        image.Entry(1, 0).Entry(4, 0);
        image.Length += (3 * MiB) + 17;
        model.AsSpan((int)MiB, (int)MiB).Clear();
        model.AsSpan(4 * (int)MiB, (int)MiB).Clear();

        VhdxRepairResult result = RepairRun.Repair(image.Path, RepairRun.Leaks);

        Assert.Equal(7 * MiB, image.Length);
        Assert.Equal(["VX611", "VX907", "VX611"], result.Actions.Select(action => action.RuleId));
        Assert.Empty(result.After);
        RepairImages.AssertReads(image, model, result);
    }

    [Theory]
    [InlineData(0, 4)]
    [InlineData(1, 5)]
    public void An_odd_length_is_cut_when_the_rest_is_zero_and_rounded_up_when_it_is_not(byte value, int lengthMiB)
    {
        using CheckingFolder folder = new();
        CheckingImage image = New(folder);
        image.Length += 512;
        image.Write(Payload + 511, [value]);

        RepairRun.Repair(image.Path);

        Assert.Equal(lengthMiB * MiB, image.Length);
        Assert.Equal(value, image.Length > Payload ? image.Read(Payload + 511, 1)[0] : 0);
    }

    [Fact]
    public void What_dropped_blocks_leave_behind_is_freed_in_the_same_run_when_asked_for()
    {
        using CheckingFolder folder = new();
        CheckingImage image = New(folder).Map(3).Entry(2, 4, 6);
        List<string> texts = [];

        VhdxRepairResult result = ImageRepairer.Repair(image.Path, RepairRun.All, plan => { texts.Add(plan.Describe()); return true; }, Disks.EngineImages.Guids(1))!;

        Assert.Equal(
            [
                "Give up payload block 2 (reserved block state): bytes 0x200000 to 0x300000 of the disk become zero. In all 1048576 bytes of the disk become zero.",
                "Cut off the last 1 MiB of the file, which nothing references.",
            ],
            texts);
        Assert.Equal(6 * MiB, image.Length);
        Assert.Empty(result.After);
    }

    [Fact]
    public void A_new_log_goes_where_nothing_is_and_holds()
    {
        using CheckingFolder folder = new();
        (CheckingImage image, byte[] model) = RepairImages.Filled(folder, VhdType.Dynamic, 512);
        image.Current(header => Set(header, LogOffset, (ulong)MiB + 4096));

        VhdxRepairResult result = RepairRun.Repair(image.Path, RepairRun.Discard);

        // The old place of the log is a gap now.
        Assert.Equal((ulong)MiB, BitConverter.ToUInt64(image.Read(Header1 + LogOffset, 8)));
        RepairImages.AssertReads(image, model, result);
        using (DiskChain disk = DiskChain.OpenWrite(image.Path, Disks.EngineImages.Guids(3)))
        {
            disk.Write(9 * MiB, model.AsSpan(0, 512));
        }

        model.AsSpan(0, 512).CopyTo(model.AsSpan(9 * (int)MiB));
        Assert.Equal(model, RepairImages.Read(image.Path));
    }

    [Fact]
    public void An_unknown_version_region_or_item_keeps_everything_as_it_is()
    {
        foreach (Func<CheckingFolder, CheckingImage> build in new Func<CheckingFolder, CheckingImage>[]
        {
            folder => New(folder).Current(header => header[CheckingImage.Version] = 2),
            folder => With(New(folder), image => image.Length += MiB).AddRegion(Unknown, (ulong)Payload, (uint)MiB, required: true).Write(Header1 + 100, 1u),
            folder => New(folder).AddItem(Unknown, 0, 0, 4).Entry(3, 4).Write(Header1 + 100, 1u),
        })
        {
            using CheckingFolder folder = new();
            CheckingImage image = build(folder);
            byte[] bytes = RepairRun.Bytes(image.Path);

            Assert.False(RepairRun.Repair(image.Path, RepairRun.All).Changed);
            Assert.Equal(bytes, RepairRun.Bytes(image.Path));
        }
    }

    [Fact]
    public void A_file_in_use_is_refused_by_name()
    {
        using CheckingFolder folder = new();
        CheckingImage image = New(folder).Write(Header1 + 100, 1u);
        byte[] bytes = RepairRun.Bytes(image.Path);
        using (VhdxTools.IO.OsFile.OpenWrite(image.Path))
        {
            VhdxException error = Assert.Throws<VhdxException>(() => RepairRun.Repair(image.Path));
            Assert.Equal(ErrorIds.FileInUse, error.Id);
            Assert.Contains(image.Path, error.Message, StringComparison.Ordinal);
        }

        Assert.Equal(bytes, RepairRun.Bytes(image.Path));
    }

    [Fact]
    public void A_file_that_changes_after_the_question_is_left_alone()
    {
        using CheckingFolder folder = new();
        CheckingImage image = New(folder).Map(2).Entry(9, 6, 60);

        VhdxException error = Assert.Throws<VhdxException>(() => ImageRepairer.Repair(image.Path, RepairRun.Drop, _ => { image.Entry(10, 6, 70); return true; }, Guid.NewGuid));

        Assert.Equal(ErrorIds.FileInUse, error.Id);
        Assert.Equal("9x2", string.Join(",", image.Check().Select(finding => $"{finding.Block}x{finding.BlockCount}")));
    }

    private static string DescribeItem(VhdxRepairAction action) =>
        FormattableString.Invariant($"{action.RuleId} {action.Block}+{action.BlockCount} {action.Item} 0x{action.VirtualOffset:X}+0x{action.VirtualLength:X}")
            .Replace("+ Sector", " Sector", StringComparison.Ordinal).Replace(" 0x+0x", "", StringComparison.Ordinal);

    private static string Describe(VhdxRepairAction action) => FormattableString.Invariant($"{action.RuleId} {action.Block}+{action.BlockCount}{(action.IsLost ? " lost" : "")}");
}
