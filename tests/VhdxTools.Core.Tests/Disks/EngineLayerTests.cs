using System;
using System.IO;
using System.Linq;
using VhdxTools.Disks;
using Xunit;
using static VhdxTools.Core.Tests.Disks.EngineImages;

namespace VhdxTools.Core.Tests.Disks;

/// <summary>What one file of a chain says, in images whose entries and bits are written by hand; and what is refused when a chain is opened.</summary>
public class EngineLayerTests
{
    private const long Bat = 3 * MiB;

    /// <summary>512-byte sectors: bitmap entry after 4096 blocks; 4096-byte sectors: after 32768.</summary>
    [Theory]
    [InlineData(512)]
    [InlineData(4096)]
    public void Bits_decide_sector_by_sector(int sector)
    {
        using EngineFolder folder = new();
        string path = Child(folder, sector, out byte[] parent);
        long ratio = (1L << 23) * sector / MiB;
        SetLength(path, 6 * MiB);
        byte[] own = RandomBytes(new(2), (int)MiB);
        Patch(path, 4 * MiB, own);
        SetEntry(path, 1, 4, 7);
        SetEntry(path, ratio, 5, 6);

        // Block 1 of the disk: its bits follow those of block 0.
        long bits = (5 * MiB) + (MiB / sector / 8);
        Patch(path, bits, [0b0000_0101, 0x80]);
        Patch(path, bits + (MiB / sector / 8) - 1, [0x80]);
        byte[] expected = parent.AsSpan().ToArray();
        foreach (long index in new[] { 0, 2, 15, (MiB / sector) - 1 })
        {
            own.AsSpan((int)(index * sector), sector).CopyTo(expected.AsSpan((int)(MiB + (index * sector))));
        }

        AssertReads(path, expected);
        using DiskChain disk = DiskChain.OpenRead(path);
        Assert.Equal(
            [(MiB, 0, 4 * MiB), (MiB + sector, 1, 5 * MiB + sector), (MiB + (2 * sector), 0, (4 * MiB) + (2 * sector)), (MiB + (3 * sector), 1, (5 * MiB) + (3 * sector))],
            disk.Extents(MiB, 5 * sector).Select(extent => (extent.Offset, extent.Layer, extent.FileOffset)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Undefined_zero_and_unmapped_blocks_hide_the_parent(int state)
    {
        using EngineFolder folder = new();
        string path = Child(folder, 512, out byte[] parent);
        SetEntry(path, 1, state == 2 ? 0 : 4, state);
        parent.AsSpan((int)MiB, (int)MiB).Clear();
        AssertReads(path, parent);
        byte[] data = RandomBytes(new(3), 1000);
        using (DiskChain disk = DiskChain.OpenWrite(path, Guids(1)))
        {
            disk.Write(MiB + 77, data);
        }

        data.CopyTo(parent, MiB + 77);
        AssertReads(path, parent);
        Assert.Empty(Faults(path));
    }

    [Fact]
    public void A_present_block_does_not_ask_its_bits()
    {
        using EngineFolder folder = new();
        string path = Child(folder, 512, out byte[] parent);
        SetLength(path, 6 * MiB);
        SetEntry(path, 1, 4, 6);
        SetEntry(path, 4096, 5, 6);
        parent.AsSpan((int)MiB, (int)MiB).Clear();
        AssertReads(path, parent);
    }

    [Fact]
    public void Stale_bits_of_a_block_that_is_not_there_are_cleared()
    {
        using EngineFolder folder = new();
        string path = Child(folder, 512, out byte[] parent);
        SetLength(path, 5 * MiB);
        SetEntry(path, 4096, 4, 6);
        Patch(path, 4 * MiB, [.. Enumerable.Repeat((byte)0xFF, 4096)]);
        byte[] data = RandomBytes(new(3), 512);
        using (DiskChain disk = DiskChain.OpenWrite(path, Guids(1)))
        {
            disk.Write(MiB + 1024, data);
        }

        data.CopyTo(parent, MiB + 1024);
        AssertReads(path, parent);
    }

    [Fact]
    public void Block_4096_stands_behind_the_bitmap_entry()
    {
        using EngineFolder folder = new();
        string path = Create(folder["a.vhdx"], size: 4100 * MiB, block: MiB);
        byte[] data = RandomBytes(new(1), 3000);
        using (DiskChain disk = DiskChain.OpenWrite(path, Guids(1)))
        {
            disk.Write((4096 * MiB) - 1000, data);
        }

        EngineMemoryFile file = EngineMemoryFile.Load(path);
        byte[] entries = new byte[24];
        file.Read(Bat + (4095 * 8), entries);
        Assert.Equal(6, entries[0] & 7);
        Assert.Equal(0, BitConverter.ToInt64(entries, 8));
        Assert.Equal(6, entries[16] & 7);
        using DiskChain again = DiskChain.OpenRead(path);
        byte[] read = new byte[3000];
        again.Read((4096 * MiB) - 1000, read);
        Assert.Equal(data, read);
    }

    [Fact]
    public void Chains_of_hundreds_of_files_are_walked()
    {
        using EngineFolder folder = new();
        string? tip = null;
        byte[] model = new byte[4 * MiB];
        Random random = new(1);
        for (int file = 0; file < 200; file++)
        {
            tip = Create(folder[$"{file}.vhdx"], size: 4 * MiB, block: MiB, parent: file == 0 ? null : folder[$"{file - 1}.vhdx"]);
            if (file % 10 == 0)
            {
                using DiskChain disk = DiskChain.OpenWrite(tip, Guids(file));
                int offset = random.Next(8000) * 512;
                byte[] data = RandomBytes(random, 512);
                disk.Write(offset, data);
                data.CopyTo(model, offset);
            }
        }

        using DiskChain chain = DiskChain.OpenRead(tip!);
        byte[] all = new byte[model.Length];
        chain.Read(0, all);
        Assert.True(all.AsSpan().SequenceEqual(model));
        Assert.True(chain.Extents(0, chain.Capacity).Select(extent => extent.Layer).Distinct().Count() >= 19);
    }

    [Theory]
    [InlineData(4, 4, "VX602")]
    [InlineData(4, 5, "VX602")]
    [InlineData(0, 6, "VX607")]
    [InlineData(500, 6, "VX608")]
    [InlineData(4, 7, "VX606")]
    public void A_damaged_entry_is_an_error_with_a_name(long place, int state, string id)
    {
        using EngineFolder folder = new();
        string path = Child(folder, 512, out _);
        SetLength(path, 5 * MiB);
        SetEntry(path, 1, place, state);
        byte[] buffer = new byte[512];
        using (DiskChain disk = DiskChain.OpenRead(path))
        {
            VhdxException failure = Assert.Throws<VhdxException>(() => disk.Read(MiB, buffer));
            Assert.Equal(id, failure.Id);
            Assert.Contains(path, failure.Message, StringComparison.Ordinal);
            disk.Read(0, buffer);
        }

        using DiskChain writing = DiskChain.OpenWrite(path, Guids(1));
        Assert.Equal(id, Assert.Throws<VhdxException>(() => writing.Write(MiB, buffer)).Id);
    }

    [Fact]
    public void A_parent_that_is_missing_or_changed_or_a_ring_is_refused()
    {
        using EngineFolder folder = new();
        string path = Child(folder, 512, out _);
        string parent = folder["parent.vhdx"];
        using (DiskChain disk = DiskChain.OpenWrite(parent, Guids(9)))
        {
            disk.Write(0, new byte[] { 1 });
        }

        AssertRefused("VX805");
        File.Delete(parent);
        AssertRefused("VX804");
        File.Copy(path, parent);
        AssertRefused("VX805", "VX807");

        void AssertRefused(params string[] ids)
        {
            Assert.Contains(Assert.Throws<VhdxException>(() => DiskChain.OpenRead(path)).Id, ids);
            Assert.Contains(Assert.Throws<VhdxException>(() => DiskChain.OpenWrite(path, Guids(1))).Id, ids);

            // The file was let go.
            using FileStream stream = new(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        }
    }

    [Fact]
    public void A_second_writer_is_kept_out_and_readers_are_not()
    {
        using EngineFolder folder = new();
        string path = Create(folder["a.vhdx"], size: 5 * MiB, block: MiB);
        using DiskChain writer = DiskChain.OpenWrite(path, Guids(1));
        writer.Write(0, new byte[] { 1, 2, 3 });
        writer.Flush();
        Assert.Equal(ErrorIds.FileInUse, Assert.Throws<VhdxException>(() => DiskChain.OpenWrite(path, Guids(2))).Id);
        using DiskChain reader = DiskChain.OpenRead(path);
        byte[] bytes = new byte[3];
        reader.Read(0, bytes);
        Assert.Equal([1, 2, 3], bytes);
    }

    [Fact]
    public void Ranges_outside_the_disk_are_refused()
    {
        using EngineFolder folder = new();
        string path = Create(folder["a.vhdx"], size: 5 * MiB, block: MiB);
        using DiskChain disk = DiskChain.OpenWrite(path, Guids(1));
        byte[] bytes = new byte[2];
        Assert.Throws<ArgumentOutOfRangeException>(() => disk.Read((5 * MiB) - 1, bytes));
        Assert.Throws<ArgumentOutOfRangeException>(() => disk.Write(-1, bytes));
        Assert.Throws<ArgumentOutOfRangeException>(() => disk.Trim(0, (5 * MiB) + 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => disk.Write(long.MaxValue, bytes));
    }

    private static string Child(EngineFolder folder, int sector, out byte[] disk)
    {
        string parent = Create(folder["parent.vhdx"], size: 3 * MiB, block: MiB, sector: sector);
        disk = new byte[4 * MiB];
        RandomBytes(new(1), (int)(3 * MiB)).CopyTo(disk, 0);
        using (DiskChain chain = DiskChain.OpenWrite(parent, Guids(1)))
        {
            chain.Write(0, disk.AsSpan(0, (int)(3 * MiB)));
        }

        return Create(folder["a.vhdx"], size: 4 * MiB, block: MiB, sector: sector, parent: parent);
    }

    private static void AssertReads(string path, byte[] expected)
    {
        using DiskChain disk = DiskChain.OpenRead(path);
        byte[] bytes = new byte[expected.Length];
        disk.Read(0, bytes);
        int same = bytes.AsSpan().CommonPrefixLength(expected);
        Assert.True(same == expected.Length, $"They differ from 0x{same:X} on.");
    }

    private static void SetEntry(string path, long index, long mebibytes, int state) => Patch(path, Bat + (index * 8), BitConverter.GetBytes((mebibytes << 20) | (long)state));

    private static void SetLength(string path, long length)
    {
        using FileStream stream = new(path, FileMode.Open, FileAccess.Write);
        stream.SetLength(length);
    }
}
