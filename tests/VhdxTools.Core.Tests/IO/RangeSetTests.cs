using System;
using System.Collections.Generic;
using System.Linq;
using CsCheck;
using VhdxTools.Core.Tests.Support;
using VhdxTools.IO;
using VhdxTools.Layout;
using Xunit;

namespace VhdxTools.Core.Tests.IO;

public class RangeSetTests
{
    private const int Size = 64;

    [Fact]
    public void A_set_agrees_with_an_array_of_flags() => Property.Holds(
        Gen.Select(Gen.Int[0, Size], Gen.Int[0, 9], Gen.Int[0, Size], Gen.Int[1, 20]).Array[0, 12],
        seed: 3,
        cases: 1000,
        steps =>
        {
            RangeSet set = new();
            bool[] model = new bool[2 * Size];
            foreach ((int offset, int length, int windowStart, int windowLength) in steps)
            {
                set.Add(new(offset, length));
                model.AsSpan(offset, length).Fill(true);
                Assert.Equal(!model.Contains(true), set.IsEmpty);
                for (int i = 0; i < model.Length; i++)
                {
                    Assert.Equal(model[i], set.Contains(i));
                }

                Assert.Equal(Runs(model, windowStart, windowStart + windowLength), set.Within(new(windowStart, windowLength)));
            }
        });

    [Fact]
    public void AddAll_joins_and_Clear_empties()
    {
        RangeSet set = new();
        RangeSet other = new();
        set.Add(new(10, 5));
        other.Add(new(0, 5));
        other.Add(new(15, 5));
        set.AddAll(other);

        Assert.Equal([new FileRange(0, 5), new FileRange(10, 10)], set.Within(new(0, 100)));
        set.Clear();
        Assert.True(set.IsEmpty);
        Assert.False(set.Contains(0));
    }

    private static List<FileRange> Runs(bool[] model, int start, int end)
    {
        List<FileRange> runs = [];
        for (int i = start; i < end; i++)
        {
            if (model[i] && runs.Count > 0 && runs[^1].End == i)
            {
                runs[^1] = new(runs[^1].Offset, runs[^1].Length + 1);
            }
            else if (model[i])
            {
                runs.Add(new(i, 1));
            }
        }

        return runs;
    }
}
