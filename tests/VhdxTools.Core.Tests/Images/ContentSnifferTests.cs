using System;
using System.IO;
using VhdxTools.Core.Tests.Support;
using VhdxTools.Diagnostics;
using VhdxTools.Images;
using VhdxTools.IO;
using Xunit;

namespace VhdxTools.Core.Tests.Images;

public class ContentSnifferTests
{
    [Theory]
    [InlineData(new byte[] { 0x1F, 0x8B, 8, 0 }, ErrorIds.FileCompressed, "gzip")]
    [InlineData(new byte[] { 0xFD, 0x37, 0x7A, 0x58, 0x5A, 0 }, ErrorIds.FileCompressed, "xz")]
    [InlineData(new byte[] { 0x50, 0x4B, 3, 4 }, ErrorIds.FileCompressed, "zip")]
    [InlineData(new byte[] { 0x42, 0x5A, 0x68, 0x39 }, ErrorIds.FileCompressed, "bzip2")]
    [InlineData(new byte[] { 0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C }, ErrorIds.FileCompressed, "7z")]
    [InlineData(new byte[] { 0x28, 0xB5, 0x2F, 0xFD }, ErrorIds.FileCompressed, "zstd")]
    [InlineData(new byte[] { 0x51, 0x46, 0x49, 0xFB }, ErrorIds.NotAVirtualDisk, "QCOW")]
    [InlineData(new byte[] { 0x4B, 0x44, 0x4D, 0x56 }, ErrorIds.NotAVirtualDisk, "VMDK")]
    [InlineData(new byte[] { 1, 2, 3 }, ErrorIds.NotAVirtualDisk, "neither")]
    public void Other_files_are_told_by_their_first_bytes(byte[] start, string id, string what)
    {
        MemoryFile file = new("a.vhdx");
        file.Put(0, start);
        VhdxException exception = Assert.Throws<VhdxException>(() => VhdxFile.Open(file, StrictSink.Instance));

        Assert.Equal((id, ErrorKind.InvalidData), (exception.Id, exception.Kind));
        Assert.Contains(what, exception.Message, StringComparison.Ordinal);
        Assert.Contains("'a.vhdx'", exception.Message, StringComparison.Ordinal);
        Assert.True(file.IsDisposed);
    }

    [Fact]
    public void A_raw_disk_is_told_by_its_boot_sector()
    {
        MemoryFile file = new();
        file.Put(0, [.. new byte[510], 0x55, 0xAA]);
        Assert.Contains("raw disk", Assert.Throws<VhdxException>(() => VhdxFile.Open(file, StrictSink.Instance)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_empty_file_is_called_empty() =>
        Assert.Equal(ErrorIds.FileEmpty, Assert.Throws<VhdxException>(() => VhdxFile.Open(new MemoryFile(), StrictSink.Instance)).Id);

    [Fact]
    public void A_VHD_is_one_whatever_its_name()
    {
        MemoryFile file = new("a.vhdx");
        file.Put(0, new byte[3 << 20]);
        file.Put(3 << 20, VhdModel.Footer(2, 3 << 20));
        VhdxException exception = Assert.Throws<VhdxException>(() => VhdxFile.Open(file, StrictSink.Instance));

        Assert.Equal(ErrorIds.FileIsVhd, exception.Id);
    }

    [Fact]
    public void A_VHDX_with_a_lost_first_sector_is_a_damaged_VHDX()
    {
        ImageBuilder builder = new() { Signature = "" };
        Expect.Refusal("VX201", builder);
        builder.Open(out CollectingSink sink).Dispose();
        Assert.Equal(["VX201"], Expect.Ids(sink));
    }

    [Fact]
    public void A_VHDX_is_one_even_with_the_name_of_a_VHD_and_a_footer_at_its_end()
    {
        ImageBuilder builder = new();
        builder.Extra.Add((builder.FileLength - 512, VhdModel.Footer(2, 1 << 20)));
        builder.Open().Dispose();
    }

    [Fact]
    public void After_an_error_the_file_is_closed()
    {
        using TempFolder folder = new();
        MemoryFile bytes = new ImageBuilder { RegionTable1 = new byte[65_536], RegionTable2 = new byte[65_536] }.Build();
        File.WriteAllBytes(folder["a.vhdx"], bytes.Bytes(0, (int)bytes.Length));
        Assert.Throws<VhdxException>(() => VhdxFile.OpenRead(folder["a.vhdx"]));

        using (new FileStream(folder["a.vhdx"], FileMode.Open, FileAccess.ReadWrite, FileShare.None))
        {
        }

        OsFile.ThrowIfInUse(folder["a.vhdx"]);
    }
}
