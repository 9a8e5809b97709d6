using System;
using System.Linq;
using VhdxTools.Core.Tests.Support;
using VhdxTools.Layout;
using Xunit;

namespace VhdxTools.Core.Tests.Layout;

public class LayoutPlannerTests
{
    private const long MiB = 1 << 20;

    [Fact]
    public void Defaults_are_those_of_Windows()
    {
        LayoutPlan plan = LayoutPlanner.Plan(TestIds.Options(size: 10UL << 30));

        Assert.Equal(VhdType.Dynamic, plan.Type);
        Assert.Equal(new VhdxGeometry(10L << 30, 32 << 20, 512, false), plan.Geometry);
        Assert.Equal(new FileRange(MiB, MiB), plan.Log);
        Assert.Equal(new FileRange(2 * MiB, MiB), plan.MetadataRegion);
        Assert.Equal(new FileRange(3 * MiB, MiB), plan.BatRegion);
        Assert.Equal(4 * MiB, plan.FileLength);
        Assert.Equal(new BlockRun(0, 320, BlockState.NotPresent, 0), plan.Blocks);
        Assert.Equal(Bytes.U32(4096), Content(plan, ItemModel.PhysicalSectorSize));
        Assert.Empty(plan.Warnings);
    }

    [Fact]
    public void A_child_has_blocks_of_2_MiB_and_the_size_and_sector_of_its_parent()
    {
        LayoutPlan plan = LayoutPlanner.Plan(TestIds.Options(VhdType.Differencing, null, TestIds.Parent() with { LogicalSectorSize = 4096, VirtualDiskSize = 4096 * 77 }));

        Assert.Equal(new VhdxGeometry(4096 * 77, 2 << 20, 4096, true), plan.Geometry);
    }

    [Fact]
    public void Headers_hold_the_identifiers_and_an_empty_log()
    {
        LayoutPlan plan = LayoutPlanner.Plan(TestIds.Options() with { LogSizeBytes = 5 << 20 });

        Assert.Equal(0x0102030405060708ul, plan.Header1.SequenceNumber);
        Assert.Equal(0x0102030405060709ul, plan.Header2.SequenceNumber);
        foreach (VhdxTools.Format.VhdxHeader header in new[] { plan.Header1, plan.Header2 })
        {
            Assert.Equal(TestIds.Fixed.FileWriteGuid, header.FileWriteGuid);
            Assert.Equal(TestIds.Fixed.DataWriteGuid, header.DataWriteGuid);
            Assert.Equal(Guid.Empty, header.LogGuid);
            Assert.Equal((1, 0), (header.Version, header.LogVersion));
            Assert.Equal((0x100000ul, 0x500000u), (header.LogOffset, header.LogLength));
        }
    }

    [Fact]
    public void Both_regions_are_required_and_follow_the_log()
    {
        LayoutPlan plan = LayoutPlanner.Plan(TestIds.Options(size: 64UL << 40) with { LogSizeBytes = 3 << 20, BlockSizeBytes = 1 << 20 });

        // 67,125,247 entries of 8 bytes: 512 MiB and a little.
        Assert.Equal(
            [new(new(RegionModel.Bat), 5 << 20, 513 << 20, true), new(new(RegionModel.Metadata), 4 << 20, 1 << 20, true)],
            plan.Regions);
        Assert.Equal((5 + 513) * MiB, plan.FileLength);
    }

    [Fact]
    public void Metadata_stands_in_the_order_and_at_the_offsets_of_Windows()
    {
        LayoutPlan plan = LayoutPlanner.Plan(TestIds.Options(VhdType.Differencing, parent: TestIds.Parent()));

        Assert.Equal(
            [
                (new Guid(ItemModel.FileParameters), 0x10000u, 4),
                (new Guid(ItemModel.VirtualDiskSize), 0x10008u, 6),
                (new Guid(ItemModel.LogicalSectorSize), 0x10010u, 6),
                (new Guid(ItemModel.PhysicalSectorSize), 0x10014u, 6),
                (new Guid(ItemModel.VirtualDiskId), 0x10018u, 6),
                (new Guid(ItemModel.ParentLocator), 0x10028u, 4),
            ],
            plan.Metadata.Select(item => (item.Id, item.Offset, (int)item.Flags)));
    }

    [Theory]
    [InlineData(VhdType.Dynamic, 0)]
    [InlineData(VhdType.Fixed, 1)]
    [InlineData(VhdType.Differencing, 2)]
    public void File_parameters_tell_the_type(VhdType type, byte flags)
    {
        LayoutPlan plan = LayoutPlanner.Plan(TestIds.Options(type, parent: type == VhdType.Differencing ? TestIds.Parent() : null) with { BlockSizeBytes = 4 << 20 });

        Assert.Equal([0, 0, 0x40, 0, flags, 0, 0, 0], Content(plan, ItemModel.FileParameters));
        Assert.Equal(TestIds.Fixed.DiskIdentifier.ToByteArray(), Content(plan, ItemModel.VirtualDiskId));
        Assert.Equal(Bytes.U64(64 << 20), Content(plan, ItemModel.VirtualDiskSize));
    }

    [Fact]
    public void A_fixed_image_has_all_its_blocks_behind_the_BAT()
    {
        LayoutPlan plan = LayoutPlanner.Plan(TestIds.Options(VhdType.Fixed, (10UL << 20) + 512) with { BlockSizeBytes = 2 << 20 });

        Assert.Equal(new BlockRun(0, 6, BlockState.FullyPresent, 4 * MiB), plan.Blocks);
        Assert.Equal((4 + 12) * MiB, plan.FileLength);
        Assert.Equal(Preallocation.Reserve, plan.Preallocation);
    }

    [Fact]
    public void A_linkage_is_the_parents_DataWriteGuid_in_lower_case_and_braces()
    {
        LayoutPlan plan = LayoutPlanner.Plan(TestIds.Options(VhdType.Differencing, parent: TestIds.Parent()));

        Assert.Equal(
            LocatorModel.ToBytes(("parent_linkage", "{66666666-7777-8888-9999-aaaaaaaaaaaa}"), ("relative_path", @".\parent.vhdx")),
            Content(plan, ItemModel.ParentLocator));
    }

    [Fact]
    public void A_child_takes_over_what_describes_the_disk()
    {
        MetadataItem user = new(new(ItemModel.Unknown), MetadataFlags.IsUser | MetadataFlags.IsVirtualDisk, 0x12345, [1, 2, 3]);
        MetadataItem empty = new(new(RegionModel.Unknown), MetadataFlags.IsVirtualDisk, 0, []);
        MetadataItem lookalike = new(new(ItemModel.VirtualDiskSize), MetadataFlags.IsUser | MetadataFlags.IsVirtualDisk, 0x13333, [9]);
        ParentReference parent = TestIds.Parent(
            user,
            new(new(ItemModel.VirtualDiskSize), MetadataFlags.IsVirtualDisk | MetadataFlags.IsRequired, 0x10000, Bytes.U64(1 << 30)),
            new(new(ItemModel.PhysicalSectorSize), MetadataFlags.IsVirtualDisk | MetadataFlags.IsRequired, 0x11000, Bytes.U32(512)),
            new(new(ItemModel.VirtualDiskId), MetadataFlags.IsVirtualDisk | MetadataFlags.IsRequired, 0x12000, Bytes.Guid("15000003-0002-0003-0405-060708090A0B")),
            empty,
            lookalike);
        LayoutPlan plan = LayoutPlanner.Plan(TestIds.Options(VhdType.Differencing, parent: parent));

        Assert.Equal(Bytes.U64(64 << 20), Content(plan, ItemModel.VirtualDiskSize));
        Assert.Equal(Bytes.U32(512), Content(plan, ItemModel.PhysicalSectorSize));
        Assert.Equal(Bytes.Guid("15000003-0002-0003-0405-060708090A0B"), Content(plan, ItemModel.VirtualDiskId));
        uint next = plan.Metadata[5].Offset + (uint)plan.Metadata[5].Content.Length;
        Assert.Equal([user.Id, empty.Id, lookalike.Id], plan.Metadata.Skip(6).Select(item => item.Id));
        Assert.Equal([next, 0, next + 3], plan.Metadata.Skip(6).Select(item => item.Offset));
        Assert.Equal([user.Flags, empty.Flags, lookalike.Flags], plan.Metadata.Skip(6).Select(item => item.Flags));
    }

    [Fact]
    public void What_the_user_asks_for_wins_over_the_parent()
    {
        Guid wanted = new("15000009-0002-0003-0405-060708090A0B");
        ParentReference parent = TestIds.Parent(
            new(new(ItemModel.PhysicalSectorSize), MetadataFlags.IsVirtualDisk | MetadataFlags.IsRequired, 0, Bytes.U32(512)),
            new(new(ItemModel.VirtualDiskId), MetadataFlags.IsVirtualDisk | MetadataFlags.IsRequired, 0, new byte[16]));
        LayoutPlan plan = LayoutPlanner.Plan(TestIds.Options(VhdType.Differencing, parent: parent) with { PhysicalSectorSizeBytes = 4096, DiskIdentifier = wanted, SizeBytes = 1 << 30 });

        Assert.Equal(Bytes.U32(4096), Content(plan, ItemModel.PhysicalSectorSize));
        Assert.Equal(wanted.ToByteArray(), Content(plan, ItemModel.VirtualDiskId));
        Assert.Equal(1 << 30, plan.Geometry.VirtualDiskSize);
    }

    [Theory]
    [InlineData(3UL << 20, 0)]
    [InlineData((3UL << 20) - 512, 1)]
    [InlineData(512UL, 1)]
    public void Below_3_MiB_there_is_a_warning(ulong size, int warnings) =>
        Assert.Equal(warnings, LayoutPlanner.Plan(TestIds.Options(size: size)).Warnings.Count(warning => warning.Contains("3 MiB", StringComparison.Ordinal)));

    [Fact]
    public void A_plan_is_described_in_a_sentence() => Assert.Equal(
        "Dynamic VHDX of 10 GiB (10737418240 bytes), 320 blocks of 32 MiB, sectors 512/4096, log 1 MiB, BAT 1 MiB at 3 MiB; the new file is 4 MiB long",
        LayoutPlanner.Plan(TestIds.Options(size: 10UL << 30)).Describe());

    private static byte[] Content(LayoutPlan plan, string id) => plan.Metadata.First(item => item.Id == new Guid(id)).Content;
}
