using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using VhdxTools.Core.Tests.Disks;
using VhdxTools.Core.Tests.Support;
using VhdxTools.Disks;
using VhdxTools.IO;
using VhdxTools.Layout;
using VhdxTools.Operations;
using Xunit;
using static VhdxTools.Core.Tests.Disks.EngineImages;

namespace VhdxTools.Core.Tests.Operations;

public class ChangeListerTests
{
    [Theory]
    [InlineData(512, 6, 6, 6, 1)]
    [InlineData(4096, 6, 6, 6, 2)]
    [InlineData(512, 6, 4, 7, 3)]
    [InlineData(4096, 6, 3, 5, 4)]
    [InlineData(512, 3, 6, 4, 5)]
    [InlineData(4096, 4, 7, 9, 6)]
    public void The_ranges_make_the_tip_out_of_its_ancestor(int sector, int baseMiB, int middleMiB, int tipMiB, int seed)
    {
        using EngineFolder folder = new();
        Random random = new(seed);
        string root = Create(folder["base"], size: baseMiB * MiB, block: MiB, sector: sector);
        Change(root, random, sector);
        string middle = Create(folder["middle"], size: (middleMiB * MiB) + (8 * 4096), block: MiB, sector: sector, parent: root);
        Change(middle, random, sector);
        string tip = Create(folder["tip"], size: (tipMiB * MiB) + 4096, block: 2 * MiB, sector: sector, parent: middle);
        Change(tip, random, sector);
        string[] hashes = [Hash(root), Hash(middle), Hash(tip)];

        foreach ((string ancestor, string[] above) in new[] { (root, new[] { tip, middle }), (middle, [tip]) })
        {
            List<VhdxDifference> found = ChangeLister.Changes(tip, ancestor).ToList();
            long[] sizes = above.Append(ancestor).Select(path => new EngineOracle(path).Size).ToArray();

            Assert.Equal(Expected(above.Select(path => new EngineOracle(path)).ToList(), sizes[^1]), Text(found));
            Assert.All(found, range => Assert.Equal((ancestor, tip), (range.ReferencePath, range.DifferencePath)));

            // The purpose: a copy of the ancestor becomes the tip when these ranges are copied, and only these.
            byte[] copy = ReadAll(ancestor);
            byte[] wanted = ReadAll(tip);
            Array.Resize(ref copy, wanted.Length);
            foreach (VhdxDifference range in found)
            {
                ReadOnlySpan<byte> bytes = wanted.AsSpan((int)range.Offset, (int)range.Length);
                Assert.True(range.Kind == VhdxDifferenceKind.Changed || !bytes.ContainsAnyExcept((byte)0));
                bytes.CopyTo(copy.AsSpan((int)range.Offset));
            }

            Assert.True(wanted.AsSpan().SequenceEqual(copy));
        }

        Assert.Equal(Text(ChangeLister.Changes(tip, middle)), Text(ChangeLister.Changes(tip, null)));
        Assert.Equal(hashes, new[] { Hash(root), Hash(middle), Hash(tip) });
    }

    [Theory]
    [InlineData(512)]
    [InlineData(4096)]
    public void A_dirty_log_is_told_as_if_it_were_replayed(int sector)
    {
        using EngineFolder folder = new();
        string root = Create(folder["base"], size: 6 * MiB, block: MiB, sector: sector);
        using (DiskChain disk = DiskChain.OpenWrite(root, Guids(2)))
        {
            disk.Write(4 * MiB, RandomBytes(new(2), (int)MiB));
        }

        string tip = Create(folder["tip"], block: MiB, parent: root);
        using (DiskChain disk = DiskChain.OpenWrite(tip, Guids(1)))
        {
            disk.Write((2 * MiB) + 4096, RandomBytes(new(1), 8192));
            disk.Trim(4 * MiB, MiB);
            disk.Flush();
            CompareDisks.CopyDirty(tip, folder["dirty"]);
        }

        string[] expected = [$"{(2 * MiB) + 4096}+8192 Changed", $"{4 * MiB}+{MiB} Zeroed"];
        Assert.Equal(expected, Text(ChangeLister.Changes(tip, null)));
        Assert.Equal(expected, Text(ChangeLister.Changes(folder["dirty"], null)));
    }

    [Fact]
    public void The_parent_need_not_be_there_when_it_is_not_asked_for()
    {
        using EngineFolder folder = new();
        string root = Create(folder["base"], size: 6 * MiB, block: MiB);
        string tip = Create(folder["tip"], block: MiB, parent: root);
        File.Delete(root);

        Assert.Empty(ChangeLister.Changes(tip, null));
        Refused(ErrorIds.FileNotFound, tip, root);
        File.WriteAllBytes(folder["other"], new byte[512]);
        Refused("VX804", tip, folder["other"]);
    }

    [Fact]
    public void What_is_below_the_ancestor_need_not_be_there()
    {
        using EngineFolder folder = new();
        string root = Create(folder["base"], size: 6 * MiB, block: MiB);
        string middle = Create(folder["middle"], block: MiB, parent: root);
        string tip = Create(folder["tip"], block: MiB, parent: middle);
        File.Delete(root);

        Assert.Empty(ChangeLister.Changes(tip, middle));
    }

    [Fact]
    public void A_file_that_is_no_ancestor_is_refused()
    {
        using EngineFolder folder = new();
        string root = Create(folder["base"], size: 6 * MiB, block: MiB);
        string tip = Create(folder["tip"], block: MiB, parent: root);
        string other = Create(folder["other"], size: 6 * MiB, block: MiB);

        Assert.Contains(root, Refused(ErrorIds.NotAnAncestor, tip, other), StringComparison.Ordinal);
        Refused(ErrorIds.NotAnAncestor, tip, tip);
        Refused(ErrorIds.NotDifferencing, root, null);
        Refused(ErrorIds.NotDifferencing, root, other);
        File.Delete(tip);
    }

    [Fact]
    public void Another_name_of_the_ancestor_is_the_ancestor()
    {
        using EngineFolder folder = new();
        string root = Create(folder["base"], size: 6 * MiB, block: MiB);
        string tip = Create(folder["tip"], block: MiB, parent: root);
        File.CreateSymbolicLink(folder["link"], root);

        Assert.Empty(ChangeLister.Changes(tip, folder["link"]));
    }

    [Fact]
    public void No_data_is_read()
    {
        using EngineFolder folder = new();
        string root = Create(folder["base"], size: 6 * MiB, block: MiB);
        string tip = Create(folder["tip"], block: MiB, parent: root);
        Change(tip, new(1), 512);
        using IDiskLayer layer = LayerOpener.Open(tip);

        Assert.NotEmpty(ChangeLister.Ranges([new UnreadableLayer(layer)], 0, default).ToList());
    }

    [Fact]
    public void A_VHD_and_its_parents_are_listed_too()
    {
        using EngineFolder folder = new();
        Random random = new(4);
        Guid rootId = new(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11);
        Guid middleId = new(2, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11);
        VhdImage root = new() { Size = 1_000_448, Id = rootId };
        VhdImage middle = new() { Size = 1_000_448, Id = middleId, ParentId = rootId, ParentName = "base" };
        VhdImage tip = new() { Size = 1_000_448, ParentId = middleId, ParentName = "middle" };
        for (int i = 0; i < root.BlockCount; i++)
        {
            root.AddBlock(i, random, _ => true);
        }

        middle.AddBlock(3, random, sector => sector is > 10 and < 20);
        tip.AddBlock(3, random, sector => sector is 15 or 20 or 100);
        tip.AddBlock(15, random, _ => true);
        root.Write(folder["base"]);
        middle.Write(folder["middle"]);
        tip.Write(folder["tip"]);
        int block = 3 * 65536;

        Assert.Equal(
            [$"{block + (15 * 512)}+512 Changed", $"{block + (20 * 512)}+512 Changed", $"{block + (100 * 512)}+512 Changed", $"{15 * 65536}+{1_000_448 - (15 * 65536)} Changed"],
            Text(ChangeLister.Changes(folder["tip"], null)));
        Assert.Equal(
            [$"{block + (11 * 512)}+{10 * 512} Changed", $"{block + (100 * 512)}+512 Changed", $"{15 * 65536}+{1_000_448 - (15 * 65536)} Changed"],
            Text(ChangeLister.Changes(folder["tip"], folder["base"])));
    }

    private static void Change(string path, Random random, int sector)
    {
        using DiskChain disk = DiskChain.OpenWrite(path, Guids(random.Next()));
        for (int i = 0; i < 8; i++)
        {
            long offset = random.NextInt64(0, disk.Capacity / sector) * sector;
            disk.Write(offset, RandomBytes(random, (int)Math.Min(random.Next(1, 100) * sector, disk.Capacity - offset)));
        }

        disk.Trim(random.NextInt64(0, disk.Capacity / MiB) * MiB / (2 * MiB) * (2 * MiB), MiB);
        disk.Trim(random.NextInt64(0, disk.Capacity / sector) * sector, sector);
    }

    private static byte[] ReadAll(string path)
    {
        using DiskChain disk = DiskChain.OpenRead(path);
        byte[] all = new byte[disk.Capacity];
        disk.Read(0, all);
        return all;
    }

    /// <summary>Sector by sector from the bytes of the files above the ancestor.</summary>
    private static List<string> Expected(List<EngineOracle> above, long ancestorSize)
    {
        List<string> expected = [];
        long sector = above[0].SectorSize;
        long offset = 0;
        long start = 0;
        string? kind = null;
        foreach ((DiskExtentKind found, int _, long _) in EngineOracle.Resolve(above))
        {
            bool isHidden = above.Any(file => offset >= file.Size) && offset < ancestorSize;
            Next(found switch
            {
                DiskExtentKind.Data => "Changed",
                DiskExtentKind.Zero => "Zeroed",
                _ => isHidden ? "Zeroed" : null,
            });
            offset += sector;
        }

        Next(null);
        return expected;

        void Next(string? next)
        {
            if (next == kind)
            {
                return;
            }

            if (kind is not null)
            {
                expected.Add($"{start}+{offset - start} {kind}");
            }

            (start, kind) = (offset, next);
        }
    }

    private static string[] Text(IEnumerable<VhdxDifference> ranges) => ranges.Select(range => $"{range.Offset}+{range.Length} {range.Kind}").ToArray();

    private static string Refused(string id, string tip, string? ancestor)
    {
        VhdxException exception = Assert.Throws<VhdxException>(() => Assert.Empty(ChangeLister.Changes(tip, ancestor)));
        Assert.Equal(id, exception.Id);
        return exception.Message;
    }

    private sealed class UnreadableLayer(IDiskLayer layer) : IDiskLayer
    {
        public string Path => layer.Path;

        public long Size => layer.Size;

        public bool HasParent => layer.HasParent;

        public bool LeavesOutHoles => layer.LeavesOutHoles;

        public bool TryRead(long offset, Span<byte> buffer) => throw new NotSupportedException();

        public IEnumerable<LayerExtent> Extents(long offset, long length, System.Threading.CancellationToken cancellation = default) => layer.Extents(offset, length, cancellation);

        public IRandomAccessFile File => layer.File;

        public void ReadData(long fileOffset, Span<byte> buffer) => throw new NotSupportedException();

        public FileRange? FindData(long fileOffset, long end) => throw new NotSupportedException();

        public void ShareMemory(int count) => layer.ShareMemory(count);

        public void Dispose() => layer.Dispose();
    }
}
