using VhdxTools.Layout;
using Xunit;

namespace VhdxTools.Core.Tests.Layout;

public class NearestValuesTests
{
    [Theory]
    [InlineData(0ul, 10, 20)]
    [InlineData(9ul, 10, 20)]
    [InlineData(25ul, 20, 30)]
    [InlineData(95ul, 90, 100)]
    [InlineData(101ul, 90, 100)]
    [InlineData(ulong.MaxValue, 90, 100)]
    public void On_a_grid_they_are_neighbours_inside_the_limits(ulong value, long lower, long upper) =>
        Assert.Equal((lower, upper), NearestValues.OnGrid(value, 10, 10, 100));

    [Theory]
    [InlineData(0ul, 1, 2)]
    [InlineData(3ul, 2, 4)]
    [InlineData(7ul, 4, 8)]
    [InlineData(9ul, 4, 8)]
    [InlineData(ulong.MaxValue, 4, 8)]
    public void In_a_list_they_are_neighbours_too(ulong value, long lower, long upper) =>
        Assert.Equal((lower, upper), NearestValues.Among(value, [1, 2, 4, 8]));
}
