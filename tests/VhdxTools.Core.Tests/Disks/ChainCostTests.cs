using System;
using System.Collections.Generic;
using System.Linq;
using VhdxTools.Core.Tests.Support;
using VhdxTools.Disks;
using VhdxTools.Operations;
using Xunit;

namespace VhdxTools.Core.Tests.Disks;

/// <summary>What a walk through a disk costs: memory that does not grow with the chain, and no question to the system for each block.</summary>
public class ChainCostTests
{
    private const long MiB = 1 << 20;

    [Fact]
    public void The_files_of_a_chain_keep_no_more_in_memory_together_than_one_file_may()
    {
        const int children = 20;
        const long size = 4L << 40;
        using EngineFolder folder = new();
        string path = EngineImages.Create(folder["0.vhdx"], size: size, block: MiB);
        for (int i = 1; i <= children; i++)
        {
            path = EngineImages.Create(folder[$"{i}.vhdx"], size: size, block: MiB, parent: path);
        }

        using (DiskChain tip = DiskChain.OpenWrite(path, EngineImages.Guids(1)))
        {
            // Each in another sector of the tip's table, and of the tables below.
            for (int i = 0; i < 300; i++)
            {
                tip.Write((i * 1024 * MiB) + 4096, new byte[4096].Select(_ => (byte)1).ToArray());
            }
        }

        using DiskChain chain = DiskChain.OpenRead(path);
        long most = 0;
        int dataCount = 0;
        foreach (DiskExtent extent in chain.Extents(0, chain.Capacity))
        {
            most = Math.Max(most, chain.Layers.Sum(layer => layer.Metadata.CleanCount));
            dataCount += extent.Kind == DiskExtentKind.Data ? 1 : 0;
        }

        Assert.Equal(300, dataCount);
        Assert.InRange(most, 1, 4096);
    }

    [Fact]
    public void The_system_tells_the_length_of_a_file_once_for_all_its_blocks()
    {
        using EngineFolder folder = new();
        string path = EngineImages.Create(folder["fixed.vhdx"], VhdType.Fixed, size: 1024 * MiB, block: MiB);
        int questions = 0;
        using DiskChain disk = DiskChain.OpenWrite(path, EngineImages.Guids(1), file => new WatchedFile(file, _ => { }, onLength: () => questions++));
        questions = 0;

        DiskExtent whole = Assert.Single(disk.Extents(0, disk.Capacity));

        Assert.Equal(disk.Capacity, whole.Length);
        Assert.InRange(questions, 1, 8);
    }

    [Fact]
    public void A_hole_below_many_blocks_is_one_question_for_Optimize()
    {
        const int blocks = 1024;
        using EngineFolder folder = new();
        string path = EngineImages.Create(folder["holes.vhdx"], size: blocks * MiB, block: MiB);
        using (DiskChain disk = DiskChain.OpenWrite(path, EngineImages.Guids(1)))
        {
            // Blocks that are there and were never written to.
            disk.Edit(session =>
            {
                session.Begin();
                for (int i = 0; i < blocks; i++)
                {
                    session.SetEntry(session.Layer.Geometry.EntryOfPayloadBlock(i), BlockState.FullyPresent, session.Allocate(MiB).Offset);
                    session.MakeRoom(1);
                }
            });
        }

        int questions = 0;
        VhdxOptimizeResult result = ImageOptimizer.Optimize(
            path, EngineImages.Guids(2), wrap: file => new WatchedFile(file, _ => { }, onLength: () => questions++, onFindData: () => questions++));

        Assert.Equal(blocks, result.ZeroBlocksFreed);
        // Opening and closing ask some, too.
        Assert.InRange(questions, 1, 32);
    }

    [Fact]
    public void Trimming_what_is_zero_already_looks_at_the_table_once_or_twice()
    {
        const int blocks = 1 << 22;
        using EngineFolder folder = new();
        string path = EngineImages.Create(folder["zero.vhdx"], size: blocks * MiB, block: MiB, state: InitialBlockState.Zero);

        // More than is kept in memory, so whoever goes through it for each block reads it for each block.
        Assert.InRange(ReadsOfTrim(path), 1, 3 * (blocks * 8 / 4096));
    }

    [Fact]
    public void Trimming_a_child_that_holds_nothing_does_not_cost_its_size()
    {
        const int blocks = 1 << 22;
        using EngineFolder folder = new();
        string parent = EngineImages.Create(folder["parent.vhdx"], size: blocks * MiB, block: MiB);
        using (DiskChain disk = DiskChain.OpenWrite(parent, EngineImages.Guids(1)))
        {
            // Of zeros, and of something else.
            disk.Write(700 * MiB, [1]);
            disk.Write(700 * MiB, [0]);
            disk.Write((blocks - 5) * MiB, [1]);
        }

        string path = EngineImages.Create(folder["child.vhdx"], block: MiB, parent: parent);
        Guid before = EngineImages.Header(path).DataWriteGuid;
        Assert.InRange(ReadsOfTrim(path), 1, 100);
        using DiskChain chain = DiskChain.OpenRead(path);
        Assert.DoesNotContain(chain.Extents(0, chain.Capacity), extent => extent.Kind == DiskExtentKind.Data && extent.Offset >= (blocks - 5) * MiB);
        Assert.NotEqual(before, EngineImages.Header(path).DataWriteGuid);
    }

    /// <summary>How often the tip is read while the whole disk is trimmed.</summary>
    private static int ReadsOfTrim(string path)
    {
        int reads = 0;
        using DiskChain disk = DiskChain.OpenWrite(path, EngineImages.Guids(2), file => new WatchedFile(file, _ => { }, onRead: _ =>
        {
            // A look at the whole table for each block would take hours.
            Assert.InRange(++reads, 1, 1_000_000);
        }));
        reads = 0;
        disk.Trim(0, disk.Capacity);
        return reads;
    }

    [Fact]
    public void A_block_that_is_added_during_a_walk_is_not_taken_for_a_lost_one()
    {
        using EngineFolder folder = new();
        string path = EngineImages.Create(folder["grown.vhdx"], size: 2048 * MiB, block: MiB);
        byte[] data = Enumerable.Repeat((byte)1, (int)MiB).ToArray();
        Write(0);
        Write(600 * MiB);
        using DiskChain disk = DiskChain.OpenRead(path);
        using IEnumerator<DiskExtent> walk = disk.Extents(0, disk.Capacity).GetEnumerator();
        Assert.True(walk.MoveNext());

        // Its entry lies in a sector of the table that the walk has not read: that is about to come to the second block.
        Write(1500 * MiB);

        List<DiskExtent> rest = [];
        while (walk.MoveNext())
        {
            rest.Add(walk.Current);
        }

        Assert.Equal([600 * MiB, 1500 * MiB], rest.Where(extent => extent.Kind == DiskExtentKind.Data).Select(extent => extent.Offset));

        void Write(long offset)
        {
            using DiskChain writer = DiskChain.OpenWrite(path, EngineImages.Guids(2));
            writer.Write(offset, data);
        }
    }
}
