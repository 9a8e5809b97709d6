using System;
using System.Collections.Generic;
using System.Linq;
using Xunit;
using static VhdxTools.Core.Tests.Checking.CheckingImage;

namespace VhdxTools.Core.Tests.Checking;

/// <summary>Files made by hand to cost as much as they can: every check ends within 10 s and 64 MiB.</summary>
[Collection(CheckingMeasure.Name)]
public class CheckingNastyTests
{
    /// <summary>Entries of a BAT of 32 MiB.</summary>
    private const long BatEntries = 32 * MiB / 8;

    /// <summary>Where the payload of such an image starts, in MiB.</summary>
    private const ulong FirstUnit = 35;

    [Fact]
    public void Four_million_entries_in_one_place()
    {
        CheckingMeasure.Result result = Check(image => FillBat(Large(image, FirstUnit + 1), index => index % 4097 == 4096 ? 0 : Present(FirstUnit)));

        Assert.Equal(new Dictionary<string, long> { ["VX609"] = 10_001 }, result.ByRule);
        Assert.StartsWith((BatEntries - (BatEntries / 4097) - 1 - 10_000) + " more blocks", result.Last!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_other_entry_is_bad()
    {
        CheckingMeasure.Result result = Check(image => FillBat(Large(image, FirstUnit), index => index % 2 == 0 ? 4UL : 0));

        // Where a sector bitmap's entry lies between them, two bad blocks stand in a row.
        Assert.InRange(result.Count, (BatEntries / 2) - 1024, BatEntries / 2);
        Assert.Equal(["VX602"], result.ByRule.Keys);
    }

    [Fact]
    public void Every_entry_is_bad_twice()
    {
        CheckingMeasure.Result result = Check(image => FillBat(Large(image, FirstUnit), index => Present(FirstUnit + (ulong)index) | 8));

        Assert.Equal(["VX603", "VX605", "VX608"], result.ByRule.Keys.Order());
    }

    [Fact]
    public void Bad_entries_of_two_kinds_alternate()
    {
        CheckingMeasure.Result result = Check(image => FillBat(Large(image, FirstUnit), index => index % 2 == 0 ? Present(0) : Present(1 + ((ulong)index % 40))));

        Assert.True(result.Count > BatEntries / 2);
        Assert.Equal(["VX605", "VX607", "VX608", "VX609", "VX610"], result.ByRule.Keys.Order());
    }

    [Fact]
    public void Every_entry_lies_over_one_of_2045_regions()
    {
        CheckingMeasure.Result result = Check(path =>
        {
            CheckingImage image = Large(path, FirstUnit);
            image.Tables(table => Regions(table, 2045, i => ((ulong)(2 * i) + FirstUnit) * (ulong)MiB));
            FillBat(image, _ => Present(FirstUnit + (2 * 2044)));
            image.Length = (long)(FirstUnit + 4100) * MiB;
        });

        Assert.Equal(["VX605", "VX609", "VX610", "VX611"], result.ByRule.Keys.Order());
    }

    [Fact]
    public void All_regions_lie_in_one_place()
    {
        CheckingMeasure.Result result = Check(path => Create(path).Tables(table => Regions(table, 2045, _ => (ulong)MiB)));

        Assert.Equal(["VX101"], result.ByRule.Keys);
    }

    [Fact]
    public void Collisions_whose_partners_come_last()
    {
        // Sector bitmaps collide at the end of the table; before, all blocks lie beyond the end of the file and right behind them.
        CheckingMeasure.Result result = Check(path =>
        {
            Create(path + ".parent", size: 62 * TiB, blockSize: 16 * MiB);
            CheckingImage image = Create(path, blockSize: 16 * MiB, parent: path + ".parent");
            image.Length = 37 * MiB;
            byte[] bat = new byte[62 * TiB / (16 * MiB) / 256 * 257 * 8];
            for (int i = 0; i < bat.Length / 8; i++)
            {
                Set(bat, 8 * i, i % 257 != 256 ? Present(37) : i > bat.Length / 16 ? Present(36) : 0);
            }

            image.Write(Bat, bat);
        });

        Assert.Equal(["VX608", "VX609", "VX611"], result.ByRule.Keys.Order());
    }

    [Fact]
    public void A_log_of_sectors_that_each_claim_the_whole_ring()
    {
        CheckingMeasure.Result result = Check(path =>
        {
            CheckingImage image = LongLog(path);
            byte[] log = new byte[32 * MiB];
            for (int i = 0; i < log.Length; i += 4096)
            {
                CheckingLog.Entry((ulong)i + 1, (uint)i, (ulong)(4 * MiB), (ulong)(4 * MiB)).CopyTo(log, i);
                Set(log, i + 8, (uint)log.Length);
            }

            CheckingLog.Dirty(image.Write(40 * MiB, log), log: []);
        });

        Assert.Equal(["VX501"], result.ByRule.Keys);
    }

    [Fact]
    public void A_log_of_one_chain_of_8192_entries()
    {
        CheckingMeasure.Result result = Check(path =>
        {
            CheckingImage image = LongLog(path);
            byte[] log = new byte[32 * MiB];
            for (int i = 0; i < log.Length / 4096; i++)
            {
                CheckingLog.Entry((ulong)i + 1, 0, (ulong)(4 * MiB), (ulong)(4 * MiB)).CopyTo(log, i * 4096);
            }

            CheckingLog.Dirty(image.Write(40 * MiB, log), log: []);
        });

        Assert.Equal(["VX503"], result.ByRule.Keys);
        Assert.Contains("8192", result.Last!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_log_of_entries_whose_tails_go_round()
    {
        CheckingMeasure.Result result = Check(path =>
        {
            CheckingImage image = LongLog(path);
            byte[] log = new byte[32 * MiB];
            for (int i = 0; i < log.Length / 4096; i++)
            {
                // Numbers go up for ever and each tail is the entry that comes next.
                CheckingLog.Entry((ulong)i + 1, (uint)((i + 1) * 4096 % log.Length), (ulong)(4 * MiB), (ulong)(4 * MiB)).CopyTo(log, i * 4096);
            }

            CheckingLog.Dirty(image.Write(40 * MiB, log), log: []);
        });

        Assert.Equal(["VX503"], result.ByRule.Keys);
    }

    [Fact]
    public void A_log_entry_with_a_million_zero_descriptors()
    {
        // Every second sector, so that no two of them become one.
        const int count = 1_000_000;
        CheckingMeasure.Result result = Check(path => CheckingLog.Dirty(LongLog(path), log: LogAt40MiB(path, Enumerable.Range(0, count)
            .Select(i => new CheckingLog.Update((ulong)((80 * MiB) + (8192L * i)), null, 4096)))));

        Assert.Equal(["VX503", "VX611"], result.ByRule.Keys.Order());
    }

    [Fact]
    public void A_log_entry_of_zeros_and_data_in_turn()
    {
        byte[] data = new byte[4096];
        CheckingMeasure.Result result = Check(path => CheckingLog.Dirty(LongLog(path), log: LogAt40MiB(path, Enumerable.Range(0, 15_800)
            .Select(i => new CheckingLog.Update((ulong)((80 * MiB) + (4096L * i)), i % 2 == 0 ? null : data, 4096)))));

        Assert.Equal(["VX503", "VX611"], result.ByRule.Keys.Order());
    }

    [Fact]
    public void Thousands_of_metadata_items_in_one_place()
    {
        CheckingMeasure.Result result = Check(path => Items(path, 2047 - 5, i => (uint)MiB + (uint)i));

        Assert.Equal(["VX705"], result.ByRule.Keys);
    }

    [Fact]
    public void Metadata_items_of_two_GiB()
    {
        CheckingMeasure.Result result = Check(path => Items(path, 2047 - 5, i => (uint)MiB * (uint)(i + 1)));

        Assert.Equal(0, result.Count);
    }

    [Fact]
    public void Metadata_of_two_GiB_in_a_child_and_its_parent()
    {
        CheckingMeasure.Result result = Check(path =>
        {
            string parent = path + ".parent";
            Items(parent, 2047 - 6, i => (uint)MiB * (uint)(i + 1));
            Items(Create(path, parent: parent), 2047 - 6, i => (uint)MiB * (uint)(i + 1));
        });

        Assert.Empty(result.ByRule);

        // The child is open while its parent is: too short a while for the sampler. A stream's reads are copies on .NET Standard.
#if CORE_NETSTANDARD
        const long copies = 2;
#else
        const long copies = 1;
#endif
        Assert.InRange(result.Allocated, 0, copies * CheckingMeasure.MaximumLive);
    }

    [Fact]
    public void A_parent_locator_whose_texts_are_all_the_same_bytes()
    {
        CheckingMeasure.Result result = Check(path =>
        {
            Create(path + ".parent");
            CheckingImage image = Create(path, parent: path + ".parent");
            byte[] item = new byte[MiB];
            LocatorType.ToByteArray().CopyTo(item, 0);
            item[18] = item[19] = 0xFF;
            for (int i = 0; i < ushort.MaxValue; i++)
            {
                int place = 20 + (12 * i);
                Set(item, place, (uint)(MiB - 65536 - (2 * i)));
                Set(item, place + 4, (uint)(MiB - 65536));
                Set(item, place + 8, 0xFFFE_FFFEu);
            }

            // The item moves behind the region's old end, where it has room.
            image.Tables(table => Set(table, 48 + 24, (uint)(2 * MiB))).Tables(table => Set(table, 48 + 16, (ulong)(4 * MiB)));
            image.Write(4 * MiB, image.Read(Metadata, (int)MiB)).Write((5 * MiB) - 1, [0]);
            image.Length = 6 * MiB;
            image.Write(5 * MiB, item);
            image.Write((4 * MiB) + 32 + (5 * 32) + 16, (uint)MiB).Write((4 * MiB) + 32 + (5 * 32) + 20, (uint)MiB);
        });

        Assert.Equal(["VX611", "VX801"], result.ByRule.Keys.Order());
    }

    [Theory]
    [InlineData((1L << 40) + 4096)]
    [InlineData((1L << 43) + (1L << 20))]
    public void A_sparse_file_of_many_TiB(long length)
    {
        CheckingMeasure.Result result = Check(path => Create(path).Length = length);

        Assert.Equal(length % MiB == 0 ? ["VX611"] : ["VX611", "VX907"], result.ByRule.Keys.Order());
        Assert.Equal(1, result.ByRule["VX611"]);
    }

    [Theory]
    [InlineData(1L << 47)]
    [InlineData((1L << 47) + (1L << 20))]
    [InlineData(1L << 50)]
    public void A_log_that_makes_the_file_longer_than_any(long length)
    {
        CheckingMeasure.Result result = Check(path => CheckingLog.Dirty(Create(path), CheckingLog.Entry(1, 0, (ulong)(4 * MiB), (ulong)length)));

        Assert.Equal(["VX503", "VX611"], result.ByRule.Keys.Order());
        Assert.Equal(1, result.ByRule["VX611"]);
    }

    private static CheckingMeasure.Result Check(Action<string> build)
    {
        using CheckingFolder folder = new();
        string path = folder["nasty.vhdx"];
        build(path);
        return CheckingMeasure.RunBounded(path);
    }

    private static ulong Present(ulong unit) => (unit << 20) | 6;

    /// <summary>A dynamic image whose BAT takes 32 MiB to the last entry.</summary>
    private static CheckingImage Large(string path, ulong units)
    {
        CheckingImage image = Create(path, size: (BatEntries - (BatEntries / 4097)) * MiB);
        image.Length = (long)units * MiB;
        return image;
    }

    private static void FillBat(CheckingImage image, Func<long, ulong> entry)
    {
        byte[] bat = new byte[8 * BatEntries];
        for (int i = 0; i < BatEntries; i++)
        {
            Set(bat, 8 * i, entry(i));
        }

        image.Write(Bat, bat);
    }

    /// <summary>Adds optional regions of 1 MiB.</summary>
    private static void Regions(byte[] table, int count, Func<int, ulong> offset)
    {
        Set(table, 8, (uint)(2 + count));
        for (int i = 0; i < count; i++)
        {
            int place = 16 + (32 * (2 + i));
            Set(table, place, new Guid(i + 1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10));
            Set(table, place + 16, offset(i));
            Set(table, place + 24, (uint)MiB);
        }
    }

    /// <summary>An image with a log of 32 MiB at 40 MiB, to the end of the file; the first log is free space that is never looked at.</summary>
    private static CheckingImage LongLog(string path)
    {
        CheckingImage image = Create(path);
        image.Length = 72 * MiB;
        return image.AddRegion(Unknown, (ulong)MiB, (uint)MiB).AddRegion(LocatorType, (ulong)(4 * MiB), (uint)(36 * MiB)).Current(header =>
        {
            Set(header, LogOffset, (ulong)(40 * MiB));
            Set(header, LogLength, (uint)(32 * MiB));
        });
    }

    private static byte[] LogAt40MiB(string path, IEnumerable<CheckingLog.Update> updates)
    {
        byte[] entry = CheckingLog.Entry(1, 0, (ulong)(72 * MiB), (ulong)(16 * GiB), updates.ToArray());
        Assert.InRange(entry.Length, 16 * MiB, 32 * MiB);
        new CheckingImage(path).Write(40 * MiB, entry);
        return [];
    }

    private static void Items(string path, int count, Func<int, uint> offset) => Items(Create(path), count, offset);

    /// <summary>Adds user items of 1 MiB to a metadata region that is moved to the end of the file and made 4 GiB long; most of it is a hole.</summary>
    private static void Items(CheckingImage image, int count, Func<int, uint> offset)
    {
        int known = BitConverter.ToUInt16(image.Read(Metadata + 10, 2));
        byte[] entries = new byte[32 * count];
        for (int i = 0; i < count; i++)
        {
            Set(entries, 32 * i, new Guid(i + 1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10));
            Set(entries, (32 * i) + 16, offset(i));
            Set(entries, (32 * i) + 20, (uint)MiB);
        }

        image.Tables(table =>
        {
            Set(table, 48 + 16, (ulong)(4 * MiB));
            Set(table, 48 + 24, (uint)(2100 * MiB));
        });
        byte[] table = image.Read(Metadata, 128 * 1024);
        entries.CopyTo(table, 32 + (32 * known));
        BitConverter.TryWriteBytes(table.AsSpan(10), (ushort)(known + count));
        image.Length = 2104 * MiB;
        image.Write(4 * MiB, table).AddRegion(Unknown, (ulong)Metadata, (uint)MiB);
    }
}
