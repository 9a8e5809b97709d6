using System;
using System.IO;
using VhdxTools.Core.Tests.Support;
using VhdxTools.Operations;
using Xunit;

namespace VhdxTools.Core.Tests.Operations;

public class ImageInspectorTests
{
    private const ulong MiB = ImageBuilder.MiB;

    [Fact]
    public void An_image_is_described()
    {
        ImageBuilder builder = new();
        builder.Bat[0] = (8 * MiB) | 6;
        builder.Bat[1] = (10 * MiB) | 6;
        builder.Bat[2] = (11 * MiB) | 6;
        DiskModel disk = new(64 << 20, 512);
        disk.AddMbr((0x80, 7, 2048, 4096));
        builder.Extra.Add(((long)(8 * MiB), disk.Bytes[..512]));

        VhdxImageInfo info = Inspect(builder);
        Assert.Equal((VhdFormat.VHDX, VhdType.Dynamic), (info.VhdFormat, info.VhdType));
        Assert.Equal((16L << 20, 64L << 20, 3L << 20), (info.FileSize, info.Size, info.MinimumSize));
        Assert.Equal((512, 4096, 1 << 20), (info.LogicalSectorSize, info.PhysicalSectorSize, info.BlockSize));
        Assert.Equal((3, 64), (info.BlocksAllocated, info.BlockCount));
        Assert.Equal((50, 1), (info.FragmentationPercentage, info.Alignment));
        Assert.Equal((LogState.Clean, "a test"), (info.LogState, info.Creator));
        Assert.Equal(new Guid("DDDDDDDD-1111-2222-3333-444444444444"), info.DiskIdentifier);
        Assert.Equal(new Guid("11111111-2222-3333-4444-555555555555"), info.FileWriteGuid);
        Assert.Equal(new Guid("66666666-7777-8888-9999-AAAAAAAAAAAA"), info.DataWriteGuid);
        Assert.Null(info.ParentPath);
        Assert.Null(info.ParentLinkage);
    }

    [Theory]
    [InlineData(0x7FFFFFFFFFF00006ul)]
    [InlineData(0x8000000000000006ul)]
    [InlineData(0x0000000010000006ul)]
    [InlineData(0x0000000000000006ul)]
    [InlineData(0x0000000000800005ul)]
    public void A_damaged_first_block_hides_the_minimum_size_only(ulong entry)
    {
        ImageBuilder builder = new();
        builder.Bat[0] = entry;
        Assert.Null(Inspect(builder).MinimumSize);
    }

    [Fact]
    public void A_child_without_its_parent_tells_the_path_as_stored()
    {
        VhdxImageInfo info = Inspect(new ImageBuilder(hasParent: true));

        Assert.Equal((VhdType.Differencing, @".\parent.vhdx"), (info.VhdType, info.ParentPath));
        Assert.Equal(new Guid("66666666-7777-8888-9999-AAAAAAAAAAAA"), info.ParentLinkage);
        Assert.Null(info.MinimumSize);
    }

    [Fact]
    public void A_child_beside_its_parent_tells_the_full_path()
    {
        using TempFolder folder = new();
        File.WriteAllText(folder["parent.vhdx"], "");
        Assert.Equal(folder["parent.vhdx"], Inspect(new ImageBuilder(hasParent: true), folder).ParentPath);
    }

    [Fact]
    public void A_dirty_log_is_told_and_stays_in_a_read_only_file()
    {
        using TempFolder folder = new();
        string path = folder["dirty.vhdx"];
        MemoryFile bytes = SmallImages.Dirty();
        File.WriteAllBytes(path, bytes.Bytes(0, (int)bytes.Length));
        File.SetAttributes(path, FileAttributes.ReadOnly);
        try
        {
            VhdxImageInfo info = ImageInspector.Inspect(path);

            Assert.Equal(LogState.Dirty, info.LogState);

            // The log's BAT sector allocates block 0 alone.
            Assert.Equal(1, info.BlocksAllocated);
            Assert.Equal(bytes.Bytes(0, (int)bytes.Length), File.ReadAllBytes(path));
        }
        finally
        {
            File.SetAttributes(path, FileAttributes.Normal);
        }
    }

    [Fact]
    public void A_VHD_is_described_by_its_footer()
    {
        using TempFolder folder = new();
        string path = folder["a.vhdx"];
        File.WriteAllBytes(path, [.. new byte[1 << 20], .. VhdModel.Footer(2, 1 << 20)]);
        VhdxImageInfo info = ImageInspector.Inspect(path);

        Assert.Equal((VhdFormat.VHD, VhdType.Fixed, 1L << 20, "test"), (info.VhdFormat, info.VhdType, info.Size, info.Creator));
        Assert.Equal(new Guid("03020100-0504-0706-0809-0a0b0c0d0e0f"), info.DiskIdentifier);
    }

    private static VhdxImageInfo Inspect(ImageBuilder builder)
    {
        using TempFolder folder = new();
        return Inspect(builder, folder);
    }

    private static VhdxImageInfo Inspect(ImageBuilder builder, TempFolder folder)
    {
        string path = folder["a.vhdx"];
        MemoryFile bytes = builder.Build();
        File.WriteAllBytes(path, bytes.Bytes(0, (int)bytes.Length));
        return ImageInspector.Inspect(path);
    }
}
