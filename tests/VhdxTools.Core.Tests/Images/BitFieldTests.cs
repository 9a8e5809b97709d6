using VhdxTools.Images;
using Xunit;

namespace VhdxTools.Core.Tests.Images;

public class BitFieldTests
{
    [Fact]
    public void What_lies_outside_is_ignored()
    {
        BitField bits = new(70);
        bits.Set(62, 3);
        bits.Set(69, 100);
        bits.Set(500, 2);

        for (int i = 0; i < 200; i++)
        {
            Assert.Equal(i is 62 or 63 or 64 or 69, bits[i]);
        }
    }
}
