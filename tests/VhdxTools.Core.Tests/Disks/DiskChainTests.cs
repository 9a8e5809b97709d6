using System;
using System.IO;
using CsCheck;
using VhdxTools.Core.Tests.Support;
using VhdxTools.Disks;
using Xunit;

namespace VhdxTools.Core.Tests.Disks;

public class DiskChainTests
{
    private const int MiB = 1 << 20;

    [Fact]
    public void Reads_agree_with_a_byte_array() => Property.Holds(
        Gen.Select(
            Gen.Int[1, 16_384].Select(sectors => sectors * 512),
            Gen.Select(Gen.Int[0, 4], Gen.Int[4, 14]).Array[8],
            Gen.Select(Gen.Int[0, 9 * MiB], Gen.Int[0, 3 * MiB]).Array[1, 8]),
        seed: 8,
        cases: 15,
        test =>
        {
            (int size, (int State, int Place)[] blocks, (int Offset, int Length)[] reads) = test;
            ImageBuilder builder = new((ulong)size);
            byte[] content = Bytes.Pattern(size, 12 * MiB);
            builder.Extra.Add((4 * MiB, content));
            byte[] model = new byte[16 * MiB];
            for (int i = 0; i < blocks.Length; i++)
            {
                // States 0 to 3 keep a stale offset, which nobody may follow.
                int state = blocks[i].State == 4 ? 6 : blocks[i].State;
                builder.Bat[i] = ((ulong)blocks[i].Place << 20) | (uint)state;
                int count = Math.Clamp(size - (i * MiB), 0, MiB);
                if (state == 6)
                {
                    content.AsSpan((blocks[i].Place - 4) * MiB, count).CopyTo(model.AsSpan(i * MiB));
                }
            }

            using DiskChain disk = DiskChain.OpenRead("image.vhdx", builder.Open());
            Assert.Equal(size, disk.Capacity);
            foreach ((int offset, int wanted) in reads)
            {
                int length = wanted;
                byte[] buffer = Bytes.Pattern(1, length);
                length = Math.Clamp(size - offset, 0, length);
                disk.Read(Math.Min(offset, size - length), buffer.AsSpan(0, length));
                Assert.True(model.AsSpan(Math.Min(offset, size - length), length).SequenceEqual(buffer.AsSpan(0, length)), $"{length} bytes at {offset} differ.");
            }
        });

    [Fact]
    public void A_block_that_was_cut_off_since_it_was_read_is_lost_and_not_zero()
    {
        using TempFolder folder = new();
        string path = EngineImages.Create(folder["cut.vhdx"], size: 4 * MiB, block: MiB);
        byte[] data = Bytes.Pattern(2, MiB);
        using (DiskChain writer = DiskChain.OpenWrite(path, EngineImages.Guids(1)))
        {
            writer.Write(MiB, data);
        }

        using DiskChain disk = DiskChain.OpenRead(path);
        byte[] buffer = new byte[MiB];
        disk.Read(MiB, buffer);
        Assert.Equal(data, buffer);
        using (FileStream file = new(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            file.SetLength(file.Length - 4096);
        }

        VhdxException error = Assert.Throws<VhdxException>(() => disk.Read(MiB, buffer));
        Assert.Equal(VhdxRules.BlockBeyondEnd.Id, error.Id);
    }

    [Theory]
    [InlineData(1, long.MaxValue)]
    [InlineData(long.MaxValue, 1)]
    [InlineData(long.MaxValue, long.MaxValue)]
    [InlineData(-1, 1)]
    [InlineData(0, -1)]
    public void A_range_beside_the_disk_is_refused_by_the_numbers_that_were_asked_for(long offset, long length)
    {
        using DiskChain disk = DiskChain.OpenRead("image.vhdx", new ImageBuilder().Open());

        ArgumentOutOfRangeException error = Assert.Throws<ArgumentOutOfRangeException>(() => disk.Trim(offset, length));

        Assert.Contains(FormattableString.Invariant($"{length} bytes from {offset} on"), error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void States_without_data_never_follow_their_offset(int state)
    {
        ImageBuilder builder = new();
        builder.Bat[0] = (uint)state;
        builder.Bat[1] = (8 * (ulong)MiB) | (uint)state;
        builder.Extra.Add((8 * MiB, Bytes.Pattern(1, 512)));
        using DiskChain disk = DiskChain.OpenRead("image.vhdx", builder.Open());
        byte[] buffer = Bytes.Pattern(2, 2 * MiB);
        disk.Read(0, buffer);

        Assert.False(buffer.AsSpan().ContainsAnyExcept((byte)0));
    }

    [Theory]
    [InlineData(4, "VX602")]
    [InlineData(5, "VX602")]
    [InlineData(7, "VX604")]
    public void A_state_that_must_not_be_is_an_error(int state, string id) => Refused((8 * (ulong)MiB) | (uint)state, id);

    [Fact]
    public void A_block_at_offset_0_is_an_error() => Refused(6, "VX607");

    [Theory]
    [InlineData(16ul)]
    [InlineData(0x7FFFFFFFFFFul)]
    [InlineData(0x80000000000ul)]
    [InlineData(0xFFFFFFFFFFFul)]
    public void A_block_behind_the_end_of_the_file_is_an_error(ulong place) => Refused((place << 20) | 6, "VX608");

    [Fact]
    public void A_block_cut_short_where_the_disk_does_not_need_it_is_legal()
    {
        ImageBuilder builder = new((32 * MiB) + 1024, 32 * MiB) { FileLength = (16 * MiB) + 1024 };
        builder.Bat[1] = (16 * MiB) | 6;
        builder.Extra.Add((16 * MiB, Bytes.Pattern(1, 1024)));
        using DiskChain disk = DiskChain.OpenRead("image.vhdx", builder.Open());
        byte[] buffer = new byte[1024];
        disk.Read(32 * MiB, buffer);

        Assert.Equal(Bytes.Pattern(1, 1024), buffer);
    }

    [Fact]
    public void Payload_block_4096_is_read_through_entry_4097()
    {
        ImageBuilder builder = new(5000UL * MiB);
        builder.Bat[4096] = (9 * MiB) | 6;
        builder.Bat[4097] = (10 * MiB) | 6;
        builder.Extra.Add((10 * MiB, [1, 2, 3]));
        using DiskChain disk = DiskChain.OpenRead("image.vhdx", builder.Open());
        byte[] buffer = new byte[3];
        disk.Read(4096L * MiB, buffer);

        Assert.Equal([1, 2, 3], buffer);
    }

    private static void Refused(ulong entry, string id)
    {
        ImageBuilder builder = new();
        builder.Bat[3] = entry;
        using DiskChain disk = DiskChain.OpenRead("image.vhdx", builder.Open());
        VhdxException exception = Assert.Throws<VhdxException>(() => disk.Read((3 * MiB) + MiB - 512, new byte[512]));

        Assert.Equal((id, ErrorKind.InvalidData), (exception.Id, exception.Kind));
        Assert.Contains("block 3", exception.Message, StringComparison.Ordinal);
    }
}
