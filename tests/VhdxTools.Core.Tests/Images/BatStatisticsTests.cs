using VhdxTools.Core.Tests.Support;
using VhdxTools.Images;
using Xunit;

namespace VhdxTools.Core.Tests.Images;

public class BatStatisticsTests
{
    private const ulong MiB = ImageBuilder.MiB;

    [Fact]
    public void Every_state_is_counted()
    {
        ImageBuilder builder = new(10 * MiB);
        for (int i = 0; i < 8; i++)
        {
            builder.Bat[i] = ((ulong)(4 + i) * MiB) | (uint)i;
        }

        BatStatistics totals = Count(builder);
        Assert.Equal(10, totals.BlockCount);
        Assert.Equal((3, 1, 1, 1), (totals.NotPresent, totals.Undefined, totals.Zero, totals.Unmapped));
        Assert.Equal((2, 1, 1), (totals.Invalid, totals.FullyPresent, totals.PartiallyPresent));
        Assert.Equal(2, totals.BlocksAllocated);
        Assert.Equal(0, totals.SectorBitmapBlockCount);
        Assert.True(totals.AreBlocksAligned);
        Assert.Equal("2 of 10 blocks allocated", totals.ToString());
    }

    [Fact]
    public void Sector_bitmaps_are_counted_apart()
    {
        // Blocks of 256 MiB: entry 16 is the first bitmap, 33 the second; 20 blocks.
        ImageBuilder builder = new(20 * 256 * MiB, 256 * MiB, 512, hasParent: true);
        builder.Bat[0] = (4 * MiB) | 7;
        builder.Bat[16] = (300 * MiB) | 6;
        builder.Bat[33] = (301 * MiB) | 1;
        builder.Bat[30] = (302 * MiB) | 6;

        BatStatistics totals = Count(builder);
        Assert.Equal((20, 1, 19, 0), (totals.BlockCount, totals.PartiallyPresent, totals.NotPresent, totals.FullyPresent));
        Assert.Equal((2, 1), (totals.SectorBitmapBlockCount, totals.SectorBitmapBlocksPresent));
    }

    [Theory]
    [InlineData(new int[] { }, 0)]
    [InlineData(new[] { 5 }, 0)]
    [InlineData(new[] { 5, 6, 7 }, 0)]
    [InlineData(new[] { 5, 6, 8 }, 50)]
    [InlineData(new[] { 7, 6, 5 }, 100)]
    [InlineData(new[] { 5, 0, 6, 7 }, 0)]
    [InlineData(new[] { 5, 6, 7, 9 }, 33)]
    public void Fragmentation_is_the_share_of_breaks(int[] places, int percentage)
    {
        ImageBuilder builder = new();
        for (int i = 0; i < places.Length; i++)
        {
            builder.Bat[i] = places[i] == 0 ? 0 : ((ulong)places[i] * MiB) | 6;
        }

        Assert.Equal(percentage, Count(builder).FragmentationPercentage);
    }

    [Fact]
    public void A_block_at_offset_0_is_not_aligned()
    {
        ImageBuilder builder = new();
        builder.Bat[3] = 6;
        Assert.False(Count(builder).AreBlocksAligned);
    }

    private static BatStatistics Count(ImageBuilder builder)
    {
        using VhdxFile image = builder.Open();
        return BatStatistics.Count(image.Bat!, image.Geometry!, default);
    }
}
