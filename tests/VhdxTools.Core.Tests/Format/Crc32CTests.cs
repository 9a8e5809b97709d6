using System;
using VhdxTools.Core.Tests.Support;
using VhdxTools.Format;
using Xunit;

namespace VhdxTools.Core.Tests.Format;

public class Crc32CTests
{
    [Fact]
    public void The_check_value_of_the_catalogue_holds()
    {
        Crc32C crc = new();
        crc.Append("123456789"u8);

        Assert.Equal(0xE3069283u, crc.Value);
        Assert.Equal(0xE3069283u, Bytes.Crc32C("123456789"u8));
    }

    /// <summary>Words and single bytes are taken differently; where the parts end must not matter.</summary>
    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 6)]
    [InlineData(8, 8)]
    [InlineData(13, 4096)]
    [InlineData(4091, 29)]
    public void Bytes_may_come_in_parts(int first, int second)
    {
        byte[] bytes = Bytes.Pattern(7, first + second);
        Crc32C crc = new();
        crc.Append(bytes.AsSpan(0, first));
        crc.Append(bytes.AsSpan(first));

        Assert.Equal(Bytes.Crc32C(bytes), crc.Value);
    }

    [Fact]
    public void A_structure_counts_its_own_checksum_as_zero()
    {
        byte[] structure = Bytes.Pattern(1, 4096);
        byte[] zeroed = (byte[])structure.Clone();
        Bytes.Put(zeroed, 4, new byte[4]);

        Assert.Equal(Bytes.Crc32C(zeroed), Crc32C.OfStructure(structure, 4));
    }
}
