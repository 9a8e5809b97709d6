using System.Collections.Generic;
using System.Linq;
using CsCheck;
using VhdxTools.Core.Tests.Support;
using VhdxTools.Images;
using VhdxTools.Layout;
using Xunit;

namespace VhdxTools.Core.Tests.Images;

public class BlockAllocationTableTests
{
    private const long MiB = 1 << 20;
    private const long Start = 3 * MiB;

    /// <summary>Chunk ratio 16, so that bitmaps come often.</summary>
    private const int BlockSize = 256 << 20;

    private static readonly Gen<(int Blocks, bool HasParent, (int Entry, int State, int Place)[] Entries)> s_table = Gen.Select(
        Gen.Int[1, 100],
        Gen.Bool,
        Gen.Select(Gen.Int[0, 110], Gen.Int[0, 7], Gen.Int[0, 3]).Array[0, 60]);

    [Fact]
    public void Entries_and_runs_agree_with_a_list() => Property.Holds(s_table, seed: 6, cases: 1000, table =>
    {
        VhdxGeometry geometry = new((long)table.Blocks * BlockSize, BlockSize, 512, table.HasParent);
        ulong[] model = new ulong[120];
        MemoryFile file = new();
        file.Resize(4 * MiB);
        foreach ((int entry, int state, int place) in table.Entries)
        {
            // Offsets that often continue each other, and stale ones in the states without data.
            model[entry] = ((ulong)(((place == 0 ? 0 : entry) * 256L) + (place * 1000)) << 20) | (uint)state;
            file.Put(Start + (8 * entry), Bytes.U64(model[entry]));
        }

        BlockAllocationTable bat = new(file, new(Start, MiB), geometry);
        long count = geometry.BatEntryCount;
        Assert.Equal(count, bat.EntryCount);
        Assert.Equal(
            Enumerable.Range(0, (int)count).Where(i => model[i] != 0).Select(i => ((long)i, model[i])),
            bat.NonZeroEntries().Select(entry => (entry.Index, entry.Entry.Value)));
        Assert.Equal(Enumerable.Range(0, 120).Select(i => i < count ? model[i] : 0), Enumerable.Range(0, 120).Select(i => bat[i].Value));
        Assert.Equal(Runs(model, table.Blocks), bat.PayloadRuns());
    });

    [Fact]
    public void What_a_short_region_does_not_hold_is_not_present()
    {
        MemoryFile file = new();
        file.Resize(4 * MiB);
        file.Put(Start, Bytes.U64((5 << 20) | 6));
        file.Put(Start + MiB, Bytes.U64((6 << 20) | 6));
        VhdxGeometry geometry = new(200_000 * MiB, 1 << 20, 512, false);
        BlockAllocationTable bat = new(file, new(Start, MiB), geometry);

        Assert.Equal(131_072, bat.EntryCount);
        Assert.Equal(default, bat[131_072]);
        Assert.Equal([new(0, 1, BlockState.FullyPresent, 5 * MiB), new BlockRun(1, 199_999, BlockState.NotPresent, 0)], bat.PayloadRuns());
    }

    [Fact]
    public void Entries_at_the_borders_of_pages_are_seen()
    {
        MemoryFile file = new();
        long[] places = [0, 511, 512, 8191, 8192, 8193, 131_071];
        foreach (long place in places)
        {
            file.Put(Start + (8 * place), Bytes.U64(2));
        }

        VhdxGeometry geometry = new(120_000L << 25, 32 << 20, 512, false);
        Assert.Equal(places[..^1], new BlockAllocationTable(file, new(Start, MiB), geometry).NonZeroEntries().Select(entry => entry.Index));
    }

    /// <summary>Walks entry by entry: 16 payload entries, one bitmap entry, and so on.</summary>
    private static List<BlockRun> Runs(ulong[] model, int blocks)
    {
        List<BlockRun> runs = [];
        int entry = 0;
        for (int block = 0; block < blocks; block++, entry++)
        {
            entry += block > 0 && block % 16 == 0 ? 1 : 0;
            BlockState state = (BlockState)(model[entry] & 7);
            bool hasData = (int)state >= 6;
            long offset = hasData ? (long)(model[entry] & ~0xFFFFFul) : 0;
            if (runs.Count > 0 && runs[^1].State == state && (!hasData || runs[^1].FileOffset + (runs[^1].Count * BlockSize) == offset))
            {
                runs[^1] = runs[^1] with { Count = runs[^1].Count + 1 };
            }
            else
            {
                runs.Add(new(block, 1, state, offset));
            }
        }

        return runs;
    }
}
