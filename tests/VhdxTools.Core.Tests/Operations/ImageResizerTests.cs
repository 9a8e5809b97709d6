using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using VhdxTools.Core.Tests.Disks;
using VhdxTools.Core.Tests.Support;
using VhdxTools.Disks;
using VhdxTools.Images;
using VhdxTools.Layout;
using VhdxTools.Operations;
using Xunit;
using static VhdxTools.Core.Tests.Disks.EngineImages;

namespace VhdxTools.Core.Tests.Operations;

public class ImageResizerTests
{
    private const long Size = (5 * MiB) + (6 * 4096);

    public static TheoryData<string, int, long> Sizes
    {
        get
        {
            TheoryData<string, int, long> data = [];
            foreach (string kind in new[] { "dynamic", "fixed", "short parent", "long parent" })
            {
                foreach (int sector in new[] { 512, 4096 })
                {
                    foreach (long size in new[] { Size + 4096, (5 * MiB) + (MiB / 2), 6 * MiB, 9 * MiB, (17 * MiB) + 8192, Size - 4096, 5 * MiB, (3 * MiB) + 4096, 4096 })
                    {
                        data.Add(kind, sector, size);
                    }
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void What_stays_is_the_same_and_what_is_new_is_zero(string kind, int sector, long size)
    {
        using EngineFolder folder = new();
        string path = Image(folder, kind, sector, out byte[] model);
        Guid before = Header(path).DataWriteGuid;

        Resize(path, size);

        byte[] expected = new byte[size];
        model.AsSpan(0, (int)Math.Min(size, Size)).CopyTo(expected);
        Verify(path, expected);
        Assert.NotEqual(before, Header(path).DataWriteGuid);
        Assert.Equal(UsedEnd(path), new FileInfo(path).Length);

        // And back to a size that was never there: nothing that was cut comes up again.
        Resize(path, 19 * MiB);
        Array.Resize(ref expected, (int)(19 * MiB));
        Verify(path, expected);
        if (kind == "fixed")
        {
            EngineOracle oracle = new(path);
            Assert.True(oracle.IsFixed);
            Assert.All(Enumerable.Range(0, 19), block => Assert.Equal(6UL, oracle.PayloadEntry(block) & 7));
        }
    }

    [Theory]
    [InlineData("dynamic", 512)]
    [InlineData("short parent", 4096)]
    [InlineData("long parent", 512)]
    [InlineData("fixed", 512)]
    public void A_dirty_log_is_replayed_first(string kind, int sector)
    {
        using EngineFolder folder = new();
        string path = Image(folder, kind, sector, out byte[] model);
        byte[] data = Bytes.Pattern(77, 9000);
        EngineScenario.LeaveDirty(path, Guids(3), disk => disk.Write(MiB + 100, data));

        Assert.NotEqual(Guid.Empty, Header(path).LogGuid);
        data.CopyTo(model.AsSpan((int)MiB + 100));
        Resize(path, 8 * MiB);
        Array.Resize(ref model, (int)(8 * MiB));
        Verify(path, model);
    }

    [Theory]
    [InlineData("dynamic", 512, VhdType.Dynamic)]
    [InlineData("differencing", 512, VhdType.Differencing)]
    [InlineData("differencing", 4096, VhdType.Differencing)]
    public void A_table_that_outgrows_its_region_moves(string kind, int sector, VhdType type)
    {
        using EngineFolder folder = new();

        // 131072 entries fill the first MiB.
        long size = 100L << 30;
        string? parent = kind == "differencing" ? Create(folder["p.vhdx"], size: 140L << 30, block: MiB, sector: sector) : null;
        long marked = (130L << 30) + (7 * MiB);
        if (parent is not null)
        {
            using DiskChain disk = DiskChain.OpenWrite(parent, Guids(2));
            disk.Write(marked, Bytes.Pattern(5, 5000));
            disk.Write(size + 4096, Bytes.Pattern(5, 5000));
        }

        string path = Create(folder["a.vhdx"], size: size, block: MiB, sector: sector, parent: parent);
        byte[] data = Bytes.Pattern(1, 700_000);
        long[] places = [0, (7L << 30) + 12_288, size - 700_000];
        using (DiskChain disk = DiskChain.OpenWrite(path, Guids(1)))
        {
            Array.ForEach(places, place => disk.Write(place, data));
        }

        FileRange region = Bat(path);
        foreach (long larger in new[] { 127L << 30, 200L << 30, 16L << 40 })
        {
            Resize(path, larger);
            Assert.Empty(Faults(path));

            // A chunk has 2^23 sectors; a differencing image has entries for whole ones.
            long chunk = 1L << (sector == 512 ? 32 : 35);
            long entries = parent is null ? (larger / MiB) + ((larger - 1) / chunk) : (larger + chunk - 1) / chunk * ((chunk / MiB) + 1);
            Assert.Equal(entries * 8 > region.Length, Bat(path) != region);
            Assert.Equal(type, Type(path));
            using DiskChain disk = DiskChain.OpenRead(path);
            Assert.Equal(larger, disk.Capacity);
            byte[] bytes = new byte[data.Length];
            foreach (long place in places)
            {
                disk.Read(place, bytes);
                Assert.Equal(data, bytes);
            }

            disk.Read(size, bytes);
            Assert.All(bytes, value => Assert.Equal(0, value));
            if (larger > marked)
            {
                disk.Read(marked, bytes);
                Assert.All(bytes, value => Assert.Equal(0, value));
            }

            // Nothing but what was written counts as data.
            Assert.InRange(disk.Extents(0, larger).Where(extent => extent.Kind == DiskExtentKind.Data && extent.Layer == 0).Sum(extent => extent.Length), 3 * 700_000, 6 * MiB);
        }

        Resize(path, size);
        Assert.Empty(Faults(path));
        Assert.InRange(new FileInfo(path).Length, 0, (16L << 40) / 8);
    }

    [Theory]
    [InlineData("dynamic", (5 * MiB) + (MiB / 2))]
    [InlineData("long parent", 9 * MiB)]
    [InlineData("short parent", 9 * MiB)]
    [InlineData("fixed", 9 * MiB)]
    [InlineData("dynamic", 2 * MiB)]
    [InlineData("long parent", (3 * MiB) + 4096)]
    [InlineData("fixed", MiB)]
    [InlineData("dynamic", 200L << 30)]
    [InlineData("long parent", 200L << 30)]
    [InlineData("short parent", 200L << 30)]
    public void Whenever_the_power_goes_the_size_is_the_old_or_the_new_one(string kind, long size)
    {
        using EngineFolder folder = new();
        string path = Image(folder, kind, 512, out byte[] model);
        EngineMemoryFile before = EngineMemoryFile.Load(path);
        EngineRecordingFile recording = null!;
        ImageResizer.Resize(Plan(path, size), Guids(1), wrap: EngineScenario.Over(() => recording = new(before.Clone())));
        int old = 0;
        int changed = 0;
        foreach (EngineMemoryFile cut in EngineCuts.Of(before, recording.Events, new(4), samples: 10))
        {
            cut.Save(path);
            Assert.Empty(Faults(path));
            using DiskChain disk = DiskChain.OpenRead(path);
            Assert.Contains(disk.Capacity, (long[])[Size, size]);
            byte[] expected = new byte[Math.Min(disk.Capacity, 20 * MiB)];
            model.AsSpan(0, (int)Math.Min(disk.Capacity, Size)).CopyTo(expected);
            byte[] bytes = new byte[expected.Length];
            disk.Read(0, bytes);
            Assert.Equal(expected.Length, expected.AsSpan().CommonPrefixLength(bytes));
            old += disk.Capacity == Size ? 1 : 0;
            changed += disk.Capacity == size ? 1 : 0;
        }

        Assert.True(old > 5 && changed > 5);
    }

    [Theory]
    [InlineData("dynamic", 200L << 30)]
    [InlineData("long parent", 200L << 30)]
    [InlineData("long parent", 9 * MiB)]
    [InlineData("fixed", 9 * MiB)]
    [InlineData("long parent", 2 * MiB)]
    public void Any_failing_call_is_told_and_the_size_is_the_old_or_the_new_one(string kind, long size)
    {
        bool hasFailed = true;
        for (int failing = 1; hasFailed; failing++)
        {
            using EngineFolder folder = new();
            string path = Image(folder, kind, 512, out byte[] model);
            EngineFaultyFile? faulty = null;
            Exception? error = Record.Exception(() => ImageResizer.Resize(Plan(path, size), Guids(1), wrap: file => faulty = new(file, failing, partly: true)));
            hasFailed = faulty!.HasFailed;
            Assert.Equal(hasFailed, error is VhdxException);
            Assert.Empty(Faults(path));
            using (DiskChain disk = DiskChain.OpenRead(path))
            {
                Assert.Contains(disk.Capacity, (long[])[Size, size]);
                byte[] bytes = new byte[Math.Min(Size, size)];
                disk.Read(0, bytes);
                Assert.True(model.AsSpan(0, bytes.Length).SequenceEqual(bytes));
            }

            Resize(path, size);
        }
    }

    [Fact]
    public void A_growth_that_is_stopped_leaves_the_old_file()
    {
        using EngineFolder folder = new();
        string path = Image(folder, "dynamic", 512, out byte[] model);
        long length = new FileInfo(path).Length;
        Guid guid = Header(path).DataWriteGuid;
        using CancellationTokenSource stop = new();
        stop.Cancel();
        ResizePlan plan = Plan(path, 200L << 30);
        Assert.Throws<OperationCanceledException>(() => ImageResizer.Resize(plan, Guids(1), cancellation: stop.Token));
        Assert.Equal(length, new FileInfo(path).Length);
        Assert.Equal(guid, Header(path).DataWriteGuid);
        Verify(path, model);
    }

    [Fact]
    public void Data_is_not_cut_unless_that_is_wanted()
    {
        using EngineFolder folder = new();
        string path = Create(folder["a.vhdx"], size: 40 * MiB, block: MiB);
        using (DiskChain disk = DiskChain.OpenWrite(path, Guids(1)))
        {
            disk.Write(10 * MiB, new byte[MiB]);
            disk.Write((7 * MiB) + 5, [1]);
            disk.Write(30 * MiB, new byte[MiB]);
        }

        string hash = Hash(path);
        VhdxException error = Assert.Throws<VhdxException>(() => ResizePlanner.Plan(path, new() { SizeBytes = (ulong)(7 * MiB) }, _ => { }, default));
        Assert.Equal(ErrorIds.SizeTooSmall, error.Id);
        Assert.Contains(FormattableString.Invariant($"{8 * MiB} bytes"), error.Message, StringComparison.Ordinal);
        Assert.Equal(hash, Hash(path));
        Assert.Equal(8 * MiB, ResizePlanner.Plan(path, new(), _ => { }, default).SizeAfter);
        Assert.Equal(8 * MiB, ResizePlanner.Plan(path, new() { SizeBytes = (ulong)(8 * MiB) }, _ => { }, default).SizeAfter);
        ResizePlan forced = ResizePlanner.Plan(path, new() { SizeBytes = (ulong)(7 * MiB), Force = true }, _ => { }, default);
        Assert.True(forced.CutsData);
        Assert.Contains(FormattableString.Invariant($"the last {MiB} bytes"), forced.Describe(), StringComparison.Ordinal);
        Assert.Equal(3 * MiB, ResizePlanner.Plan(Create(folder["e.vhdx"], size: 9 * MiB), new(), _ => { }, default).SizeAfter);
        foreach (ulong size in new ulong[] { 0, 1000, (64UL << 40) + 512, ulong.MaxValue })
        {
            Assert.Equal(ErrorIds.InvalidSize, Assert.Throws<VhdxException>(() => ResizePlanner.Plan(path, new() { SizeBytes = size }, _ => { }, default)).Id);
        }
    }

    [Fact]
    public void The_estimate_of_the_file_is_what_comes_of_it()
    {
        using EngineFolder folder = new();
        foreach (string kind in new[] { "dynamic", "fixed", "short parent", "long parent" })
        {
            foreach (long size in new[] { 3 * MiB, 12 * MiB, 200L << 30 }.Where(size => kind != "fixed" || size < 100 * MiB))
            {
                string path = Image(folder, kind, 512, out _);
                ResizePlan plan = Plan(path, size);
                ImageResizer.Resize(plan, Guids(1));
                Assert.Equal(plan.FileSizeAfter, new FileInfo(path).Length);
                Directory.EnumerateFiles(Path.GetDirectoryName(path)!).ToList().ForEach(File.Delete);
            }
        }
    }

    [Theory]
    [InlineData(512, 9 * MiB)]
    [InlineData(4096, 9 * MiB)]
    [InlineData(512, 4 * MiB)]
    [InlineData(4096, 4 * MiB)]
    public void The_backup_of_a_partition_table_goes_to_the_new_end_and_no_cut_loses_both(int sector, long size)
    {
        using EngineFolder folder = new();
        string path = Create(folder["a.vhdx"], size: 6 * MiB, block: MiB, sector: sector);
        DiskModel model = new((int)(6 * MiB), sector);
        model.AddMbr((0, 0xEE, 1, (uint)((6 * MiB / sector) - 1)));
        ulong last = (ulong)(3 * MiB / sector) - 1;
        model.AddGpt(backup: true, (100, last));
        model.AddGpt(backup: false, (100, last));
        byte[] filled = model.Bytes;
        Bytes.Pattern(6, (int)MiB).CopyTo(filled.AsSpan((int)MiB));
        using (DiskChain disk = DiskChain.OpenWrite(path, Guids(1)))
        {
            disk.Write(0, filled);
        }

        ResizePlan plan = ResizePlanner.Plan(path, new() { SizeBytes = (ulong)size, UpdateGpt = true }, _ => { }, default);
        Assert.True(plan.UpdatesGpt);
        Assert.True(ResizePlanner.Plan(path, new() { SizeBytes = (ulong)size }, _ => { }, default).LeavesGptBehind);
        EngineMemoryFile before = EngineMemoryFile.Load(path);
        List<EngineEvent> events = [];
        EngineMemoryFile current = before.Clone();
        ImageResizer.Resize(plan, Guids(2), wrap: file =>
        {
            file.Dispose();
            return new EngineTapFile(new(current), [], events);
        });
        foreach (EngineMemoryFile cut in EngineCuts.Of(before, events, new(1), samples: 8))
        {
            cut.Save(path);
            Assert.Empty(Faults(path));
            using DiskChain disk = DiskChain.OpenRead(path);
            Assert.NotNull(GptEditor.Find(disk));
            byte[] bytes = new byte[MiB];
            disk.Read(MiB, bytes);
            Assert.True(Bytes.Pattern(6, (int)MiB).AsSpan().SequenceEqual(bytes));
        }

        current.Save(path);
        using (DiskChain disk = DiskChain.OpenRead(path))
        {
            Assert.Equal(size, disk.Capacity);
            byte[] bytes = new byte[size];
            disk.Read(0, bytes);

            // Field by field, at their offsets (UEFI 2.10, table 5.5).
            ulong end = (ulong)(size / sector) - 1;
            ulong arraySectors = (ulong)(16_384 / sector);
            Assert.Equal(end, Bytes.Read(bytes, sector + 32, 8));
            Assert.Equal(end - arraySectors - 1, Bytes.Read(bytes, sector + 48, 8));
            Assert.Equal(2UL, Bytes.Read(bytes, sector + 72, 8));
            Assert.Equal(end, Bytes.Read(bytes, (int)end * sector + 24, 8));
            Assert.Equal(1UL, Bytes.Read(bytes, (int)end * sector + 32, 8));
            Assert.Equal(end - arraySectors, Bytes.Read(bytes, (int)end * sector + 72, 8));
            Assert.Equal(end, Bytes.Read(bytes, 446 + 12, 4));
            Assert.True(bytes.AsSpan(2 * sector, 16_384).SequenceEqual(bytes.AsSpan((int)(end - arraySectors) * sector, 16_384)));
            if (size > 6 * MiB)
            {
                Assert.Equal(0UL, Bytes.Read(bytes, (int)(6 * MiB) - sector, 8));
            }

            Assert.True(GptEditor.IsBackupAtEnd(disk));
        }

        Assert.False(ResizePlanner.Plan(path, new() { SizeBytes = (ulong)size, UpdateGpt = true }, _ => { }, default).IsNeeded);
        Assert.Equal(ErrorIds.SizeTooSmall, Assert.Throws<VhdxException>(() => ResizePlanner.Plan(path, new() { SizeBytes = (ulong)(3 * MiB) }, _ => { }, default)).Id);
        Assert.Equal(
            ErrorIds.ContradictingParameters,
            Assert.Throws<VhdxException>(() => ResizePlanner.Plan(path, new() { SizeBytes = (ulong)(3 * MiB), Force = true, UpdateGpt = true }, _ => { }, default)).Id);
        Assert.Equal((3 * MiB) + 16_384 + sector, ResizePlanner.Plan(path, new(), _ => { }, default).SizeAfter);
    }

    [Theory]
    [InlineData(512, 9 * MiB)]
    [InlineData(4096, 9 * MiB)]
    [InlineData(512, 4 * MiB)]
    [InlineData(4096, 4 * MiB)]
    [InlineData(512, 6 * MiB)]
    public void A_table_of_which_only_the_backup_is_sound_is_restored_and_never_cut(int sector, long size)
    {
        using EngineFolder folder = new();
        string path = Create(folder["a.vhdx"], size: 6 * MiB, block: MiB, sector: sector);
        DiskModel model = new((int)(6 * MiB), sector);
        model.AddMbr((0, 0xEE, 1, (uint)((6 * MiB / sector) - 1)));
        model.AddGpt(backup: true, (100, (ulong)(3 * MiB / sector) - 1));
        using (DiskChain disk = DiskChain.OpenWrite(path, Guids(1)))
        {
            disk.Write(0, model.Bytes);
        }

        string hash = Hash(path);
        if (size != 6 * MiB)
        {
            Assert.Equal(ErrorIds.PartitionTableDamaged, Assert.Throws<VhdxException>(() => ResizePlanner.Plan(path, new() { SizeBytes = (ulong)size }, _ => { }, default)).Id);
            Assert.Equal(ErrorIds.PartitionTableDamaged, Assert.Throws<VhdxException>(() => ResizePlanner.Plan(path, new(), _ => { }, default)).Id);
        }

        Assert.Equal(hash, Hash(path));
        EngineMemoryFile before = EngineMemoryFile.Load(path);
        EngineMemoryFile current = before.Clone();
        List<EngineEvent> events = [];
        ImageResizer.Resize(ResizePlanner.Plan(path, new() { SizeBytes = (ulong)size, UpdateGpt = true }, _ => { }, default), Guids(2), wrap: file =>
        {
            file.Dispose();
            return new EngineTapFile(new(current), [], events);
        });
        foreach (EngineMemoryFile cut in EngineCuts.Of(before, events, new(1), samples: 6))
        {
            cut.Save(path);
            using DiskChain disk = DiskChain.OpenRead(path);
            Assert.NotNull(GptEditor.Find(disk));
        }

        current.Save(path);
        using DiskChain after = DiskChain.OpenRead(path);
        Assert.Equal(size, after.Capacity);
        Assert.True(GptEditor.IsBackupAtEnd(after));
        byte[] entries = new byte[16_384];
        after.Read(2 * sector, entries);
        Assert.True(model.Bytes.AsSpan((int)(6 * MiB) - sector - 16_384, 16_384).SequenceEqual(entries));
    }

    private static ResizePlan Plan(string path, long size) => ResizePlanner.Plan(path, new() { SizeBytes = (ulong)size, Force = true }, _ => { }, default);

    private static void Resize(string path, long size) => ImageResizer.Resize(Plan(path, size), Guids(8));

    /// <summary>A disk of blocks of every kind, the last one begun, and other bytes behind its end.</summary>
    private static string Image(EngineFolder folder, string kind, int sector, out byte[] model)
    {
        string? parent = null;
        byte[] bytes = new byte[Size];
        if (kind.EndsWith("parent", StringComparison.Ordinal))
        {
            long length = kind == "long parent" ? 12 * MiB : (5 * MiB) + 4096;
            parent = Create(folder["p.vhdx"], size: length, block: 2 * MiB, sector: sector);
            byte[] content = Bytes.Pattern(2, (int)length);
            using DiskChain disk = DiskChain.OpenWrite(parent, Guids(1));
            disk.Write(0, content);
            content.AsSpan(0, (int)Math.Min(length, Size)).CopyTo(bytes);
        }

        string path = Create(folder["a.vhdx"], kind == "fixed" ? VhdType.Fixed : VhdType.Dynamic, Size, MiB, sector, parent: parent);
        using (DiskChain disk = DiskChain.OpenWrite(path, Guids(2)))
        {
            Write(disk, MiB + 300_000, 100_000);
            Write(disk, 3 * MiB, (int)MiB);
            disk.Trim(2 * MiB, MiB);
            bytes.AsSpan((int)(2 * MiB), (int)MiB).Clear();

            // In the first kind of image the last block is not there; in the others a part of it is.
            if (kind != "long parent")
            {
                Write(disk, (5 * MiB) + 4096, 8192);
            }
        }

        EngineOracle oracle = new(path);
        ulong entry = oracle.PayloadEntry(5);
        if ((entry & 6) == 6)
        {
            long place = (long)(entry >> 20) << 20;
            using FileStream file = new(path, FileMode.Open, FileAccess.ReadWrite);
            file.Position = place + (6 * 4096);
            file.Write(Bytes.Pattern(99, (int)MiB - (6 * 4096)));
        }

        model = bytes;
        return path;

        void Write(DiskChain disk, long offset, int count)
        {
            byte[] data = Bytes.Pattern((int)(offset >> 12), count);
            disk.Write(offset, data);
            data.CopyTo(bytes.AsSpan((int)offset));
        }
    }

    private static void Verify(string path, byte[] expected)
    {
        Assert.Empty(Faults(path));
        Assert.Equal(Guid.Empty, Header(path).LogGuid);
        using DiskChain disk = DiskChain.OpenRead(path);
        Assert.Equal(expected.Length, disk.Capacity);
        byte[] bytes = new byte[expected.Length];
        disk.Read(0, bytes);
        Assert.Equal(expected.Length, expected.AsSpan().CommonPrefixLength(bytes));
    }

    /// <summary>Where the last region or block ends, by the test's own reading of the file.</summary>
    private static long UsedEnd(string path)
    {
        byte[] file = File.ReadAllBytes(path);
        long end = 2 * MiB;
        for (int entry = (192 * 1024) + 16; Bytes.Read(file, entry, 8) != 0; entry += 32)
        {
            end = Math.Max(end, (long)(Bytes.Read(file, entry + 16, 8) + Bytes.Read(file, entry + 24, 4)));
        }

        EngineOracle oracle = new(path);
        for (long block = 0; block < oracle.BlockCount; block++)
        {
            ulong entry = oracle.PayloadEntry(block);
            end = Math.Max(end, (entry & 6) == 6 ? ((long)(entry >> 20) << 20) + oracle.BlockSize : 0);
        }

        return Math.Max(end, oracle.BitmapEnd);
    }

    private static FileRange Bat(string path)
    {
        using VhdxFile image = VhdxFile.OpenRead(path);
        return image.BatRegion!.Value;
    }

    private static VhdType Type(string path)
    {
        using VhdxFile image = VhdxFile.OpenRead(path);
        return image.Type;
    }
}
