using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using VhdxTools.Disks;
using VhdxTools.IO;
using Xunit;
using static VhdxTools.Core.Tests.Disks.EngineImages;

namespace VhdxTools.Core.Tests.Disks;

public class DataRunsTests
{
    private const int Grain = 64 * 1024;

    [Theory]
    [InlineData(512, 1)]
    [InlineData(512, 2)]
    [InlineData(4096, 3)]
    [InlineData(4096, 4)]
    public void The_runs_hold_every_byte_that_is_not_zero_and_no_grain_of_zeros(int sector, int seed)
    {
        using EngineFolder folder = new();
        using PageBufferPool buffers = DataRuns.NewBuffers();
        Random random = new(seed);
        string parent = Create(folder["p.vhdx"], size: (9 * MiB) + (8 * 4096), block: MiB, sector: sector);
        byte[] model = new byte[(12 * MiB) + 4096];
        Fill(parent, 9 * MiB);
        string path = Create(folder["c.vhdx"], size: model.Length, block: 2 * MiB, sector: sector, parent: parent);
        Fill(path, model.Length);

        using DiskChain disk = DiskChain.OpenRead(path);
        List<(long Done, long Total)> progress = [];
        byte[] seen = new byte[model.Length];
        long last = 0;
        foreach (DataRun run in DataRuns.Of(disk, 0, disk.Capacity, buffers, (done, total) => progress.Add((done, total))))
        {
            Assert.True(run.Offset >= last);
            Assert.Equal(0, run.Offset % Grain);
            Assert.Equal(run.Offset / (2 * MiB), (run.Offset + run.Bytes.Length - 1) / (2 * MiB));
            for (int start = 0; start < run.Bytes.Length; start += Grain)
            {
                Assert.Contains(run.Bytes.Slice(start, Math.Min(Grain, run.Bytes.Length - start)).ToArray(), value => value != 0);
            }

            run.Bytes.Span.CopyTo(seen.AsSpan((int)run.Offset));
            last = run.Offset + run.Bytes.Length;
        }

        Assert.True(model.AsSpan().SequenceEqual(seen));
        Assert.All(progress, step => Assert.Equal(disk.Capacity, step.Total));
        Assert.Equal(progress.Select(step => step.Done).Order(), progress.Select(step => step.Done));

        void Fill(string image, long length)
        {
            using DiskChain target = DiskChain.OpenWrite(image, Guids(seed));
            for (int i = 0; i < 12; i++)
            {
                byte[] data = RandomBytes(random, random.Next(1, 200_000));
                long offset = random.NextInt64(0, length - data.Length);
                target.Write(offset, data);
                data.CopyTo(model.AsSpan((int)offset));
            }

            int start = random.Next(3);
            target.Trim(start * MiB, 2 * MiB);
            model.AsSpan((int)(start * MiB), (int)(2 * MiB)).Clear();
        }
    }

    [Fact]
    public void An_empty_disk_of_64_TiB_has_no_run_and_a_stop_ends_the_reading()
    {
        using EngineFolder folder = new();
        using PageBufferPool buffers = DataRuns.NewBuffers();
        string path = Create(folder["e.vhdx"], size: 64L << 40, block: 32 * MiB);
        using (DiskChain disk = DiskChain.OpenRead(path))
        {
            Assert.Empty(DataRuns.Of(disk, 0, disk.Capacity, buffers));
        }

        using (DiskChain disk = DiskChain.OpenWrite(path, Guids(1)))
        {
            disk.Write(0, RandomBytes(new(1), 100));
        }

        using DiskChain again = DiskChain.OpenRead(path);
        Assert.Single(DataRuns.Of(again, 0, again.Capacity, buffers));
        Assert.Throws<OperationCanceledException>(() => DataRuns.Of(again, 0, again.Capacity, buffers, cancellation: new CancellationToken(true)).ToList());
    }

    [SkippableTheory]
    [InlineData(512)]
    [InlineData(4096)]
    public void Holes_of_a_fixed_image_are_zeros_that_nobody_reads(int sector)
    {
        using EngineFolder folder = new();
        using PageBufferPool buffers = DataRuns.NewBuffers();
        string path = Create(folder["f.vhdx"], VhdType.Fixed, 64 * MiB, 32 * MiB, sector);
        using (DiskChain disk = DiskChain.OpenWrite(path, Guids(1)))
        {
            disk.Write((10 * MiB) + 4096, RandomBytes(new(1), 8192));
            disk.Write((50 * MiB) - 4096, RandomBytes(new(2), 4096));
        }

        using DiskChain read = DiskChain.OpenRead(path);
        List<DiskExtent> held = [.. read.HeldExtents(0, read.Capacity)];
        Assert.Equal(0, held[0].Offset);
        Assert.Equal(read.Capacity, held[^1].End);
        Assert.All(held.Zip(held.Skip(1)), pair => Assert.Equal(pair.First.End, pair.Second.Offset));
        List<DiskExtent> data = held.FindAll(extent => extent.Kind == DiskExtentKind.Data);
        Skip.If(data.Sum(extent => extent.Length) == read.Capacity, "The file system does not tell its holes.");
        Assert.Contains(data, extent => extent.Offset <= (10 * MiB) + 4096 && extent.End >= (10 * MiB) + 12_288);
        Assert.Contains(data, extent => extent.Offset <= (50 * MiB) - 4096 && extent.End >= 50 * MiB);
        Assert.InRange(data.Sum(extent => extent.Length), 12_288, MiB);
        Assert.Equal(DiskExtentKind.Data, Assert.Single(read.Extents(0, read.Capacity)).Kind);
        Assert.Equal(2, DataRuns.Of(read, 0, read.Capacity, buffers).Count());
    }
}
