using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using VhdxTools.Core.Tests.Disks;
using VhdxTools.Core.Tests.Support;
using VhdxTools.Disks;
using VhdxTools.IO;
using VhdxTools.Layout;
using VhdxTools.Operations;
using Xunit;
using static VhdxTools.Core.Tests.Disks.EngineImages;

namespace VhdxTools.Core.Tests.Operations;

/// <summary>Changes of the size that are broken off, refused by the system, overtaken by others, or as large as the format allows.</summary>
public class ResizeEdgeTests
{
    private const long GiB = 1024 * MiB;
    private const long TiB = 1024 * GiB;

    [Theory]
    [InlineData(124L << 30)]
    [InlineData(200L << 30)]
    public void A_growth_that_is_stopped_half_way_leaves_the_old_disk(long size)
    {
        using EngineFolder folder = new();
        string parent = Create(folder["p.vhdx"], size: 190 * GiB, block: MiB);
        string path = Create(folder["a.vhdx"], size: 100 * GiB, block: MiB, parent: parent);
        using (DiskChain disk = DiskChain.OpenWrite(path, Guids(1)))
        {
            disk.Write((100 * GiB) - 5000, Bytes.Pattern(1, 5000));
        }

        long length = new FileInfo(path).Length;
        Guid guid = Header(path).DataWriteGuid;
        using CancellationTokenSource stop = new();
        int calls = 0;
        Assert.Throws<OperationCanceledException>(() => ImageResizer.Resize(
            Plan(path, size),
            Guids(2),
            (_, _) =>
            {
                calls++;
                stop.Cancel();
            },
            cancellation: stop.Token));

        Assert.Equal(1, calls);
        Assert.Empty(Faults(path));
        Assert.Equal(length, new FileInfo(path).Length);
        Assert.Equal(guid, Header(path).DataWriteGuid);
        Assert.Equal(100 * GiB, Capacity(path));

        ImageResizer.Resize(Plan(path, size), Guids(3));
        Assert.Equal(size, Capacity(path));
        Assert.Empty(Faults(path));
    }

    [Fact]
    public void A_full_disk_leaves_a_fixed_image_as_long_as_it_was()
    {
        using EngineFolder folder = new();
        string path = Create(folder["a.vhdx"], VhdType.Fixed, 6 * MiB, MiB);
        long length = new FileInfo(path).Length;
        Guid guid = Header(path).DataWriteGuid;

        VhdxException error = Assert.Throws<VhdxException>(() => ImageResizer.Resize(Plan(path, 20 * MiB), Guids(1), wrap: file => new FullDisk(file)));

        Assert.Equal(ErrorIds.DiskFull, error.Id);
        Assert.Equal(length, new FileInfo(path).Length);
        Assert.Equal(guid, Header(path).DataWriteGuid);
        Assert.Equal(6 * MiB, Capacity(path));
        Assert.Empty(Faults(path));
    }

    [Fact]
    public void What_another_program_wrote_since_the_question_is_not_cut()
    {
        using EngineFolder folder = new();
        string path = Create(folder["a.vhdx"], size: 9 * MiB, block: MiB);
        ResizePlan plan = Plan(path, 4 * MiB);
        using (DiskChain disk = DiskChain.OpenWrite(path, Guids(1)))
        {
            disk.Write(8 * MiB, [1]);
        }

        string hash = Hash(path);
        Assert.Equal(ErrorIds.FileInUse, Assert.Throws<VhdxException>(() => ImageResizer.Resize(plan, Guids(2))).Id);
        Assert.Equal(hash, Hash(path));
    }

    [Fact]
    public void A_shrinking_that_was_broken_off_is_finished_by_doing_it_again()
    {
        using EngineFolder folder = new();
        string path = Create(folder["a.vhdx"], size: 5 * MiB, block: MiB);
        using (DiskChain disk = DiskChain.OpenWrite(path, Guids(1)))
        {
            disk.Write(0, Bytes.Pattern(1, (int)(5 * MiB)));
        }

        EngineMemoryFile before = EngineMemoryFile.Load(path);
        EngineRecordingFile recording = null!;
        ImageResizer.Resize(Plan(path, 3 * MiB), Guids(2), wrap: EngineScenario.Over(() => recording = new(before.Clone())));
        long finished = recording.Content.Length;
        int unfinished = 0;
        foreach (EngineMemoryFile cut in EngineCuts.Of(before, recording.Events, new(2), samples: 4))
        {
            cut.Save(path);
            bool isDirty = Header(path).LogGuid != Guid.Empty;
            ResizePlan plan = Plan(path, 3 * MiB);
            unfinished += plan.Finishes ? 1 : 0;
            Assert.Equal(isDirty && plan.SizeBefore == plan.SizeAfter, plan.Finishes);
            Guid guid = Header(path).DataWriteGuid;
            ImageResizer.Resize(plan, Guids(3));
            Assert.Empty(Faults(path));
            Assert.Equal(3 * MiB, Capacity(path));
            if (isDirty)
            {
                Assert.Equal(Guid.Empty, Header(path).LogGuid);
                Assert.Equal(finished, plan.FileSizeAfter);
                Assert.Equal(finished, new FileInfo(path).Length);
                Assert.Equal(plan.SizeBefore == plan.SizeAfter, guid == Header(path).DataWriteGuid);
                Assert.False(Plan(path, 3 * MiB).IsNeeded);
                EngineOracle oracle = new(path);
                Assert.All(Enumerable.Range(3, 2), block => Assert.Equal(0UL, oracle.PayloadEntry(block)));
            }
        }

        Assert.True(unfinished > 3);
    }

    [Theory]
    [InlineData(512)]
    [InlineData(4096)]
    public void A_disk_of_64_TiB_is_made_from_a_small_one_and_back(int sector)
    {
        using EngineFolder folder = new();
        string path = Create(folder["a.vhdx"], size: 5 * MiB, block: MiB, sector: sector);
        byte[] data = Bytes.Pattern(1, 8192);
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        ImageResizer.Resize(Plan(path, 64 * TiB), Guids(1));
        using (DiskChain disk = DiskChain.OpenWrite(path, Guids(2)))
        {
            disk.Write((64 * TiB) - 8192, data);
        }

        Assert.Equal(ErrorIds.SizeTooSmall, Assert.Throws<VhdxException>(() => Plan(path, 50 * TiB)).Id);
        using (DiskChain disk = DiskChain.OpenWrite(path, Guids(3)))
        {
            disk.Trim((64 * TiB) - MiB, MiB);
            disk.Write(4 * MiB, data);
        }

        Assert.Equal(5 * MiB, ResizePlanner.Plan(path, new(), _ => { }, default).SizeAfter);
        Assert.Equal(ErrorIds.InvalidSize, Assert.Throws<VhdxException>(() => Plan(path, (64 * TiB) + sector)).Id);
        ImageResizer.Resize(Plan(path, 5 * MiB), Guids(4));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - allocated, 0, 64 * MiB);
        using DiskChain after = DiskChain.OpenRead(path);
        byte[] bytes = new byte[5 * MiB];
        after.Read(0, bytes);
        Assert.Equal(data, bytes[(int)(4 * MiB)..((int)(4 * MiB) + 8192)]);
        Assert.Equal(0, bytes[(int)(4 * MiB) - 1]);
    }

    [Fact]
    public void The_end_of_the_data_is_found_behind_zeros_in_more_pieces_than_memory_holds()
    {
        using EngineFolder folder = new();
        string parent = Create(folder["p.vhdx"], size: 12 * MiB, block: MiB);
        string path = Create(folder["a.vhdx"], parent: parent, block: MiB);
        using (DiskChain disk = DiskChain.OpenWrite(path, Guids(1)))
        {
            disk.Write((5 * MiB) + 77, [1]);
            for (long place = 6 * MiB; place < 12 * MiB; place += 1024)
            {
                // Zeros alone would get no space.
                disk.Write(place, [1]);
                disk.Write(place, new byte[512]);
            }

            disk.Write((12 * MiB) - 1024 + 9, [1]);
            Assert.Equal((12 * MiB) - 1024 + 10, LastData.EndOf(disk));
            disk.Write((12 * MiB) - 1024 + 9, [0]);
        }

        using DiskChain written = DiskChain.OpenRead(path);
        Assert.InRange(written.Extents(0, 12 * MiB).Count(extent => extent.Kind == DiskExtentKind.Data), 6000, 7000);
        List<long> seen = [];
        Assert.Equal((5 * MiB) + 78, LastData.EndOf(written, (done, _) => seen.Add(done)));
        Assert.Equal(seen.Order(), seen);
    }

    private static ResizePlan Plan(string path, long size) => ResizePlanner.Plan(path, new() { SizeBytes = (ulong)size, Force = size < 4 * MiB }, _ => { }, default);

    private static long Capacity(string path)
    {
        using DiskChain disk = DiskChain.OpenRead(path);
        return disk.Capacity;
    }

    /// <summary>Reserving space lengthens the file half the way, and then the disk is full.</summary>
    private sealed class FullDisk(IRandomAccessFile inner) : IRandomAccessFile
    {
        public string Name => inner.Name;

        public long Length => inner.Length;

        public int Read(long offset, Span<byte> buffer) => inner.Read(offset, buffer);

        public void Write(long offset, ReadOnlySpan<byte> data) => inner.Write(offset, data);

        public bool TryShare(IRandomAccessFile source, long sourceOffset, long offset, long length) => inner.TryShare(source == this ? inner : source, sourceOffset, offset, length);

        public void SetLength(long length) => inner.SetLength(length);

        public void Reserve(long length)
        {
            inner.SetLength((inner.Length + length) / 2);
            throw new VhdxException(ErrorIds.DiskFull, ErrorKind.DiskFull, "The test has no more space.");
        }

        public void Flush() => inner.Flush();

        public FileRange? FindData(long offset, long end) => inner.FindData(offset, end);

        public void Dispose() => inner.Dispose();
    }
}
