using System;
using VhdxTools.Core.Tests.Support;
using VhdxTools.IO;
using VhdxTools.Layout;
using Xunit;

namespace VhdxTools.Core.Tests.IO;

public class DataFinderTests
{
    private const int Pages = 64;
    private const long Page = MemoryFile.PageLength;

    [Theory]
    [InlineData(0)]
    [InlineData(4)]
    [InlineData(32)]
    public void What_it_calls_data_is_what_was_written_wherever_it_was_asked_before(int written)
    {
        Random random = new(written);
        for (int round = 0; round < 50; round++)
        {
            using MemoryFile file = new();
            file.SetLength(Pages * Page);
            bool[] model = new bool[Pages];
            for (int i = 0; i < written; i++)
            {
                int page = random.Next(Pages);
                model[page] = true;
                file.Write(page * Page, new byte[Page]);
            }

            DataFinder finder = new(file);
            for (int question = 0; question < 200; question++)
            {
                // Also ranges that begin and end inside a page, are empty, or reach beyond the end of the file.
                long start = random.NextInt64(Pages * Page);
                long end = start + random.NextInt64(8 * Page);
                long place = start;
                while (finder.FindData(place, end) is FileRange data)
                {
                    Assert.True(data.Length > 0 && data.Offset >= place && data.End <= end);
                    AssertAll(place, data.Offset, expected: false);
                    AssertAll(data.Offset, data.End, expected: true);
                    place = data.End;
                }

                AssertAll(place, end, expected: false);
            }

            void AssertAll(long from, long to, bool expected)
            {
                for (long page = from / Page; page < Math.Min(Pages, (to + Page - 1) / Page) && from < to; page++)
                {
                    Assert.Equal(expected, model[page]);
                }
            }
        }
    }

    [Fact]
    public void Neighbours_in_one_hole_and_in_one_run_of_data_cost_one_question()
    {
        using MemoryFile memory = new();
        memory.SetLength(1000 * Page);
        memory.Write(500 * Page, new byte[10 * Page]);
        int questions = 0;
        DataFinder finder = new(new WatchedFile(memory, _ => { }, onFindData: () => questions++));

        for (long page = 0; page < 510; page++)
        {
            Assert.Equal(page < 500 ? null : new FileRange(page * Page, Page), finder.FindData(page * Page, (page + 1) * Page));
        }

        Assert.Equal(1, questions);
        Assert.Null(finder.FindData(510 * Page, 1000 * Page));
        Assert.Null(finder.FindData(700 * Page, 701 * Page));
        Assert.Equal(2, questions);
    }
}
