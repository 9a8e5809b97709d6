using System;
using System.Linq;
using VhdxTools.Core.Tests.Support;
using VhdxTools.Images;
using Xunit;

namespace VhdxTools.Core.Tests.Images;

public class MetadataReaderTests
{
    private const ulong MiB = ImageBuilder.MiB;

    [Fact]
    public void Items_are_read()
    {
        using VhdxFile image = new ImageBuilder(5 * MiB, 2 * MiB, 4096).Open();

        Assert.Equal(new(5 << 20, 2 << 20, 4096, false), image.Geometry);
        Assert.Equal(4096, image.PhysicalSectorSize);
        Assert.Equal(new Guid("DDDDDDDD-1111-2222-3333-444444444444"), image.VirtualDiskId);
        Assert.Equal(VhdType.Dynamic, image.Type);
        Assert.Equal("a test", image.FileType.Creator);
    }

    [Fact]
    public void Items_may_stand_in_any_order_and_anywhere_in_the_region()
    {
        ImageBuilder builder = new();
        uint[] places = [0xFFFF8, 0x10001, 0x54321, 0x2000B, 0x80000];
        for (int i = 0; i < places.Length; i++)
        {
            builder.Items[i] = builder.Items[i] with { Offset = places[i] };
        }

        builder.Items.Reverse();
        Expect.Findings(builder);
    }

    [Theory]
    [InlineData(0, "VX707")]
    [InlineData(1, "VX707")]
    [InlineData(2, "VX707")]
    [InlineData(3, "VX707")]
    [InlineData(4, "VX707")]
    public void A_missing_item_is_named(int index, string id)
    {
        ImageBuilder builder = new();
        builder.Items.RemoveAt(index);
        Expect.Refusal(id, builder);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void A_wrong_length_is_named(int index)
    {
        ImageBuilder builder = new();
        builder.Items[index] = builder.Items[index] with { Offset = 0x20000, Content = [.. builder.Items[index].Content, 0] };
        Expect.Refusal("VX708", builder);
    }

    [Theory]
    [InlineData(0u)]
    [InlineData(0x80000u)]
    [InlineData(0x300000u)]
    [InlineData(0x20000000u)]
    [InlineData(0x80000000u)]
    [InlineData(0xFFFFFFFFu)]
    public void Block_sizes_that_do_not_exist(uint size) => Expect.Refusal("VX710", new ImageBuilder(blockSize: size));

    [Theory]
    [InlineData(0ul)]
    [InlineData(513ul)]
    [InlineData(0x400000000200ul)]
    [InlineData(0x8000000000000000ul)]
    [InlineData(ulong.MaxValue)]
    public void Disk_sizes_that_do_not_exist(ulong size) => Expect.Refusal("VX711", new ImageBuilder(size));

    [Fact]
    public void A_size_is_a_multiple_of_4096_with_such_sectors() => Expect.Refusal("VX711", new ImageBuilder(MiB + 512, MiB, 4096));

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void Sector_sizes_that_do_not_exist(int index)
    {
        foreach (uint size in new[] { 0u, 1024u, 0x80000200u })
        {
            ImageBuilder builder = new();
            builder.Items[index] = builder.Items[index] with { Content = Bytes.U32(size) };
            Expect.Refusal("VX712", builder);
        }
    }

    [Fact]
    public void The_signature_is_looked_at()
    {
        ImageBuilder builder = new();
        builder.MetadataTable = ItemModel.Table(builder.Items, signature: "metaData");
        Expect.Refusal("VX701", builder);
    }

    [Theory]
    [InlineData(2048)]
    [InlineData(65_535)]
    public void More_than_2047_entries_are_too_many(int count)
    {
        ImageBuilder builder = new();
        builder.MetadataTable = ItemModel.Table(builder.Items, count);
        Expect.Refusal("VX702", builder);
    }

    [Theory]
    [InlineData(1024, false)]
    [InlineData(1025, true)]
    public void Users_have_1024_entries(int count, bool isRefused)
    {
        ImageBuilder builder = new();
        for (int i = 0; i < count; i++)
        {
            builder.Items.Add(new(new Guid(i, 3, 3, new byte[8]).ToString(), 0, [], 1));
        }

        if (isRefused)
        {
            Expect.Refusal("VX703", builder);
        }
        else
        {
            Expect.Findings(builder);
        }
    }

    [Fact]
    public void An_item_listed_twice_is_refused()
    {
        ImageBuilder builder = new();
        builder.Items.Add(builder.Items[0] with { Offset = 0x20000 });
        Expect.Refusal("VX704", builder);
    }

    [Fact]
    public void A_users_item_may_have_the_id_of_a_known_one()
    {
        ImageBuilder builder = new();
        builder.Items.Insert(0, new(ItemModel.VirtualDiskSize, 0x20000, [1, 2, 3], 1));
        using VhdxFile image = builder.Open();

        Assert.Equal(64 << 20, image.Geometry!.VirtualDiskSize);
        Expect.Findings(builder);
    }

    [Theory]
    [InlineData(0xFFFFu, 4u)]
    [InlineData(0u, 4u)]
    [InlineData(0xFFFFDu, 4u)]
    [InlineData(0x100000u, 4u)]
    [InlineData(0xFFFFFFFCu, 4u)]
    [InlineData(0x10000u, 0x100001u)]
    [InlineData(0x10000u, 0xFFFFFFFFu)]
    [InlineData(0x1000Cu, 4u)]
    [InlineData(0x20000u, 0u)]
    public void Places_where_no_item_may_lie(uint offset, uint length)
    {
        ImageBuilder builder = new();
        builder.Items.Add(new(ItemModel.Unknown, offset, [], 1) { StoredLength = length });
        Expect.Refusal("VX705", builder);
    }

    [Fact]
    public void Items_of_1_MiB_at_the_end_of_a_larger_region_are_legal()
    {
        ImageBuilder builder = new();
        builder.Regions[1] = new(RegionModel.Metadata, 8 * MiB, 3 * MiB, true);
        builder.Items.Add(new(ItemModel.Unknown, 0x200000, Bytes.Pattern(1, 0x100000), 1));
        using VhdxFile image = builder.Open();

        Assert.Equal(Bytes.Pattern(1, 0x100000), image.Metadata[5].Content);
    }

    [Fact]
    public void Unknown_optional_items_are_kept_in_the_model()
    {
        ImageBuilder builder = new();
        builder.Items.Add(new(ItemModel.Unknown, 0x20000, [1, 2, 3], 2));
        builder.Items.Add(new(ItemModel.Unknown, 0x20003, [4], 5 - 4));
        using VhdxFile image = builder.Open();

        Assert.Equal([[1, 2, 3], [4]], image.Metadata.Skip(5).Select(item => item.Content!));
        Assert.Null(image.SystemItem(new(RegionModel.Unknown)));
        Expect.Findings(builder);
    }

    [Theory]
    [InlineData(4u)]
    [InlineData(5u)]
    [InlineData(6u)]
    public void An_unknown_required_item_is_refused(uint flags)
    {
        ImageBuilder builder = new();
        builder.Items.Add(new(ItemModel.Unknown, 0x20000, [1], flags));
        VhdxException exception = Expect.Refusal("VX706", builder);
        Assert.Contains(ItemModel.Unknown, exception.Message, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void Unusual_flags_of_a_known_item_are_a_note()
    {
        ImageBuilder builder = new();
        builder.Items[1] = builder.Items[1] with { Flags = 4 };
        Expect.Findings(builder, "VX709");
    }

    [Fact]
    public void HasParent_without_a_locator_is_refused()
    {
        ImageBuilder builder = new(hasParent: true);
        builder.Items.RemoveAt(5);
        Expect.Refusal("VX713", builder);
    }

    [Fact]
    public void A_malformed_locator_is_reported_and_the_rest_is_read()
    {
        ImageBuilder builder = new(hasParent: true);
        builder.Items[5] = builder.Items[5] with { Content = new byte[30] };
        Expect.Findings(builder, "VX801");
        using VhdxFile image = builder.Open();
        Assert.NotNull(image.Bat);
    }

    [Fact]
    public void A_locator_is_read()
    {
        using VhdxFile image = new ImageBuilder(hasParent: true).Open();

        Assert.Equal(VhdType.Differencing, image.Type);
        Assert.Equal(@".\parent.vhdx", image.ParentLocator!["relative_path"]);
    }

    [Fact]
    public void A_BAT_that_is_too_short_is_refused() => Expect.Refusal("VX601", new ImageBuilder(size: (131_073 * MiB) + 512));

    [Fact]
    public void A_BAT_of_just_the_right_length_opens() => Expect.Findings(new ImageBuilder(size: (131_072 - 31) * MiB));
}
