using VhdxTools.Core.Tests.Support;
using VhdxTools.Format;
using Xunit;

namespace VhdxTools.Core.Tests.Format;

public class VhdxHeaderTests
{
    private static readonly HeaderModel s_model = new()
    {
        SequenceNumber = 0x1122334455667788,
        LogGuid = LogModel.Guid1,
        LogVersion = 0x0102,
        Version = 0x0304,
        LogLength = 0x00500000,
        LogOffset = 0x0000070600000000,
    };

    private static readonly VhdxHeader s_header = new()
    {
        SequenceNumber = 0x1122334455667788,
        FileWriteGuid = new("11111111-2222-3333-4444-555555555555"),
        DataWriteGuid = new("66666666-7777-8888-9999-AAAAAAAAAAAA"),
        LogGuid = new(LogModel.Guid1),
        LogVersion = 0x0102,
        Version = 0x0304,
        LogLength = 0x00500000,
        LogOffset = 0x0000070600000000,
    };

    [Fact]
    public void Fields_are_written_where_the_specification_puts_them()
    {
        byte[] bytes = new byte[4096];
        s_header.Write(bytes);

        Assert.Equal(s_model.ToBytes(), bytes);
    }

    [Fact]
    public void Fields_are_read_from_where_the_specification_puts_them() => Assert.Equal(s_header, VhdxHeader.Read(s_model.ToBytes()));

    [Fact]
    public void A_new_header_has_version_1_and_log_version_0()
    {
        Assert.Equal(1, new VhdxHeader().Version);
        Assert.Equal(0, new VhdxHeader().LogVersion);
    }

    [Fact]
    public void Reserved_bytes_start_at_80_and_reach_to_the_end()
    {
        byte[] bytes = s_model.ToBytes();
        Assert.True(VhdxHeader.IsReservedZero(bytes));
        foreach (int place in new[] { 80, 4095 })
        {
            byte[] changed = (byte[])bytes.Clone();
            changed[place] = 1;
            Assert.False(VhdxHeader.IsReservedZero(changed));
        }
    }

    [Fact]
    public void The_checksum_covers_all_4096_bytes_and_not_itself()
    {
        byte[] bytes = s_model.ToBytes();
        Assert.Equal(VhdxHeader.StoredChecksum(bytes), VhdxHeader.ComputeChecksum(bytes));
        bytes[4]++;
        Assert.NotEqual(VhdxHeader.StoredChecksum(bytes), VhdxHeader.ComputeChecksum(bytes));
        bytes[4]--;
        bytes[4095] ^= 1;
        Assert.NotEqual(VhdxHeader.StoredChecksum(bytes), VhdxHeader.ComputeChecksum(bytes));
        Assert.Equal(VhdxHeader.ComputeChecksum(bytes), VhdxHeader.ComputeChecksum([.. bytes, 1, 2, 3]));
    }
}
