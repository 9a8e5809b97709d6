using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using VhdxTools.Core.Tests.Checking;
using VhdxTools.Core.Tests.Disks;
using VhdxTools.Core.Tests.Support;
using VhdxTools.Operations;
using Xunit;
using static VhdxTools.Core.Tests.Checking.CheckingImage;

namespace VhdxTools.Core.Tests.Operations;

/// <summary>-Leaks against a byte model: gaps inside the file are filled with blocks from its end, and nobody who reads the disk sees it.</summary>
public class RepairLeakTests
{
    /// <summary>The entry of the first sector bitmap in an image with blocks of 1 MiB and sectors of 512 bytes.</summary>
    private const int Bitmap = 4096;

    [Theory]
    [InlineData(VhdType.Dynamic, 512)]
    [InlineData(VhdType.Dynamic, 4096)]
    [InlineData(VhdType.Fixed, 512)]
    [InlineData(VhdType.Fixed, 4096)]
    [InlineData(VhdType.Differencing, 512)]
    [InlineData(VhdType.Differencing, 4096)]
    public void Gaps_are_filled_from_the_end_and_the_file_is_cut(VhdType type, int sector)
    {
        using CheckingFolder folder = new();
        (CheckingImage image, byte[] model) = RepairImages.Filled(folder, type, sector);
        ulong state = type == VhdType.Differencing ? 2UL : 0;
        image.Entry(1, state).Entry(3, state);
        model.AsSpan((int)MiB, (int)MiB).Clear();
        model.AsSpan(3 * (int)MiB, (int)MiB).Clear();
        long length = image.Length;
        (Guid File, Guid Data) guids = RepairImages.Guids(image);
        List<string> texts = [];

        VhdxRepairResult result = ImageRepairer.Repair(image.Path, RepairRun.Leaks, plan => { texts.Add(plan.Describe()); return true; }, EngineImages.Guids(1))!;

        // The last blocks are in the gaps at 5 and 7 MiB; with five blocks the last one is enough.
        int moves = type == VhdType.Fixed ? 2 : 1;
        Assert.Equal(
            [FormattableString.Invariant($"Move {(moves == 1 ? "1 block" : "2 blocks")} from the end of the file into space that nothing references, and cut the file to {length - (2 * MiB)} bytes, 2097152 less.")],
            texts);
        Assert.Equal((length, length - (2 * MiB), (long)moves), (result.BytesBefore, result.BytesAfter, result.BlocksMoved));
        Assert.Equal(length - (2 * MiB), image.Length);
        int last = type == VhdType.Fixed ? 15 : 4;
        Assert.Equal((5UL << 20) | 6, BitConverter.ToUInt64(image.Read(Bat + (8 * last), 8)));
        Assert.True(model.AsSpan(last * (int)MiB, (int)MiB).SequenceEqual(image.Read(5 * MiB, (int)MiB)));
        Assert.Equal(["VX611 Leaks"], result.Actions.Select(action => $"{action.RuleId} {action.Method}"));
        Assert.DoesNotContain("VX611", RepairRun.Ids(result.After));
        RepairImages.AssertReads(image, model, result);
        Assert.NotEqual(guids.File, RepairImages.Guids(image).File);
        Assert.Equal(guids.Data, RepairImages.Guids(image).Data);
        AssertPeerReads(folder, image, type, sector, model);

        byte[] bytes = RepairRun.Bytes(image.Path);
        Assert.False(RepairRun.Repair(image.Path, RepairRun.Leaks, seed: 2).Changed);
        Assert.Equal(bytes, RepairRun.Bytes(image.Path));
    }

    [Fact]
    public void A_child_needs_no_parent_for_it_and_its_sector_bitmap_moves_too()
    {
        using CheckingFolder folder = new();
        (CheckingImage image, byte[] model) = WithBitmap(folder);
        string parent = folder["parent.vhdx"];
        string away = folder["away.vhdx"];
        File.Move(parent, away);

        VhdxRepairResult result = RepairRun.Repair(image.Path, RepairRun.Leaks);

        Assert.Equal(1, result.BlocksMoved);
        Assert.Equal((5UL << 20) | 6, BitConverter.ToUInt64(image.Read(Bat + (8 * Bitmap), 8)));
        Assert.Equal(7 * MiB, image.Length);
        File.Move(away, parent);
        Assert.True(model.AsSpan().SequenceEqual(RepairImages.Read(image.Path)), "The disk reads otherwise.");
        Assert.Empty(image.Check());
    }

    [Fact]
    public void A_region_at_the_end_moves_into_the_gap_that_it_left()
    {
        using CheckingFolder folder = new();
        (CheckingImage image, byte[] model) = RepairImages.WithBatAtEnd(folder);

        VhdxRepairResult result = RepairRun.Repair(image.Path, RepairRun.Leaks);

        Assert.Equal((1L, 9 * MiB), (result.BlocksMoved, result.BytesAfter));
        Assert.Equal((ulong)Bat, BitConverter.ToUInt64(image.Read(Table1 + 32, 8)));
        Assert.Equal((ulong)Bat, BitConverter.ToUInt64(image.Read(Table2 + 32, 8)));
        Assert.Empty(result.After);
        RepairImages.AssertReads(image, model, result);
    }

    [Fact]
    public void The_gap_that_a_dropped_block_leaves_is_closed_in_the_same_run_and_that_of_stale_entries_too()
    {
        using CheckingFolder folder = new();
        (CheckingImage image, byte[] model) = RepairImages.Filled(folder, VhdType.Differencing, 512);

        // Entry 20 is beyond the disk of 16 blocks, and its space is nobody else's; the other one is one that a growing disk would find.
        image.Entry(2, 4, 6).Entry(20, 6, 9);
        image.Length += MiB;
        model.AsSpan(2 * (int)MiB, (int)MiB).Clear();

        VhdxRepairResult result = RepairRun.Repair(image.Path, RepairRun.All);

        Assert.Equal(["VX602", "VX611"], result.Actions.Select(action => action.RuleId));
        Assert.Equal(8 * MiB, image.Length);
        Assert.Equal(0UL, BitConverter.ToUInt64(image.Read(Bat + 160, 8)));
        RepairImages.AssertReads(image, model, result);
    }

    [Fact]
    public void A_repair_that_is_stopped_between_two_moves_is_finished_by_the_same_command()
    {
        using CheckingFolder folder = new();
        (CheckingImage image, byte[] model) = RepairImages.Filled(folder, VhdType.Fixed, 512);
        image.Entry(1, 0).Entry(3, 0);
        model.AsSpan((int)MiB, (int)MiB).Clear();
        model.AsSpan(3 * (int)MiB, (int)MiB).Clear();
        using CancellationTokenSource stop = new();

        Assert.Throws<OperationCanceledException>(() => ImageRepairer.Repair(
            image.Path,
            RepairRun.Leaks,
            _ => true,
            EngineImages.Guids(1),
            wrap: null,
            (done, total) =>
            {
                if ((done, total) == (1, 2))
                {
                    stop.Cancel();
                }
            },
            stop.Token));

        Assert.Equal((5UL << 20) | 6, BitConverter.ToUInt64(image.Read(Bat + 120, 8)));
        Assert.True(model.AsSpan().SequenceEqual(RepairImages.Read(image.Path)));
        VhdxRepairResult result = RepairRun.Repair(image.Path, RepairRun.Leaks, seed: 2);
        Assert.Equal((1L, 18 * MiB), (result.BlocksMoved, image.Length));
        RepairImages.AssertReads(image, model, result);
    }

    [Fact]
    public void While_errors_are_left_nothing_moves_and_the_result_says_so()
    {
        using CheckingFolder folder = new();
        (CheckingImage image, _) = RepairImages.Filled(folder, VhdType.Dynamic, 512);
        image.Entry(1, 0).Entry(9, 6, 60);
        byte[] bytes = RepairRun.Bytes(image.Path);

        VhdxRepairResult result = RepairRun.Repair(image.Path, RepairRun.Leaks);

        Assert.False(result.Changed);
        Assert.Equal(bytes, RepairRun.Bytes(image.Path));
        Assert.Contains("-Leaks does no more about 1 finding. While errors are left, no block is moved and nothing is cut off.", result.Hints);
    }

    [Fact]
    public void A_gap_that_is_too_small_is_no_promise_and_one_before_what_cannot_move_is_explained()
    {
        using CheckingFolder folder = new();
        CheckingImage small = Create(folder["small.vhdx"], blockSize: 2 * MiB).Map(2, 2 * MiB);
        small.Entry(0, 6, 5).Entry(1, 6, 7);
        small.Length = 9 * MiB;
        VhdxFinding gap = Assert.Single(small.Check());
        Assert.Equal((RepairMethod.None, "Nothing references 1 MiB inside the file, and no block fits into that gap."), (gap.Repair, gap.Message));
        Assert.False(RepairRun.Repair(small.Path, RepairRun.Leaks).Changed);

        // The log is at the end.
        (CheckingImage image, _) = RepairImages.Filled(folder, VhdType.Dynamic, 512);
        image.Length += MiB;
        image.Entry(1, 0).Current(header => Set(header, LogOffset, (ulong)(9 * MiB)));
        VhdxRepairResult result = RepairRun.Repair(image.Path, RepairRun.Leaks);
        Assert.False(result.Changed);
        Assert.Contains("-Leaks does no more about 2 findings. The log lies at the end of the file, and it is not moved.", result.Hints);
    }

    /// <summary>Block 2 lies partly in the child, every third sector of it; its bitmap is the last in the file, behind two gaps.</summary>
    private static (CheckingImage Image, byte[] Model) WithBitmap(CheckingFolder folder)
    {
        (CheckingImage image, byte[] model) = RepairImages.Filled(folder, VhdType.Differencing, 512);
        byte[] parent = Bytes.Pattern(77, 16 * (int)MiB);
        image.Entry(1, 2).Entry(2, 7, 6).Entry(3, 2).Entry(4, 2).Entry(Bitmap, 6, 8);
        model.AsSpan((int)MiB, (int)MiB).Clear();
        model.AsSpan(3 * (int)MiB, 2 * (int)MiB).Clear();
        byte[] bits = new byte[MiB];
        for (int i = 0; i < 2048; i++)
        {
            if (i % 3 == 0)
            {
                bits[512 + (i / 8)] |= (byte)(1 << (i % 8));
            }
            else
            {
                parent.AsSpan((2 * (int)MiB) + (512 * i), 512).CopyTo(model.AsSpan((2 * (int)MiB) + (512 * i)));
            }
        }

        image.Write(8 * MiB, bits);
        return (image, model);
    }

    private static void AssertPeerReads(CheckingFolder folder, CheckingImage image, VhdType type, int sector, byte[] model)
    {
        if (type != VhdType.Differencing && sector == 512 && Tool.Run("qemu-img", "convert", "-O", "raw", image.Path, folder["peer.raw"]) is not null)
        {
            Assert.True(model.AsSpan().SequenceEqual(File.ReadAllBytes(folder["peer.raw"])), "qemu-img reads otherwise.");
        }
    }
}
