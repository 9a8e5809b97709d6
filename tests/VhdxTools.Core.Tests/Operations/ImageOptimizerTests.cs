using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using VhdxTools.Core.Tests.Disks;
using VhdxTools.Core.Tests.Support;
using VhdxTools.Disks;
using VhdxTools.Operations;
using Xunit;
using static VhdxTools.Core.Tests.Disks.EngineImages;

namespace VhdxTools.Core.Tests.Operations;

public class ImageOptimizerTests
{
    public static TheoryData<string, int, int, int> Kinds
    {
        get
        {
            TheoryData<string, int, int, int> data = [];
            foreach (string kind in new[] { "dynamic", "fixed", "child" })
            {
                foreach (int sector in new[] { 512, 4096 })
                {
                    foreach (int block in new[] { 1, 2 })
                    {
                        data.Add(kind, sector, block, 1);
                        data.Add(kind, sector, block, 2);
                    }
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void The_disk_stays_the_file_has_no_gap_left_that_a_block_fits_into_and_a_second_run_does_nothing(string kind, int sector, int block, int seed)
    {
        using EngineFolder folder = new();
        string path = Image(folder, kind, sector, block, new(seed), out byte[] model);
        var before = Header(path);
        string parentHash = kind == "child" ? Hash(folder["p.vhdx"]) : "";
        string hash = Hash(path);

        VhdxOptimizeResult estimate = ImageOptimizer.Estimate(path);
        Assert.Equal(hash, Hash(path));
        VhdxOptimizeResult result = ImageOptimizer.Optimize(path, Guids(seed + 1000));

        Verify(path, model);
        Assert.Equal(Numbers(estimate), Numbers(result));
        Assert.Equal(new FileInfo(path).Length, result.BytesAfter);
        Assert.True(result.Changed && result.BytesFreed > 0);
        Assert.Equal(before.DataWriteGuid, Header(path).DataWriteGuid);
        Assert.NotEqual(before.FileWriteGuid, Header(path).FileWriteGuid);
        Assert.Equal(Guid.Empty, Header(path).LogGuid);
        Assert.Equal(parentHash, kind == "child" ? Hash(folder["p.vhdx"]) : "");

        // By the bytes of the file alone: nothing but owners, and no gap before the last block that is as large as one.
        (long unused, long largest, long end) = Gaps(path);
        Assert.Equal(end, new FileInfo(path).Length);
        Assert.Equal(unused, result.BytesUnused);
        Assert.InRange(largest, 0, (block * MiB) - 1);

        hash = Hash(path);
        DateTime time = File.GetLastWriteTimeUtc(path);
        VhdxOptimizeResult second = ImageOptimizer.Optimize(path, Guids(seed + 2000));
        Assert.False(second.Changed);
        Assert.Equal(0, second.BlocksFreed + second.BlocksMoved + second.BytesFreed);
        Assert.Equal(hash, Hash(path));
        Assert.Equal(time, File.GetLastWriteTimeUtc(path));
    }

    [Theory]
    [InlineData("dynamic")]
    [InlineData("child")]
    [InlineData("fixed")]
    public void A_dirty_log_is_replayed_and_that_is_a_change(string kind)
    {
        using EngineFolder folder = new();
        string path = Image(folder, kind, 512, 1, new(3), out byte[] model);
        _ = ImageOptimizer.Optimize(path, Guids(1));
        byte[] data = Bytes.Pattern(5, 9000);
        EngineScenario.LeaveDirty(path, Guids(3), disk => disk.Write(MiB + 100, data));

        data.CopyTo(model.AsSpan((int)MiB + 100));
        VhdxOptimizeResult estimate = ImageOptimizer.Estimate(path);
        Assert.True(estimate.Changed);
        VhdxOptimizeResult result = ImageOptimizer.Optimize(path, Guids(2));
        Assert.Equal(Numbers(estimate), Numbers(result));
        Assert.True(result.Changed);
        Verify(path, model);
    }

    [Theory]
    [InlineData("dynamic", 11)]
    [InlineData("child", 12)]
    [InlineData("fixed", 13)]
    public void Whenever_the_power_goes_the_disk_is_the_same_and_the_rest_can_be_done_later(string kind, int seed)
    {
        using EngineFolder folder = new();
        Random random = new(seed);
        string path = Image(folder, kind, 512, 1, random, out byte[] model);
        EngineMemoryFile before = EngineMemoryFile.Load(path);
        EngineMemoryFile current = before.Clone();
        List<EngineEvent> events = [];
        VhdxOptimizeResult whole = ImageOptimizer.Optimize(path, Guids(1), wrap: file =>
        {
            file.Dispose();
            return new EngineTapFile(new(current), [], events);
        });
        int cuts = 0;
        foreach (EngineMemoryFile cut in EngineCuts.Of(before, events, random, samples: 8))
        {
            cut.Save(path);
            Verify(path, model);
            if (cuts++ % 6 == 0)
            {
                _ = ImageOptimizer.Optimize(path, Guids(cuts));
                Verify(path, model);
                Assert.Equal(whole.BytesAfter, new FileInfo(path).Length);
            }
        }

        Assert.True(cuts > 40);
    }

    [Theory]
    [InlineData("dynamic")]
    [InlineData("child")]
    public void Any_failing_call_is_told_and_the_disk_is_the_same(string kind)
    {
        bool hasFailed = true;
        for (int failing = 1; hasFailed; failing++)
        {
            using EngineFolder folder = new();
            string path = Image(folder, kind, 512, 1, new(21), out byte[] model);
            EngineFaultyFile? faulty = null;
            Exception? error = Record.Exception(() => ImageOptimizer.Optimize(path, Guids(1), wrap: file => faulty = new(file, failing, partly: true)));
            hasFailed = faulty!.HasFailed;
            Assert.Equal(hasFailed, error is VhdxException);
            Verify(path, model);
            _ = ImageOptimizer.Optimize(path, Guids(2));
            Verify(path, model);
        }
    }

    [Fact]
    public void Who_stops_it_has_a_sound_image()
    {
        using EngineFolder folder = new();
        string path = Image(folder, "dynamic", 512, 1, new(31), out byte[] model);
        using CancellationTokenSource stop = new();
        Assert.Throws<OperationCanceledException>(() => ImageOptimizer.Optimize(path, Guids(1), (done, _) =>
        {
            if (done > 8)
            {
                stop.Cancel();
            }
        }, cancellation: stop.Token));
        Verify(path, model);
        Assert.Equal(Guid.Empty, Header(path).LogGuid);
        Assert.True(ImageOptimizer.Optimize(path, Guids(2)).Changed);
        Verify(path, model);
    }

    [Fact]
    public void Zeros_over_data_of_the_parent_stay_zeros_and_zeros_over_nothing_go()
    {
        using EngineFolder folder = new();
        string parent = Create(folder["p.vhdx"], size: 8 * MiB, block: MiB);
        using (DiskChain disk = DiskChain.OpenWrite(parent, Guids(1)))
        {
            disk.Write(0, Bytes.Pattern(1, (int)(3 * MiB)));
        }

        string path = Create(folder["c.vhdx"], block: MiB, parent: parent);
        using (DiskChain disk = DiskChain.OpenWrite(path, Guids(2)))
        {
            // Present zeros over data, over nothing, and a part over each.
            foreach (long block in new[] { 0, 5 })
            {
                disk.Write(block * MiB, Bytes.Pattern(7, (int)MiB));
                disk.Write(block * MiB, new byte[MiB - 512]);
                disk.Write((block * MiB) + MiB - 512, new byte[512]);
            }

            foreach (long block in new[] { 1, 6 })
            {
                disk.Write((block * MiB) + 4096, Bytes.Pattern(7, 8192));
                disk.Write((block * MiB) + 4096, new byte[8192]);
            }
        }

        VhdxOptimizeResult result = ImageOptimizer.Optimize(path, Guids(3));

        EngineOracle oracle = new(path);
        Assert.Equal(2UL, oracle.PayloadEntry(0));
        Assert.Equal(7UL, oracle.PayloadEntry(1) & 7);
        Assert.Equal(0UL, oracle.PayloadEntry(5));
        Assert.Equal(0UL, oracle.PayloadEntry(6));
        Assert.Equal(3, result.ZeroBlocksFreed);
        Assert.Equal(0, result.BitmapBlocksFreed);
        Assert.Empty(Faults(path));
    }

    [Fact]
    public void A_table_at_the_end_of_the_file_moves_too()
    {
        using EngineFolder folder = new();
        string path = Create(folder["a.vhdx"], size: 100L << 30, block: MiB);
        byte[] data = Bytes.Pattern(1, (int)(12 * MiB));
        using (DiskChain disk = DiskChain.OpenWrite(path, Guids(1)))
        {
            disk.Write(0, data);
        }

        ImageResizer.Resize(ResizePlanner.Plan(path, new() { SizeBytes = 200UL << 30 }, _ => { }, default), Guids(2));
        using (DiskChain disk = DiskChain.OpenWrite(path, Guids(1)))
        {
            disk.Write(50L << 30, Bytes.Pattern(2, (int)(3 * MiB)));
            disk.Trim(0, 8 * MiB);
        }

        VhdxOptimizeResult estimate = ImageOptimizer.Estimate(path);
        VhdxOptimizeResult result = ImageOptimizer.Optimize(path, Guids(3));
        Assert.Equal(Numbers(estimate), Numbers(result));
        (_, long largest, long end) = Gaps(path);
        Assert.Equal(0, largest);
        Assert.Equal(end, new FileInfo(path).Length);
        Assert.Empty(Faults(path));
        using DiskChain read = DiskChain.OpenRead(path);
        byte[] bytes = new byte[4 * MiB];
        read.Read(8 * MiB, bytes);
        Assert.True(data.AsSpan((int)(8 * MiB)).SequenceEqual(bytes));
        read.Read(50L << 30, bytes.AsSpan(0, (int)(3 * MiB)));
        Assert.True(Bytes.Pattern(2, (int)(3 * MiB)).AsSpan().SequenceEqual(bytes.AsSpan(0, (int)(3 * MiB))));
    }

    private static string Numbers(VhdxOptimizeResult result) => FormattableString.Invariant(
        $"{result.BytesBefore} {result.BytesAfter} {result.ZeroBlocksFreed} {result.EmptyBlocksFreed} {result.BitmapBlocksFreed} {result.EntriesCleared} {result.BlocksMoved} {result.BytesUnused} {result.Changed}");

    /// <summary>Blocks in random order, some of zeros, some given up, and foreign bytes behind the end.</summary>
    private static string Image(EngineFolder folder, string kind, int sector, int block, Random random, out byte[] model)
    {
        const int count = 20;
        byte[] bytes = new byte[(count * MiB) - 4096];
        string? parent = null;
        if (kind == "child")
        {
            parent = Create(folder["p.vhdx"], size: 12 * MiB, block: MiB, sector: sector);
            using DiskChain disk = DiskChain.OpenWrite(parent, Guids(1));
            byte[] content = Bytes.Pattern(1, (int)(4 * MiB));
            disk.Write(3 * MiB, content);
            content.CopyTo(bytes.AsSpan((int)(3 * MiB)));
        }

        string path = Create(folder["a.vhdx"], kind == "fixed" ? VhdType.Fixed : VhdType.Dynamic, bytes.Length, block * MiB, sector, parent: parent);
        using (DiskChain disk = DiskChain.OpenWrite(path, Guids(2)))
        {
            for (int i = 0; i < 40; i++)
            {
                long start = random.Next(count) * MiB;
                int length = (int)Math.Min(bytes.Length - start, MiB);
                switch (random.Next(5))
                {
                    case 0:
                        disk.Trim(start, length);
                        bytes.AsSpan((int)start, length).Clear();
                        break;
                    case 1:
                        byte[] zeros = new byte[length / 2];
                        disk.Write(start, zeros);
                        disk.Write(start + (length / 2), zeros.AsSpan(0, length - zeros.Length < zeros.Length ? length - zeros.Length : zeros.Length));
                        bytes.AsSpan((int)start, 2 * (length / 2)).Clear();
                        break;
                    default:
                        byte[] data = RandomBytes(random, random.Next(2) == 0 ? length : 30_000);
                        disk.Write(start, data);
                        data.CopyTo(bytes.AsSpan((int)start));
                        break;
                }
            }

            // A block of zeros for sure, and one that is given up.
            disk.Write(8 * MiB, Bytes.Pattern(4, (int)(2 * MiB)));
            disk.Write(8 * MiB, new byte[MiB]);
            for (long offset = 8 * MiB; offset < 10 * MiB; offset += MiB / 2)
            {
                disk.Write(offset, new byte[MiB / 2]);
            }

            bytes.AsSpan((int)(8 * MiB), (int)(2 * MiB)).Clear();
            disk.Write(10 * MiB, Bytes.Pattern(4, (int)(2 * MiB)));
            disk.Flush();
            disk.Trim(10 * MiB, 2 * MiB);
            bytes.AsSpan((int)(10 * MiB), (int)(2 * MiB)).Clear();
        }

        using (FileStream stream = new(path, FileMode.Append))
        {
            stream.Write(Bytes.Pattern(9, (int)(3 * MiB) + 5));
        }

        model = bytes;
        return path;
    }

    /// <summary>Gaps by the bytes of the file: all of them, the largest, and where the last owner ends.</summary>
    private static (long Unused, long Largest, long End) Gaps(string path)
    {
        byte[] file = File.ReadAllBytes(path);
        EngineOracle oracle = new(path);
        List<(long Start, long End)> owned = [(0, MiB)];
        long header = Bytes.Read(file, 65_536 + 8, 8) > Bytes.Read(file, 131_072 + 8, 8) ? 65_536 : 131_072;
        owned.Add(((long)Bytes.Read(file, (int)header + 72, 8), (long)(Bytes.Read(file, (int)header + 72, 8) + Bytes.Read(file, (int)header + 68, 4))));
        for (int entry = (192 * 1024) + 16; Bytes.Read(file, entry, 8) != 0; entry += 32)
        {
            long start = (long)Bytes.Read(file, entry + 16, 8);
            owned.Add((start, start + (long)Bytes.Read(file, entry + 24, 4)));
        }

        for (long block = 0; block < oracle.BlockCount; block++)
        {
            ulong entry = oracle.PayloadEntry(block);
            if ((entry & 6) == 6)
            {
                owned.Add(((long)(entry >> 20) << 20, ((long)(entry >> 20) << 20) + oracle.BlockSize));
            }
        }

        if (oracle.BitmapEnd > 0)
        {
            owned.Add((oracle.BitmapEnd - MiB, oracle.BitmapEnd));
        }

        long unused = 0;
        long largest = 0;
        long end = 0;
        foreach ((long start, long stop) in owned.OrderBy(range => range.Start))
        {
            unused += Math.Max(0, start - end);
            largest = Math.Max(largest, start - end);
            end = Math.Max(end, stop);
        }

        return (unused, largest, end);
    }

    private static void Verify(string path, byte[] expected)
    {
        Assert.Empty(Faults(path));
        using DiskChain disk = DiskChain.OpenRead(path);
        Assert.Equal(expected.Length, disk.Capacity);
        byte[] bytes = new byte[expected.Length];
        disk.Read(0, bytes);
        Assert.Equal(expected.Length, expected.AsSpan().CommonPrefixLength(bytes));
    }
}
