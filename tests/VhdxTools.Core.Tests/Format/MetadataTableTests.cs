using VhdxTools.Core.Tests.Support;
using VhdxTools.Format;
using Xunit;

namespace VhdxTools.Core.Tests.Format;

public class MetadataTableTests
{
    private static readonly ItemModel[] s_model =
    [
        new(ItemModel.VirtualDiskSize, 0x10203, new byte[0x405], 6),
        new(ItemModel.Unknown, 0, [], 1),
    ];

    private static readonly MetadataEntry[] s_entries =
    [
        new(new(ItemModel.VirtualDiskSize), 0x10203, 0x405, MetadataFlags.IsVirtualDisk | MetadataFlags.IsRequired),
        new(new(ItemModel.Unknown), 0, 0, MetadataFlags.IsUser),
    ];

    [Fact]
    public void Fields_are_written_where_the_specification_puts_them()
    {
        byte[] bytes = new byte[65_536];
        MetadataTable.Write(s_entries, bytes);

        Assert.Equal(ItemModel.Table(s_model), bytes);
    }

    [Fact]
    public void Fields_are_read_from_where_the_specification_puts_them()
    {
        byte[] bytes = ItemModel.Table(s_model);

        Assert.True(MetadataTable.IsSignatureValid(bytes));
        Assert.Equal(2, MetadataTable.ReadEntryCount(bytes));
        Assert.Equal(s_entries, MetadataTable.ReadEntries(bytes));
    }

    [Fact]
    public void Reserved_flag_bits_are_ignored()
    {
        byte[] bytes = ItemModel.Table(s_model);
        Bytes.Put(bytes, 32 + 24, Bytes.U32(0xFFFFFFF8));
        Assert.Equal(MetadataFlags.None, MetadataTable.ReadEntries(bytes)[0].Flags);
    }

    [Fact]
    public void A_count_beyond_the_table_gives_as_many_entries_as_fit() =>
        Assert.Equal(2047, MetadataTable.ReadEntries(ItemModel.Table(s_model, count: 65_535)).Count);
}
