using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using VhdxTools.Disks;
using Xunit;
using static VhdxTools.Core.Tests.Disks.EngineImages;

namespace VhdxTools.Core.Tests.Disks;

/// <summary>Several threads on one chain, each in ranges of its own.</summary>
public class EngineConcurrencyTests
{
    private const int Threads = 6;
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData(VhdType.Dynamic, 1)]
    [InlineData(VhdType.Fixed, 2)]
    [InlineData(VhdType.Differencing, 3)]
    public async Task Threads_do_not_disturb_one_another(VhdType type, int seed)
    {
        using EngineFolder folder = new();
        long size = (12 * MiB) + 4096;
        byte[] model = new byte[size];
        string? parent = null;
        if (type == VhdType.Differencing)
        {
            parent = Create(folder["parent.vhdx"], size: size, block: 2 * MiB);
            using DiskChain disk = DiskChain.OpenWrite(parent, Guids(1));
            new Random(seed).NextBytes(model);
            disk.Write(0, model);
        }

        string path = Create(folder["a.vhdx"], type, size, MiB, parent: parent);
        using (DiskChain disk = DiskChain.OpenWrite(path, Guids(seed)))
        {
            Task[] tasks = [.. Enumerable.Range(0, Threads).Select(thread => Task.Factory.StartNew(
                () => Work(disk, model, thread, new(seed + (100 * thread))), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default))];
            await Task.WhenAll(tasks).WaitAsync(s_limit);
        }

        byte[] all = new byte[size];
        using DiskChain again = DiskChain.OpenRead(path);
        again.Read(0, all);
        Assert.True(all.AsSpan().SequenceEqual(model));
        Assert.Empty(Faults(path));
    }

    [Fact]
    public async Task One_session_is_begun_by_many_threads()
    {
        using EngineFolder folder = new();
        string path = Create(folder["a.vhdx"], VhdType.Fixed, 8 * MiB, MiB);
        EngineRecordingFile recording = null!;
        using (DiskChain disk = DiskChain.OpenWrite(path, Guids(1), EngineScenario.Over(() => recording = new(EngineMemoryFile.Load(path)))))
        {
            using Barrier barrier = new(Threads);
            Task[] tasks = [.. Enumerable.Range(0, Threads).Select(thread => Task.Factory.StartNew(
                () =>
                {
                    barrier.SignalAndWait();
                    disk.Write(thread * MiB, new byte[] { 1, 2, 3 });
                },
                CancellationToken.None,
                TaskCreationOptions.LongRunning,
                TaskScheduler.Default))];
            await Task.WhenAll(tasks).WaitAsync(s_limit);
        }

        Assert.Equal(4, recording.Events.OfType<EngineEvent.Written>().Count(write => write.Offset < 192 * 1024));
    }

    /// <summary>Stripes belong to the threads in turn: blocks are shared, sectors are not.</summary>
    private static void Work(DiskChain disk, byte[] model, int thread, Random random)
    {
        const int stripe = 10_240;
        List<int> mine = [.. Enumerable.Range(0, model.Length / stripe).Where(index => index % Threads == thread)];
        for (int i = 0; i < 120; i++)
        {
            int start = mine[random.Next(mine.Count)] * stripe;
            int within = random.Next(stripe / 512) * 512;
            int length = random.Next(1, ((stripe - within) / 512) + 1) * 512;
            switch (random.Next(12))
            {
                case 0:
                    disk.Flush();
                    break;
                case 1:
                    disk.Trim(start, stripe);
                    model.AsSpan(start, stripe).Clear();
                    break;
                case < 5:
                    byte[] read = new byte[length];
                    disk.Read(start + within, read);
                    Assert.True(read.AsSpan().SequenceEqual(model.AsSpan(start + within, length)));
                    break;
                default:
                    byte[] data = RandomBytes(random, length);
                    disk.Write(start + within, data);
                    data.CopyTo(model, start + within);
                    break;
            }
        }
    }

    [Fact]
    public void Threads_at_work_while_the_disk_is_closed_finish_or_are_told_that_it_is_closed()
    {
        for (int round = 0; round < 20; round++)
        {
            using EngineFolder folder = new();
            string path = Create(folder["a.vhdx"], size: 64 * MiB, block: MiB);
            DiskChain disk = DiskChain.OpenWrite(path, Guids(round));
            Exception?[] errors = new Exception?[4];
            Thread[] threads = new Thread[4];
            for (int i = 0; i < threads.Length; i++)
            {
                int number = i;
                threads[i] = new(() => errors[number] = Record.Exception((Action)(() =>
                {
                    byte[] data = RandomBytes(new(number), 5000);
                    for (int n = 0; ; n = (n + 1) % 60)
                    {
                        disk.Write((n * MiB) + (number * 8192), data);
                        disk.Read(n * MiB, data);
                        disk.Flush();
                    }
                })));
                threads[i].Start();
            }

            Thread.Sleep(5 + round);
            disk.Dispose();
            disk.Dispose();
            Array.ForEach(threads, thread => thread.Join());
            Assert.All(errors, error => Assert.IsType<ObjectDisposedException>(error));
            Assert.Equal(Guid.Empty, Header(path).LogGuid);
            Assert.Empty(Faults(path));
        }
    }
}
