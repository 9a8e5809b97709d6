using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using VhdxTools.Core.Tests.Support;
using VhdxTools.Layout;
using VhdxTools.Operations;
using Xunit;

namespace VhdxTools.Core.Tests.Operations;

public class ParentReaderTests
{
    private static readonly List<string> s_none = [];

    [Fact]
    public void A_parent_gives_what_a_child_needs()
    {
        using TempFolder folder = new();
        ImageBuilder builder = new(4096 * 9, 1 << 20, 4096);
        builder.Items.Add(new(ItemModel.Unknown, 0x20000, [1, 2], 3));
        builder.Items.Add(new(RegionModel.Unknown, 0x30000, [3], 1));
        Save(builder, folder["parent.vhdx"]);
        List<string> warnings = [];
        ParentReference parent = ParentReader.Read(folder["parent.vhdx"], folder["child.vhdx"], portable: false, warnings.Add);

        Assert.Equal(new Guid("66666666-7777-8888-9999-AAAAAAAAAAAA"), parent.DataWriteGuid);
        Assert.Equal((4096L * 9, 4096), (parent.VirtualDiskSize, parent.LogicalSectorSize));
        Assert.Equal(
            [ItemModel.VirtualDiskSize, ItemModel.LogicalSectorSize, ItemModel.PhysicalSectorSize, ItemModel.VirtualDiskId, ItemModel.Unknown],
            parent.VirtualDiskItems.Select(item => item.Id.ToString().ToUpperInvariant()));
        Assert.Equal([1, 2], parent.VirtualDiskItems[4].Content);
        Assert.Contains(new("relative_path", @".\parent.vhdx"), parent.Paths);
        Assert.Equal(s_none, warnings);
    }

    [Fact]
    public void A_dirty_parent_is_a_warning()
    {
        using TempFolder folder = new();
        MemoryFile dirty = SmallImages.Dirty();
        File.WriteAllBytes(folder["parent.vhdx"], dirty.Bytes(0, (int)dirty.Length));
        List<string> warnings = [];
        ParentReader.Read(folder["parent.vhdx"], folder["child.vhdx"], portable: false, warnings.Add);

        Assert.Contains(folder["parent.vhdx"], Assert.Single(warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_is_not_its_own_parent_nor_replaced_under_its_child()
    {
        using TempFolder folder = new();
        Save(new ImageBuilder(), folder["parent.vhdx"]);
        Save(new ImageBuilder(hasParent: true), folder["child.vhdx"]);

        Assert.Equal(ErrorIds.DestinationIsParent, Error("parent.vhdx", "parent.vhdx"));
        Assert.Equal(ErrorIds.DestinationIsParent, Error("child.vhdx", "parent.vhdx"));

        string Error(string parent, string child) =>
            Assert.Throws<VhdxException>(() => ParentReader.Read(folder[parent], folder[child], portable: false, _ => { })).Id;
    }

    [Fact]
    public void A_chain_that_loops_is_refused()
    {
        using TempFolder folder = new();
        Save(new ImageBuilder(hasParent: true), folder["parent.vhdx"]);
        Assert.Equal("VX807", Assert.Throws<VhdxException>(() => ParentReader.Read(folder["parent.vhdx"], folder["child.vhdx"], portable: false, _ => { })).Id);
    }

    [Fact]
    public void A_parent_that_is_no_VHDX_is_refused()
    {
        using TempFolder folder = new();
        File.WriteAllBytes(folder["parent.vhdx"], VhdModel.Footer(2, 512));
        Assert.Equal(
            ErrorIds.FileIsVhd, Assert.Throws<VhdxException>(() => ParentReader.Read(folder["parent.vhdx"], folder["child.vhdx"], portable: false, _ => { })).Id);
    }

    private static void Save(ImageBuilder builder, string path)
    {
        MemoryFile file = builder.Build();
        File.WriteAllBytes(path, file.Bytes(0, (int)file.Length));
    }
}
