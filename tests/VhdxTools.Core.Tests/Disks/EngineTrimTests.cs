using System;
using VhdxTools.Core.Tests.Operations;
using VhdxTools.Disks;
using VhdxTools.Format;
using VhdxTools.Images;
using Xunit;
using static VhdxTools.Core.Tests.Disks.EngineImages;

namespace VhdxTools.Core.Tests.Disks;

/// <summary>Law 8 for trims: DataWriteGuid changes exactly when a reader of the disk sees a difference.</summary>
public class EngineTrimTests
{
    [Fact]
    public void Zeros_over_a_part_of_a_block_take_no_more_memory_than_the_part()
    {
        using EngineFolder folder = new();
        string path = Create(folder["t.vhdx"], size: 8 * MiB, block: 2 * MiB);
        byte[] model = RandomBytes(new(1), (int)(8 * MiB));
        using (DiskChain disk = DiskChain.OpenWrite(path, Guids(1)))
        {
            disk.Write(0, model);
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 100; i++)
            {
                // One of them reaches from the middle of one block into the next.
                int offset = (i * 40_960) + 512;
                int length = i == 51 ? 12_288 : 1024;
                disk.Trim(offset, length);
                model.AsSpan(offset, length).Clear();
            }

            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 8 * MiB);
        }

        Assert.Equal(model, RepairImages.Read(path));
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public void A_block_of_zeros_is_given_up_without_a_new_DataWriteGuid_unless_a_write_follows(bool isChild, bool isWrittenAfterwards)
    {
        using EngineFolder folder = new();
        string path = Image(folder, isChild);

        // Zeros over data stay where the data was; a whole block of them would be given up at once.
        Change(path, disk =>
        {
            disk.Write(2 * MiB, RandomBytes(new(1), (int)MiB));
            disk.Write(2 * MiB, new byte[MiB - 512]);
            disk.Write((3 * MiB) - 512, new byte[512]);
        });
        Assert.Equal(BlockState.FullyPresent, State(path, 2));
        VhdxHeader before = Header(path);

        Change(path, disk =>
        {
            disk.Trim(2 * MiB, MiB);
            if (isWrittenAfterwards)
            {
                disk.Write(0, [1]);
            }
        });

        VhdxHeader after = Header(path);
        Assert.Equal(isChild ? BlockState.Zero : BlockState.NotPresent, State(path, 2));
        Assert.NotEqual(before.FileWriteGuid, after.FileWriteGuid);
        Assert.Equal(isWrittenAfterwards, before.DataWriteGuid != after.DataWriteGuid);
        Assert.Equal(Guid.Empty, after.LogGuid);
        Assert.Empty(Faults(path));
    }

    [Fact]
    public void A_block_with_one_byte_in_it_is_given_up_with_a_new_DataWriteGuid()
    {
        using EngineFolder folder = new();
        string path = Image(folder, isChild: false);
        Change(path, disk => disk.Write((3 * MiB) - 1, [1]));
        VhdxHeader before = Header(path);
        Change(path, disk => disk.Trim(2 * MiB, MiB));

        Assert.NotEqual(before.DataWriteGuid, Header(path).DataWriteGuid);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Where_nothing_is_a_trim_leaves_the_file_alone(bool isChild)
    {
        using EngineFolder folder = new();
        string path = Image(folder, isChild);
        string before = Hash(path);
        Change(path, disk => disk.Trim(0, disk.Capacity));
        Change(path, disk => disk.Trim(1000, (3 * MiB) + 1000));

        Assert.Equal(before, Hash(path));
    }

    [Fact]
    public void A_block_of_zeros_over_data_of_the_parent_is_hidden_with_a_new_DataWriteGuid()
    {
        using EngineFolder folder = new();
        string parent = Create(folder["parent.vhdx"], size: 8 * MiB, block: MiB);
        Change(parent, disk => disk.Write(2 * MiB, [1, 2, 3]));
        string path = Create(folder["child.vhdx"], block: MiB, parent: parent);
        VhdxHeader before = Header(path);
        Change(path, disk => disk.Trim(2 * MiB, MiB));

        Assert.Equal(BlockState.Zero, State(path, 2));
        Assert.NotEqual(before.DataWriteGuid, Header(path).DataWriteGuid);
    }

    [Theory]
    [InlineData(false, 0, 3 << 20)]
    [InlineData(false, 1000, 700_000)]
    [InlineData(false, (7 << 20) - 512, 4096)]
    [InlineData(true, 0, 3 << 20)]
    [InlineData(true, 1000, 700_000)]
    public void Zeros_where_nothing_is_get_no_space(bool isChild, int offset, int length)
    {
        using EngineFolder folder = new();
        string path = Image(folder, isChild);
        string before = Hash(path);
        Change(path, disk => disk.Write(offset, new byte[length]));

        Assert.Equal(before, Hash(path));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Whole_blocks_of_zeros_over_data_are_given_up_and_fixed_images_keep_theirs(bool isFixed)
    {
        using EngineFolder folder = new();
        string path = Create(folder["a.vhdx"], isFixed ? VhdType.Fixed : VhdType.Dynamic, 8 * MiB, MiB);
        Change(path, disk => disk.Write(0, RandomBytes(new(1), (int)(8 * MiB))));
        Change(path, disk => disk.Write(MiB, new byte[2 * MiB]));

        Assert.Equal(isFixed ? BlockState.FullyPresent : BlockState.NotPresent, State(path, 1));
        Assert.Equal(isFixed ? BlockState.FullyPresent : BlockState.NotPresent, State(path, 2));
        using DiskChain disk = DiskChain.OpenRead(path);
        byte[] bytes = new byte[2 * MiB];
        disk.Read(MiB, bytes);
        Assert.All(bytes, value => Assert.Equal(0, value));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_file_that_nobody_flushes_does_not_grow_without_end(bool isChild)
    {
        using EngineFolder folder = new();
        string parent = Create(folder["p.vhdx"], size: 64 * MiB, block: 2 * MiB);
        string path = isChild ? Create(folder["a.vhdx"], block: 2 * MiB, parent: parent) : parent;
        Change(path, disk =>
        {
            for (int i = 0; i < 300; i++)
            {
                disk.Write(0, [1]);
                disk.Trim(0, 2 * MiB);
            }
        });

        // What waits for a commit, a step of growth, and the structures.
        Assert.InRange(new System.IO.FileInfo(path).Length, 0, 80 * MiB);
        Assert.Empty(Faults(path));
    }

    [Fact]
    public void A_huge_empty_disk_is_trimmed_at_once()
    {
        using EngineFolder folder = new();
        string path = Create(folder["a.vhdx"], size: 64L << 40, block: MiB);
        Change(path, disk => disk.Write(40L << 40, [1]));
        Change(path, disk => disk.Trim(0, 64L << 40));

        Assert.Equal(BlockState.NotPresent, State(path, 40L << 20));
        using DiskChain disk = DiskChain.OpenRead(path);
        Assert.Equal(DiskExtentKind.Absent, System.Linq.Enumerable.Single(disk.Extents(0, 64L << 40)).Kind);
    }

    private static string Image(EngineFolder folder, bool isChild)
    {
        string path = Create(folder["a.vhdx"], size: 8 * MiB, block: MiB);
        return isChild ? Create(folder["b.vhdx"], block: MiB, parent: path) : path;
    }

    private static void Change(string path, Action<DiskChain> change)
    {
        using DiskChain disk = DiskChain.OpenWrite(path, Guid.NewGuid);
        change(disk);
    }

    private static BlockState State(string path, long block)
    {
        using VhdxFile image = VhdxFile.OpenRead(path);
        return image.Bat![image.Geometry!.EntryOfPayloadBlock(block)].State;
    }
}
