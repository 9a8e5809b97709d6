using System;
using System.Linq;
using VhdxTools.Core.Tests.Support;
using VhdxTools.Diagnostics;
using VhdxTools.Images;
using Xunit;

namespace VhdxTools.Core.Tests.Journal;

/// <summary>R6 and R7 of the collected faults: what the ring may look like, and when it is corrupt.</summary>
public class LogReplayTests
{
    private const string Log = LogModel.Guid1;
    private const ulong MiB = ImageBuilder.MiB;
    private const uint LastSector = 0xFF000;

    /// <summary>Where the tests let the log write: free space of the image.</summary>
    private const ulong Target = 8 * MiB;

    [Fact]
    public void An_entry_whose_header_is_in_the_last_sector_wraps()
    {
        byte[] data = Bytes.Pattern(1, 4096);
        ImageBuilder builder = new ImageBuilder().WithLog(Log, (LastSector, new LogModel(Log, 5) { Tail = LastSector }.Data(Target, data).ToBytes()));

        CheckReplay(builder, (Target, data));
    }

    [Fact]
    public void Descriptors_and_data_of_one_entry_wrap()
    {
        LogModel entry = new(Log, 5) { Tail = 0xFD000 };
        (ulong, byte[])[] expected = new (ulong, byte[])[130];
        for (int i = 0; i < expected.Length; i++)
        {
            expected[i] = (Target + (8192 * (ulong)i), Bytes.Pattern(i, 4096));
            entry.Data(expected[i].Item1, expected[i].Item2);
        }

        CheckReplay(new ImageBuilder().WithLog(Log, (0xFD000, entry.ToBytes())), expected);
    }

    [Theory]
    [InlineData(125)]
    [InlineData(126)]
    [InlineData(127)]
    [InlineData(200)]
    public void Descriptors_fill_more_than_one_sector(int count)
    {
        LogModel entry = new(Log, 5);
        (ulong, byte[])[] expected = new (ulong, byte[])[count];
        for (int i = 0; i < count; i++)
        {
            expected[i] = (Target + (8192 * (ulong)i), Bytes.Pattern(i, 4096));
            entry.Data(expected[i].Item1, expected[i].Item2);
        }

        CheckReplay(new ImageBuilder().WithLog(Log, (0, entry.ToBytes())), expected);
    }

    [Fact]
    public void Valid_entries_of_an_old_log_do_not_count()
    {
        byte[] data = Bytes.Pattern(1, 4096);
        ImageBuilder builder = new ImageBuilder().WithLog(
            Log,
            (0, new LogModel(LogModel.Guid2, 900) { Tail = 0 }.Data(Target, Bytes.Pattern(2, 4096)).ToBytes()),
            (0x4000, new LogModel(Log, 5) { Tail = 0x4000 }.Data(Target, data).ToBytes()),
            (0x6000, new LogModel(LogModel.Guid2, 6) { Tail = 0x6000 }.Data(Target, Bytes.Pattern(3, 4096)).ToBytes()));

        CheckReplay(builder, (Target, data));
    }

    [Theory]
    [InlineData(4095)]
    [InlineData(4096)]
    [InlineData(6000)]
    [InlineData(8191)]
    public void A_torn_last_entry_does_not_count(int changed)
    {
        byte[] data = Bytes.Pattern(1, 4096);
        byte[] torn = new LogModel(Log, 6) { Tail = 0 }.Data(Target, Bytes.Pattern(2, 4096)).ToBytes();
        torn[changed] ^= 1;
        ImageBuilder builder = new ImageBuilder().WithLog(Log, (0, new LogModel(Log, 5).Data(Target, data).ToBytes()), (0x2000, torn));

        CheckReplay(builder, (Target, data));
    }

    [Fact]
    public void Entries_are_replayed_in_order_and_later_ones_win()
    {
        byte[] second = Bytes.Pattern(2, 4096);
        byte[] third = Bytes.Pattern(3, 4096);
        ImageBuilder builder = new ImageBuilder().WithLog(
            Log,
            (0, new LogModel(Log, 5).Data(Target, Bytes.Pattern(1, 4096)).Data(Target + 4096, third).ToBytes()),
            (0x3000, new LogModel(Log, 6) { Tail = 0 }.Data(Target, second).ToBytes()));

        CheckReplay(builder, (Target, second), (Target + 4096, third));
    }

    [Fact]
    public void Entries_older_than_the_heads_tail_are_history()
    {
        byte[] old = Bytes.Pattern(9, 4096);
        byte[] data = Bytes.Pattern(2, 4096);
        ImageBuilder builder = new ImageBuilder().WithLog(
            Log,
            (0, new LogModel(Log, 5).Data(Target, Bytes.Pattern(1, 4096)).ToBytes()),
            (0x2000, new LogModel(Log, 6) { Tail = 0x2000 }.Data(Target + 4096, data).ToBytes()));
        builder.Extra.Add(((long)Target, old));

        CheckReplay(builder, (Target, old), (Target + 4096, data));
    }

    [Fact]
    public void The_greater_sequence_number_wins_between_two_sequences()
    {
        byte[] data = Bytes.Pattern(2, 4096);
        ImageBuilder builder = new ImageBuilder().WithLog(
            Log,
            (0, new LogModel(Log, 7).Data(Target, data).ToBytes()),
            (0x8000, new LogModel(Log, 5) { Tail = 0x8000 }.Data(Target, Bytes.Pattern(1, 4096)).ToBytes()),
            (0xA000, new LogModel(Log, 6) { Tail = 0x8000 }.Data(Target, Bytes.Pattern(1, 4096)).ToBytes()));

        CheckReplay(builder, (Target, data));
    }

    [Fact]
    public void A_greater_number_without_a_complete_sequence_does_not_count()
    {
        byte[] data = Bytes.Pattern(2, 4096);
        ImageBuilder builder = new ImageBuilder().WithLog(
            Log,
            (0, new LogModel(Log, 5).Data(Target, data).ToBytes()),
            (0x8000, new LogModel(Log, 90) { Tail = 0x20000 }.Data(Target, Bytes.Pattern(1, 4096)).ToBytes()));

        CheckReplay(builder, (Target, data));
    }

    [Theory]
    [InlineData(5ul)]
    [InlineData(7ul)]
    public void An_entry_whose_number_is_not_the_next_ends_a_sequence(ulong number)
    {
        byte[] data = Bytes.Pattern(2, 4096);
        ImageBuilder builder = new ImageBuilder().WithLog(
            Log,
            (0, new LogModel(Log, 5).Data(Target, data).ToBytes()),
            (0x2000, new LogModel(Log, number) { Tail = 0 }.Data(Target, Bytes.Pattern(1, 4096)).ToBytes()));

        CheckReplay(builder, (Target, data));
    }

    [Fact]
    public void Zero_descriptors_make_zeros_and_data_may_follow()
    {
        byte[] data = Bytes.Pattern(2, 4096);
        ImageBuilder builder = new ImageBuilder().WithLog(
            Log, (0, new LogModel(Log, 5).Zero(Target, 4 * 4096).Data(Target + 8192, data).ToBytes()));
        builder.Extra.Add(((long)Target, Bytes.Pattern(1, 5 * 4096)));

        CheckReplay(builder, (Target, new byte[4096]), (Target + 4096, new byte[4096]), (Target + 8192, data), (Target + 12_288, new byte[4096]), (Target + 16_384, Bytes.Pattern(1, 5 * 4096)[16_384..]));
    }

    [Fact]
    public void Zeros_after_data_win()
    {
        ImageBuilder builder = new ImageBuilder().WithLog(
            Log, (0, new LogModel(Log, 5).Data(Target, Bytes.Pattern(2, 4096)).Zero(Target, 4096).ToBytes()));

        CheckReplay(builder, (Target, new byte[4096]));
    }

    [Fact]
    public void An_entry_without_descriptors_is_a_sequence()
    {
        ImageBuilder builder = new ImageBuilder().WithLog(Log, (0, new LogModel(Log, 5).ToBytes()));
        Expect.Findings(builder, "VX503");
    }

    [Fact]
    public void A_descriptor_beyond_the_end_lengthens_the_file()
    {
        byte[] data = Bytes.Pattern(2, 4096);
        ImageBuilder builder = new ImageBuilder().WithLog(Log, (0, new LogModel(Log, 5) { LastFileOffset = 21 * MiB }.Data(20 * MiB, data).ToBytes()));
        using VhdxFile image = builder.Open();

        Assert.Equal((long)(21 * MiB), image.View.Length);
        Assert.Equal((long)(16 * MiB), image.Raw.Length);
        CheckReplay(builder, (20 * MiB, data), (17 * MiB, new byte[4096]));
    }

    [Fact]
    public void LastFileOffset_lengthens_the_file()
    {
        ImageBuilder builder = new ImageBuilder().WithLog(Log, (0, new LogModel(Log, 5) { LastFileOffset = 99 * MiB }.ToBytes()));
        using VhdxFile image = builder.Open();

        Assert.Equal((long)(99 * MiB), image.View.Length);
    }

    [Fact]
    public void The_BAT_is_read_as_it_is_after_the_replay()
    {
        byte[] bat = new byte[4096];
        Bytes.Put(bat, 8 * 3, Bytes.U64((9 * MiB) | 6));
        ImageBuilder builder = new ImageBuilder().WithLog(Log, (0, new LogModel(Log, 5).Data(3 * MiB, bat).ToBytes()));
        using VhdxFile image = builder.Open();

        Assert.Equal(BlockState.FullyPresent, image.Bat![3].State);
        Assert.Equal(default, builder.Build().Bytes(3 << 20, 4096).Max());
    }

    [Fact]
    public void Region_tables_are_read_as_they_are_after_the_replay()
    {
        ImageBuilder builder = new();
        byte[] table = RegionModel.Table(builder.Regions)[..4096];
        builder.WithLog(Log, (0, new LogModel(Log, 5).Data(0x30000, table).Data(0x40000, table).ToBytes()));
        builder.RegionTable1 = builder.RegionTable2 = new byte[65_536];

        Expect.Findings(builder, "VX503");
    }

    [Fact]
    public void A_log_guid_without_entries_is_corrupt() => Expect.Refusal("VX501", new ImageBuilder().WithLog(Log));

    [Fact]
    public void A_log_guid_with_another_logs_entries_is_corrupt() =>
        Expect.Refusal("VX501", new ImageBuilder().WithLog(Log, (0, new LogModel(LogModel.Guid2, 5).ToBytes())));

    [Fact]
    public void Old_entries_in_a_clean_log_are_history()
    {
        ImageBuilder builder = new ImageBuilder().WithEntries((0, new LogModel(Log, 5).Data(Target, Bytes.Pattern(1, 4096)).ToBytes()));
        CheckReplay(builder, (Target, new byte[4096]));
        Expect.Findings(builder);
    }

    [Theory]
    [InlineData(17, true)]
    [InlineData(16, false)]
    public void A_file_shorter_than_FlushedFileOffset_is_truncated(ulong mib, bool isRefused)
    {
        ImageBuilder builder = new ImageBuilder().WithLog(Log, (0, new LogModel(Log, 5) { FlushedFileOffset = mib * MiB, LastFileOffset = 32 * MiB }.ToBytes()));
        if (isRefused)
        {
            Expect.Refusal("VX502", builder);
        }
        else
        {
            builder.Open().Dispose();
        }
    }

    [Theory]
    [InlineData(0ul)]
    [InlineData(0x10000ul)]
    [InlineData(0x2F000ul)]
    [InlineData(0x100000ul)]
    [InlineData(0x1FF000ul)]
    [InlineData(0x800001ul)]
    [InlineData(0x4000000001000ul)]
    [InlineData(0x7FFFFFFFFFFFF000ul)]
    [InlineData(0x8000000000000000ul)]
    [InlineData(0xFFFFFFFFFFFFF000ul)]
    public void Descriptors_that_point_where_they_must_not(ulong target)
    {
        Expect.Refusal("VX504", new ImageBuilder().WithLog(Log, (0, new LogModel(Log, 5).Data(target, new byte[4096]).ToBytes())));
        Expect.Refusal("VX504", new ImageBuilder().WithLog(Log, (0, new LogModel(Log, 5).Zero(target, 4096).ToBytes())));
    }

    [Theory]
    [InlineData(0x2F000ul, 0x2000ul)]
    [InlineData(0x50000ul, 0xB1000ul)]
    [InlineData(0x200000ul, 0x100ul)]
    [InlineData(0x200000ul, 0x4000000000000ul)]
    [InlineData(0x200000ul, 0xFFFFFFFFFFFFF000ul)]
    public void Zero_ranges_that_reach_where_they_must_not(ulong target, ulong length) =>
        Expect.Refusal("VX504", new ImageBuilder().WithLog(Log, (0, new LogModel(Log, 5).Zero(target, length).ToBytes())));

    [Fact]
    public void A_log_of_length_0_with_a_guid_is_an_error()
    {
        ImageBuilder builder = new ImageBuilder().WithLog(Log);
        builder.Header2.LogLength = 0;
        Expect.Refusal("VX307", builder);
    }

    /// <summary>Reads the places through a strictly opened image; the bytes of the file stay as they are.</summary>
    private static void CheckReplay(ImageBuilder builder, params (ulong Offset, byte[] Data)[] expected)
    {
        MemoryFile file = builder.Build();
        MemoryFile before = file.Clone();
        file.IsFrozen = true;
        using (VhdxFile image = VhdxFile.Open(file, StrictSink.Instance))
        {
            foreach ((ulong offset, byte[] data) in expected)
            {
                byte[] actual = new byte[data.Length];
                image.View.Read((long)offset, actual);
                Assert.True(data.AsSpan().SequenceEqual(actual), FormattableString.Invariant($"The sector at 0x{offset:X} is not what the log makes of it."));
            }
        }

        Assert.True(before.HasSameBytes(file));
    }
}
