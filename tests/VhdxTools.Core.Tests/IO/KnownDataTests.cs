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
    [InlineData("descending", 2)]
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

    [Theory]
    [InlineData(4096, MiB - 4096)]
    [InlineData(MiB, MiB)]
    [InlineData(4 * MiB, 4 * MiB)]
    public void Holes_between_data_stay_holes_and_memory_is_bounded(long data, long hole)
    {
        // All is asked in order, in the other order, and in none.
        const int count = 3000;
        KnownData known = new();
        Random random = new(1);
        foreach (int i in Enumerable.Range(0, count).Concat(Enumerable.Range(0, count).Reverse()).Concat(Enumerable.Range(0, count).OrderBy(_ => random.Next())))
        {
            long start = i * (data + hole);
            Assert.Equal(start + data, known.EndOf(start, place => start + data));
            Assert.Equal(start + data, known.EndAt(start + data - 1));
            Assert.Null(known.EndAt(start + data));
        }

        Assert.InRange(Enumerable.Range(0, count).Count(i => known.EndAt(i * (data + hole)) is not null), 1, 64);
    }

    [Fact]
    public void What_the_system_does_not_know_is_not_remembered()
    {
        KnownData known = new();
        Assert.Equal(-1, known.EndOf(5 * MiB, _ => -1));
        Assert.Null(known.EndAt(5 * MiB));
        Assert.Equal(6 * MiB, known.EndOf(5 * MiB, _ => 6 * MiB));
    }
}
