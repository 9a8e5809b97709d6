using VhdxTools.Layout;
using Xunit;

namespace VhdxTools.Core.Tests.Layout;

public class FileRangeTests
{
    [Theory]
    [InlineData(10, 10, true)]
    [InlineData(12, 2, true)]
    [InlineData(5, 6, true)]
    [InlineData(19, 5, true)]
    [InlineData(5, 20, true)]
    [InlineData(5, 5, false)]
    [InlineData(20, 5, false)]
    public void Ranges_that_touch_do_not_overlap(long offset, long length, bool overlaps)
    {
        FileRange range = new(10, 10);
        Assert.Equal(overlaps, range.Overlaps(new(offset, length)));
        Assert.Equal(overlaps, new FileRange(offset, length).Overlaps(range));
    }
}
