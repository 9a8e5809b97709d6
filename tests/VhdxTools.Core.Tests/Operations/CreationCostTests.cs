using System;
using System.Linq;
using VhdxTools.Core.Tests.Support;
using VhdxTools.Diagnostics;
using VhdxTools.Images;
using VhdxTools.Layout;
using VhdxTools.Operations;
using Xunit;

namespace VhdxTools.Core.Tests.Operations;

/// <summary>Law 9, and sparse zones that are not written.</summary>
public class CreationCostTests
{
    private const ulong MiB = 1 << 20;
    private const ulong TiB = 1UL << 40;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(8)]
    [InlineData(16)]
    [InlineData(32)]
    [InlineData(64)]
    [InlineData(128)]
    [InlineData(256)]
    public void A_dynamic_image_of_64_TiB_costs_next_to_nothing(ulong blockMiB)
    {
        MemoryFile file = new();
        long before = GC.GetAllocatedBytesForCurrentThread();
        ImageCreator.Write(LayoutPlanner.Plan(TestIds.Options(size: 64 * TiB) with { BlockSizeBytes = blockMiB * MiB }), file);
        using VhdxFile image = VhdxFile.Open(file, StrictSink.Instance);
        BatStatistics totals = BatStatistics.Count(image.Bat!, image.Geometry!, default);

        Assert.Equal((long)(64 * TiB / (blockMiB * MiB)), totals.NotPresent);
        Assert.InRange(file.BytesWritten, 1, 65_535);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4 << 20);
    }

    [Fact]
    public void A_child_of_64_TiB_costs_next_to_nothing()
    {
        MemoryFile file = new();
        ImageCreator.Write(LayoutPlanner.Plan(TestIds.Options(VhdType.Differencing, 64 * TiB, TestIds.Parent()) with { BlockSizeBytes = MiB }), file);
        Assert.InRange(file.BytesWritten, 1, 65_535);
    }

    [Fact]
    public void A_fixed_image_of_8_TiB_without_preallocation_writes_its_BAT_only()
    {
        LayoutPlan plan = LayoutPlanner.Plan(TestIds.Options(VhdType.Fixed, 8 * TiB) with { BlockSizeBytes = MiB, Preallocation = Preallocation.None });
        MemoryFile file = new();
        ImageCreator.Write(plan, file);

        // 8,388,608 blocks and a bitmap entry after each 4096 but the last.
        const long bat = 8 * (8_388_608 + 2047);
        Assert.Equal(bat, file.Calls.Where(call => call.Call == "Write" && call.Offset >= plan.BatRegion.Offset).Sum(call => call.Length));
        Assert.InRange(file.BytesWritten, bat, bat + 65_535);
        Assert.All(file.Calls, call => Assert.InRange(call.Length, 0, call.Call == "Write" ? 4 << 20 : long.MaxValue));
        Assert.Equal((long)(8 * TiB) + (4 << 20) + (64 << 20), file.Length);
    }

    [Fact]
    public void Space_is_taken_before_anything_is_written_and_the_headers_come_last()
    {
        foreach (Preallocation preallocation in new[] { Preallocation.Reserve, Preallocation.None, Preallocation.Full })
        {
            MemoryFile file = new();
            ImageCreator.Write(LayoutPlanner.Plan(TestIds.Options(VhdType.Fixed, 8 * MiB) with { BlockSizeBytes = MiB, Preallocation = preallocation }), file);

            Assert.Equal((preallocation == Preallocation.Reserve ? "Reserve" : "SetLength", 0, 12 << 20), file.Calls[0]);
            Assert.Equal([("Write", 0x10000, 4096), ("Write", 0x20000, 4096)], file.Calls.TakeLast(2));
            Assert.Equal(preallocation == Preallocation.Full ? 8 << 20 : 0, file.Calls.Where(call => call.Call == "Write" && call.Offset >= 4 << 20).Sum(call => call.Length));
        }
    }
}
