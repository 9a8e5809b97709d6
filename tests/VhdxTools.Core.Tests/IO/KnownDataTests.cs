using System;
using System.Linq;
using VhdxTools.IO;
using Xunit;

namespace VhdxTools.Core.Tests.IO;

public class KnownDataTests
{
    private const long MiB = 1 << 20;
    private const int Blocks = 4096;

    /// <summary>Looking for a hole costs what lies before it: all blocks together may cost the file a few times, never once each.</summary>
    [Theory]
    [InlineData("ascending", 1)]
    [InlineData("descending", 1)]
    [InlineData("shuffled", 20)]
    public void Blocks_in_any_order_do_not_cost_the_rest_of_the_file_each(string order, int times)
    {
        long looked = 0;
        KnownData known = new();
        Random random = new(1);
        foreach (int block in Enumerable.Range(0, Blocks).OrderBy(block => order == "ascending" ? block : order == "descending" ? -block : random.Next()))
        {
            long start = block * MiB;
            Assert.True((known.EndAt(start) ?? known.EndOf(start, FindHole)) >= start + MiB);
        }

        Assert.InRange(looked, 1, times * Blocks * MiB);

        long FindHole(long place)
        {
            looked += (Blocks * MiB) - place;
            return Blocks * MiB;
        }
    }

    [Fact]
    public void Holes_between_data_stay_holes_and_memory_is_bounded()
    {
        // 4 MiB of data, 4 MiB of nothing, and so on; all is asked twice, and in the other order.
        KnownData known = new();
        foreach (int i in Enumerable.Range(0, 1000).Concat(Enumerable.Range(0, 1000).Reverse()))
        {
            long start = i * 8 * MiB;
            Assert.Equal(start + (4 * MiB), known.EndOf(start, place => start + (4 * MiB)));
            Assert.Equal(start + (4 * MiB), known.EndAt(start + MiB));
            Assert.Null(known.EndAt(start + (4 * MiB)));
            Assert.Null(known.EndAt(start + (8 * MiB)) is long next && next < start + (12 * MiB) ? next : null);
        }

        Assert.InRange(Enumerable.Range(0, 1000).Count(i => known.EndAt(i * 8 * MiB) is not null), 1, 64);
    }

    [Fact]
    public void What_the_system_does_not_know_is_not_remembered()
    {
        KnownData known = new();
        Assert.Equal(-1, known.EndOf(5 * MiB, _ => -1));
        Assert.Null(known.EndAt(5 * MiB));
        Assert.Equal(6 * MiB, known.EndOf(5 * MiB, _ => 6 * MiB));

        // What begins a little before known data reaches to its end.
        Assert.Equal(6 * MiB, known.EndOf(4 * MiB, _ => throw new InvalidOperationException("This is known.")));
        Assert.Equal(6 * MiB, known.EndAt(4 * MiB));
    }
}
