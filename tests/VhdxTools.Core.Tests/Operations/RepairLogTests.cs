using System;
using System.Linq;
using VhdxTools.Core.Tests.Checking;
using VhdxTools.Disks;
using Xunit;
using static VhdxTools.Core.Tests.Checking.CheckingImage;

namespace VhdxTools.Core.Tests.Operations;

/// <summary>-DiscardLog with a log that is where it must not be: the image gets a new one, and keeps every block and structure.</summary>
public class RepairLogTests
{
    public static TheoryData<string, VhdType, int> Places
    {
        get
        {
            TheoryData<string, VhdType, int> data = [];
            foreach (string place in new[] { "beyond the end", "partly beyond the end", "over the BAT", "over the metadata", "over a block", "over two blocks", "misaligned", "of no length" })
            {
                data.Add(place, VhdType.Dynamic, 512);
                data.Add(place, VhdType.Fixed, 4096);
                data.Add(place, VhdType.Differencing, 512);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Places))]
    public void An_empty_log_gets_a_new_place_and_no_block_is_given_up(string place, VhdType type, int sector)
    {
        foreach ((bool isLost, bool hasGap) in new[] { (false, false), (true, false), (false, true), (true, true) })
        {
            using CheckingFolder folder = new();
            (CheckingImage image, byte[] model) = Misplaced(folder, place, type, sector, hasGap);
            if (isLost)
            {
                image.Current(header => Set(header, LogGuid, CheckingLog.Guid));
            }

            long length = image.Length;
            long expected = hasGap ? MiB : length;
            byte[] bytes = RepairRun.Bytes(image.Path);
            Assert.False(RepairRun.Repair(image.Path).Changed);
            Assert.Equal(bytes, RepairRun.Bytes(image.Path));

            VhdxRepairResult result = RepairRun.Repair(image.Path, isLost ? RepairRun.All with { Leaks = false } : RepairRun.Discard);

            VhdxRepairAction action = Assert.Single(result.Actions);
            Assert.Equal((RepairMethod.DiscardLog, false), (action.Method, action.IsLost));
            Assert.Contains(FormattableString.Invariant($"The new log is at 0x{expected:X}."), action.Description, StringComparison.Ordinal);
            foreach (long header in new[] { Header1, Header2 })
            {
                Assert.Equal((ulong)expected, BitConverter.ToUInt64(image.Read(header + LogOffset, 8)));
                Assert.Equal((uint)MiB, BitConverter.ToUInt32(image.Read(header + LogLength, 4)));
                Assert.Equal(new byte[16], image.Read(header + LogGuid, 16));
            }

            Assert.Equal(hasGap ? length : length + MiB, image.Length);
            RepairImages.AssertReads(image, model, result);

            // Nothing but headers is written, and the new log holds: the disk takes writes again.
            Assert.DoesNotContain(RepairRun.Differences(bytes, RepairRun.Bytes(image.Path)), range => range.End > Table1 && range.Offset < length);
            using (DiskChain disk = DiskChain.OpenWrite(image.Path, Disks.EngineImages.Guids(3)))
            {
                disk.Write(9 * MiB, model.AsSpan(0, 4096));
            }

            model.AsSpan(0, 4096).CopyTo(model.AsSpan(9 * (int)MiB));
            Assert.True(model.AsSpan().SequenceEqual(RepairImages.Read(image.Path)));
        }
    }

    [Fact]
    public void A_log_that_can_be_replayed_is_replayed_first_and_never_given_up()
    {
        using CheckingFolder folder = new();
        (CheckingImage image, byte[] model) = RepairImages.Filled(folder, VhdType.Dynamic, 512);

        // Block 4 is said to lie where the log is, and the log maps block 7 to where block 4 was.
        byte[] sector = image.Entry(4, 6, 1).Read(Bat, 4096);
        BitConverter.TryWriteBytes(sector.AsSpan(56), (8UL << 20) | 6);
        CheckingLog.Dirty(image, new CheckingLog.Update((ulong)Bat, sector));
        model.AsSpan(4 * (int)MiB, (int)MiB).CopyTo(model.AsSpan(7 * (int)MiB));
        image.Read(Log, (int)MiB).CopyTo(model, 4 * MiB);

        VhdxRepairResult result = RepairRun.Repair(image.Path, RepairRun.Discard);

        Assert.Equal(["VX503", "VX610"], result.Actions.Select(action => action.RuleId));
        RepairImages.AssertReads(image, model, result);
    }

    [Fact]
    public void At_the_end_no_place_is_taken_that_a_lost_block_or_a_last_block_that_is_cut_short_may_have()
    {
        using CheckingFolder folder = new();
        CheckingImage image = CheckingRuleCases.New(folder).Map(2).Current(header => Set(header, LogOffset, 5UL));
        image.Entry(0, 6, 1).Entry(2, 6, 4).Entry(9, 6, 60);
        byte[] bytes = RepairRun.Bytes(image.Path);
        Assert.False(RepairRun.Repair(image.Path, RepairRun.Discard).Changed);
        Assert.Equal(bytes, RepairRun.Bytes(image.Path));

        // The disk has 15 MiB; of its last block of 2 MiB it needs one, and the file ends there.
        CheckingImage cut = Create(folder["cut.vhdx"], size: 15 * MiB, blockSize: 2 * MiB).Entry(7, 6, 4).AddRegion(Unknown, (ulong)MiB, (uint)MiB);
        cut.Length = 5 * MiB;
        cut.Current(header => Set(header, LogOffset, (ulong)Bat));
        VhdxRepairResult result = RepairRun.Repair(cut.Path, RepairRun.Discard);
        Assert.Single(result.Actions);
        Assert.Equal((6 * MiB, 7 * MiB), (BitConverter.ToInt64(cut.Read(Header1 + LogOffset, 8)), cut.Length));
        Assert.Empty(result.After);
    }

    private static (CheckingImage Image, byte[] Model) Misplaced(CheckingFolder folder, string place, VhdType type, int sector, bool hasGap)
    {
        (CheckingImage image, byte[] model) = RepairImages.Filled(folder, type, sector);
        if (!hasGap)
        {
            // The last block goes to where the log was.
            int last = type == VhdType.Fixed ? 15 : 4;
            image.Write(MiB, model.AsSpan(last * (int)MiB, (int)MiB)).Entry(last, 6, 1).Length -= MiB;
        }

        (ulong offset, uint length) = place switch
        {
            "beyond the end" => ((ulong)image.Length + (60 * (ulong)MiB), (uint)MiB),
            "partly beyond the end" => ((ulong)image.Length - (ulong)MiB, 2 * (uint)MiB),
            "over the BAT" => ((ulong)Bat, (uint)MiB),
            "over the metadata" => ((ulong)Metadata, (uint)MiB),
            "over a block" => (6 * (ulong)MiB, (uint)MiB),
            "over two blocks" => (5 * (ulong)MiB, 2 * (uint)MiB),
            "misaligned" => ((ulong)MiB + 4096, (uint)MiB),
            _ => ((ulong)MiB, 0u),
        };
        return (image.Current(header => { Set(header, LogOffset, offset); Set(header, LogLength, length); }), model);
    }
}
