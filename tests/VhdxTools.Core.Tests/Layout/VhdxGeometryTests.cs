using VhdxTools.Layout;
using Xunit;

namespace VhdxTools.Core.Tests.Layout;

public class VhdxGeometryTests
{
    private const int MiB = 1 << 20;

    [Theory]
    [InlineData(1, 4096, 32_768)]
    [InlineData(2, 2048, 16_384)]
    [InlineData(4, 1024, 8192)]
    [InlineData(8, 512, 4096)]
    [InlineData(16, 256, 2048)]
    [InlineData(32, 128, 1024)]
    [InlineData(64, 64, 512)]
    [InlineData(128, 32, 256)]
    [InlineData(256, 16, 128)]
    public void Chunk_ratios_of_all_block_sizes(int blockMiB, long with512, long with4096)
    {
        Assert.Equal(with512, new VhdxGeometry(MiB, blockMiB * MiB, 512, false).ChunkRatio);
        Assert.Equal(with4096, new VhdxGeometry(MiB, blockMiB * MiB, 4096, false).ChunkRatio);
    }

    [Fact]
    public void Payload_block_4096_of_1_MiB_blocks_is_entry_4097()
    {
        VhdxGeometry geometry = new(1L << 40, MiB, 512, false);

        Assert.Equal(4095, geometry.EntryOfPayloadBlock(4095));
        Assert.Equal(4097, geometry.EntryOfPayloadBlock(4096));
        Assert.Equal(4096, geometry.EntryOfSectorBitmap(0));
        Assert.True(geometry.IsSectorBitmapEntry(4096));
        Assert.False(geometry.IsSectorBitmapEntry(4097));
    }

    [Theory]
    [InlineData(256 * MiB, 512)]
    [InlineData(128 * MiB, 512)]
    [InlineData(256 * MiB, 4096)]
    [InlineData(1 * MiB, 512)]
    public void Counts_and_indices_agree_with_counting_one_by_one(int blockSize, int sectorSize)
    {
        long ratio = (1L << 23) * sectorSize / blockSize;
        foreach (long blocks in new[] { 1, 2, ratio - 1, ratio, ratio + 1, (2 * ratio) - 1, 2 * ratio, (2 * ratio) + 1, (3 * ratio) + 2 })
        {
            foreach (long size in new[] { ((blocks - 1) * blockSize) + sectorSize, blocks * blockSize })
            {
                CheckByCounting(new(size, blockSize, sectorSize, false), blocks, ratio);
                CheckByCounting(new(size, blockSize, sectorSize, true), blocks, ratio);
            }
        }
    }

    [Theory]
    [InlineData(1, 512, 67_125_247, 67_125_248)]
    [InlineData(1, 4096, 67_110_911, 67_110_912)]
    [InlineData(256, 512, 278_527, 278_528)]
    [InlineData(256, 4096, 264_191, 264_192)]
    public void A_disk_of_64_TiB_needs_so_many_entries(int blockMiB, int sectorSize, long plain, long differencing)
    {
        Assert.Equal(plain, new VhdxGeometry(64L << 40, blockMiB * MiB, sectorSize, false).BatEntryCount);
        Assert.Equal(differencing, new VhdxGeometry(64L << 40, blockMiB * MiB, sectorSize, true).BatEntryCount);
    }

    private static void CheckByCounting(VhdxGeometry geometry, long blocks, long ratio)
    {
        Assert.Equal(blocks, geometry.PayloadBlockCount);
        long entry = 0;
        long chunk = 0;
        for (long block = 0; block < blocks; block++)
        {
            if (block > 0 && block % ratio == 0)
            {
                CheckBitmap();
            }

            Assert.Equal(entry, geometry.EntryOfPayloadBlock(block));
            Assert.Equal(block, geometry.PayloadBlockOfEntry(entry));
            Assert.False(geometry.IsSectorBitmapEntry(entry));
            Assert.Equal(chunk, geometry.ChunkOfEntry(entry));
            entry++;
        }

        if (geometry.HasParent)
        {
            // Chunks are whole in a differencing image: entries for blocks beyond the disk, and the last bitmap.
            entry += (chunk * ratio) + ratio - blocks;
            CheckBitmap();
            Assert.Equal(chunk, geometry.SectorBitmapBlockCount);
        }

        Assert.Equal(entry, geometry.BatEntryCount);
        Assert.Equal(8 * entry, geometry.BatLength);

        void CheckBitmap()
        {
            Assert.Equal(entry, geometry.EntryOfSectorBitmap(chunk));
            Assert.True(geometry.IsSectorBitmapEntry(entry));
            Assert.Equal(chunk, geometry.ChunkOfEntry(entry));
            entry++;
            chunk++;
        }
    }
}
