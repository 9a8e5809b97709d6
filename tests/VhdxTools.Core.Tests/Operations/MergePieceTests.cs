using System;
using System.Collections.Generic;
using System.Linq;
using VhdxTools.Core.Tests.Disks;
using VhdxTools.Core.Tests.Support;
using VhdxTools.Disks;
using VhdxTools.Operations;
using Xunit;
using static VhdxTools.Core.Tests.Disks.EngineImages;

namespace VhdxTools.Core.Tests.Operations;

/// <summary>Small changes near each other are copied at once, and each arrives where it belongs.</summary>
public class MergePieceTests
{
    private const int Sector = 512;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Pieces_hold_every_change_once_in_order_and_inside_one_buffer(int seed)
    {
        Random random = new(seed);
        List<DifferenceRange> changes = [];
        for (long offset = random.Next(2) * Sector; offset < 64 * MiB;)
        {
            long length = random.Next(1, random.Next(3) == 0 ? 10_000 : 8) * (long)Sector;
            changes.Add(new(offset, length, random.Next(20) == 0 ? VhdxDifferenceKind.Zeroed : VhdxDifferenceKind.Changed));
            offset += length + (random.Next(0, random.Next(10) == 0 ? 5000 : 4) * (long)Sector);
        }

        long end = changes[^1].End - (seed % 2 * Sector);
        List<MergePiece> pieces = [.. MergePiece.Gather(changes, end, MiB)];

        foreach (MergePiece piece in pieces)
        {
            Assert.Equal(piece.Range, new(piece.Ranges[0].Offset, piece.Ranges[^1].End - piece.Ranges[0].Offset));
            Assert.True(piece.Kind == VhdxDifferenceKind.Zeroed ? piece.Ranges.Count == 1 : piece.Range.Offset / MiB == (piece.Range.End - 1) / MiB);
        }

        Assert.Equal(Sectors(changes, end), Sectors(pieces.SelectMany(piece => piece.Ranges.Select(range => new DifferenceRange(range.Offset, range.Length, piece.Kind))), end));
        Assert.InRange(pieces.Count, 1, 64 + (3 * changes.Count(change => change.Kind == VhdxDifferenceKind.Zeroed)));
    }

    [Fact]
    public void A_range_that_is_zeroed_comes_in_parts_so_that_a_merge_can_be_stopped_between_them()
    {
        const long start = (5 * MiB) + Sector;
        const long length = 64L << 40;
        List<MergePiece> pieces = [.. MergePiece.Gather([new(start, length, VhdxDifferenceKind.Zeroed)], start + length, MiB)];

        long end = start;
        foreach (MergePiece piece in pieces)
        {
            Assert.Equal((VhdxDifferenceKind.Zeroed, end), (piece.Kind, piece.Range.Offset));
            Assert.Equal([piece.Range], piece.Ranges);
            Assert.InRange(piece.Range.Length, 1, 4L << 30);
            end = piece.Range.End;

            // No block of any size is parted.
            Assert.True(end == start + length || end % (256 * MiB) == 0);
        }

        Assert.Equal(start + length, end);
    }

    [Theory]
    [InlineData(512, 1)]
    [InlineData(512, 2)]
    [InlineData(4096, 3)]
    public void Single_sectors_reach_blocks_of_every_state(int sector, int seed)
    {
        using EngineFolder folder = new();
        Random random = new(seed);
        byte[] model = new byte[(12 * MiB) + 4096];
        string parent = Create(folder["0.vhdx"], size: model.Length, block: MiB, sector: sector);
        Change(parent, 5, (int)MiB);
        string middle = Create(folder["1.vhdx"], block: MiB, parent: parent);
        Change(middle, 400, 4 * sector);
        string tip = Create(folder["2.vhdx"], block: 2 * MiB, parent: middle);
        Change(tip, 2000, sector);

        ImageMerger.Merge(MergePlanner.Plan(tip, parent, _ => { }, default), Guids(seed), wrap: file => new SlowFile(file, seed));

        Assert.Empty(Faults(parent));
        SetterFiles.Verify(parent, model);
        SetterFiles.Verify(tip, model);

        void Change(string path, int count, int longest)
        {
            using DiskChain disk = DiskChain.OpenWrite(path, Guids(seed));
            for (int i = 0; i < count; i++)
            {
                int length = Math.Max(sector, random.Next(longest + 1) / sector * sector);
                int offset = random.Next((model.Length - length) / sector) * sector;

                // Zeros, too, over whatever was there.
                byte[] bytes = random.Next(4) == 0 ? new byte[length] : RandomBytes(random, length);
                disk.Write(offset, bytes);
                bytes.CopyTo(model.AsSpan(offset));
            }
        }
    }

    private static List<(long Sector, VhdxDifferenceKind Kind)> Sectors(IEnumerable<DifferenceRange> ranges, long end) =>
        [.. ranges.SelectMany(range => Enumerable.Range(0, (int)(range.Length / Sector)).Select(i => ((range.Offset / Sector) + i, range.Kind))).Where(pair => pair.Item1 * Sector < end)];
}
