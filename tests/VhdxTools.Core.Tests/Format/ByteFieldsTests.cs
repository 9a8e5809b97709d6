using System;
using VhdxTools.Format;
using Xunit;

namespace VhdxTools.Core.Tests.Format;

public class ByteFieldsTests
{
    private static readonly byte[] s_counting = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];

    [Fact]
    public void Numbers_are_little_endian()
    {
        Assert.Equal(0x0201, ByteFields.U16(s_counting, 1));
        Assert.Equal(0x04030201u, ByteFields.U32(s_counting, 1));
        Assert.Equal(0x0807060504030201ul, ByteFields.U64(s_counting, 1));
    }

    [Fact]
    public void Guids_are_in_the_binary_form_of_Windows() =>
        Assert.Equal(new Guid("04030201-0605-0807-090a-0b0c0d0e0f10"), ByteFields.Guid(s_counting, 1));

    [Fact]
    public void Written_fields_read_back()
    {
        byte[] bytes = new byte[32];
        ByteFields.U16(bytes.AsSpan(), 0, 0xFEDC);
        ByteFields.U32(bytes.AsSpan(), 2, 0xBA987654);
        ByteFields.U64(bytes.AsSpan(), 6, 0x1122334455667788);

        Assert.Equal("DCFE547698BA8877665544332211", Convert.ToHexString(bytes, 0, 14));
    }

    [Theory]
    [InlineData(0ul, 0L)]
    [InlineData(0x7FFFFFFFFFFFFFFFul, long.MaxValue)]
    [InlineData(0x8000000000000000ul, long.MaxValue)]
    [InlineData(0xFFFFFFFFFFFFFFFFul, long.MaxValue)]
    public void Clamp_never_gives_a_negative_number(ulong value, long expected) => Assert.Equal(expected, ByteFields.Clamp(value));
}
