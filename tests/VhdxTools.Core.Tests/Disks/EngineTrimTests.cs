using System;
using VhdxTools.Disks;
using VhdxTools.Format;
using VhdxTools.Images;
using Xunit;
using static VhdxTools.Core.Tests.Disks.EngineImages;

namespace VhdxTools.Core.Tests.Disks;

/// <summary>Law 8 for trims: DataWriteGuid changes exactly when a reader of the disk sees a difference.</summary>
public class EngineTrimTests
{
    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public void A_block_of_zeros_is_given_up_without_a_new_DataWriteGuid_unless_a_write_follows(bool isChild, bool isWrittenAfterwards)
    {
        using EngineFolder folder = new();
        string path = Image(folder, isChild);
        Change(path, disk => disk.Write(2 * MiB, new byte[MiB]));
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
