using System;
using System.IO;
using System.Linq;
using System.Threading;
using VhdxTools.Core.Tests.Checking;
using VhdxTools.Core.Tests.Disks;
using VhdxTools.Core.Tests.Support;
using VhdxTools.Disks;
using VhdxTools.IO;
using VhdxTools.Layout;
using VhdxTools.Operations;
using Xunit;
using static VhdxTools.Core.Tests.Checking.CheckingImage;

namespace VhdxTools.Core.Tests.Operations;

/// <summary>Salvage against a byte model: everything readable is there, everything else is zero and named, and the damaged file stays.</summary>
public class SalvageTests
{
    [Theory]
    [InlineData(512)]
    [InlineData(4096)]
    public void Everything_readable_is_copied_and_the_rest_is_named(int sector)
    {
        using CheckingFolder folder = new();
        CheckingImage image = Filled(folder["a.vhdx"], sector, out byte[] model);
        image.Entry(1, 4).Entry(2, 6, 2).Entry(9, 6, 50).Entry(10, 6, 50).Entry(11, 6, 7);
        image.Length = (8 * MiB) + (256 * KiB) + 10;
        model.AsSpan((int)MiB, 2 * (int)MiB).Clear();
        model.AsSpan(11 * (int)MiB, (int)MiB).Clear();
        model.AsSpan(3 * (int)MiB, (int)MiB).CopyTo(model.AsSpan(11 * (int)MiB));
        model.AsSpan((4 * (int)MiB) + (256 * 1024), (1792 * 1024)).Clear();

        VhdxRepairResult result = Salvage(folder, image);

        Assert.Equal(
            [
                "0x100000+0x100000: reserved block state (VX602)",
                "0x200000+0x100000: a block overlaps a structure (VX610)",
                "0x440000+0x1C0000: a block beyond the end of the file (VX608)",
                "0x900000+0x200000: a block beyond the end of the file (VX608)",
            ],
            result.Unreadable!.Select(range => range.ToString()));
        Assert.Contains(result.Actions, action => action.RuleId == "VX609" && action.Block == 11);
        AssertIs(folder, result, model);
    }

    [Theory]
    [InlineData("both headers")]
    [InlineData("both region table signatures")]
    [InlineData("both region table checksums")]
    [InlineData("region listed twice")]
    [InlineData("log destroyed")]
    [InlineData("physical sector size")]
    public void Structures_that_are_lost_do_not_keep_the_data_from_being_copied(string damage)
    {
        using CheckingFolder folder = new();
        CheckingImage image = Filled(folder["a.vhdx"], 512, out byte[] model);
        _ = damage switch
        {
            "both headers" => image.Write(Header1, new byte[4096]).Write(Header2, new byte[4096]),
            "both region table signatures" => image.Write(Table1, "geri"u8).Write(Table2, "geri"u8),
            "both region table checksums" => image.Write(Table1 + 4, 1u).Write(Table2 + 4, 2u),
            "region listed twice" => image.AddRegion(BatRegion, (ulong)Bat, (uint)MiB, required: true),
            "log destroyed" => image.Current(header => Set(header, LogGuid, Unknown)),
            _ => image.Write(PhysicalSector, 77u),
        };

        VhdxRepairResult result = Salvage(folder, image);

        Assert.Empty(result.Unreadable!);
        AssertIs(folder, result, model);
    }

    [Fact]
    public void Identifier_sizes_and_user_metadata_are_kept()
    {
        using CheckingFolder folder = new();
        CheckingImage image = Filled(folder["a.vhdx"], 4096, out byte[] model);
        image.AddItem(Unknown, 70_000, 5, 1).Write(Metadata + 70_000, "hello"u8).Entry(7, 5);

        VhdxRepairResult result = Salvage(folder, image);

        CheckingImage copy = new(result.Destination!);
        VhdxImageInfo old = ImageInspector.Inspect(image.Path, null, default);
        VhdxImageInfo made = ImageInspector.Inspect(copy.Path, null, default);
        Assert.Equal((old.DiskIdentifier, old.Size, old.BlockSize, old.LogicalSectorSize, old.PhysicalSectorSize, VhdType.Dynamic), (made.DiskIdentifier, made.Size, made.BlockSize, made.LogicalSectorSize, made.PhysicalSectorSize, made.VhdType));
        Assert.NotEqual(image.Linkage, copy.Linkage);
        Assert.Equal(Unknown, new(copy.Read(ItemEntry(5), 16)));
        Assert.Equal("hello"u8.ToArray(), copy.Read(Metadata + BitConverter.ToUInt32(copy.Read(ItemEntry(5) + 16, 4)), 5));
        AssertIs(folder, result, model);
    }

    [Fact]
    public void With_its_parent_a_child_becomes_a_whole_disk_and_without_it_what_only_the_parent_had_is_named()
    {
        using CheckingFolder folder = new();
        CheckingImage parent = Filled(folder["parent.vhdx"], 512, out byte[] model);
        CheckingImage image = Create(folder["a.vhdx"], parent: parent.Path);
        using (DiskChain disk = DiskChain.OpenWrite(image.Path, EngineImages.Guids(1)))
        {
            // A whole block, three sectors of another one, and a block that hides the parent's.
            byte[] data = Bytes.Pattern(8, (int)MiB);
            disk.Write(0, data);
            data.CopyTo(model, 0);
            disk.Write((2 * MiB) + 1024, data.AsSpan(0, 1536));
            data.AsSpan(0, 1536).CopyTo(model.AsSpan((2 * (int)MiB) + 1024));
            disk.Trim(3 * MiB, MiB);
            model.AsSpan(3 * (int)MiB, (int)MiB).Clear();
        }

        VhdxRepairResult whole = Salvage(folder, image);
        Assert.Empty(whole.Unreadable!);
        AssertIs(folder, whole, model);

        File.Delete(parent.Path);
        VhdxRepairResult alone = Salvage(folder, image);
        Assert.Equal(
            [(0x100000L, 0x100400L), (0x200A00, 0xFF600), (0x400000, 0xC00000)],
            alone.Unreadable!.Select(range => (range.VirtualOffset, range.VirtualLength)));
        Assert.All(alone.Unreadable!, range => Assert.Equal("VX804", range.RuleId));
        foreach (VhdxLostRange range in alone.Unreadable!)
        {
            model.AsSpan((int)range.VirtualOffset, (int)range.VirtualLength).Clear();
        }

        AssertIs(folder, alone, model);
    }

    [Theory]
    [InlineData(512, true, false)]
    [InlineData(512, false, true)]
    [InlineData(512, true, true)]
    [InlineData(4096, true, true)]
    public void Dirty_logs_of_a_child_and_its_parent_are_replayed_in_memory(int sector, bool isChildDirty, bool isParentDirty)
    {
        using CheckingFolder folder = new();
        CheckingImage parent = Filled(folder["parent.vhdx"], sector, out byte[] model);
        CheckingImage image = Create(folder["a.vhdx"], parent: parent.Path).Map(1);
        byte[] data = Bytes.Pattern(8, (int)MiB);
        image.Write(Payload, data).Entry(4, 4);
        data.CopyTo(model, 0);
        model.AsSpan(4 * (int)MiB, (int)MiB).Clear();
        if (isParentDirty)
        {
            // Blocks 7 and 8 of the parent are known only to its log; the child hides the second.
            AddInLog(parent, Bytes.Pattern(21, (int)MiB), model, 7, 8);
        }

        if (isChildDirty)
        {
            AddInLog(image, Bytes.Pattern(22, (int)MiB), model, 8, 9);
        }

        byte[] parentBytes = RepairRun.Bytes(parent.Path);
        VhdxRepairResult result = Salvage(folder, image);

        Assert.Equal(["0x400000+0x100000: reserved block state (VX602)"], result.Unreadable!.Select(range => range.ToString()));
        Assert.Equal(parentBytes, RepairRun.Bytes(parent.Path));
        AssertIs(folder, result, model);
    }

    [Fact]
    public void What_depends_on_a_sector_bitmap_that_shares_its_place_is_named_as_doubtful()
    {
        using CheckingFolder folder = new();
        CheckingImage parent = Filled(folder["parent.vhdx"], 512, out _);
        CheckingImage image = Create(folder["a.vhdx"], parent: parent.Path).Map(3).Entry(1, 7, 5).Entry(2, 7, 6).Entry(4096, 6, 4);

        VhdxRepairResult result = Salvage(folder, image);

        Assert.Equal(
            ["Sector bitmap block 0 ", "Sector bitmap block 0 0x0+0x100000", "Sector bitmap block 0 0x100000+0x200000"],
            result.Actions.Where(action => action.RuleId == "VX609").Select(action => $"{action.Item} {(action.VirtualOffset is long offset ? FormattableString.Invariant($"0x{offset:X}+0x{action.VirtualLength:X}") : "")}"));
    }

    [Fact]
    public void A_file_cut_inside_its_BAT_names_the_blocks_whose_entries_are_lost()
    {
        using CheckingFolder folder = new();
        CheckingImage image = Create(folder["a.vhdx"]);
        image.Length = Bat + 44;

        VhdxRepairResult result = Salvage(folder, image);

        Assert.Equal((5 * MiB, 11 * MiB, "VX601"), (result.Unreadable![0].VirtualOffset, result.Unreadable[0].VirtualLength, result.Unreadable[0].RuleId));
        AssertIs(folder, result, new byte[16 * MiB]);
    }

    [Fact]
    public void Nothing_is_made_when_nothing_can_be_read_when_it_is_stopped_or_when_a_write_fails()
    {
        using CheckingFolder folder = new();
        CheckingImage image = Filled(folder["a.vhdx"], 512, out _);
        string destination = folder["salvaged.vhdx"];
        using CancellationTokenSource stop = new();
        using (ImageSalvager salvager = New(image.Path, destination))
        {
            Assert.Throws<OperationCanceledException>(() => salvager.Salvage(false, "x", (_, _) => stop.Cancel(), null, stop.Token));
            using CancellationTokenSource stopAtFlush = new();
            Func<IRandomAccessFile, IRandomAccessFile> stopping = file => new WatchedFile(file, _ => { }, name =>
            {
                if (name == "Flush")
                {
                    stopAtFlush.Cancel();
                }
            });
            Assert.Throws<OperationCanceledException>(() => salvager.Salvage(false, "x", null, stopping, stopAtFlush.Token));
            Assert.Equal("DiskFull", Assert.Throws<VhdxException>(() => salvager.Salvage(false, "x", null, file => new EngineFaultyFile(file, 9, partly: true))).Id);
        }

        Assert.Equal("VX701", Assert.Throws<VhdxException>(() => New(image.Write(Metadata, "x"u8).Path, destination)).Id);
        Assert.Equal("DestinationIsSource", Assert.Throws<VhdxException>(() => New(image.Path, image.Path)).Id);
        Assert.Equal([image.Path], Directory.GetFileSystemEntries(Path.GetDirectoryName(destination)!));
    }

    private static CheckingImage Filled(string path, int sector, out byte[] model)
    {
        CheckingImage image = Create(path, sector: sector).Map(6);
        model = new byte[16 * MiB];
        Bytes.Pattern(4, 6 * (int)MiB).CopyTo(model, 0);

        // A block that is there and holds zeros but for one byte.
        model.AsSpan(5 * (int)MiB, (int)MiB).Clear();
        model[(5 * (int)MiB) + 777_777] = 9;
        return image.Write(Payload, model.AsSpan(0, 6 * (int)MiB));
    }

    /// <summary>Writes one block behind the end of the file, and maps blocks of the disk to it in an entry of the log alone.</summary>
    private static void AddInLog(CheckingImage image, byte[] data, byte[] model, params int[] blocks)
    {
        long place = image.Length;
        byte[] bat = image.Read(Bat, 4096);
        for (int i = 0; i < blocks.Length; i++)
        {
            image.Write(place + (i * MiB), data);
            BitConverter.TryWriteBytes(bat.AsSpan(8 * blocks[i]), (ulong)(place + (i * MiB)) | 6);
            data.CopyTo(model, blocks[i] * MiB);
        }

        CheckingLog.Dirty(image, new CheckingLog.Update((ulong)Bat, bat));
    }

    private static ImageSalvager New(string path, string destination)
    {
        Func<Guid> guids = EngineImages.Guids(5);
        return new(path, destination, "tests", new ImageIdentifiers { FileWriteGuid = guids(), DataWriteGuid = guids(), DiskIdentifier = guids(), SequenceNumber = 1 });
    }

    private static VhdxRepairResult Salvage(CheckingFolder folder, CheckingImage image)
    {
        byte[] bytes = RepairRun.Bytes(image.Path);
        DateTime time = File.GetLastWriteTimeUtc(image.Path);
        using ImageSalvager salvager = New(image.Path, folder["salvaged.vhdx"]);
        VhdxRepairResult result = salvager.Salvage(replace: true, "salvage");
        Assert.Equal(bytes, RepairRun.Bytes(image.Path));
        Assert.Equal(time, File.GetLastWriteTimeUtc(image.Path));
        Assert.False(result.Changed);
        return result;
    }

    private static void AssertIs(CheckingFolder folder, VhdxRepairResult result, byte[] model)
    {
        Assert.True(result.IsSound);
        Assert.Empty(Check(result.Destination!));
        using (DiskChain disk = DiskChain.OpenRead(result.Destination!))
        {
            byte[] bytes = new byte[disk.Capacity];
            disk.Read(0, bytes);
            Assert.True(model.AsSpan().SequenceEqual(bytes), "The copy reads otherwise.");
            if (disk.LogicalSectorSize != 512)
            {
                return;
            }
        }

        // A peer's view of it, where there is one.
        if (Tool.Run("qemu-img", "convert", "-O", "raw", result.Destination!, folder["peer.raw"]) is not null)
        {
            Assert.True(model.AsSpan().SequenceEqual(File.ReadAllBytes(folder["peer.raw"])), "qemu-img reads otherwise.");
        }
    }
}
