using System;
using VhdxTools.Core.Tests.Disks;
using VhdxTools.Core.Tests.Support;
using VhdxTools.Disks;
using VhdxTools.Operations;
using Xunit;
using static VhdxTools.Core.Tests.Disks.EngineImages;

namespace VhdxTools.Core.Tests.Operations;

/// <summary>What Merge and Optimize move on a file system that shares extents.</summary>
public sealed class SharedMoveTests
{
    private const int Size = 8 << 20;
    private const int Hole = 256 << 10;

    private readonly byte[] _data = RandomBytes(new(7), (3 << 20) + 1536);

    [Theory]
    [InlineData(VhdType.Dynamic, 512, 1)]
    [InlineData(VhdType.Dynamic, 4096, 2)]
    [InlineData(VhdType.Fixed, 512, 1)]
    public void What_is_merged_is_shared_unless_the_parent_has_space_of_its_own(VhdType type, int sector, int blockMiB)
    {
        using EngineFolder folder = new();
        byte[] model = new byte[Size];
        string parent = Create(folder["p.vhdx"], type, Size, blockMiB * MiB, sector);
        Write(parent, 2 << 20, RandomBytes(new(8), 1 << 20), model);
        string child = Create(folder["c.vhdx"], block: MiB, parent: parent);
        Write(child, 1 << 20, _data, model);
        Write(child, 5 << 20, new byte[100], model);

        SharingFile? sharing = null;
        ImageMerger.Merge(MergePlanner.Plan(child, null, _ => { }, default), Guids(1), wrap: file => file.Name == parent ? sharing = new(file) : file);
        Assert.Equal(type == VhdType.Dynamic ? 3 << 20 : 0, sharing!.SharedLength);
        Assert.All(sharing.Shared, range => Assert.Equal(child, range.Source));
        Verify(parent, model);
        Verify(child, model);
    }

    [Theory]
    [InlineData(VhdType.Dynamic)]
    [InlineData(VhdType.Fixed)]
    public void What_moves_into_a_gap_is_shared_unless_the_image_has_space_of_its_own(VhdType type)
    {
        using EngineFolder folder = new();
        byte[] model = new byte[Size];
        string path = Create(folder["o.vhdx"], VhdType.Dynamic, Size, MiB);
        Write(path, 0, RandomBytes(new(8), 4 << 20), model);

        // A block that begins with a hole, where the file system has them.
        Write(path, (4 << 20) + Hole, RandomBytes(new(9), (3 << 20) - Hole), model);
        Write(path, 0, new byte[4 << 20], model);
        if (type == VhdType.Fixed)
        {
            // Its blocks may lie anywhere, too: as those of an image that was shrunk.
            path = Create(folder["f.vhdx"], VhdType.Fixed, Size, MiB);
            model = new byte[Size];
            Write(path, 4 << 20, RandomBytes(new(9), 3 << 20), model);
            using ImageEditor editor = ImageEditor.Open(path, Guids(5));
            editor.Session.Begin(isVisible: false);
            for (int block = 4; block < 6; block++)
            {
                long old = editor.Layer.PayloadEntry(block).FileOffset;
                long place = editor.Session.AllocateZeroed(MiB);
                editor.Session.WriteData(place, model.AsSpan(block << 20, 1 << 20));
                editor.Session.SetEntry(block, BlockState.FullyPresent, place);
                editor.Session.Free(new(old, MiB));
            }

            editor.Session.Commit();
        }

        SharingFile? sharing = null;
        VhdxOptimizeResult result = ImageOptimizer.Optimize(path, Guids(1), wrap: file => sharing = new(file));
        Assert.True(result.BlocksMoved > 0);
        long most = result.BlocksMoved * MiB;
        Assert.InRange(sharing!.SharedLength, type == VhdType.Dynamic ? most - Hole : 0, type == VhdType.Dynamic ? most : 0);
        Verify(path, model);
    }

    private static void Write(string path, int offset, byte[] data, byte[] model)
    {
        data.CopyTo(model, offset);
        using DiskChain disk = DiskChain.OpenWrite(path, Guids(offset + 1));
        disk.Write(offset, data);
    }

    private static void Verify(string path, byte[] model)
    {
        Assert.Empty(Faults(path));
        using DiskChain disk = DiskChain.OpenRead(path);
        byte[] bytes = new byte[model.Length];
        disk.Read(0, bytes);
        Assert.Equal(model, bytes);
    }
}
