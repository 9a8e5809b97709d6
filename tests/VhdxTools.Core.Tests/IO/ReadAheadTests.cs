using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using VhdxTools.IO;
using Xunit;

namespace VhdxTools.Core.Tests.IO;

public class ReadAheadTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(4)]
    public void Results_come_in_the_order_of_the_pieces_and_no_more_are_under_way_than_allowed(int depth)
    {
        int begun = 0;
        int taken = 0;
        int most = 0;
        List<int> results = [];
        foreach (int result in ReadAhead.InOrder(
            Enumerable.Range(0, 50).Select(item =>
            {
                most = Math.Max(most, ++begun - taken);
                return item;
            }),
            item =>
            {
                Thread.SpinWait(item % 3 * 1000);
                return item * 2;
            },
            depth))
        {
            taken++;
            results.Add(result);
        }

        Assert.Equal(Enumerable.Range(0, 50).Select(item => item * 2), results);
        Assert.True(most <= depth + 1);
    }

    [Fact]
    public void The_first_piece_that_fails_is_told_after_the_results_before_it()
    {
        using ManualResetEventSlim later = new();
        List<int> results = [];
        InvalidOperationException failure = Assert.Throws<InvalidOperationException>(() =>
        {
            foreach (int result in ReadAhead.InOrder(Enumerable.Range(0, 20), Work))
            {
                results.Add(result);
            }
        });

        Assert.Equal("5", failure.Message);
        Assert.Equal([0, 1, 2, 3, 4], results);

        int Work(int item)
        {
            if (item == 6)
            {
                later.Set();
                throw new InvalidOperationException("6");
            }

            if (item == 5)
            {
                // The other thread fails first.
                later.Wait(TimeSpan.FromSeconds(10));
                throw new InvalidOperationException("5");
            }

            return item;
        }
    }

    [Fact]
    public void Nothing_works_any_more_once_the_enumeration_has_ended()
    {
        ConcurrentBag<int> running = [];
        int active = 0;
        foreach (int result in ReadAhead.InOrder(Enumerable.Range(0, 1000), Work))
        {
            if (result == 8)
            {
                break;
            }
        }

        Assert.Equal(0, Volatile.Read(ref active));
        Assert.True(running.Count <= 9 + ReadAhead.Depth);

        int Work(int item)
        {
            Interlocked.Increment(ref active);
            running.Add(item);
            Thread.Sleep(1);
            Interlocked.Decrement(ref active);
            return item;
        }
    }
}
