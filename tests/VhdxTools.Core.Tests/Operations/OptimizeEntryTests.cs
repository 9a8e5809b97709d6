using System;
using System.IO;
using System.Linq;
using VhdxTools.Core.Tests.Disks;
using VhdxTools.Core.Tests.Support;
using VhdxTools.Disks;
using VhdxTools.Operations;
using Xunit;
using static VhdxTools.Core.Tests.Disks.EngineImages;

namespace VhdxTools.Core.Tests.Operations;

/// <summary>Images made byte by byte: entries without meaning, holes, and blocks that the end of the file cuts.</summary>
public class OptimizeEntryTests
{
    private const uint Full = 6;
    private const int Bat = 3 << 20;

    [Theory]
    [InlineData("dynamic", new ulong[] { 0, 0, 2, 0, 2 }, 4)]
    [InlineData("fixed", new ulong[] { 1, 3, 2, 0, 2 }, 4)]
    [InlineData("child", new ulong[] { 2, 2, 2, 0, 2 }, 4)]
    public void Entries_without_data_lose_their_offsets(string kind, ulong[] expected, int cleared)
    {
        using EngineFolder folder = new();
        ImageBuilder builder = new(hasParent: kind == "child");
        if (kind == "fixed")
        {
            builder.Items[0] = new(ItemModel.FileParameters, 0x10000, [.. Bytes.U32(MiB), .. Bytes.U32(1)], 4);
        }

        Block(builder, 0, 9, 1);
        builder.Bat[1] = 1 | (5 << 20);
        builder.Bat[2] = 3 | (6 << 20);
        builder.Bat[3] = 2 | (7 << 20);
        builder.Bat[4] = 8 << 20;
        builder.Bat[5] = 2;
        string path = Save(folder, builder);
        byte[] disk = Read(path);

        VhdxOptimizeResult result = Optimize(path);

        byte[] file = File.ReadAllBytes(path);
        Assert.Equal(5 * MiB, file.Length);
        Assert.Equal((4UL << 20) | Full, Bytes.Read(file, Bat, 8));
        Assert.Equal(expected, Enumerable.Range(1, 5).Select(i => Bytes.Read(file, Bat + (8 * i), 8)));
        Assert.Equal(cleared, result.EntriesCleared);
        Assert.True(disk.AsSpan().SequenceEqual(Read(path)));
        Again(path);
    }

    [Fact]
    public void A_zero_block_of_a_child_stays_where_the_parent_has_data_and_nowhere_else()
    {
        using EngineFolder folder = new();
        string path = Child(folder, parent =>
        {
            // Data in the one, zeros in the other, nothing in the third.
            parent.Write(MiB, Bytes.Pattern(1, 4096));
            parent.Write((2 * MiB) + 512, new byte[512]);
        });
        Patch(path, Bat + 8, [.. Bytes.U64(2), .. Bytes.U64(2), .. Bytes.U64(2)]);
        byte[] before = Read(path);

        VhdxOptimizeResult result = ImageOptimizer.Optimize(path, Guids(3));

        EngineOracle oracle = new(path);
        Assert.Equal([2UL, 0, 0], Enumerable.Range(1, 3).Select(block => oracle.PayloadEntry(block)));
        Assert.Equal(2, result.EntriesCleared);
        Assert.True(before.AsSpan().SequenceEqual(Read(path)));
        Assert.DoesNotContain(before, value => value != 0);
    }

    [SkippableFact]
    public void A_block_that_moves_keeps_its_holes()
    {
        using EngineFolder folder = new();
        ImageBuilder builder = new(blockSize: 4 * MiB);
        string path = Save(folder, builder);
        byte[] old = Bytes.Pattern(1, 4096);
        byte[] data = Bytes.Pattern(2, 4096);

        // Two blocks with a page in each MiB at the end; of what lay before them, pages at other places are left.
        using (FileStream stream = new(path, FileMode.Open, FileAccess.Write))
        {
            stream.SetLength(40 * MiB);
            for (long place = 4 * MiB; place < 40 * MiB; place += MiB)
            {
                stream.Position = place + (place < 24 * MiB ? 65_536 : 131_072);
                stream.Write(place < 24 * MiB ? old : data);
            }

            stream.Position = Bat;
            stream.Write(BitConverter.GetBytes((36UL << 20) | Full));
            stream.Write(BitConverter.GetBytes((24UL << 20) | Full));
        }

        long held = SparseSpace.Of(path);
        Skip.If(held > 39 * MiB, "The file system does not tell its holes.");
        byte[] disk = Read(path);

        VhdxOptimizeResult result = Optimize(path);

        Assert.Equal(2, result.BlocksMoved);
        Assert.True(disk.AsSpan().SequenceEqual(Read(path)));
        Assert.InRange(SparseSpace.Of(path), 0, held);
        Again(path);
    }

    [Fact]
    public void A_part_of_zeros_that_makes_a_block_of_zeros_needs_no_space()
    {
        using EngineFolder folder = new();
        string path = Child(folder, parent =>
        {
            parent.Write(MiB, Bytes.Pattern(1, 4096));
            parent.Write(3 * MiB, Bytes.Pattern(1, 8192));
        });
        using (DiskChain disk = DiskChain.OpenWrite(path, Guids(2)))
        {
            // The one hides all that the parent has there, the other a part of it.
            disk.Write(MiB, new byte[4096]);
            disk.Write(3 * MiB, new byte[4096]);
        }

        VhdxOptimizeResult result = ImageOptimizer.Optimize(path, Guids(3));

        EngineOracle oracle = new(path);
        Assert.Equal(2UL, oracle.PayloadEntry(1));
        Assert.Equal(7UL, oracle.PayloadEntry(3) & 7);
        Assert.Equal(1, result.ZeroBlocksFreed);
        Assert.Empty(Faults(path));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Entries_beyond_the_end_of_the_disk_are_cleared(bool hasParent)
    {
        using EngineFolder folder = new();
        ImageBuilder builder = new(hasParent: hasParent);
        Block(builder, 0, 4, 1);

        // The disk has 64 blocks; the entry of the first sector bitmap is number 4096, and the region ends behind 131071.
        foreach (long index in new long[] { 64, 700, 4095, 4097, 131_071 })
        {
            builder.Bat[index] = (5 << 20) | Full;
        }

        if (hasParent)
        {
            builder.Bat[0] = (4 << 20) | 7;
            builder.Bat[4096] = (5 << 20) | Full;
            builder.Extra.Add((5 * MiB, [0xFF, 0x0F]));
        }

        string path = Save(folder, builder);
        byte[] disk = Read(path);
        Assert.Equal(5, Optimize(path).EntriesCleared);
        byte[] file = File.ReadAllBytes(path);
        Assert.Equal((hasParent ? 6 : 5) * MiB, file.Length);
        Assert.Equal(hasParent ? (5UL << 20) | Full : 0, Bytes.Read(file, Bat + (4096 * 8), 8));
        file.AsSpan(Bat + (4096 * 8), 8).Clear();
        Assert.False(file.AsSpan(Bat + 8, (int)MiB - 8).ContainsAnyExcept((byte)0));
        Assert.True(disk.AsSpan().SequenceEqual(Read(path)));
        Again(path);
    }

    [Theory]
    [InlineData(9, 6)]
    [InlineData(5, null)]
    public void A_last_block_that_is_cut_short_moves_as_a_whole_block(int place, int? after)
    {
        using EngineFolder folder = new();
        ImageBuilder builder = new(size: ImageBuilder.MiB + 4096) { FileLength = (place * MiB) + 4096 };
        Block(builder, 0, 4, 1);
        builder.Bat[1] = ((ulong)place << 20) | Full;
        builder.Extra.Add((place * MiB, Bytes.Pattern(5, 4096)));
        builder.Extra.Add((5 * MiB, place == 5 ? Bytes.Pattern(5, 4096) : Bytes.Pattern(6, (int)MiB)));
        string path = Save(folder, builder);
        byte[] disk = Read(path);
        VhdxOptimizeResult result = Optimize(path);
        Assert.Equal(after is not null, result.Changed);
        Assert.Equal(after * MiB ?? (5 * MiB) + 4096, result.BytesAfter);
        Assert.True(disk.AsSpan().SequenceEqual(Read(path)));

        // Of what was in the gap before, nothing is left behind the end of the disk.
        Assert.False(File.ReadAllBytes(path).AsSpan((int)(5 * MiB) + 4096).ContainsAnyExcept((byte)0));
        Again(path);
    }

    [Fact]
    public void Holes_that_move_into_holes_are_not_written_and_what_is_in_their_way_is()
    {
        using EngineFolder folder = new();
        ImageBuilder builder = new() { FileLength = 30 * MiB };
        builder.Items[0] = new(ItemModel.FileParameters, 0x10000, [.. Bytes.U32(MiB), .. Bytes.U32(1)], 4);
        for (int block = 0; block < 8; block++)
        {
            builder.Bat[block] = ((ulong)(20 + block) << 20) | Full;
        }

        // A block with a few bytes, and foreign bytes where a block of a hole goes to.
        builder.Extra.Add(((20 + 6) * MiB, Bytes.Pattern(1, 4096)));
        builder.Extra.Add((6 * MiB, Bytes.Pattern(2, (int)MiB)));
        string path = Save(folder, builder);
        byte[] disk = Read(path);
        EngineMemoryFile memory = EngineMemoryFile.Load(path);
        EngineRecordingFile recording = null!;
        Assert.Equal(8, ImageOptimizer.Optimize(path, Guids(1), wrap: EngineScenario.Over(() => recording = new(memory))).BlocksMoved);
        memory.Save(path);
        Assert.True(disk.AsSpan().SequenceEqual(Read(path)));
        long written = recording.Events.OfType<EngineEvent.Written>().Where(write => write.Offset >= 4 * MiB).Sum(write => (long)write.Sectors.Length);
        Assert.InRange(written, MiB + 4096, 2 * MiB);
    }

    /// <summary>An empty child of a parent with 8 blocks of 1 MiB, all as the caller fills it.</summary>
    private static string Child(EngineFolder folder, Action<DiskChain> fill)
    {
        string parent = EngineImages.Create(folder["p.vhdx"], size: 8 * MiB, block: MiB);
        using (DiskChain disk = DiskChain.OpenWrite(parent, Guids(1)))
        {
            fill(disk);
        }

        return EngineImages.Create(folder["c.vhdx"], block: MiB, parent: parent);
    }

    private static VhdxOptimizeResult Optimize(string path)
    {
        string hash = Hash(path);
        VhdxOptimizeResult estimate = ImageOptimizer.Estimate(path);
        Assert.Equal(hash, Hash(path));
        VhdxOptimizeResult result = ImageOptimizer.Optimize(path, Guids(1));
        foreach (System.Reflection.PropertyInfo property in typeof(VhdxOptimizeResult).GetProperties())
        {
            Assert.Equal((property.Name, property.GetValue(estimate)), (property.Name, property.GetValue(result)));
        }

        Assert.Empty(Faults(path));
        return result;
    }

    private static void Again(string path)
    {
        string hash = Hash(path);
        Assert.False(Optimize(path).Changed);
        Assert.Equal(hash, Hash(path));
    }

    private static void Block(ImageBuilder builder, int block, int place, int seed)
    {
        builder.Bat[block] = ((ulong)place << 20) | Full;
        builder.Extra.Add((place * MiB, Bytes.Pattern(seed, (int)MiB)));
    }

    /// <summary>Writes an image to a file; beside one that has a parent, this one with data under its first blocks.</summary>
    private static string Save(EngineFolder folder, ImageBuilder builder)
    {
        if (builder.Items.Exists(item => item.Id == ItemModel.ParentLocator))
        {
            ImageBuilder parent = new();
            for (int i = 0; i < 8; i++)
            {
                Block(parent, i, i + 5, 100 + i);
            }

            Write(folder["parent.vhdx"], parent.Build());
        }

        Write(folder["a.vhdx"], builder.Build());
        return folder["a.vhdx"];

        static void Write(string path, MemoryFile file)
        {
            byte[] bytes = new byte[file.Length];
            file.Read(0, bytes);
            File.WriteAllBytes(path, bytes);
        }
    }

    private static byte[] Read(string path)
    {
        using DiskChain disk = DiskChain.OpenRead(path);
        byte[] bytes = new byte[disk.Capacity];
        disk.Read(0, bytes);
        return bytes;
    }
}
