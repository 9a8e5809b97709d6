using VhdxTools.Format;
using Xunit;

namespace VhdxTools.Core.Tests.Format;

public class BatEntryTests
{
    [Theory]
    [InlineData(BlockState.NotPresent, 0L, 0x0ul)]
    [InlineData(BlockState.Zero, 0L, 0x2ul)]
    [InlineData(BlockState.FullyPresent, 0x400000L, 0x400006ul)]
    [InlineData(BlockState.PartiallyPresent, 0x7FFFFFFFFFF00000L, 0x7FFFFFFFFFF00007ul)]
    public void State_and_offset_share_64_bits(BlockState state, long offset, ulong value)
    {
        Assert.Equal(value, BatEntry.Create(state, offset).Value);
        Assert.Equal(state, new BatEntry(value).State);
        Assert.Equal(offset, new BatEntry(value).FileOffset);
    }

    [Fact]
    public void States_4_and_5_are_not_valid()
    {
        for (ulong state = 0; state < 8; state++)
        {
            Assert.Equal(state is not (4 or 5), new BatEntry(0x400000 | state).IsStateValid);
            Assert.Equal(state is 6 or 7, new BatEntry(0x400000 | state).HasData);
        }
    }

    [Fact]
    public void Bits_3_to_19_are_reserved()
    {
        for (int bit = 0; bit < 64; bit++)
        {
            Assert.Equal(bit is >= 3 and <= 19, new BatEntry(1UL << bit).HasReservedBits);
        }
    }

    [Fact]
    public void Bits_20_to_63_are_the_offset_in_MiB()
    {
        Assert.Equal(0xFFFFFFFFFFFul, new BatEntry(ulong.MaxValue).FileOffsetMiB);
        Assert.Equal(1ul, new BatEntry(0x100000 | 0xFFFFF).FileOffsetMiB);
        Assert.Equal(0x100000, new BatEntry(0x100000 | 0xFFFFF).FileOffset);
    }

    [Fact]
    public void An_offset_beyond_2_to_the_63_is_the_greatest_number()
    {
        Assert.Equal(0x7FFFFFFFFFF00000, new BatEntry(0x7FFFFFFFFFF00006).FileOffset);
        Assert.Equal(long.MaxValue, new BatEntry(0x8000000000000006).FileOffset);
        Assert.Equal(long.MaxValue, new BatEntry(ulong.MaxValue).FileOffset);
    }
}
