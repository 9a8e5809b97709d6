using VhdxTools.Core.Tests.Support;
using VhdxTools.Format;
using Xunit;

namespace VhdxTools.Core.Tests.Format;

public class FileParametersTests
{
    [Theory]
    [InlineData(false, false, 0)]
    [InlineData(true, false, 1)]
    [InlineData(false, true, 2)]
    [InlineData(true, true, 3)]
    public void Block_size_comes_first_and_then_two_bits(bool leaveAllocated, bool hasParent, byte flags)
    {
        FileParameters parameters = new(0x02000000, leaveAllocated, hasParent);
        byte[] expected = [0, 0, 0, 2, flags, 0, 0, 0];

        Assert.Equal(expected, parameters.ToBytes());
        Assert.Equal(parameters, FileParameters.Read(expected));
    }

    [Fact]
    public void Reserved_bits_are_ignored() =>
        Assert.Equal(new FileParameters(0x100000, false, false), FileParameters.Read([.. Bytes.U32(0x100000), .. Bytes.U32(0xFFFFFFFC)]));
}
