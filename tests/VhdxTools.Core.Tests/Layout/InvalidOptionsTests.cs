using System;
using VhdxTools.Core.Tests.Support;
using VhdxTools.Layout;
using Xunit;

namespace VhdxTools.Core.Tests.Layout;

/// <summary>Every refusal has its id; those of numbers name the two nearest valid ones.</summary>
public class InvalidOptionsTests
{
    private const ulong MiB = 1 << 20;
    private const ulong TiB = 1UL << 40;

    [Theory]
    [InlineData(5_000_000UL, 512UL, "4999680", "5000192")]
    [InlineData(0UL, 512UL, "512", "1024")]
    [InlineData(1UL, 4096UL, "4096", "8192")]
    [InlineData((64 * TiB) + 512, 512UL, "70368744177152", "70368744177664")]
    [InlineData(ulong.MaxValue, 4096UL, "70368744173568", "70368744177664")]
    [InlineData(1UL << 63, 512UL, "70368744177152", "70368744177664")]
    [InlineData(10_485_760UL + 512, 4096UL, "10485760", "10489856")]
    public void Sizes(ulong size, ulong sector, string lower, string upper) =>
        Refused(TestIds.Options(size: size) with { LogicalSectorSizeBytes = sector }, ErrorIds.InvalidSize, $"{size} bytes", "multiple", lower, upper);

    [Theory]
    [InlineData(0UL, "1048576", "2097152")]
    [InlineData(524_288UL, "1048576", "2097152")]
    [InlineData(3 * MiB, "2097152", "4194304")]
    [InlineData((32 * MiB) + 1, "33554432", "67108864")]
    [InlineData(512 * MiB, "134217728", "268435456")]
    [InlineData(1UL << 32, "134217728", "268435456")]
    [InlineData(ulong.MaxValue, "134217728", "268435456")]
    public void Block_sizes(ulong size, string lower, string upper) =>
        Refused(TestIds.Options() with { BlockSizeBytes = size }, ErrorIds.InvalidBlockSize, "power of two", lower, upper);

    [Theory]
    [InlineData(0UL, "1048576", "2097152")]
    [InlineData(1UL, "1048576", "2097152")]
    [InlineData(MiB + 1, "1048576", "2097152")]
    [InlineData(4096 * MiB, "4292870144", "4293918720")]
    [InlineData(ulong.MaxValue, "4292870144", "4293918720")]
    public void Log_sizes(ulong size, string lower, string upper) =>
        Refused(TestIds.Options() with { LogSizeBytes = size }, ErrorIds.InvalidLogSize, "multiple of 1 MiB", lower, upper);

    [Theory]
    [InlineData(0UL)]
    [InlineData(1024UL)]
    [InlineData(8192UL)]
    [InlineData((1UL << 32) + 512)]
    public void Sector_sizes(ulong size)
    {
        Refused(TestIds.Options() with { LogicalSectorSizeBytes = size }, ErrorIds.InvalidLogicalSectorSize, "logical sector size", "512", "4096");
        Refused(TestIds.Options() with { PhysicalSectorSizeBytes = size }, ErrorIds.InvalidPhysicalSectorSize, "physical sector size", "512", "4096");
    }

    [Fact]
    public void A_child_with_other_sectors_than_its_parent() => Refused(
        TestIds.Options(VhdType.Differencing, parent: TestIds.Parent()) with { LogicalSectorSizeBytes = 4096 }, ErrorIds.InvalidLogicalSectorSize, "parent.vhdx", "512");

    [Fact]
    public void A_size_is_needed_without_a_parent()
    {
        Refused(TestIds.Options(size: null), ErrorIds.SizeRequired, "-SizeBytes");
        Refused(TestIds.Options(VhdType.Fixed, null), ErrorIds.SizeRequired, "-SizeBytes");
    }

    [Fact]
    public void A_child_needs_a_parent() => Refused(TestIds.Options(VhdType.Differencing), ErrorIds.ParentRequired, "-ParentPath");

    [Fact]
    public void Contradictions()
    {
        Refused(TestIds.Options(VhdType.Dynamic, parent: TestIds.Parent()), ErrorIds.ContradictingParameters, "-ParentPath");
        Refused(TestIds.Options(VhdType.Fixed, parent: TestIds.Parent()), ErrorIds.ContradictingParameters, "-ParentPath");
        Refused(TestIds.Options(VhdType.Fixed) with { BlockState = InitialBlockState.Zero }, ErrorIds.ContradictingParameters, "-BlockState");
        Refused(TestIds.Options(VhdType.Differencing, parent: TestIds.Parent()) with { BlockState = InitialBlockState.NotPresent }, ErrorIds.ContradictingParameters, "-BlockState");
        Refused(TestIds.Options() with { Preallocation = Preallocation.None }, ErrorIds.ContradictingParameters, "-Preallocation");
        Refused(TestIds.Options(VhdType.Unknown), ErrorIds.ContradictingParameters, "Unknown");
    }

    [Fact]
    public void Creators()
    {
        Refused(TestIds.Options() with { Creator = new('x', 256) }, ErrorIds.InvalidCreator, "256", "255");
        Refused(TestIds.Options() with { Creator = "a\0b" }, ErrorIds.InvalidCreator, "NUL");
        Assert.Equal(255, LayoutPlanner.Plan(TestIds.Options() with { Creator = new('x', 255) }).Creator.Length);
    }

    [Fact]
    public void A_creator_with_half_a_surrogate_pair_would_not_read_back() =>
        Refused(TestIds.Options() with { Creator = "a\uD83Db" }, ErrorIds.InvalidCreator, "surrogate");

    [Fact]
    public void A_disk_identifier_of_zeros() => Refused(TestIds.Options() with { DiskIdentifier = Guid.Empty }, ErrorIds.InvalidDiskIdentifier, "zeros");

    [Fact]
    public void More_items_than_a_table_holds()
    {
        MetadataItem[] items = new MetadataItem[2042];
        for (int i = 0; i < items.Length; i++)
        {
            items[i] = new(new Guid(i, 1, 1, new byte[8]), MetadataFlags.IsVirtualDisk, 0, [1]);
        }

        Refused(TestIds.Options(VhdType.Differencing, parent: TestIds.Parent(items)), "VX702", "parent.vhdx");
        Assert.Equal(2047, LayoutPlanner.Plan(TestIds.Options(VhdType.Differencing, parent: TestIds.Parent(items[1..]))).Metadata.Count);
    }

    private static void Refused(CreateOptions options, string id, params string[] parts)
    {
        VhdxException exception = Assert.Throws<VhdxException>(() => LayoutPlanner.Plan(options));
        Assert.Equal(id, exception.Id);
        Assert.All(parts, part => Assert.Contains(part, exception.Message, StringComparison.Ordinal));
    }
}
