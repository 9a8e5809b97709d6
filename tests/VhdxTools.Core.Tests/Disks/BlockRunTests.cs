using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using VhdxTools.Core.Tests.Support;
using VhdxTools.Disks;
using Xunit;
using static VhdxTools.Core.Tests.Disks.EngineImages;

namespace VhdxTools.Core.Tests.Disks;

/// <summary>Blocks that are not there or zero are told in runs, and each as its entry says (MS-VHDX 2.5.1.1).</summary>
public class BlockRunTests
{
    private const int Blocks = 10_240;
    private const int BlocksPerChunk = 4096;
    private const int EntriesPerSector = 4096 / 8;
    private const long Bat = 3 * MiB;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Runs_of_any_states_are_told_as_the_table_has_them(int seed)
    {
        using EngineFolder folder = new();
        Random random = new(seed);
        (string path, ulong[] model) = Prepare(folder, random);
        using DiskChain disk = DiskChain.OpenWrite(path, Guids(seed));
        Verify(disk.Layers[0], model, random);

        // What is changed and not yet in the file counts.
        disk.Edit(session =>
        {
            session.Begin();
            for (int i = 0; i < 40; i++)
            {
                int block = random.Next(Blocks);
                BlockState state = random.Next(2) == 0 ? BlockState.Zero : BlockState.NotPresent;
                session.SetEntry(block + (block / BlocksPerChunk), state, 0);
                model[block] = (ulong)state;
            }

            Verify(session.Layer, model, random);
            session.Commit();
        });
        Verify(disk.Layers[0], model, random);
    }

    [Fact]
    public void A_table_of_zero_blocks_is_one_run()
    {
        using EngineFolder folder = new();
        string path = Create(folder["z.vhdx"], size: 4L << 40, block: MiB, state: InitialBlockState.Zero);
        using DiskChain disk = DiskChain.OpenRead(path);
        LayerExtent extent = Assert.Single(disk.Layers[0].Extents(0, disk.Capacity));
        Assert.Equal(new(0, 4L << 40, LayerSource.Zero, 0, BlockState.Zero), extent);
    }

    [Fact]
    public void A_stop_ends_the_walk_inside_a_run()
    {
        using EngineFolder folder = new();
        string path = Create(folder["z.vhdx"], size: 4L << 40, block: MiB, state: InitialBlockState.Zero);
        using CancellationTokenSource stop = new();
        int reads = 0;
        using DiskChain disk = DiskChain.OpenWrite(path, Guids(1), file => new WatchedFile(file, _ => { }, onRead: _ =>
        {
            if (++reads == 20)
            {
                stop.Cancel();
            }
        }));
        reads = 0;

        Assert.Throws<OperationCanceledException>(() => disk.Layers[0].Extents(0, disk.Capacity, stop.Token).Count());

        // The table has 8194 sectors.
        Assert.Equal(20, reads);
    }

    [Fact]
    public void Entries_of_sector_bitmaps_are_no_blocks_of_a_run()
    {
        using EngineFolder folder = new();
        string path = Create(folder["b.vhdx"], size: Blocks * MiB, block: MiB);
        ulong[] model = [.. Enumerable.Repeat(2UL, Blocks)];
        model[BlocksPerChunk + 1] = 1;
        model[(2 * BlocksPerChunk) + 8] = 3;
        Patch(path, Bat, Table(model, bitmapEntry: 2));
        using DiskChain disk = DiskChain.OpenRead(path);
        Verify(disk.Layers[0], model, new(1));
    }

    private static (string Path, ulong[] Model) Prepare(EngineFolder folder, Random random)
    {
        string path = Create(folder["r.vhdx"], size: Blocks * MiB, block: MiB);
        ulong[] model = new ulong[Blocks];
        long fileLength = new FileInfo(path).Length;
        int[] lengths = [1, 2, 63, 511, 512, 513, 1100, 4096];
        for (int block = 0; block < Blocks;)
        {
            // Not present, undefined, zero, unmapped, with an offset that means nothing, and data.
            int kind = random.Next(7);
            int end = Math.Min(Blocks, block + lengths[random.Next(lengths.Length)]);
            for (; block < end; block++)
            {
                model[block] = kind switch
                {
                    4 => (77UL << 20) | 2,
                    5 => 88UL << 20,
                    6 => (ulong)fileLength | 6,
                    _ => (ulong)kind,
                };
                fileLength += kind == 6 ? MiB : 0;
            }
        }

        Patch(path, Bat, Table(model, bitmapEntry: 0));
        using FileStream stream = new(path, FileMode.Open);
        stream.SetLength(fileLength);
        return (path, model);
    }

    private static byte[] Table(ulong[] model, ulong bitmapEntry)
    {
        List<byte> table = [];
        for (int block = 0; block < Blocks; block++)
        {
            table.AddRange(BitConverter.GetBytes(model[block]));
            if (block % BlocksPerChunk == BlocksPerChunk - 1)
            {
                table.AddRange(BitConverter.GetBytes(bitmapEntry));
            }
        }

        return [.. table];
    }

    private static void Verify(VhdxLayer layer, ulong[] model, Random random)
    {
        int runs = 1 + Enumerable.Range(1, Blocks - 1).Count(block => model[block] != model[block - 1]);
        Verify(0, Blocks * MiB);
        for (int i = 0; i < 50; i++)
        {
            long offset = random.NextInt64(Blocks * MiB);
            Verify(offset, random.NextInt64(1, (Blocks * MiB) - offset + 1));
        }

        void Verify(long offset, long length)
        {
            List<LayerExtent> extents = [.. layer.Extents(offset, length)];
            Assert.InRange(extents.Count, 1, runs + (Blocks / EntriesPerSector) + 2);
            long position = offset;
            foreach (LayerExtent extent in extents)
            {
                Assert.Equal(position, extent.Offset);
                position += extent.Length;
                for (long block = extent.Offset / MiB; block * MiB < position; block++)
                {
                    ulong entry = model[block];
                    BlockState state = (BlockState)(entry & 7);
                    Assert.Equal(state, extent.State);
                    Assert.Equal((entry & 7) switch { 0 => LayerSource.Parent, 6 => LayerSource.Data, _ => LayerSource.Zero }, extent.Source);
                    long place = (entry & 7) == 6 ? (long)(entry >> 20 << 20) + Math.Max(0, extent.Offset - (block * MiB)) : 0;
                    Assert.Equal(place, extent.FileOffset);
                }
            }

            Assert.Equal(offset + length, position);
        }
    }
}
