using VhdxTools.Core.Tests.Support;
using VhdxTools.Format;
using Xunit;

namespace VhdxTools.Core.Tests.Format;

public class RegionTableTests
{
    private static readonly RegionModel[] s_model =
    [
        new(RegionModel.Bat, 0x1122334455600000, 0x89A00000, true),
        new(RegionModel.Unknown, 0x300000, 0x100000, false),
    ];

    private static readonly RegionEntry[] s_entries =
    [
        new(new(RegionModel.Bat), 0x1122334455600000, 0x89A00000, true),
        new(new(RegionModel.Unknown), 0x300000, 0x100000, false),
    ];

    [Fact]
    public void Fields_are_written_where_the_specification_puts_them()
    {
        byte[] bytes = new byte[65_536];
        RegionTable.Write(s_entries, bytes);

        Assert.Equal(RegionModel.Table(s_model), bytes);
    }

    [Fact]
    public void Fields_are_read_from_where_the_specification_puts_them()
    {
        byte[] bytes = RegionModel.Table(s_model);

        Assert.True(RegionTable.IsSignatureValid(bytes));
        Assert.Equal(2u, RegionTable.ReadEntryCount(bytes));
        Assert.Equal(s_entries, RegionTable.ReadEntries(bytes));
        Assert.Equal(RegionTable.StoredChecksum(bytes), RegionTable.ComputeChecksum(bytes));
    }

    [Fact]
    public void Only_bit_0_of_the_last_field_means_required()
    {
        byte[] bytes = RegionModel.Table(s_model);
        Bytes.Put(bytes, 16 + 28, Bytes.U32(0xFFFFFFFE));
        Assert.False(RegionTable.ReadEntries(bytes)[0].IsRequired);
    }

    [Fact]
    public void A_count_beyond_the_table_gives_as_many_entries_as_fit()
    {
        byte[] bytes = RegionModel.Table(s_model, 0xFFFFFFFF);
        Assert.Equal(2047, RegionTable.ReadEntries(bytes).Count);
    }

    [Fact]
    public void The_checksum_covers_the_whole_64_KiB()
    {
        byte[] bytes = RegionModel.Table(s_model);
        bytes[65_535] = 1;
        Assert.NotEqual(RegionTable.StoredChecksum(bytes), RegionTable.ComputeChecksum(bytes));
    }
}
