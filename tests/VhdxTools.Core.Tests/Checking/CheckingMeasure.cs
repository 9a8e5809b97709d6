using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using VhdxTools.Checking;
using Xunit;

namespace VhdxTools.Core.Tests.Checking;

/// <summary>Tests that measure memory; nothing else runs beside them.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class CheckingMeasure
{
    public const string Name = "Checking measures";

    public const long MaximumLive = 64 << 20;

    /// <summary>What takes longer hangs: the slowest of these checks takes two seconds.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(3);

    /// <summary>What a check of a file came to.</summary>
    /// <param name="Count">How many findings.</param>
    /// <param name="ByRule">How many for each rule.</param>
    /// <param name="Last">The last finding.</param>
    /// <param name="Error">The library's own error, when there was one.</param>
    /// <param name="Live">The most memory that was reachable during the check, beyond that before it; 0 when it was not sampled.</param>
    /// <param name="Allocated">All that was allocated: an upper bound of Live.</param>
    internal sealed record Result(long Count, IReadOnlyDictionary<string, long> ByRule, VhdxFinding? Last, VhdxException? Error, long Live, long Allocated);

    /// <summary>Checks a file to the end. Any exception but the library's own goes through.</summary>
    /// <param name="path">The file.</param>
    /// <param name="sample">Whether reachable memory is sampled: collecting garbage often makes the check slower.</param>
    internal static Result Run(string path, bool sample)
    {
        long before = sample ? Reachable() : 0;
        long live = 0;
        using CancellationTokenSource end = new();
        Task sampler = !sample ? Task.CompletedTask : Task.Factory.StartNew(
            () =>
            {
                while (!end.Token.WaitHandle.WaitOne(20))
                {
                    live = Math.Max(live, Reachable() - before);
                }
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default);

        Dictionary<string, long> byRule = [];
        long count = 0;
        VhdxFinding? last = null;
        VhdxException? error = null;
        using CancellationTokenSource patience = new(s_patience);
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            foreach (VhdxFinding finding in new Checker(skipParent: false).Check(path, patience.Token))
            {
                count++;
                byRule[finding.RuleId] = byRule.GetValueOrDefault(finding.RuleId) + 1;
                last = finding;
            }
        }
        catch (VhdxException exception)
        {
            error = exception;
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"'{path}' is still being checked after {s_patience} and {count} findings; the last one is {last}.");
        }
        finally
        {
            end.Cancel();
        }

        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        sampler.Wait();
        return new(count, byRule, last, error, live, allocated);
    }

    /// <summary>Checks a file and asserts the bounds that hold for any bytes at all.</summary>
    internal static Result RunBounded(string path)
    {
        Result result = Run(path, sample: false);
        if (result.Allocated > MaximumLive)
        {
            result = Run(path, sample: true);
            Assert.True(result.Live < MaximumLive, $"{result.Live >> 20} MiB were live.");
        }

        return result;
    }

    private static long Reachable()
    {
        GC.Collect(2, GCCollectionMode.Forced, blocking: true);
        return GC.GetTotalMemory(forceFullCollection: false);
    }
}
