using System;
using System.Linq;
using VhdxTools.Core.Tests.Support;
using VhdxTools.Diagnostics;
using VhdxTools.Images;
using Xunit;

namespace VhdxTools.Core.Tests.Images;

public class RegionReaderTests
{
    private const ulong MiB = ImageBuilder.MiB;

    [Fact]
    public void A_sound_image_has_no_findings() => Expect.Findings(new ImageBuilder());

    [Theory]
    [InlineData(0, "VX401")]
    [InlineData(8, "VX402")]
    [InlineData(65_535, "VX402")]
    public void When_copy_1_is_bad_copy_2_counts(int place, string id)
    {
        ImageBuilder builder = new();
        byte[] table = RegionModel.Table(builder.Regions);
        table[place] ^= 1;
        builder.RegionTable1 = table;
        using VhdxFile image = builder.Open();

        Assert.False(image.RegionTables[0].IsCurrent);
        Assert.True(image.RegionTables[1].IsCurrent);
        Expect.Findings(builder, id);
    }

    [Fact]
    public void When_copy_2_is_bad_copy_1_counts()
    {
        ImageBuilder builder = new() { RegionTable2 = new byte[65_536] };
        Expect.Findings(builder, "VX404");
    }

    [Fact]
    public void Copies_that_differ_are_a_warning()
    {
        ImageBuilder builder = new();
        builder.RegionTable2 = RegionModel.Table([.. builder.Regions, new(RegionModel.Unknown, 8 * MiB, MiB, false)]);
        Expect.Findings(builder, "VX404");
    }

    [Theory]
    [InlineData(0, "VX401")]
    [InlineData(20, "VX402")]
    public void When_both_are_bad_the_reason_is_named(int place, string id)
    {
        ImageBuilder builder = new();
        byte[] table = RegionModel.Table(builder.Regions);
        table[place] ^= 1;
        builder.RegionTable1 = table;
        builder.RegionTable2 = table;
        Expect.Refusal(id, builder);
    }

    [Theory]
    [InlineData(2048u)]
    [InlineData(0x80000000u)]
    [InlineData(0xFFFFFFFFu)]
    public void More_than_2047_entries_are_too_many(uint count)
    {
        ImageBuilder builder = new();
        builder.RegionTable1 = builder.RegionTable2 = RegionModel.Table(builder.Regions, count);
        Expect.Refusal("VX403", builder);
    }

    [Theory]
    [InlineData(RegionModel.Bat, "VX409")]
    [InlineData(RegionModel.Metadata, "VX410")]
    public void A_missing_region_is_named(string id, string rule)
    {
        ImageBuilder builder = new();
        byte[] table = RegionModel.Table(builder.Regions.Where(region => region.Id != id).ToArray());
        builder.RegionTable1 = builder.RegionTable2 = table;
        Expect.Refusal(rule, builder);
    }

    [Fact]
    public void A_region_listed_twice_is_refused()
    {
        ImageBuilder builder = new();
        builder.Regions.Add(new(RegionModel.Bat, 8 * MiB, MiB, true));
        Expect.Refusal("VX405", builder);
    }

    [Theory]
    [InlineData(0ul)]
    [InlineData(0x80000ul)]
    [InlineData(0x380000ul)]
    [InlineData(0x7FFFFFFFFFF00000ul)]
    [InlineData(0x8000000000000000ul)]
    [InlineData(0xFFFFFFFFFFF00000ul)]
    [InlineData(ulong.MaxValue)]
    public void Offsets_that_no_region_has_are_refused(ulong offset)
    {
        ImageBuilder builder = new();
        builder.RegionTable1 = builder.RegionTable2 = RegionModel.Table([builder.Regions[0] with { Offset = offset }, builder.Regions[1]]);
        Expect.Refusal("VX406", builder);
    }

    [Theory]
    [InlineData(0u)]
    [InlineData(0x80000u)]
    [InlineData(0xFFFFFFFFu)]
    public void Lengths_that_no_region_has_are_refused(uint length)
    {
        ImageBuilder builder = new();
        builder.Regions[0] = builder.Regions[0] with { Length = length };
        Expect.Refusal("VX407", builder);
    }

    [Fact]
    public void An_unknown_required_region_is_refused()
    {
        ImageBuilder builder = new();
        builder.Regions.Add(new(RegionModel.Unknown, 8 * MiB, MiB, true));
        VhdxException exception = Expect.Refusal("VX408", builder);
        Assert.Contains(RegionModel.Unknown, exception.Message, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void An_unknown_optional_region_is_kept_in_the_model()
    {
        ImageBuilder builder = new();
        builder.Regions.Add(new(RegionModel.Unknown, 8 * MiB, 2 * MiB, false));
        using VhdxFile image = builder.Open();

        Assert.Equal(new(new(RegionModel.Unknown), 8 * MiB, (uint)(2 * MiB), false), image.Regions[2]);
        Expect.Findings(builder);
    }

    [Fact]
    public void Known_regions_without_the_required_flag_are_a_note()
    {
        ImageBuilder builder = new();
        builder.Regions[0] = builder.Regions[0] with { IsRequired = false };
        builder.Regions[1] = builder.Regions[1] with { IsRequired = false };
        Expect.Findings(builder, "VX411", "VX411");
    }

    [Theory]
    [InlineData(8, 4)]
    [InlineData(9, 1)]
    [InlineData(6, 3)]
    [InlineData(11, 2)]
    [InlineData(6, 8)]
    public void Regions_that_overlap_are_refused_in_every_shape(ulong offset, ulong length)
    {
        ImageBuilder builder = new() { FileLength = (long)(32 * MiB) };
        builder.Regions.Add(new(RegionModel.Unknown, 8 * MiB, 4 * MiB, false));
        builder.Regions.Add(new(ItemModel.Unknown, offset * MiB, length * MiB, false));
        Expect.Refusal("VX101", builder);
    }

    [Theory]
    [InlineData(6, 2)]
    [InlineData(12, 2)]
    public void Regions_that_touch_are_fine(ulong offset, ulong length)
    {
        ImageBuilder builder = new() { FileLength = (long)(32 * MiB) };
        builder.Regions.Add(new(RegionModel.Unknown, 8 * MiB, 4 * MiB, false));
        builder.Regions.Add(new(ItemModel.Unknown, offset * MiB, length * MiB, false));
        Expect.Findings(builder);
    }

    [Fact]
    public void An_overlap_with_an_empty_log_hides_no_other()
    {
        ImageBuilder builder = new();
        builder.Regions.Add(new(RegionModel.Unknown, MiB, 2 * MiB, false));
        builder.Open(out CollectingSink sink).Dispose();

        Assert.Equal(
            [FindingSeverity.Error, FindingSeverity.Error],
            sink.Findings.Where(finding => finding.RuleId == "VX101").Select(finding => finding.Severity));
        Expect.Refusal("VX101", builder);
    }

    [Fact]
    public void A_dirty_log_may_not_overlap()
    {
        ImageBuilder builder = new ImageBuilder().WithLog(LogModel.Guid1, (0, new LogModel(LogModel.Guid1, 5).ToBytes()));
        builder.Header2.LogLength = 2 * MiB;
        Expect.Refusal("VX101", builder);
    }

    [Theory]
    [InlineData(16, 1)]
    [InlineData(15, 2)]
    [InlineData(1024, 4095)]
    public void A_region_behind_the_end_of_the_file_is_refused(ulong offset, ulong length)
    {
        ImageBuilder builder = new();
        builder.Regions.Add(new(RegionModel.Unknown, offset * MiB, length * MiB, false));
        Expect.Refusal("VX102", builder);
    }

    [Fact]
    public void A_table_full_of_overlaps_is_told_in_little_memory()
    {
        ImageBuilder builder = new();
        for (int i = 0; i < 2045; i++)
        {
            builder.Regions.Add(new(new Guid(i, 7, 7, new byte[8]).ToString(), 8 * MiB, MiB, false));
        }

        MemoryFile file = builder.Build();
        CollectingSink sink = new();
        long before = GC.GetAllocatedBytesForCurrentThread();
        VhdxFile.Open(file, sink).Dispose();

        Assert.Contains("VX101", Expect.Ids(sink));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 32 << 20);
    }

    [Fact]
    public void Blocks_log_and_regions_may_stand_in_any_order()
    {
        ImageBuilder builder = new();
        builder.Regions[0] = builder.Regions[0] with { Offset = 12 * MiB };
        builder.Regions[1] = builder.Regions[1] with { Offset = 6 * MiB };
        builder.Header1 = builder.Header1 with { LogOffset = 9 * MiB };
        builder.Header2 = builder.Header2 with { LogOffset = 9 * MiB };
        Expect.Findings(builder);
    }
}
