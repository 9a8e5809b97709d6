using VhdxTools.Core.Tests.Support;
using VhdxTools.Format;
using Xunit;

namespace VhdxTools.Core.Tests.Format;

public class Crc32CTests
{
    [Fact]
    public void The_check_value_of_the_catalogue_holds()
    {
        System.IO.Hashing.Crc32 crc = Crc32C.Begin();
        crc.Append("123456789"u8);

        Assert.Equal(0xE3069283u, crc.GetCurrentHashAsUInt32());
        Assert.Equal(0xE3069283u, Bytes.Crc32C("123456789"u8));
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
