using System;
using System.Collections.Generic;
using VhdxTools.Core.Tests.Disks;
using VhdxTools.Core.Tests.Support;
using VhdxTools.Disks;
using VhdxTools.Operations;
using Xunit;
using static VhdxTools.Core.Tests.Disks.EngineImages;

namespace VhdxTools.Core.Tests.Operations;

/// <summary>GUID partition tables that are damaged, lie, or have no place for their backup, and those of fixed and differencing images.</summary>
public class ResizeGptTests
{
    private const long Size = 6 * MiB;
    private const int ArrayLength = 16_384;

    [Theory]
    [InlineData(512, Size + 4096)]
    [InlineData(512, Size - 4096)]
    [InlineData(512, Size)]
    [InlineData(512, 9 * MiB)]
    [InlineData(4096, Size + 4096)]
    [InlineData(4096, Size - 4096)]
    [InlineData(4096, 4 * MiB)]
    public void A_table_whose_first_copy_is_lost_has_two_again_and_no_cut_loses_both(int sector, long size)
    {
        using EngineFolder folder = new();
        string path = Create(folder["a.vhdx"], size: Size, block: MiB, sector: sector);
        ulong last = (ulong)(3 * MiB / sector) - 1;
        DiskModel model = new((int)Size, sector);
        model.AddMbr((0, 0xEE, 1, (uint)((Size / sector) - 1)));
        model.AddGpt(backup: true, (100, last));
        byte[] entries = model.Bytes[^(ArrayLength + sector)..^sector];
        Put(path, model.Bytes);

        EngineMemoryFile before = EngineMemoryFile.Load(path);
        List<EngineEvent> events = [];
        EngineMemoryFile current = before.Clone();
        ImageResizer.Resize(Plan(path, size), Guids(2), wrap: file =>
        {
            file.Dispose();
            return new EngineTapFile(new(current), [], events);
        });
        foreach (EngineMemoryFile cut in EngineCuts.Of(before, events, new(3), samples: 12))
        {
            cut.Save(path);
            Assert.Empty(Faults(path));
            using DiskChain disk = DiskChain.OpenRead(path);
            byte[] bytes = Read(disk);
            Assert.True(IsSound(bytes, sector, 1, entries) || IsSound(bytes, sector, (bytes.Length / sector) - 1, entries));
        }

        current.Save(path);
        using DiskChain after = DiskChain.OpenRead(path);
        byte[] result = Read(after);
        Assert.Equal(size, result.Length);
        int end = (int)(size / sector) - 1;
        Assert.True(IsSound(result, sector, 1, entries) && IsSound(result, sector, end, entries));
        Assert.Equal((ulong)end, Bytes.Read(result, sector + 32, 8));
        Assert.Equal(1UL, Bytes.Read(result, (end * sector) + 32, 8));
    }

    [Theory]
    [InlineData(1UL)]
    [InlineData(0UL)]
    [InlineData(2048UL)]
    [InlineData(ulong.MaxValue)]
    public void A_first_copy_that_names_a_wrong_place_for_the_other_loses_nothing(ulong other)
    {
        using EngineFolder folder = new();
        string path = Create(folder["a.vhdx"], size: Size, block: MiB);
        DiskModel model = new((int)Size, 512);
        model.AddGpt(backup: false, (100, (ulong)(3 * MiB / 512) - 1));
        Bytes.Put(model.Bytes, 512 + 32, Bytes.U64(other));
        model.SealGpt(1);

        // In the partition: a sector that looks like a sound backup.
        model.Bytes.AsSpan(512, 512).CopyTo(model.Bytes.AsSpan((int)MiB));
        Bytes.Put(model.Bytes, (int)MiB + 24, Bytes.U64(2048));
        Bytes.Put(model.Bytes, (int)MiB + 32, Bytes.U64(1));
        model.SealGpt(2048);
        byte[] partition = model.Bytes[(100 * 512)..(int)(3 * MiB)];
        byte[] entries = model.Bytes[1024..(1024 + ArrayLength)];
        Put(path, model.Bytes);

        ImageResizer.Resize(Plan(path, 8 * MiB), Guids(2));

        using DiskChain disk = DiskChain.OpenRead(path);
        byte[] bytes = Read(disk);
        Assert.True(IsSound(bytes, 512, 1, entries) && IsSound(bytes, 512, (int)(8 * MiB / 512) - 1, entries));
        Assert.True(partition.AsSpan().SequenceEqual(bytes.AsSpan(100 * 512, partition.Length)));
    }

    [Theory]
    [InlineData(Size, (Size / 512) - 2, false)]
    [InlineData(Size + 4096, (Size / 512) + 100, false)]
    [InlineData(5 * MiB, (5 * MiB / 512) - 10, true)]
    [InlineData(9 * MiB, long.MaxValue, false)]
    public void A_backup_never_goes_into_a_partition(long size, long last, bool force)
    {
        using EngineFolder folder = new();
        string path = Create(folder["a.vhdx"], size: Size, block: MiB);
        DiskModel model = new((int)Size, 512);
        model.AddGpt(backup: false, (100, (ulong)last));
        Put(path, model.Bytes);
        string hash = Hash(path);

        VhdxException error = Assert.Throws<VhdxException>(() => ResizePlanner.Plan(path, new() { SizeBytes = (ulong)size, UpdateGpt = true, Force = force }, _ => { }, default));

        Assert.Equal(ErrorIds.ContradictingParameters, error.Id);
        Assert.Equal(hash, Hash(path));
    }

    [Fact]
    public void A_first_copy_never_goes_into_a_partition()
    {
        using EngineFolder folder = new();
        string path = Create(folder["a.vhdx"], size: Size, block: MiB);
        DiskModel model = new((int)Size, 512);
        model.AddGpt(backup: true, (20, 99));
        Put(path, model.Bytes);
        foreach (long size in new[] { 8 * MiB, Size, 5 * MiB })
        {
            Assert.Equal(ErrorIds.PartitionTableDamaged, Assert.Throws<VhdxException>(() => Plan(path, size)).Id);
        }
    }

    [Theory]
    [InlineData("fixed", 9 * MiB)]
    [InlineData("fixed", 4 * MiB)]
    [InlineData("differencing", 9 * MiB)]
    [InlineData("differencing", 4 * MiB)]
    public void Fixed_and_differencing_images_have_theirs_moved_and_the_parent_stays(string kind, long size)
    {
        using EngineFolder folder = new();
        DiskModel model = new((int)Size, 512);
        model.AddMbr((0, 0xEE, 1, (uint)((Size / 512) - 1)));
        model.AddGpt(backup: true, (100, (ulong)(3 * MiB / 512) - 1));
        model.AddGpt(backup: false, (100, (ulong)(3 * MiB / 512) - 1));
        byte[] entries = model.Bytes[1024..(1024 + ArrayLength)];
        string first = Create(folder["p.vhdx"], kind == "fixed" ? VhdType.Fixed : VhdType.Dynamic, Size, MiB);
        Put(first, model.Bytes);
        string path = kind == "fixed" ? first : Create(folder["a.vhdx"], parent: first, block: MiB);
        string hash = Hash(first);

        ImageResizer.Resize(Plan(path, size), Guids(2));

        Assert.Equal(kind != "fixed", hash == Hash(first));
        Assert.Empty(Faults(path));
        using DiskChain disk = DiskChain.OpenRead(path);
        byte[] bytes = Read(disk);
        Assert.Equal(size, bytes.Length);
        Assert.True(IsSound(bytes, 512, 1, entries) && IsSound(bytes, 512, (int)(size / 512) - 1, entries));
        Assert.Equal((ulong)(size / 512) - 1, Bytes.Read(bytes, 446 + 12, 4));
    }

    private static ResizePlan Plan(string path, long size) => ResizePlanner.Plan(path, new() { SizeBytes = (ulong)size, UpdateGpt = true }, _ => { }, default);

    private static void Put(string path, byte[] bytes)
    {
        using DiskChain disk = DiskChain.OpenWrite(path, Guids(1));
        disk.Write(0, bytes);
    }

    private static byte[] Read(DiskChain disk)
    {
        byte[] bytes = new byte[disk.Capacity];
        disk.Read(0, bytes);
        return bytes;
    }

    /// <summary>Whether a header is there that is sealed, knows its place, and leads to these entries.</summary>
    private static bool IsSound(byte[] disk, int sectorSize, int sector, byte[] entries)
    {
        DiskModel copy = new(disk.Length, sectorSize);
        disk.CopyTo(copy.Bytes, 0);
        copy.SealGpt(sector);
        ulong array = Bytes.Read(disk, (sector * sectorSize) + 72, 8) * (ulong)sectorSize;
        return disk.AsSpan(sector * sectorSize).StartsWith("EFI PART"u8)
            && copy.Bytes.AsSpan().SequenceEqual(disk)
            && Bytes.Read(disk, (sector * sectorSize) + 24, 8) == (ulong)sector
            && array + ArrayLength <= (ulong)disk.Length
            && disk.AsSpan((int)array, ArrayLength).SequenceEqual(entries);
    }
}
