using System;
using VhdxTools.Format;
using VhdxTools.Layout;
using Xunit;
using static VhdxTools.Core.Tests.Support.VhdPlans;

namespace VhdxTools.Core.Tests.Layout;

public class VhdPlannerTests
{
    [Fact]
    public void The_type_follows_from_the_wishes()
    {
        Assert.Equal(VhdType.Dynamic, VhdPlanner.Plan(Options()).Type);
        Assert.Equal(VhdType.Fixed, VhdPlanner.Plan(Options() with { AzureCompatible = true, SizeBytes = 20 * MiB }).Type);
        Assert.Equal(VhdType.Differencing, VhdPlanner.Plan(Options(size: null) with { Parent = Parent() }).Type);
        Assert.Equal(10 * MiB, VhdPlanner.Plan(Options(size: null) with { Parent = Parent() }).Size);
    }

    [Theory]
    [InlineData(VhdType.Fixed, 5_000_000UL, "4999680", "5000192")]
    [InlineData(VhdType.Dynamic, 0UL, "512", "1024")]
    [InlineData(VhdType.Dynamic, (2040UL << 30) + 512, "2190433320448", "2190433320960")]
    [InlineData(VhdType.Fixed, (32UL << 40) + 512, "35184372088320", "35184372088832")]
    [InlineData(VhdType.Fixed, ulong.MaxValue, "35184372088320", "35184372088832")]
    public void Sizes(VhdType type, ulong size, string lower, string upper) =>
        Refused(Options(type) with { SizeBytes = size }, ErrorIds.InvalidSize, $"{size} bytes", "multiple of 512", lower, upper);

    [Fact]
    public void The_limits_themselves_are_good()
    {
        Assert.Equal(2040 * GiB, VhdPlanner.Plan(Options(VhdType.Dynamic, 2040 * GiB)).Size);
        Assert.Empty(VhdPlanner.Plan(Options(VhdType.Fixed, 2040 * GiB)).Warnings);
        Assert.Equal(512, VhdPlanner.Plan(Options(VhdType.Dynamic, 512)).Size);
        VhdPlan largest = VhdPlanner.Plan(Options(VhdType.Fixed, 32L << 40));
        Assert.Equal((32L << 40) + 512, largest.FileLength);
        Assert.Contains("Azure only", Assert.Single(largest.Warnings), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0UL, "524288", "1048576")]
    [InlineData(262_144UL, "524288", "1048576")]
    [InlineData(3UL << 20, "2097152", "4194304")]
    [InlineData(512UL << 20, "134217728", "268435456")]
    [InlineData(ulong.MaxValue, "134217728", "268435456")]
    public void Block_sizes(ulong size, string lower, string upper) =>
        Refused(Options() with { BlockSizeBytes = size }, ErrorIds.InvalidBlockSize, "power of two", lower, upper);

    [Fact]
    public void Block_sizes_that_Windows_does_not_make_are_warned_of()
    {
        Assert.Empty(VhdPlanner.Plan(Options(blockSize: 512 << 10)).Warnings);
        Assert.Empty(VhdPlanner.Plan(Options(blockSize: 2 << 20)).Warnings);
        Assert.Contains("32 MiB", Assert.Single(VhdPlanner.Plan(Options(blockSize: 32 << 20)).Warnings), StringComparison.Ordinal);
        Assert.Equal(2 * MiB, VhdPlanner.Plan(Options()).BlockLayout.BlockSize);
    }

    [Fact]
    public void What_contradicts_is_refused()
    {
        Refused(Options(VhdType.Differencing), ErrorIds.ParentRequired, "-ParentPath");
        Refused(Options(VhdType.Fixed) with { Parent = Parent() }, ErrorIds.ContradictingParameters, "-ParentPath");
        Refused(Options(VhdType.Dynamic) with { AzureCompatible = true }, ErrorIds.ContradictingParameters, "-AzureCompatible");
        Refused(Options(VhdType.Fixed, blockSize: 2 << 20), ErrorIds.ContradictingParameters, "-BlockSizeBytes");
        Refused(Options((VhdType)9), ErrorIds.ContradictingParameters, "9");
        Refused(Options(size: null), ErrorIds.SizeRequired, "-SizeBytes");
        Refused(Options(size: 11 * MiB) with { Parent = Parent() }, ErrorIds.InvalidSize, "/images/p.vhd", "10485760", "11534336");
        Refused(Options() with { UniqueId = Guid.Empty }, ErrorIds.InvalidDiskIdentifier, "zeros");
        Refused(Options() with { CreatorApplication = "vhd" }, ErrorIds.InvalidCreator, "'vhd'");
        Refused(Options() with { CreatorApplication = "vhdü" }, ErrorIds.InvalidCreator, "ASCII");
        Refused(Options(size: null) with { Parent = Parent(name: new('x', 257)) }, ErrorIds.ParentPathNotStorable, "257", "256");
        Assert.Equal(256, VhdPlanner.Plan(Options(size: null) with { Parent = Parent(name: new('x', 256)) }).DynamicHeader!.ParentName.Length);
    }

    [Theory]
    [InlineData(20 * MiB, 20 * MiB)]
    [InlineData((20 * MiB) + 512, 21 * MiB)]
    [InlineData(21 * MiB, 21 * MiB)]
    [InlineData((21 * MiB) - 1, 21 * MiB)]
    [InlineData(1L, 20 * MiB)]
    public void Azure_gets_whole_MiB_and_the_user_is_told(long size, long planned)
    {
        VhdPlan plan = VhdPlanner.Plan(Options(size: size) with { AzureCompatible = true });

        Assert.Equal((planned, planned + 512), (plan.Size, plan.FileLength!.Value));
        Assert.Equal((ulong)planned, plan.Footer.OriginalSize);
        Assert.Equal(size == planned ? 0 : 1, plan.Warnings.Count);
        Assert.All(plan.Warnings, warning => Assert.Contains(planned.ToString(System.Globalization.CultureInfo.InvariantCulture), warning, StringComparison.Ordinal));
    }

    [Fact]
    public void Without_the_wish_the_size_is_exact_and_only_a_fixed_one_is_warned_of()
    {
        VhdPlan plan = VhdPlanner.Plan(Options(VhdType.Fixed, (30 * MiB) + 512));
        Assert.Equal(((30 * MiB) + 512, (30 * MiB) + 1024), (plan.Size, plan.FileLength!.Value));
        Assert.Contains("31 MiB", Assert.Single(plan.Warnings), StringComparison.Ordinal);
        Assert.Empty(VhdPlanner.Plan(Options(VhdType.Dynamic, (30 * MiB) + 512)).Warnings);
        Assert.Empty(VhdPlanner.Plan(Options(VhdType.Fixed, 30 * MiB)).Warnings);
        Assert.Contains("3 MiB", Assert.Single(VhdPlanner.Plan(Options(VhdType.Dynamic, 2 * MiB)).Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void A_geometry_that_would_cut_the_disk_is_the_one_that_says_nothing()
    {
        Assert.Equal(new ChsGeometry(288, 4, 17), VhdPlanner.Plan(Options(size: 288 * 4 * 17 * 512)).Footer.Geometry);
        Assert.Equal(new ChsGeometry(65535, 16, 255), VhdPlanner.Plan(Options(size: (288 * 4 * 17 * 512) + 512)).Footer.Geometry);
    }

    [Fact]
    public void Every_sector_number_of_a_full_disk_fits()
    {
        VhdPlan plan = VhdPlanner.Plan(Options(VhdType.Dynamic, 2040 * GiB));
        Assert.Equal(4096, plan.BlockLayout.DataAlignment);

        // 2040 GiB in blocks of 512 KiB: with gaps of up to 4 KiB the last would lie beyond 2 TiB.
        VhdPlan small = VhdPlanner.Plan(Options(VhdType.Dynamic, 2040 * GiB, 512 << 10));
        Assert.Equal(512, small.BlockLayout.DataAlignment);
        Assert.Equal(1536 + (4_177_920L * 4) + (4_177_920L * ((512 << 10) + 512)) + 512, small.MaximumFileLength);
        Assert.True(small.MaximumFileLength / 512 < uint.MaxValue);
        Assert.Equal(4096, VhdPlanner.Plan(Options(VhdType.Dynamic, 2030 * GiB, 512 << 10)).BlockLayout.DataAlignment);
    }

    [Fact]
    public void The_plan_tells_its_numbers()
    {
        Assert.Equal("Fixed VHD of 10 MiB (10485760 bytes); the new file is 10 MiB (10486272 bytes) long, holes are left", VhdPlanner.Plan(Options(VhdType.Fixed)).Describe());
        VhdPlan plan = VhdPlanner.Plan(Options(VhdType.Dynamic));
        Assert.Null(plan.FileLength);
        Assert.Equal(512 + 1024 + 512 + 512, plan.MinimumFileLength);
        Assert.Equal(4096 + (5 * (2 * MiB)) + (4 * 4096) + 512, plan.MaximumFileLength);
        Assert.Equal(
            "Dynamic VHD of 10 MiB (10485760 bytes), 5 blocks of 2 MiB; the new file is from 2.5 KiB (2560 bytes) to 10.02 MiB long, depending on what the disk holds",
            plan.Describe());
    }

    [Theory]
    [InlineData("1999-12-31T23:59:59Z", 0u)]
    [InlineData("2000-01-01T00:00:00.999Z", 0u)]
    [InlineData("2000-01-01T01:00:01+01:00", 1u)]
    [InlineData("2136-02-07T06:28:15Z", uint.MaxValue)]
    [InlineData("2200-01-01T00:00:00Z", uint.MaxValue)]
    public void Times_count_from_2000_and_stay_inside_their_field(string time, uint seconds) =>
        Assert.Equal(seconds, VhdPlanner.Plan(Options() with { CreatedAt = DateTimeOffset.Parse(time, System.Globalization.CultureInfo.InvariantCulture) }).Footer.Timestamp);

    private static void Refused(VhdCreateOptions options, string id, params string[] words)
    {
        VhdxException exception = Assert.Throws<VhdxException>(() => VhdPlanner.Plan(options));
        Assert.Equal((id, ErrorKind.InvalidArgument), (exception.Id, exception.Kind));
        Assert.All(words, word => Assert.Contains(word, exception.Message, StringComparison.Ordinal));
    }
}
