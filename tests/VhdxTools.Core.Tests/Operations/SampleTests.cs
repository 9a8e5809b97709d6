using System;
using System.Buffers.Binary;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using VhdxTools.Core.Tests.Support;
using VhdxTools.Disks;
using VhdxTools.Operations;
using Xunit;

namespace VhdxTools.Core.Tests.Operations;

/// <summary>Real images: their digests were made by qemu-img and by an independent reader.</summary>
public class SampleTests
{
    private const int MiB = 1 << 20;

    [SkippableTheory]
    [InlineData("dynamic.vhdx", 10_485_760, "4ebd45529faf5fed1e87adda3b3cfbda7d4d11bf8e43313f67876921857ec358")]
    [InlineData("fixed.vhdx", 10_485_760, "fb4889925af9f8968697524817c736440c648e0d81319ac2bc3bd90d6f564164")]
    [InlineData("vhdx-log-replay.vhdx", 1_073_741_824, "029ca8025fb1140206ce04b6ddb29724fd9adac25416d4d3d7069cb9c0fb1575")]
    [InlineData("iotest-dynamic-1G.vhdx", 1_073_741_824, "ed6198e7585862b32aa1cbe223316d5cd5b4106e17c6ca3aa8f703e6ee44e917")]
    [InlineData("config2_base.vhdx", 104_857_600, "80b397752ebd117b8e0f04f941fc9ed1923a8687d122a99f639197e588a4ec4e")]
    [InlineData("iotest-dirtylog-10G-4M.vhdx", 10_737_418_240, "41337aff71ae20062a4d4ae4a9c566abcf93e14d566bdd89073199ffbc326ae4")]
    [InlineData("test-disk2vhd.vhdx", 268_435_456, "75e513f107abc2637823247873de8b9d56da9ba85d71add770fabd2987d39ff6")]
    [InlineData("dynamic.vhd", 10_485_760, "a86701695ee0ee94132e39e9b557aa5cc36113737f28a8cc0b727a72ff5a632a")]
    [InlineData("fixed.vhd", 10_485_760, "155ea4d5cae82305d249966973123b70b6f4c3011049a9feda8230da4e95d073")]
    [InlineData("d2v-zerofilled.vhd", 263_454_720, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")]
    public void The_virtual_disk_has_its_digest(string name, long size, string digest)
    {
        using TempFolder folder = new();
        using OpenedDisk opened = DiskOpener.OpenRead(Samples.Unpack(name, folder));
        IVirtualDisk disk = opened.Disk;
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] buffer = new byte[MiB];
        byte[] number = new byte[8];
        for (long offset = 0; offset < disk.Capacity; offset += MiB)
        {
            int count = (int)Math.Min(MiB, disk.Capacity - offset);
            disk.Read(offset, buffer.AsSpan(0, count));
            buffer.AsSpan(count).Clear();
            if (buffer.AsSpan().ContainsAnyExcept((byte)0))
            {
                BinaryPrimitives.WriteInt64LittleEndian(number, offset / MiB);
                hash.AppendData(number);
                hash.AppendData(buffer);
            }
        }

        Assert.Equal(size, disk.Capacity);
        Assert.Equal(digest, Convert.ToHexString(hash.GetHashAndReset()).ToLowerInvariant());
    }

    [SkippableTheory]
    [InlineData("hyperv2012r2-dynamic.vhd", 136_365_211_648)]
    [InlineData("virtualpc-dynamic.vhd", 136_363_130_880)]
    public void An_empty_disk_is_one_range(string name, long size)
    {
        using TempFolder folder = new();
        using OpenedDisk opened = DiskOpener.OpenRead(Samples.Unpack(name, folder));

        Assert.Equal(new DiskExtent(0, size, DiskExtentKind.Absent, -1, 0, null), Assert.Single(opened.Disk.Extents(0, opened.Disk.Capacity)));
    }

    [SkippableTheory]
    [InlineData("dynamic.vhdx", VhdFormat.VHDX, VhdType.Dynamic, 10_485_760, 33_554_432, LogState.Clean)]
    [InlineData("fixed.vhdx", VhdFormat.VHDX, VhdType.Fixed, 10_485_760, 2_097_152, LogState.Clean)]
    [InlineData("differencing.avhdx", VhdFormat.VHDX, VhdType.Differencing, 8_589_934_592, 2_097_152, LogState.Clean)]
    [InlineData("vhdx-log-replay.vhdx", VhdFormat.VHDX, VhdType.Dynamic, 1_073_741_824, null, LogState.Dirty)]
    [InlineData("iotest-dynamic-1G.vhdx", VhdFormat.VHDX, VhdType.Dynamic, 1_073_741_824, 33_554_432, LogState.Clean)]
    [InlineData("iotest-dirtylog-10G-4M.vhdx", VhdFormat.VHDX, VhdType.Dynamic, 10_737_418_240, 1_048_576, LogState.Dirty)]
    [InlineData("test-disk2vhd.vhdx", VhdFormat.VHDX, VhdType.Dynamic, 268_435_456, null, LogState.Clean)]
    [InlineData("dynamic.vhd", VhdFormat.VHD, VhdType.Dynamic, 10_485_760, null, null)]
    [InlineData("fixed.vhd", VhdFormat.VHD, VhdType.Fixed, 10_485_760, null, null)]
    [InlineData("d2v-zerofilled.vhd", VhdFormat.VHD, VhdType.Dynamic, 263_454_720, null, null)]
    [InlineData("hyperv2012r2-dynamic.vhd", VhdFormat.VHD, VhdType.Dynamic, 136_365_211_648, null, null)]
    [InlineData("virtualpc-dynamic.vhd", VhdFormat.VHD, VhdType.Dynamic, 136_363_130_880, null, null)]
    public void An_image_is_described_and_stays_as_it_is(string name, VhdFormat format, VhdType type, long size, int? blockSize, LogState? log)
    {
        using TempFolder folder = new();
        string path = Samples.Unpack(name, folder);
        File.SetLastWriteTimeUtc(path, new DateTime(2001, 2, 3, 4, 5, 6, DateTimeKind.Utc));
        byte[] before = SHA256.HashData(File.ReadAllBytes(path));
        VhdxImageInfo info = ImageInspector.Inspect(path);

        Assert.Equal((format, type, size, log), (info.VhdFormat, info.VhdType, info.Size, info.LogState));
        Assert.Equal(blockSize ?? info.BlockSize, info.BlockSize);
        Assert.Equal(before, SHA256.HashData(File.ReadAllBytes(path)));
        Assert.Equal(new DateTime(2001, 2, 3, 4, 5, 6, DateTimeKind.Utc), File.GetLastWriteTimeUtc(path));
    }

    [SkippableTheory]
    [InlineData("dynamic.vhdx")]
    [InlineData("fixed.vhdx")]
    [InlineData("differencing.avhdx")]
    [InlineData("vhdx-log-replay.vhdx")]
    [InlineData("iotest-dirtylog-10G-4M.vhdx")]
    [InlineData("test-disk2vhd.vhdx")]
    [InlineData("config2_base.vhdx")]
    public void The_layout_of_an_image_covers_its_file_and_has_no_errors(string name)
    {
        using TempFolder folder = new();
        VhdxLayout layout = LayoutInspector.Inspect(Samples.Unpack(name, folder));

        AreaLaws.Check(layout.Areas, layout.FileLength);
        Assert.DoesNotContain(layout.Problems, problem => problem.Severity == FindingSeverity.Error);
    }

    [SkippableFact]
    public void The_log_of_a_dirty_image_has_two_entries_to_replay()
    {
        using TempFolder folder = new();
        VhdxLayout layout = LayoutInspector.Inspect(Samples.Unpack("vhdx-log-replay.vhdx", folder));
        Assert.Equal(2, layout.LogEntries.Count(entry => entry.IsActive));
    }
}
