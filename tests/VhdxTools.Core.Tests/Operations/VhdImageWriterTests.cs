using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Threading;
using VhdxTools.Core.Tests.Support;
using VhdxTools.IO;
using VhdxTools.Layout;
using VhdxTools.Operations;
using Xunit;
using static VhdxTools.Core.Tests.Support.VhdPlans;

namespace VhdxTools.Core.Tests.Operations;

public class VhdImageWriterTests
{
    [Theory]
    [InlineData(VhdType.Fixed, null)]
    [InlineData(VhdType.Dynamic, 512 << 10)]
    [InlineData(VhdType.Dynamic, 2 << 20)]
    [InlineData(VhdType.Dynamic, 8 << 20)]
    public void Random_disks_are_read_as_they_were(VhdType type, int? blockSize)
    {
        for (int seed = 0; seed < 12; seed++)
        {
            Random random = new(seed);
            byte[] disk = new byte[random.Next(1, 24_000) * 512];
            Scribble(disk, random, random.Next(8));

            VhdReading reading = new(All(Write(Options(type, disk.Length, blockSize), disk)));

            Assert.Equal((disk.Length, (int)type), (reading.Size, reading.Type));
            Assert.True(disk.AsSpan().SequenceEqual(reading.Disk()), $"Seed {seed}.");
            if (type == VhdType.Dynamic)
            {
                // Only blocks that hold anything, and all sectors of those.
                Assert.Equal(
                    Enumerable.Range(0, (disk.Length + reading.BlockSize - 1) / reading.BlockSize).Where(block => Part(disk, block, reading.BlockSize).ContainsAnyExcept((byte)0)),
                    reading.Blocks);
                Assert.All(reading.Blocks, block => Assert.All(Enumerable.Range(0, reading.BlockSize / 512), i => Assert.True(reading.IsHeld((block * reading.BlockSize / 512) + i))));
            }
        }
    }

    [Theory]
    [InlineData(512 << 10)]
    [InlineData(2 << 20)]
    [InlineData(8 << 20)]
    public void Differences_are_held_and_nothing_else(int blockSize)
    {
        for (int seed = 0; seed < 12; seed++)
        {
            Random random = new(seed);
            byte[] parent = new byte[random.Next(1, 24_000) * 512];
            Scribble(parent, random, 8);
            byte[] disk = (byte[])parent.Clone();
            Scribble(disk, random, random.Next(8));
            IReadOnlyList<FileRange> ranges = Differences(parent, disk, random);

            VhdReading reading = new(All(WriteDifferences(Options(size: null, blockSize: blockSize) with { Parent = Parent(parent.Length) }, disk, ranges)));

            Assert.Equal(4, reading.Type);
            Assert.True(disk.AsSpan().SequenceEqual(reading.Disk(parent)), $"Seed {seed}.");
            Assert.Equal(ranges.Sum(range => range.Length / 512), Enumerable.Range(0, disk.Length / 512).Count(reading.IsHeld));
            Assert.Equal(Enumerable.Range(0, disk.Length / 512).Where(reading.IsHeld).Select(sector => sector * 512 / blockSize).Distinct(), reading.Blocks);
            Assert.Equal((@"C:\images\p.vhd", @".\p.vhd"), (reading.Paths["W2ku"], reading.Paths["W2ru"]));
        }
    }

    [Theory]
    [InlineData(VhdType.Fixed)]
    [InlineData(VhdType.Dynamic)]
    [InlineData(VhdType.Differencing)]
    public void Behind_a_shorter_source_are_zeros(VhdType type)
    {
        byte[] source = Bytes.Pattern(3, 1_000_448);
        byte[] expected = new byte[5 << 20];
        source.CopyTo(expected, 0);

        VhdReading reading = new(All(type == VhdType.Differencing
            ? WriteDifferences(Options(size: null) with { Parent = Parent(expected.Length) }, source, [new(0, expected.Length)])
            : Write(Options(type, expected.Length), source)));

        Assert.True(expected.AsSpan().SequenceEqual(reading.Disk(type == VhdType.Differencing ? Bytes.Pattern(4, expected.Length) : null)));
    }

    [Fact]
    public void A_sparse_disk_makes_a_sparse_file_and_its_zeros_are_not_read()
    {
        MemoryFile data = new("source");
        data.Put(5 * GiB, [1]);
        data.Put((1000 * GiB) - 512, [2]);
        foreach (VhdType type in new[] { VhdType.Fixed, VhdType.Dynamic })
        {
            MemoryFile file = new("target");
            VhdImageWriter.Write(VhdPlanner.Plan(Options(type, 1000 * GiB)), Disk(data, 1000 * GiB), file);

            Assert.True(file.BytesWritten < (4 << 20), $"{file.BytesWritten} bytes are written.");
            Assert.Equal(type == VhdType.Fixed ? (1000 * GiB) + 512 : 1536 + (4 * 512_000) + 1536 + (2 * (4096 + (2 << 20))) - 4096 + 512 + 512, file.Length, 4096d);
        }
    }

    [SkippableFact]
    public void The_file_takes_no_more_space_than_its_data()
    {
        using TempFolder folder = new();
        Skip.IfNot(OperatingSystem.IsLinux(), "stat is asked for blocks.");
        byte[] disk = new byte[64 << 20];
        Bytes.Put(disk, 3 << 20, Bytes.Pattern(1, 100_000));
        foreach (VhdType type in new[] { VhdType.Fixed, VhdType.Dynamic })
        {
            string path = folder[type + ".vhd"];
            using (PendingFile pending = PendingFile.Create(path, false, "x"))
            {
                VhdImageWriter.Write(VhdPlanner.Plan(Options(type, disk.Length)), Disk(disk), pending.File);
                pending.Commit(CancellationToken.None);
            }

            byte[]? blocks = Tool.Run("stat", "-c", "%b", path);
            Skip.If(blocks is null, "stat is not here.");
            Assert.InRange(int.Parse(System.Text.Encoding.ASCII.GetString(blocks!), CultureInfo.InvariantCulture) * 512, 100_000, 400_000);
            Assert.True(disk.AsSpan().SequenceEqual(new VhdReading(File.ReadAllBytes(path)).Disk()));
        }
    }

    [Fact]
    public void The_BAT_of_the_largest_disk_is_written_in_pages()
    {
        // The last entry of a page, the first of the next, one after many empty pages, the last of all.
        int[] blocks = [16_383, 16_384, 1_500_000, 4_177_919];
        MemoryFile data = new("source");
        foreach (int block in blocks)
        {
            data.Put(((long)block << 19) + (512 << 10) - 1, [1]);
        }

        MemoryFile file = new("target");

        VhdImageWriter.Write(VhdPlanner.Plan(Options(VhdType.Dynamic, 2040 * GiB, 512 << 10)), Disk(data, 2040 * GiB), file);

        Assert.All(file.Calls.Where(call => call.Call == "Write"), call => Assert.InRange(call.Length, 1, 64 << 10));
        byte[] table = file.Bytes(1536, 4_177_920 * 4);
        const int BlocksStart = 1536 + (4_177_920 * 4);
        Assert.Equal(blocks, Enumerable.Range(0, 4_177_920).Where(i => Number(table, i) != uint.MaxValue));
        Assert.All(blocks, (block, i) =>
        {
            int place = BlocksStart + (i * (512 + (512 << 10)));
            Assert.Equal(place / 512, (int)Number(table, block));
            Assert.Equal(1, file.Bytes(place + 512 + (512 << 10) - 1, 1)[0]);
        });
        Assert.Equal(BlocksStart + (4 * (512 + (512 << 10))) + 512, file.Length);
    }

    [Fact]
    public void Zeros_over_a_parents_data_are_held_and_need_no_space()
    {
        byte[] parent = Bytes.Pattern(1, 10 << 20);
        byte[] disk = new byte[10 << 20];
        disk[0] = 9;
        MemoryFile file = WriteDifferences(Options(size: null) with { Parent = Parent() }, disk, [new(0, disk.Length)]);

        Assert.True(file.BytesWritten < (200 << 10), $"{file.BytesWritten} bytes are written.");
        Assert.True(disk.AsSpan().SequenceEqual(new VhdReading(All(file)).Disk(parent)));
    }

    [Fact]
    public void Without_differences_there_are_no_blocks()
    {
        MemoryFile file = WriteDifferences(Options(size: null) with { Parent = Parent() }, new byte[10 << 20], []);
        Assert.Equal(VhdPlanner.Plan(Options(size: null) with { Parent = Parent() }).MinimumFileLength, file.Length);
        Assert.Empty(new VhdReading(All(file)).Blocks);
    }

    [Theory]
    [InlineData(1, 512)]
    [InlineData(0, 100)]
    [InlineData((10 << 20) - 512, 1024)]
    public void Ranges_that_are_none_are_refused(long offset, long length) =>
        Assert.Throws<ArgumentException>(() => WriteDifferences(Options(size: null) with { Parent = Parent() }, new byte[10 << 20], [new(offset, length)]));

    [Fact]
    public void Misuse_is_refused()
    {
        Assert.Throws<ArgumentException>(() => WriteDifferences(Options(size: null) with { Parent = Parent() }, new byte[10 << 20], [new(1024, 1024), new(1536, 512)]));
        Assert.Throws<ArgumentException>(() => WriteDifferences(Options(VhdType.Dynamic), new byte[512], []));
        Assert.Throws<ArgumentException>(() => Write(Options(size: null) with { Parent = Parent() }, new byte[512]));
        Assert.Throws<ArgumentException>(() => Write(Options(VhdType.Fixed), new byte[(10 << 20) + 512]));
        MemoryFile used = new("target");
        used.Put(0, [1]);
        Assert.Throws<ArgumentException>(() => VhdImageWriter.Write(VhdPlanner.Plan(Options()), Disk([]), used));
    }

    [Theory]
    [InlineData(VhdType.Fixed)]
    [InlineData(VhdType.Dynamic)]
    [InlineData(VhdType.Differencing)]
    public void Progress_grows_to_the_whole_and_a_stop_ends_the_work(VhdType type)
    {
        byte[] disk = Bytes.Pattern(1, 10 << 20);
        List<(long Done, long Total)> steps = [];
        Run(type, disk, (done, total) => steps.Add((done, total)), default);

        Assert.True(steps.Count >= 5);
        Assert.All(steps, step => Assert.Equal(12 << 20, step.Total));
        Assert.Equal(steps.Select(step => step.Done).Order(), steps.Select(step => step.Done));
        Assert.Equal(12 << 20, steps[^1].Done);

        using CancellationTokenSource stop = new();
        List<long> until = [];
        Assert.Throws<OperationCanceledException>(() => Run(type, disk, (done, _) => { until.Add(done); stop.Cancel(); }, stop.Token));
        Assert.Single(until);
    }

    private static void Run(VhdType type, byte[] disk, Action<long, long> progress, CancellationToken cancellation)
    {
        if (type == VhdType.Differencing)
        {
            IEnumerable<FileRange> ranges = Enumerable.Range(0, 10).Select(i => new FileRange(i << 20, 1 << 20));
            VhdImageWriter.WriteDifferences(VhdPlanner.Plan(Options(size: null) with { Parent = Parent(12 << 20) }), Disk(disk), ranges, new MemoryFile("t"), progress, cancellation);
        }
        else
        {
            VhdImageWriter.Write(VhdPlanner.Plan(Options(type, 12 << 20)), Disk(disk), new MemoryFile("t"), progress: progress, cancellation: cancellation);
        }
    }

    private static ReadOnlySpan<byte> Part(byte[] disk, int block, int blockSize) => disk.AsSpan(block * blockSize, Math.Min(blockSize, disk.Length - (block * blockSize)));

    private static uint Number(byte[] table, int entry) => System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(table.AsSpan(entry * 4));
}
