using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using VhdxTools.Diagnostics;
using VhdxTools.Disks;
using VhdxTools.Format;
using VhdxTools.Images;
using VhdxTools.IO;
using VhdxTools.Journal;
using VhdxTools.Layout;
using Xunit;
using static VhdxTools.Core.Tests.Disks.EngineImages;

namespace VhdxTools.Core.Tests.Disks;

/// <summary>What the log and the headers are made of, byte for byte.</summary>
public class EngineLogTests
{
    private static readonly Guid s_guid = new("11223344-5566-7788-99aa-bbccddeeff00");

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(126)]
    [InlineData(127)]
    [InlineData(254)]
    [InlineData(255)]
    public void An_entry_is_what_another_builder_makes(int updates)
    {
        using EngineFolder folder = new();
        EngineMemoryFile file = EngineMemoryFile.Load(Create(folder["a.vhdx"], size: 5 * MiB, log: 4 * MiB));
        LogWriter writer = new(file, new(MiB, 4 * MiB), s_guid);
        List<(long, byte[])> changes = Updates(updates);
        writer.Append([], 5 * MiB, 5 * MiB);
        writer.Append(changes, (7 * MiB) - 1, (8 * MiB) + 1);
        byte[] expected = Build(changes, 2, 4096, 6 * MiB, 9 * MiB);
        Assert.Equal(expected, file.ReadPadded(MiB + 4096, expected.Length));
    }

    [Theory]
    [InlineData(1, 126)]
    [InlineData(2, 254)]
    [InlineData(4, 508)]
    [InlineData(64, 4096)]
    public void Two_entries_fit_into_the_ring(int mebibytes, int expected)
    {
        int updates = LogWriter.MaximumUpdatesOf(mebibytes * MiB);
        Assert.True(LogEntryBuilder.LengthOf(updates) <= mebibytes * MiB / 2);
        Assert.Equal(expected, updates);
    }

    [Fact]
    public void Every_entry_of_a_ring_that_is_gone_round_is_found()
    {
        using EngineFolder folder = new();
        EngineMemoryFile file = EngineMemoryFile.Load(Create(folder["a.vhdx"], size: 5 * MiB));
        FileRange ring = new(MiB, MiB);
        LogWriter writer = new(file, ring, s_guid);
        Random random = new(1);
        for (int i = 1; i <= 60; i++)
        {
            List<(long Offset, byte[] Sector)> changes = Updates(random.Next(LogWriter.MaximumUpdatesOf(ring.Length) + 1));
            writer.Append(changes, 5 * MiB, 5 * MiB);
            LogReader reader = new(file, ring);
            LogEntry head = reader.ActiveSequence(s_guid)[^1];
            Assert.Equal((ulong)i, head.Header.SequenceNumber);
            Assert.Equal(head.RingOffset, head.Header.Tail);
            byte[] sector = new byte[4096];
            Assert.Equal(changes.Select(change => change.Offset), reader.Updates(head).Select(update => (long)update.Descriptor.FileOffset));
            Assert.All(reader.Updates(head).Zip(changes), pair =>
            {
                reader.ReadData(pair.First, sector);
                Assert.Equal(pair.Second.Sector, sector);
            });
        }
    }

    [Theory]
    [InlineData(5UL, 7UL, 8UL, true)]
    [InlineData(ulong.MaxValue - 3, ulong.MaxValue - 1, ulong.MaxValue, true)]
    [InlineData(ulong.MaxValue - 2, 1UL, 2UL, true)]
    [InlineData(ulong.MaxValue - 1, 1UL, 2UL, true)]
    public void Headers_are_updated_one_after_the_other(ulong first, ulong expectedFirst, ulong expectedSecond, bool isSecondCurrent)
    {
        using EngineFolder folder = new();
        string path = Create(folder["a.vhdx"], size: 5 * MiB, sequence: first);
        EngineRecordingFile file = new(EngineMemoryFile.Load(path));
        using VhdxFile image = VhdxFile.Open(file, StrictSink.Instance);
        Assert.Equal(isSecondCurrent, image.Headers[1].IsCurrent);
        HeaderWriter writer = new(file, image.Headers);
        writer.Update(writer.Current with { LogGuid = s_guid });
        Assert.Equal(["Written", "Flushed", "Written", "Flushed"], file.Events.Select(happened => happened.GetType().Name));
        byte[] one = file.Content.ReadPadded(64 * 1024, 4096);
        byte[] two = file.Content.ReadPadded(128 * 1024, 4096);
        Assert.Equal(64 * 1024, ((EngineEvent.Written)file.Events[0]).Offset);
        foreach ((byte[] bytes, ulong number) in new[] { (one, expectedFirst), (two, expectedSecond) })
        {
            Assert.Equal("head", Encoding.ASCII.GetString(bytes, 0, 4));
            Assert.Equal(number, BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(8)));
            Assert.Equal(s_guid, new Guid(bytes.AsSpan(48, 16).ToArray()));
            uint stored = BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(4));
            bytes.AsSpan(4, 4).Clear();
            Assert.Equal(Crc(bytes), stored);
        }
    }

    /// <summary>Of logs that others left: ours never speak of more than the file has.</summary>
    [Fact]
    public void A_replay_makes_the_file_as_long_as_the_log_says()
    {
        using EngineFolder folder = new();
        EngineMemoryFile file = EngineMemoryFile.Load(Create(folder["a.vhdx"], size: 5 * MiB));
        new LogWriter(file, new(MiB, MiB), s_guid).Append([], 4 * MiB, 9 * MiB);
        using (VhdxFile image = VhdxFile.Open(file, StrictSink.Instance))
        {
            HeaderWriter headers = new(file, image.Headers);
            headers.Update(headers.Current with { LogGuid = s_guid });
        }

        using VhdxFile replayed = WriteSession.Prepare(VhdxFile.Open(file, StrictSink.Instance), file, Guids(1));
        Assert.Equal(9 * MiB, file.Length);
        Assert.False(replayed.IsLogDirty);
    }

    [Fact]
    public void A_log_version_that_nobody_knows_does_not_outlive_the_first_change()
    {
        using EngineFolder folder = new();
        string path = Create(folder["a.vhdx"], size: 5 * MiB, block: MiB);
        EngineMemoryFile before = EngineMemoryFile.Load(path);
        using (VhdxFile image = VhdxFile.Open(before, StrictSink.Instance))
        {
            HeaderWriter headers = new(before, image.Headers);
            headers.Update(headers.Current with { LogVersion = 7 });
        }

        before.Save(path);
        EngineRecordingFile recording = null!;
        using (DiskChain disk = DiskChain.OpenWrite(path, Guids(1), EngineScenario.Over(() => recording = new(before.Clone()))))
        {
            disk.Write(MiB, [1, 2, 3]);
            disk.Flush();
            recording.Content.Save(path);
        }

        // As a power cut leaves it: a log, and so a version that counts.
        Assert.NotEqual(Guid.Empty, Header(path).LogGuid);
        using DiskChain read = DiskChain.OpenRead(path);
        byte[] bytes = new byte[3];
        read.Read(MiB, bytes);
        Assert.Equal([1, 2, 3], bytes);
    }

    [Fact]
    public void Bits_are_set_least_significant_first_also_across_sectors()
    {
        using EngineFolder folder = new();
        MetadataCache cache = new(EngineMemoryFile.Load(Create(folder["a.vhdx"], size: 5 * MiB)));
        bool[] model = new bool[3 * 8 * 4096];
        Random random = new(2);
        const long start = (2 * MiB) - 4096;
        byte[] first = new byte[3 * 4096];
        cache.Read(start, first);
        for (int bit = 0; bit < model.Length; bit++)
        {
            model[bit] = (first[bit / 8] & (1 << (bit % 8))) != 0;
        }

        for (int i = 0; i < 300; i++)
        {
            int from = random.Next(model.Length);
            int count = random.Next(random.Next(2) == 0 ? 20 : model.Length - from + 1);
            count = Math.Min(count, model.Length - from);
            bool value = random.Next(2) == 0;
            cache.WriteBits(start, from, count, value);
            model.AsSpan(from, count).Fill(value);
        }

        byte[] bytes = new byte[3 * 4096];
        cache.Read(start, bytes);
        Assert.Equal(model, Enumerable.Range(0, model.Length).Select(bit => (bytes[bit / 8] & (1 << (bit % 8))) != 0));
        Assert.Equal([start, start + 4096, start + 8192], cache.Changes().Select(change => change.Offset));
    }

    private static List<(long Offset, byte[] Sector)> Updates(int count)
    {
        Random random = new(count);
        return [.. Enumerable.Range(0, count).Select(i => ((10 * MiB) + (i * 8192L), RandomBytes(random, 4096)))];
    }

    /// <summary>Straight from MS-VHDX 2.3.1, with numbers for names.</summary>
    private static byte[] Build(List<(long Offset, byte[] Sector)> updates, ulong number, uint tail, long flushed, long last)
    {
        int descriptors = 1;
        while (((descriptors * 128) - 2) < updates.Count)
        {
            descriptors++;
        }

        byte[] entry = new byte[(descriptors + updates.Count) * 4096];
        Encoding.ASCII.GetBytes("loge").CopyTo(entry, 0);
        BitConverter.GetBytes(entry.Length).CopyTo(entry, 8);
        BitConverter.GetBytes(tail).CopyTo(entry, 12);
        BitConverter.GetBytes(number).CopyTo(entry, 16);
        BitConverter.GetBytes(updates.Count).CopyTo(entry, 24);
        s_guid.ToByteArray().CopyTo(entry, 32);
        BitConverter.GetBytes(flushed).CopyTo(entry, 48);
        BitConverter.GetBytes(last).CopyTo(entry, 56);
        for (int i = 0; i < updates.Count; i++)
        {
            int place = 64 + (i * 32);
            byte[] sector = updates[i].Sector;
            Encoding.ASCII.GetBytes("desc").CopyTo(entry, place);
            sector.AsSpan(4092, 4).CopyTo(entry.AsSpan(place + 4));
            sector.AsSpan(0, 8).CopyTo(entry.AsSpan(place + 8));
            BitConverter.GetBytes(updates[i].Offset).CopyTo(entry, place + 16);
            BitConverter.GetBytes(number).CopyTo(entry, place + 24);
            int data = (descriptors + i) * 4096;
            Encoding.ASCII.GetBytes("data").CopyTo(entry, data);
            BitConverter.GetBytes((uint)(number >> 32)).CopyTo(entry, data + 4);
            sector.AsSpan(8, 4084).CopyTo(entry.AsSpan(data + 8));
            BitConverter.GetBytes((uint)number).CopyTo(entry, data + 4092);
        }

        BitConverter.GetBytes(Crc(entry)).CopyTo(entry, 4);
        return entry;
    }

    private static uint Crc(byte[] bytes)
    {
        uint crc = ~0U;
        foreach (byte value in bytes)
        {
            crc ^= value;
            for (int bit = 0; bit < 8; bit++)
            {
                crc = (crc >> 1) ^ ((crc & 1) * 0x82F63B78);
            }
        }

        return ~crc;
    }
}
