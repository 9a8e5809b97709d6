using VhdxTools.Core.Tests.Support;
using VhdxTools.Format;
using Xunit;

namespace VhdxTools.Core.Tests.Format;

public class Crc32Tests
{
    [Fact]
    public void The_check_value_of_the_catalogue_holds() => Assert.Equal(0xCBF43926u, Crc32.Of("123456789"u8));

    [Fact]
    public void Every_byte_counts()
    {
        byte[] bytes = Bytes.Pattern(3, 16_384);

        Assert.Equal(DiskModel.Crc32(bytes), Crc32.Of(bytes));
    }
}
