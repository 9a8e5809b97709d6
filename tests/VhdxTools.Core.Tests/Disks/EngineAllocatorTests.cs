using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using VhdxTools.Diagnostics;
using VhdxTools.Disks;
using VhdxTools.Format;
using VhdxTools.Images;
using VhdxTools.IO;
using VhdxTools.Layout;
using Xunit;
using static VhdxTools.Core.Tests.Disks.EngineImages;

namespace VhdxTools.Core.Tests.Disks;

/// <summary>Where blocks go: the BAT of these images is at 3 MiB, their first block at 4 MiB.</summary>
public class EngineAllocatorTests
{
    private const long Bat = 3 * MiB;

    [Fact]
    public void Gaps_come_first_then_the_end()
    {
        using EngineFolder folder = new();
        string path = Create(folder["a.vhdx"], size: 20 * MiB, block: 2 * MiB);
        SetEntry(path, 0, 5, 6);
        SetEntry(path, 1, 10, 6);
        SetLength(path, 12 * MiB);
        using VhdxLayer layer = new(path, VhdxFile.OpenRead(path));
        SpaceAllocator allocator = SpaceAllocator.Of(layer);
        Assert.Equal((7 * MiB, false), allocator.Allocate(2 * MiB));
        Assert.Equal((12 * MiB, true), allocator.Allocate(2 * MiB));
        Assert.Equal(14 * MiB, allocator.NeededLength);
        allocator.ReleaseLater(new(5 * MiB, 2 * MiB));
        Assert.Equal((14 * MiB, true), allocator.Allocate(2 * MiB));
        allocator.FreeReleased();

        // With the gap before it that was too small.
        Assert.Equal((4 * MiB, false), allocator.Allocate(2 * MiB));
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 2)]
    [InlineData(2, 3)]
    [InlineData(4, 4)]
    [InlineData(32, 5)]
    [InlineData(32, 6)]
    public void The_first_gap_with_room_is_taken_whatever_was_asked_and_freed_before(int blockUnits, int seed)
    {
        const int units = 600;
        using EngineFolder folder = new();
        string path = Create(folder["a.vhdx"], size: 64 * MiB, block: blockUnits * MiB);
        SetLength(path, units * MiB);
        using VhdxLayer layer = new(path, VhdxFile.OpenRead(path));
        SpaceAllocator allocator = SpaceAllocator.Of(layer);
        Random random = new(seed);
        List<bool> used = [.. Enumerable.Range(0, units).Select(unit => unit < 4)];
        List<(int Start, int Length)> taken = [];
        for (int i = 0; i < 4000; i++)
        {
            int length = random.Next(3) == 0 ? 1 : random.Next(20) == 0 ? random.Next(1, 2 * blockUnits) : blockUnits;
            int? limit = random.Next(4) == 0 ? random.Next(4, used.Count) : null;
            if (taken.Count > 0 && random.Next(100) < (i / 400 % 2 == 0 ? 20 : 60))
            {
                int index = random.Next(taken.Count);
                (int start, int count) = taken[index];
                taken.RemoveAt(index);
                Fill(start, count, false);
                allocator.Release(new(start * MiB, count * MiB));
            }
            else if (limit is int end)
            {
                int? expected = FirstGap(length, end);
                Assert.Equal(expected * MiB, allocator.AllocateBelow(length * MiB, end * MiB));
                Take(expected, length);
            }
            else
            {
                // At the end of the file there is always room, though never for a part of it.
                int expected = FirstGap(length, used.Count) ?? used.Count;
                Assert.Equal(expected * MiB, allocator.Allocate(length * MiB).Offset);
                Take(expected, length);
            }
        }

        int? FirstGap(int length, int end)
        {
            for (int start = 0, run = 0; start < end; start++)
            {
                run = used[start] ? 0 : run + 1;
                if (run == length)
                {
                    return start - length + 1;
                }
            }

            return null;
        }

        void Take(int? place, int length)
        {
            if (place is int start)
            {
                taken.Add((start, length));
                Fill(start, length, true);
            }
        }

        void Fill(int start, int length, bool value)
        {
            used.AddRange(Enumerable.Repeat(false, Math.Max(0, start + length - used.Count)));
            for (int unit = start; unit < start + length; unit++)
            {
                used[unit] = value;
            }
        }
    }

    [Fact]
    public void A_file_that_ends_inside_a_mebibyte_keeps_its_new_last_block()
    {
        using EngineFolder folder = new();
        string path = Create(folder["a.vhdx"], size: 5 * MiB, block: MiB);
        SetLength(path, (4 * MiB) + 4096);
        byte[] data = RandomBytes(new(1), (int)MiB);
        Write(path, disk => disk.Write(0, data));
        Assert.Equal(5 * MiB, new FileInfo(path).Length);
        AssertReads(path, 0, data);
        Assert.Empty(Faults(path));
    }

    [Fact]
    public void A_last_block_that_the_file_cuts_short_keeps_its_space()
    {
        using EngineFolder folder = new();
        string path = Create(folder["a.vhdx"], VhdType.Dynamic, 5 * MiB, 2 * MiB);
        byte[] data = RandomBytes(new(1), (int)MiB);
        Write(path, disk => disk.Write(4 * MiB, data));
        SetLength(path, 5 * MiB);
        Assert.Empty(Faults(path));
        byte[] other = RandomBytes(new(2), (int)(2 * MiB));
        Write(path, disk => disk.Write(0, other));
        Assert.Empty(Faults(path));
        AssertReads(path, 4 * MiB, data);
        AssertReads(path, 0, other);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Garbage_in_a_gap_never_shows(bool isChild)
    {
        using EngineFolder folder = new();
        string? parent = isChild ? Create(folder["parent.vhdx"], size: 8 * MiB) : null;
        string path = Create(folder["a.vhdx"], size: 8 * MiB, block: MiB, parent: parent);
        SetLength(path, 10 * MiB);
        Patch(path, 4 * MiB, RandomBytes(new(1), (int)(6 * MiB)));
        byte[] data = RandomBytes(new(2), 700);
        Write(path, disk =>
        {
            disk.Write((2 * MiB) + 5000, data);
            disk.Write((5 * MiB) + 100, data);
        });
        byte[] expected = new byte[8 * MiB];
        data.CopyTo(expected, (2 * MiB) + 5000);
        data.CopyTo(expected, (5 * MiB) + 100);
        AssertReads(path, 0, expected);
        Assert.Equal(10 * MiB, new FileInfo(path).Length);
        Assert.Empty(Faults(path));
    }

    [Fact]
    public void An_unknown_region_is_never_written_to()
    {
        using EngineFolder folder = new();
        string path = Create(folder["a.vhdx"], size: 8 * MiB, block: MiB);
        byte[] table = new byte[64 * 1024];
        RegionTable.Write(
            [.. Regions(path), new(new Guid("01020304-0000-0000-0000-000000000001"), (ulong)(4 * MiB), (uint)(2 * MiB), false)],
            table);
        Patch(path, 192 * 1024, table);
        Patch(path, 256 * 1024, table);
        SetLength(path, 7 * MiB);
        byte[] foreign = RandomBytes(new(1), (int)(2 * MiB));
        Patch(path, 4 * MiB, foreign);
        Write(path, disk => disk.Write(0, RandomBytes(new(2), (int)(4 * MiB))));
        Assert.Equal(foreign, File.ReadAllBytes(path).AsSpan((int)(4 * MiB), (int)(2 * MiB)).ToArray());
        Assert.Empty(Faults(path));
    }

    [Theory]
    [InlineData(5, "VX609")]
    [InlineData(3, "VX609")]
    [InlineData(0, "VX607")]
    public void Blocks_that_collide_forbid_writing(long place, string id)
    {
        using EngineFolder folder = new();
        string path = Create(folder["a.vhdx"], size: 8 * MiB, block: MiB);
        SetLength(path, 8 * MiB);
        SetEntry(path, 0, 5, 6);
        SetEntry(path, 7, place, 6);
        string before = Hash(path);
        DiskChain disk = DiskChain.OpenWrite(path, Guids(1));
        Assert.Equal(id, Assert.Throws<VhdxException>(() => disk.Write(MiB, RandomBytes(new(1), 512))).Id);
        disk.Dispose();
        Assert.Equal(before, Hash(path));
    }

    [Theory]
    [InlineData(long.MaxValue)]
    [InlineData((1024L << 40) + 1)]
    public void A_file_beyond_all_measure_is_not_written_to(long length)
    {
        using EngineFolder folder = new();
        string path = Create(folder["a.vhdx"], size: 8 * MiB, block: MiB);
        using VhdxLayer layer = new(path, VhdxFile.Open(new LongFile(EngineMemoryFile.Load(path), length), StrictSink.Instance));
        Assert.Equal(ErrorIds.FileTooLong, Assert.Throws<VhdxException>(() => SpaceAllocator.Of(layer)).Id);
    }

    [Fact]
    public void The_file_grows_in_steps_and_is_cut_when_closed()
    {
        using EngineFolder folder = new();
        string path = Create(folder["a.vhdx"], size: 100 * MiB, block: MiB);
        EngineRecordingFile recording = EngineScenario.Record(path, Guids(1), Enumerable.Range(0, 90).Select(i => new EngineOperation.Write(i * MiB, [1, 2, 3])));
        Assert.True(recording.Events.OfType<EngineEvent.Resized>().Count() < 60);
        Assert.Equal(94 * MiB, recording.Length);
    }

    private static IReadOnlyList<RegionEntry> Regions(string path)
    {
        using VhdxFile image = VhdxFile.OpenRead(path);
        return image.Regions;
    }

    private static void Write(string path, Action<DiskChain> work)
    {
        using DiskChain disk = DiskChain.OpenWrite(path, Guids(1));
        work(disk);
    }

    private static void AssertReads(string path, long offset, byte[] expected)
    {
        using DiskChain disk = DiskChain.OpenRead(path);
        byte[] bytes = new byte[expected.Length];
        disk.Read(offset, bytes);
        Assert.True(bytes.AsSpan().SequenceEqual(expected));
    }

    private static void SetEntry(string path, long index, long mebibytes, int state) => Patch(path, Bat + (index * 8), BitConverter.GetBytes((mebibytes << 20) | (long)state));

    private static void SetLength(string path, long length)
    {
        using FileStream stream = new(path, FileMode.Open, FileAccess.Write);
        stream.SetLength(length);
    }

    /// <summary>A file with a hole at its end that no file system of ours could hold.</summary>
    private sealed class LongFile(EngineMemoryFile start, long length) : IRandomAccessFile
    {
        public string Name => start.Name;

        public long Length => length;

        public int Read(long offset, Span<byte> buffer)
        {
            buffer.Clear();
            _ = start.Read(offset, buffer);
            return buffer.Length;
        }

        public void Write(long offset, ReadOnlySpan<byte> data) => throw new InvalidOperationException("Nothing is to be written.");

        public bool TryShare(IRandomAccessFile source, long sourceOffset, long offset, long length) => false;

        public void SetLength(long length) => throw new InvalidOperationException("Nothing is to be written.");

        public void Reserve(long length) => throw new InvalidOperationException("Nothing is to be written.");

        public void Flush() => throw new InvalidOperationException("Nothing is to be written.");

        public FileRange? FindData(long offset, long end) => start.FindData(offset, Math.Min(end, start.Length));

        public void Dispose() => start.Dispose();
    }
}
