using System;
using System.Linq;
using VhdxTools.Core.Tests.Support;
using VhdxTools.Journal;
using Xunit;

namespace VhdxTools.Core.Tests.Journal;

public class LogReaderTests
{
    private const string Log = LogModel.Guid1;

    [Fact]
    public void Every_valid_entry_is_listed_by_place()
    {
        LogReader reader = Reader(
            0x100000,
            (0x3000, new LogModel(LogModel.Guid2, 1).ToBytes()),
            (0xFF000, new LogModel(Log, 9) { Tail = 0xFF000 }.Zero(0x800000, 4096).Data(0x900000, new byte[4096]).ToBytes()));

        Assert.Equal([(0x3000L, 1ul), (0xFF000L, 9ul)], reader.ValidEntries().Select(entry => (entry.RingOffset, entry.Header.SequenceNumber)));
        Assert.Equal(
            [(true, 0x800000ul, 0L), (false, 0x900000ul, 0L)],
            reader.Updates(reader.ValidEntries().Last()).Select(update => (update.Descriptor.IsZero, update.Descriptor.FileOffset, update.DataSectorRingOffset)));
    }

    [Theory]
    [InlineData(0, 4, 0x66676F6Cu)]
    [InlineData(8, 4, 0u)]
    [InlineData(8, 4, 4096u)]
    [InlineData(8, 4, 8191u)]
    [InlineData(8, 4, 0x101000u)]
    [InlineData(8, 4, 0xFFFFF000u)]
    [InlineData(12, 4, 1u)]
    [InlineData(12, 4, 0x100000u)]
    [InlineData(16, 4, 0u)]
    [InlineData(16, 4, 6u)]
    [InlineData(24, 4, 2u)]
    [InlineData(24, 4, 0xFFFFFFFFu)]
    [InlineData(48, 4, 1u)]
    [InlineData(56, 4, 4096u)]
    [InlineData(64, 4, 0u)]
    [InlineData(88, 4, 6u)]
    [InlineData(4096, 4, 0u)]
    [InlineData(4100, 4, 1u)]
    [InlineData(8188, 4, 6u)]
    public void An_entry_with_a_wrong_field_is_none_even_with_a_right_checksum(int place, int length, uint value)
    {
        byte[] entry = new LogModel(Log, 5).Data(0x800000, new byte[4096]).ToBytes();
        Assert.Single(Reader(0x100000, (0, entry)).ValidEntries());
        Bytes.U32(value)[..length].CopyTo(entry, place);

        Assert.Empty(Reader(0x100000, (0, Bytes.Sealed(entry))).ValidEntries());
    }

    [Fact]
    public void A_wrong_checksum_makes_it_none()
    {
        byte[] entry = new LogModel(Log, 5).Data(0x800000, new byte[4096]).ToBytes();
        entry[7] ^= 1;
        Assert.Empty(Reader(0x100000, (0, entry)).ValidEntries());
    }

    [Fact]
    public void A_ring_of_headers_that_each_claim_the_whole_of_it_is_not_read_for_each()
    {
        // A 64 MiB log is 16,384 sectors; reading the whole ring for each of them would be a terabyte.
        const int length = 64 << 20;
        MemoryFile file = new();
        for (int offset = 0; offset < length; offset += 4096)
        {
            byte[] header = new LogModel(Log, 5).ToBytes();
            Bytes.Put(header, 8, Bytes.U32(length));
            file.Put(0x100000 + offset, header);
        }

        CheckReads(file, length, 4 * length);
    }

    [Fact]
    public void A_ring_of_descriptors_and_data_without_headers_is_not_read_for_each()
    {
        const int length = 64 << 20;
        MemoryFile file = new();
        byte[] sector = new byte[4096];
        Bytes.Put(sector, 0, "data"u8);
        Bytes.Put(sector, 4092, Bytes.U32(5));
        for (int offset = 0; offset < length; offset += 4096)
        {
            file.Put(0x100000 + offset, sector);
        }

        // Two claims that nothing cuts short before they meet each other.
        foreach (int offset in new[] { 0, length / 2 })
        {
            byte[] header = new LogModel(Log, 5).ToBytes();
            Bytes.Put(header, 8, Bytes.U32(length));
            file.Put(0x100000 + offset, header);
        }

        CheckReads(file, length, 4 * length);
    }

    [Fact]
    public void An_empty_log_of_4_GiB_is_not_read()
    {
        MemoryFile file = new();
        file.Resize(5L << 30);
        CheckReads(file, 4095L << 20, 1 << 20);
    }

    private static void CheckReads(MemoryFile file, long length, long most)
    {
        WatchedFile watched = new(file, _ => { }, onRead: _ => Assert.InRange(file.BytesRead, 0, most));
        Assert.Empty(new LogReader(watched, new(0x100000, length)).ActiveSequence(new Guid(Log)));
        Assert.InRange(file.BytesRead, 0, most);
    }

    private static LogReader Reader(long length, params (long RingOffset, byte[] Entry)[] entries)
    {
        MemoryFile file = new();
        foreach ((long offset, byte[] entry) in entries)
        {
            for (int sector = 0; sector < entry.Length; sector += 4096)
            {
                file.Put(0x100000 + ((offset + sector) % length), entry.AsSpan(sector, 4096));
            }
        }

        return new(file, new(0x100000, length));
    }
}
