using System;
using System.IO;
using System.Linq;
using System.Threading;
using VhdxTools.Core.Tests.Disks;
using VhdxTools.Core.Tests.Support;
using VhdxTools.Diagnostics;
using VhdxTools.Disks;
using VhdxTools.Format;
using VhdxTools.Images;
using VhdxTools.IO;
using VhdxTools.Operations;
using Xunit;
using static VhdxTools.Core.Tests.Disks.EngineImages;

namespace VhdxTools.Core.Tests.Operations;

/// <summary>Files that are long because a few blocks lie far apart in them: the cost is that of the table, not that of the length.</summary>
public class GapCloserTests
{
    private const int Blocks = 32;
    private const long Distance = 64L << 30;

    [Fact]
    public void The_table_is_read_as_often_as_it_takes_for_the_blocks_and_not_for_the_length_of_the_file()
    {
        using EngineFolder folder = new();
        string path = Spread(folder["a.vhdx"]);
        int reads = 0;
        using VhdxFile image = VhdxFile.Open(new WatchedFile(OsFile.OpenRead(path), _ => { }, onRead: _ => reads++), StrictSink.Instance);
        using VhdxLayer layer = new(path, image);
        reads = 0;
        SpaceAllocator space = SpaceAllocator.Of(layer);
        int once = reads;

        GapEstimate estimate = GapMover.Estimate(image, space, CancellationToken.None);

        Assert.Equal(Blocks, estimate.Moves);
        Assert.InRange(once, 16, 100_000);
        Assert.InRange(reads - once, 1, 3 * once);
    }

    [Fact]
    public void All_blocks_move_to_the_start_and_the_disk_stays_as_it_is()
    {
        using EngineFolder folder = new();
        string path = Spread(folder["a.vhdx"]);

        VhdxRepairResult result = RepairRun.Repair(path, RepairRun.Leaks);

        Assert.Equal(Blocks, result.BlocksMoved);

        // The table of 32 MiB and a little more ends at 36 MiB.
        Assert.Equal((36 + Blocks) * MiB, new FileInfo(path).Length);
        Assert.Empty(Faults(path));
        using DiskChain disk = DiskChain.OpenRead(path);
        byte[] bytes = new byte[MiB];
        for (int i = 0; i < Blocks; i++)
        {
            disk.Read(BlockOf(i) * MiB, bytes);
            Assert.True(bytes.AsSpan().SequenceEqual(Content(i)), FormattableString.Invariant($"Block {BlockOf(i)} reads otherwise."));
        }

        Assert.Equal(Blocks, disk.Extents(0, disk.Capacity).Count(extent => extent.Kind == DiskExtentKind.Data));
    }

    /// <summary>An image of 4 TiB whose blocks of data lie 64 GiB apart in the file, and in another order on the disk.</summary>
    private static string Spread(string path)
    {
        Create(path, size: 4L << 40, block: MiB, state: InitialBlockState.Zero);
        long table;
        using (VhdxFile image = VhdxFile.OpenRead(path))
        {
            table = (long)image.Regions.Single(region => region.Id == WellKnownGuids.BatRegion).FileOffset;
        }

        for (int i = 0; i < Blocks; i++)
        {
            long place = (i + 1) * Distance;
            Patch(path, place, Content(i));

            // One entry of a sector bitmap behind each 4096 blocks of 1 MiB.
            long block = BlockOf(i);
            Patch(path, table + ((block + (block / 4096)) * 8), BitConverter.GetBytes((ulong)place | 6));
        }

        return path;
    }

    private static long BlockOf(int i) => 5 + (i * 7 % Blocks * 100_003L);

    private static byte[] Content(int i) => RandomBytes(new(i + 1), (int)MiB);
}
