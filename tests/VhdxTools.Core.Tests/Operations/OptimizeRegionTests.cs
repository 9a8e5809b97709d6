using System;
using System.Collections.Generic;
using System.IO;
using VhdxTools.Core.Tests.Disks;
using VhdxTools.Core.Tests.Support;
using VhdxTools.Disks;
using VhdxTools.Operations;
using Xunit;
using static VhdxTools.Core.Tests.Disks.EngineImages;

namespace VhdxTools.Core.Tests.Operations;

/// <summary>Regions in the way of the cut: in a small gap, in the room that blocks make for them together, or not at all.</summary>
public class OptimizeRegionTests
{
    [Theory]

    // BAT and metadata: offset and length in MiB; places of blocks; length of the file before and after.
    [InlineData(12, 1, 2, 1, new[] { 5, 7 }, 16, 6)]
    [InlineData(12, 4, 2, 1, new[] { 4, 6, 8, 10 }, 16, 11)]
    [InlineData(12, 4, 17, 1, new[] { 4, 6, 8, 10 }, 18, 11)]
    [InlineData(12, 1, 13, 1, new[] { 6, 10 }, 14, 6)]
    [InlineData(3, 1, 20, 1, new[] { 5, 22 }, 23, 6)]
    [InlineData(9, 1, 2, 1, new[] { 3, 4, 5, 6, 7, 8, 14 }, 15, 11)]

    // No room before the region is large enough for it.
    [InlineData(6, 2, 2, 1, new[] { 4, 5 }, 8, 8)]
    [InlineData(8, 4, 2, 1, new[] { 4, 6 }, 12, 12)]
    public void A_region_at_the_end_moves_where_there_is_or_can_be_room(int bat, int batLength, int metadata, int metadataLength, int[] blocks, int before, int after)
    {
        using EngineFolder folder = new();
        string path = Image(folder, bat, batLength, metadata, metadataLength, blocks, before);
        byte[] disk = Read(path);
        VhdxOptimizeResult estimate = ImageOptimizer.Estimate(path);
        VhdxOptimizeResult result = ImageOptimizer.Optimize(path, Guids(1));
        Assert.Equal(after * MiB, new FileInfo(path).Length);
        Assert.Equal((estimate.BytesAfter, estimate.BlocksMoved, estimate.BytesUnused, estimate.Remark), (result.BytesAfter, result.BlocksMoved, result.BytesUnused, result.Remark));
        Assert.Equal(after * MiB, result.BytesUnused + ((2 + batLength + metadataLength + blocks.Length) * MiB));
        Assert.Empty(Faults(path));
        Assert.True(disk.AsSpan().SequenceEqual(Read(path)));

        string hash = Hash(path);
        Assert.False(ImageOptimizer.Optimize(path, Guids(2)).Changed);
        Assert.Equal(hash, Hash(path));
    }

    [Theory]
    [InlineData("log", 21, "The log lies at the end")]
    [InlineData("unknown", 21, "does not know, lies at the end")]
    [InlineData("BAT", 24, "The BAT region lies at the end")]
    [InlineData("gap", 9, "The gaps are too small for the block")]
    [InlineData("none", 6, null)]
    public void The_result_says_why_not_more(string what, int after, string? remark)
    {
        using EngineFolder folder = new();
        ImageBuilder builder = new(blockSize: (ulong)(what == "gap" ? 2 * MiB : MiB)) { FileLength = 24 * MiB };
        int[] blocks = what == "gap" ? [5, 7] : [10, 22];
        switch (what)
        {
            case "log":
                builder.Header1.LogOffset = builder.Header2.LogOffset = 20 * (ulong)MiB;
                break;
            case "unknown":
                builder.Regions.Add(new(RegionModel.Unknown, 20 * (ulong)MiB, (ulong)MiB, false));
                break;
            case "BAT":
                builder.Regions[0] = new(RegionModel.Bat, 4 * (ulong)MiB, 20 * (ulong)MiB, true);
                blocks = [];
                break;
        }

        string path = Save(folder, builder, blocks);
        VhdxOptimizeResult result = ImageOptimizer.Optimize(path, Guids(1));
        Assert.Equal(after * MiB, result.BytesAfter);
        Assert.Equal(remark is null, result.Remark is null);
        Assert.Contains(remark ?? "", result.Remark ?? "", StringComparison.Ordinal);
        Assert.Equal(result.Remark, ImageOptimizer.Estimate(path).Remark);
        Assert.Equal(remark is null, result.BytesUnused == 0);
    }

    [Fact]
    public void A_cut_while_regions_move_leaves_a_sound_image_and_the_next_run_finishes()
    {
        using EngineFolder folder = new();
        string path = Image(folder, 12, 4, 17, 1, [4, 6, 8, 10], 18);
        byte[] disk = Read(path);
        EngineMemoryFile before = EngineMemoryFile.Load(path);
        EngineMemoryFile current = before.Clone();
        List<EngineEvent> events = [];
        _ = ImageOptimizer.Optimize(path, Guids(1), wrap: file =>
        {
            file.Dispose();
            return new EngineTapFile(new(current), [], events);
        });
        Assert.Equal(11 * MiB, current.Length);
        int count = 0;
        foreach (EngineMemoryFile cut in EngineCuts.Of(before, events, new(6), samples: 3))
        {
            cut.Save(path);
            Assert.Empty(Faults(path));
            Assert.True(disk.AsSpan().SequenceEqual(Read(path)));
            if (count++ % 8 == 0)
            {
                _ = ImageOptimizer.Optimize(path, Guids(count));
                Assert.Equal(11 * MiB, new FileInfo(path).Length);
                Assert.True(disk.AsSpan().SequenceEqual(Read(path)));
            }
        }

        Assert.True(count > 40);
    }

    [Fact]
    public void A_table_that_a_larger_disk_put_behind_scattered_blocks_comes_back()
    {
        using EngineFolder folder = new();
        string path = Create(folder["a.vhdx"], size: 20 * MiB, block: MiB);
        byte[] model = Bytes.Pattern(1, (int)(20 * MiB));
        using (DiskChain disk = DiskChain.OpenWrite(path, Guids(1)))
        {
            disk.Write(0, model);
        }

        ImageResizer.Resize(ResizePlanner.Plan(path, new() { SizeBytes = 500UL << 30 }, _ => { }, default), Guids(2));
        using (DiskChain disk = DiskChain.OpenWrite(path, Guids(3)))
        {
            for (int block = 1; block < 20; block += 2)
            {
                model.AsSpan(block * (int)MiB, (int)MiB).Clear();
                disk.Trim(block * MiB, MiB);
            }
        }

        VhdxOptimizeResult estimate = ImageOptimizer.Estimate(path);
        VhdxOptimizeResult result = ImageOptimizer.Optimize(path, Guids(4));

        // 500 GiB have 512000 blocks and 124 sector bitmap entries between them: 4 MiB of entries.
        Assert.Equal((3 + 4 + 10) * MiB, new FileInfo(path).Length);
        Assert.Equal((estimate.BytesAfter, estimate.BlocksMoved), (result.BytesAfter, result.BlocksMoved));
        Assert.Empty(Faults(path));
        using DiskChain after = DiskChain.OpenRead(path);
        Assert.Equal(500L << 30, after.Capacity);
        byte[] bytes = new byte[model.Length];
        after.Read(0, bytes);
        Assert.True(model.AsSpan().SequenceEqual(bytes));
    }

    private static string Image(EngineFolder folder, int bat, int batLength, int metadata, int metadataLength, int[] blocks, int length)
    {
        ImageBuilder builder = new() { FileLength = length * MiB };
        builder.Regions[0] = new(RegionModel.Bat, (ulong)(bat * MiB), (ulong)(batLength * MiB), true);
        builder.Regions[1] = new(RegionModel.Metadata, (ulong)(metadata * MiB), (ulong)(metadataLength * MiB), true);
        return Save(folder, builder, blocks);
    }

    private static string Save(EngineFolder folder, ImageBuilder builder, int[] blocks)
    {
        for (int i = 0; i < blocks.Length; i++)
        {
            builder.Bat[i] = ((ulong)blocks[i] << 20) | 6;
            builder.Extra.Add((blocks[i] * MiB, Bytes.Pattern(i + 1, (int)MiB)));
        }

        MemoryFile file = builder.Build();
        byte[] bytes = new byte[file.Length];
        file.Read(0, bytes);
        File.WriteAllBytes(folder["a.vhdx"], bytes);
        return folder["a.vhdx"];
    }

    private static byte[] Read(string path)
    {
        using DiskChain disk = DiskChain.OpenRead(path);
        byte[] bytes = new byte[20 * MiB];
        disk.Read(0, bytes);
        return bytes;
    }
}
