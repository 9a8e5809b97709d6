using System;
using System.Collections.Generic;

namespace VhdxTools.IO;

/// <summary>Works on a few pieces at once and gives the results in the order of the pieces: one waits for the disk while another is used.</summary>
internal static class ReadAhead
{
    /// <summary>So many pieces are under way when nothing else is said; their buffers are what the work holds in memory.</summary>
    public const int Depth = 4;

    /// <summary>The first pieces are done one by one: little work needs no threads, and whoever wants only the beginning reads no more than it.</summary>
    private const int FirstCount = 4;

    /// <summary>The results in order. A failure comes where its result would have come, so the first piece that fails is the one that is told.</summary>
    /// <param name="items">The pieces; enumerated by the caller's thread, a few before their results.</param>
    /// <param name="work">What is done with each; several threads do it at once. Once the enumeration has ended, none does any more.</param>
    /// <param name="depth">How many pieces are under way; 0 means none but the one that is asked for, in the caller's thread.</param>
    public static IEnumerable<TResult> InOrder<TItem, TResult>(IEnumerable<TItem> items, Func<TItem, TResult> work, int depth = Depth)
    {
        int count = 0;
        using WorkQueue<TResult> queue = new();
        foreach (TItem item in items)
        {
            if (depth == 0 || count < FirstCount)
            {
                count++;
                yield return work(item);
                continue;
            }

            if (queue.Count == depth)
            {
                yield return queue.Take();
            }

            queue.Add(() => work(item));
        }

        while (queue.Count > 0)
        {
            yield return queue.Take();
        }
    }
}
