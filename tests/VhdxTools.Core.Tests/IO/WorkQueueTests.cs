using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using VhdxTools.IO;
using Xunit;

namespace VhdxTools.Core.Tests.IO;

public class WorkQueueTests
{
    [Theory]
    [InlineData(0, false)]
    [InlineData(1, false)]
    [InlineData(0, true)]
    [InlineData(1, true)]
    public void Without_threads_the_caller_does_the_work(int available, bool isMemory)
    {
        int left = available;
        using WorkQueue<int> queue = new(thread =>
        {
            if (left-- <= 0)
            {
                throw isMemory ? new InsufficientMemoryException() : (ThreadStartException)Activator.CreateInstance(typeof(ThreadStartException), nonPublic: true)!;
            }

            thread.Start();
        });
        List<int> results = [];
        for (int i = 0; i < 50; i++)
        {
            int number = i;
            queue.Add(() => number);
            if (queue.Count == 4)
            {
                results.Add(queue.Take());
            }
        }

        while (queue.Count > 0)
        {
            results.Add(queue.Take());
        }

        Assert.Equal(Enumerable.Range(0, 50), results);
    }

    [Fact]
    public void A_failure_of_the_work_comes_with_its_result_whoever_does_it()
    {
        using WorkQueue<int> queue = new(_ => throw new InsufficientMemoryException());
        queue.Add(() => throw new InvalidOperationException("The work."));
        queue.Add(() => 2);
        Assert.Equal("The work.", Assert.Throws<InvalidOperationException>(() => queue.Take()).Message);
        Assert.Equal(2, queue.Take());
    }
}
