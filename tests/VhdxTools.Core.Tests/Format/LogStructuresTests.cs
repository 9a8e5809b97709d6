using System;
using VhdxTools.Core.Tests.Support;
using VhdxTools.Format;
using Xunit;

namespace VhdxTools.Core.Tests.Format;

public class LogStructuresTests
{
    private static readonly byte[] s_data = Bytes.Pattern(5, 4096);

    private static readonly byte[] s_entry = new LogModel(LogModel.Guid1, 0x0102030405060708)
    {
        Tail = 0x3000,
        FlushedFileOffset = 0x1100000,
        LastFileOffset = 0x2200000,
    }.Data(0x300000, s_data).Zero(0x400000, 0x8000).ToBytes();

    [Fact]
    public void The_entry_header_is_read_from_where_the_specification_puts_it() => Assert.Equal(
        new LogEntryHeader
        {
            Checksum = (uint)Bytes.Read(s_entry, 4, 4),
            EntryLength = 8192,
            Tail = 0x3000,
            SequenceNumber = 0x0102030405060708,
            DescriptorCount = 2,
            LogGuid = new(LogModel.Guid1),
            FlushedFileOffset = 0x1100000,
            LastFileOffset = 0x2200000,
        },
        LogEntryHeader.Read(s_entry));

    [Fact]
    public void Descriptors_are_read_from_where_the_specification_puts_them()
    {
        Assert.Equal(
            new LogDescriptor(false, 0x300000, 0, 0x0102030405060708, Bytes.Read(s_data, 0, 8), (uint)Bytes.Read(s_data, 4092, 4)),
            LogDescriptor.Read(s_entry.AsSpan(64)));
        Assert.Equal(new LogDescriptor(true, 0x400000, 0x8000, 0x0102030405060708, 0, 0), LogDescriptor.Read(s_entry.AsSpan(96)));
        Assert.Equal(4096ul, LogDescriptor.Read(s_entry.AsSpan(64))!.UpdateLength);
        Assert.Equal(0x8000ul, LogDescriptor.Read(s_entry.AsSpan(96))!.UpdateLength);
        Assert.Null(LogDescriptor.Read(s_entry.AsSpan(128)));
    }

    [Fact]
    public void A_data_sector_gives_the_update_back()
    {
        byte[] sector = s_entry[4096..8192];
        Assert.True(LogDataSector.IsValid(sector, 0x0102030405060708));

        LogDataSector.Restore(sector, Bytes.Read(s_data, 0, 8), (uint)Bytes.Read(s_data, 4092, 4));
        Assert.Equal(s_data, sector);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4)]
    [InlineData(4092)]
    public void A_data_sector_of_another_entry_is_not_valid(int place)
    {
        byte[] sector = s_entry[4096..8192];
        sector[place] ^= 1;
        Assert.False(LogDataSector.IsValid(sector, 0x0102030405060708));
    }

    [Theory]
    [InlineData(0u, 1)]
    [InlineData(126u, 1)]
    [InlineData(127u, 2)]
    [InlineData(254u, 2)]
    [InlineData(255u, 3)]
    [InlineData(0xFFFFFFFFu, 33_554_433)]
    public void The_first_sector_holds_126_descriptors_and_each_further_one_128(uint count, long sectors) =>
        Assert.Equal(sectors, (LogEntryHeader.Read(s_entry)! with { DescriptorCount = count }).DescriptorSectors);

    [Fact]
    public void Without_its_signature_an_entry_is_none()
    {
        byte[] bytes = (byte[])s_entry.Clone();
        bytes[3] = (byte)'f';
        Assert.Null(LogEntryHeader.Read(bytes));
    }
}
