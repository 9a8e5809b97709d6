using System;
using System.IO;
using System.Linq;
using VhdxTools.Core.Tests.Support;
using VhdxTools.Disks;
using Xunit;

namespace VhdxTools.Core.Tests.Disks;

public class RawDiskTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(512)]
    [InlineData(1000)]
    [InlineData(300_000)]
    public void A_raw_disk_is_its_file_padded_with_zeros_to_a_sector(int length)
    {
        using TempFolder folder = new();
        byte[] bytes = EngineImages.RandomBytes(new(length), length);
        bytes[0] = 1;
        File.WriteAllBytes(folder["a.vhdx"], bytes);
        byte[] model = new byte[(length + 511) / 512 * 512];
        bytes.CopyTo(model.AsSpan());

        using OpenedDisk opened = DiskOpener.OpenRead(folder["a.vhdx"]);

        Assert.Equal((VhdFormat.Raw, VhdType.Fixed, model.Length, 512), (opened.Format, opened.Type, opened.Disk.Capacity, opened.Disk.LogicalSectorSize));
        Assert.Equal([folder["a.vhdx"]], opened.Files);
        Assert.Null(opened.BlockSize);
        Assert.Null(opened.DiskIdentifier);
        Assert.Null(opened.Chain);
        DiskReads.Agree(opened, model, new(1));
        Assert.All(opened.Disk.Extents(0, model.Length), extent => Assert.Equal(0, extent.Offset % 512));
    }

    [Fact]
    public void Holes_of_the_file_are_zeros_that_need_no_reading()
    {
        using TempFolder folder = new();
        byte[] data = EngineImages.RandomBytes(new(1), 4096);
        using (FileStream file = File.Create(folder["a.img"]))
        {
            file.Position = 1 << 20;
            file.Write(data);
            file.SetLength((8L << 40) + 100);
        }

        using OpenedDisk opened = DiskOpener.OpenRead(folder["a.img"]);
        Assert.Equal((8L << 40) + 512, opened.Disk.Capacity);
        byte[] buffer = new byte[3 * 4096];
        opened.Disk.Read((1 << 20) - 4096, buffer);
        Assert.Equal([.. new byte[4096], .. data, .. new byte[4096]], buffer);
        DiskExtent[] extents = opened.Disk.Extents(0, opened.Disk.Capacity).ToArray();
        Assert.Equal(0, extents[0].Offset);
        Assert.Equal(opened.Disk.Capacity, extents[^1].End);
        Assert.All(extents.Skip(1).Zip(extents), pair => Assert.Equal(pair.Second.End, pair.First.Offset));

        // Other systems may not know their holes.
        if (OperatingSystem.IsLinux())
        {
            Assert.InRange(extents.Where(extent => extent.Kind == DiskExtentKind.Data).Sum(extent => extent.Length), 4096, 1 << 20);
        }
    }

    [Fact]
    public void Nothing_is_written()
    {
        using TempFolder folder = new();
        File.WriteAllBytes(folder["a.img"], new byte[1024]);
        using OpenedDisk opened = DiskOpener.OpenRead(folder["a.img"]);

        Assert.False(opened.Disk.CanWrite);
        Assert.Throws<InvalidOperationException>(() => opened.Disk.Write(0, new byte[512]));
        Assert.Throws<InvalidOperationException>(() => opened.Disk.Trim(0, 512));
        Assert.Throws<ArgumentOutOfRangeException>(() => opened.Disk.Read(513, new byte[512]));
    }

    [Theory]
    [InlineData(new byte[0], 0, ErrorIds.FileEmpty)]
    [InlineData(new byte[] { 0x1F, 0x8B, 8, 0 }, 0, ErrorIds.FileCompressed)]
    [InlineData(new byte[] { 0xFD, 0x37, 0x7A, 0x58, 0x5A, 0 }, 0, ErrorIds.FileCompressed)]
    [InlineData(new byte[] { 0x50, 0x4B, 3, 4 }, 0, ErrorIds.FileCompressed)]
    [InlineData(new byte[] { 0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C }, 0, ErrorIds.FileCompressed)]
    [InlineData(new byte[] { 0x51, 0x46, 0x49, 0xFB }, 0, ErrorIds.NotAVirtualDisk)]
    [InlineData(new byte[] { 0x4B, 0x44, 0x4D, 0x56 }, 0, ErrorIds.NotAVirtualDisk)]
    [InlineData(new byte[] { 0x43, 0x4F, 0x57, 0x44 }, 0, ErrorIds.NotAVirtualDisk)]
    [InlineData(new byte[] { 0x51, 0x45, 0x44, 0 }, 0, ErrorIds.NotAVirtualDisk)]
    [InlineData(new byte[] { 0x45, 0x56, 0x46, 9, 13, 10, 0xFF, 0 }, 0, ErrorIds.NotAVirtualDisk)]
    [InlineData(new byte[] { 0x7F, 0x10, 0xDA, 0xBE }, 64, ErrorIds.NotAVirtualDisk)]
    public void A_file_that_is_something_else_is_no_raw_disk(byte[] start, int offset, string id)
    {
        using TempFolder folder = new();
        File.WriteAllBytes(folder["a.img"], [.. new byte[offset], .. start]);
        VhdxException exception = Assert.Throws<VhdxException>(() => DiskOpener.OpenRead(folder["a.img"]));

        Assert.Equal((id, ErrorKind.InvalidData), (exception.Id, exception.Kind));
        Assert.Contains(folder["a.img"], exception.Message, StringComparison.Ordinal);
        File.Delete(folder["a.img"]);
    }

    [Fact]
    public void A_folder_and_a_device_are_no_disks()
    {
        using TempFolder folder = new();
        Assert.Equal(ErrorIds.PathIsFolder, Assert.Throws<VhdxException>(() => DiskOpener.OpenRead(folder.Path)).Id);
        Assert.Equal(ErrorIds.FileNotFound, Assert.Throws<VhdxException>(() => DiskOpener.OpenRead(folder["none.img"])).Id);
        if (OperatingSystem.IsLinux())
        {
            Assert.Equal(ErrorIds.NotARegularFile, Assert.Throws<VhdxException>(() => DiskOpener.OpenRead("/dev/null")).Id);
        }
    }

    [Fact]
    public void A_partition_table_makes_no_difference()
    {
        using TempFolder folder = new();
        File.WriteAllBytes(folder["a.vhd"], [.. new byte[510], 0x55, 0xAA]);
        using OpenedDisk opened = DiskOpener.OpenRead(folder["a.vhd"]);
        Assert.Equal((VhdFormat.Raw, 512), (opened.Format, opened.Disk.Capacity));
    }
}
