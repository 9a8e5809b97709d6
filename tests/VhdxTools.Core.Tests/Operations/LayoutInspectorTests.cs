using System;
using System.Linq;
using VhdxTools.Core.Tests.Support;
using VhdxTools.Operations;
using Xunit;

namespace VhdxTools.Core.Tests.Operations;

public class LayoutInspectorTests
{
    [Fact]
    public void Every_structure_is_listed_with_its_place()
    {
        VhdxLayout layout = Inspect(SmallImages.Dirty());

        Assert.Equal((24L << 20, LogState.Dirty), (layout.FileLength, layout.LogState));
        Assert.Equal((64L << 20, 1 << 20, 4096L), (layout.Size, layout.BlockSize, layout.ChunkRatio));
        Assert.Equal([(1, 0x10000L, false, 7ul), (2, 0x20000L, true, 8ul)], layout.Headers.Select(header => (header.Number, header.FileOffset, header.IsCurrent, header.SequenceNumber)));
        Assert.Equal([(1, 0x30000L, true, 3u), (2, 0x40000L, false, 3u)], layout.RegionTables.Select(table => (table.Number, table.FileOffset, table.IsCurrent, table.EntryCount)));
        Assert.Equal([("BAT", 0x30010L), ("Metadata", 0x30030L), ("0badf00d-0001-0002-0003-000000000004", 0x30050L)], layout.Regions.Select(region => (region.Name, region.EntryOffset)));
        Assert.Equal([0x210000L, 0x210008L, 0x210010L, 0x210014L, 0x210018L, 0x220000L], layout.MetadataItems.Select(item => item.FileOffset!.Value));
        Assert.Equal(64ul << 20, layout.MetadataItems[1].Value);
        Assert.Equal(512u, layout.MetadataItems[2].Value);
        Assert.Equal(new Guid("DDDDDDDD-1111-2222-3333-444444444444"), layout.MetadataItems[4].Value);

        // The user's item as the log has it.
        Assert.Equal(Bytes.Pattern(4, 4096)[..500], layout.MetadataItems[5].Value);
        Assert.Equal([(0x100000L, 8192L, 5ul), (0x102000L, 12_288L, 6ul), (0x105000L, 8192L, 7ul)], layout.LogEntries.Select(entry => (entry.FileOffset, entry.Length, entry.SequenceNumber)));
        Assert.All(layout.LogEntries, entry => Assert.True(entry.IsActive));
        Assert.Equal([new(false, 3 << 20, 4096), new VhdxLogDescriptor(true, 12 << 20, 8192)], layout.LogEntries[0].Descriptors);
        Assert.Equal(1, layout.Bat!.FullyPresent);
        Assert.Equal("VX503", Assert.Single(layout.Problems).RuleId);
        AreaLaws.Check(layout.Areas, 24 << 20);
    }

    [Fact]
    public void History_in_a_clean_log_is_listed_and_not_active()
    {
        VhdxLayout layout = Inspect(new ImageBuilder().WithEntries((0x5000, new LogModel(LogModel.Guid2, 9).ToBytes())).Build());

        Assert.Equal((LogState.Clean, false), (layout.LogState, Assert.Single(layout.LogEntries).IsActive));
        Assert.Empty(layout.Problems);
    }

    [Fact]
    public void A_broken_file_still_gives_what_can_be_read()
    {
        ImageBuilder builder = new() { RegionTable1 = new byte[65_536], RegionTable2 = new byte[65_536] };
        VhdxLayout layout = Inspect(builder.Build());

        Assert.Equal("VX401", layout.Problems[0].RuleId);
        Assert.Equal((VhdType.Unknown, null, "a test"), (layout.VhdType, layout.Size, layout.Creator));
        Assert.Equal(2, layout.Headers.Count(header => header.IsValid));
        AreaLaws.Check(layout.Areas, builder.FileLength);
    }

    [Fact]
    public void A_locator_is_listed_in_the_order_of_the_file()
    {
        VhdxLayout layout = Inspect(new ImageBuilder(hasParent: true).Build());
        Assert.Equal(["parent_linkage", "relative_path"], layout.ParentLocator.Select(pair => pair.Key));
        Assert.Equal(@"parent_linkage={66666666-7777-8888-9999-AAAAAAAAAAAA}; relative_path=.\parent.vhdx", layout.MetadataItems[5].Value);
    }

    private static VhdxLayout Inspect(MemoryFile file)
    {
        file.IsFrozen = true;
        VhdxLayout layout = LayoutInspector.Inspect(file, "image.vhdx", default);
        Assert.True(file.IsDisposed);
        return layout;
    }
}
