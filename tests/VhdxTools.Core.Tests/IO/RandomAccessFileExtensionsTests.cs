using VhdxTools.Core.Tests.Support;
using VhdxTools.IO;
using Xunit;

namespace VhdxTools.Core.Tests.IO;

public class RandomAccessFileExtensionsTests
{
    [Theory]
    [InlineData(0, new byte[] { 1, 2, 3, 0, 0 })]
    [InlineData(2, new byte[] { 3, 0, 0, 0, 0 })]
    [InlineData(3, new byte[] { 0, 0, 0, 0, 0 })]
    [InlineData(long.MaxValue, new byte[] { 0, 0, 0, 0, 0 })]
    public void Beyond_the_end_there_are_zeros(long offset, byte[] expected)
    {
        MemoryFile file = new();
        file.Put(0, [1, 2, 3]);
        byte[] buffer = [9, 9, 9, 9, 9];
        file.ReadPadded(offset, buffer);

        Assert.Equal(expected, buffer);
        Assert.Equal(expected, file.ReadPadded(offset, 5));
    }
}
