using System;
using VhdxTools.Core.Tests.Support;
using VhdxTools.Format;
using Xunit;

namespace VhdxTools.Core.Tests.Format;

public class VhdFooterTests
{
    [Fact]
    public void Fields_are_read_from_where_the_specification_puts_them() => Assert.Equal(
        new VhdFooter
        {
            DataOffset = 0x600,
            CreatorApplication = "test",
            CurrentSize = 0x123456789A00,
            GeometrySize = 100 * 4 * 17 * 512,
            DiskType = 3,
            UniqueId = new("03020100-0504-0706-0809-0a0b0c0d0e0f"),
            IsChecksumValid = true,
        },
        VhdFooter.Read(VhdModel.Footer(3, 0x123456789A00, 0x600)));

    [Theory]
    [InlineData("win ", 10_000_000)]
    [InlineData("tap\0", 10_000_000)]
    [InlineData("d2v ", 10_000_000)]
    [InlineData("vpc ", 3_481_600)]
    [InlineData("vs  ", 3_481_600)]
    [InlineData("qemu", 3_481_600)]
    public void Some_creators_mean_the_geometry(string creator, long size) =>
        Assert.Equal(size, VhdFooter.Read(VhdModel.Footer(2, 10_000_000, creator: creator))!.Size);

    [Fact]
    public void The_greatest_geometry_says_nothing_of_the_size()
    {
        byte[] footer = VhdModel.Footer(3, 1UL << 40, creator: "vpc ");
        Bytes.Put(footer, 56, [0xFF, 0xFF, 16, 255]);
        Assert.Equal(1L << 40, VhdFooter.Read(footer)!.Size);
    }

    [Fact]
    public void A_changed_byte_makes_the_checksum_wrong()
    {
        byte[] footer = VhdModel.Footer(2, 1 << 20);
        footer[511] = 1;
        Assert.False(VhdFooter.Read(footer)!.IsChecksumValid);
    }

    [Fact]
    public void Old_footers_of_511_bytes_are_read()
    {
        Assert.True(VhdFooter.Read(VhdModel.Footer(2, 1 << 20).AsSpan(0, 511))!.IsChecksumValid);
        Assert.Null(VhdFooter.Read(new byte[511]));
    }

    [Fact]
    public void The_numbers_of_a_dynamic_header_are_big_endian()
    {
        byte[] bytes = new byte[1024];
        Bytes.Put(bytes, 0, "cxsparse"u8);
        Bytes.Put(bytes, 16, [0, 0, 0, 0, 0, 0, 6, 0]);
        Bytes.Put(bytes, 28, [0, 0, 1, 2]);
        Bytes.Put(bytes, 32, [0, 0x20, 0, 0]);
        Bytes.Put(bytes, 40, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);
        Bytes.Put(bytes, 64, [0, (byte)'a', 0, 0xFC]);
        Bytes.Put(bytes, 600, [.. "W2ru"u8, 0, 0, 2, 0, 0, 0, 0, 18, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0]);

        VhdDynamicHeader header = VhdDynamicHeader.Read(VhdModel.Sealed(bytes, 36))!;
        Assert.Equal((0x600, 0x102u, 0x200000u), (header.TableOffset, header.MaxTableEntries, header.BlockSize));
        Assert.Equal((new Guid("03020100-0504-0706-0809-0a0b0c0d0e0f"), "aü"), (header.ParentUniqueId, header.ParentName));
        Assert.Equal([new("W2ru", 18, 0x800)], header.Locators);
        Assert.True(header.IsChecksumValid);
        bytes[1023] = 1;
        Assert.False(VhdDynamicHeader.Read(bytes)!.IsChecksumValid);
        Assert.Null(VhdDynamicHeader.Read(new byte[1024]));
    }
}
