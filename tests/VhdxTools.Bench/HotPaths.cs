using System;
using System.Collections.Generic;
using System.Linq;
using BenchmarkDotNet.Attributes;
using VhdxTools.Core.Tests.Support;
using VhdxTools.Format;
using VhdxTools.Images;
using VhdxTools.Layout;

namespace VhdxTools.Bench;

/// <summary>What the verbs do for each byte, sector or entry, without any file.</summary>
[MemoryDiagnoser]
public class HotPaths : IDisposable
{
    private const int Entries = 1 << 20;
    private const int Updates = 126;

    private readonly byte[] _bytes = new byte[FormatConstants.MiB];
    private readonly byte[] _zeros = new byte[FormatConstants.MiB];
    private readonly MemoryFile _file = new();
    private readonly List<(long Offset, byte[] Sector)> _updates = [];
    private LogEntryHeader _header = null!;
    private BlockAllocationTable _ascending = null!;
    private BlockAllocationTable _scattered = null!;

    [GlobalSetup]
    public void Setup()
    {
        new Random(4711).NextBytes(_bytes);
        for (int i = 0; i < Updates; i++)
        {
            _updates.Add((i * (long)LogEntryHeader.SectorLength, _bytes.AsSpan(i * LogEntryHeader.SectorLength, LogEntryHeader.SectorLength).ToArray()));
        }

        _header = new() { Tail = 0, SequenceNumber = 1, LogGuid = new(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11), FlushedFileOffset = 1, LastFileOffset = 1 };
        _ascending = Table(0, block => block + 8);
        _scattered = Table(Entries * 2L * BatEntry.Length, block => (block ^ 1) + 8);
    }

    /// <summary>CRC-32C of 64 KiB: a region table.</summary>
    [Benchmark]
    public uint Checksum64KiB() => Crc32C.OfStructure(_bytes.AsSpan(0, 64 * 1024), LogEntryHeader.ChecksumOffset);

    /// <summary>CRC-32C of 1 MiB: a long log entry.</summary>
    [Benchmark]
    public uint Checksum1MiB() => Crc32C.OfStructure(_bytes, LogEntryHeader.ChecksumOffset);

    /// <summary>1 MiB that is zero to its end.</summary>
    [Benchmark]
    public bool ZeroDetection1MiB() => ByteFields.IsZero(_zeros);

    /// <summary>1,048,576 BAT entries, page by page.</summary>
    [Benchmark]
    public long BatDecodeMillion() => _ascending.NonZeroEntries().Sum(entry => (long)entry.Entry.State);

    /// <summary>1,048,576 blocks in the order of the file: one extent.</summary>
    [Benchmark]
    public int CoalesceMillionIntoOne() => _ascending.PayloadRuns().Count();

    /// <summary>1,048,576 blocks that do not follow one another: as many extents.</summary>
    [Benchmark]
    public int CoalesceMillionIntoMillion() => _scattered.PayloadRuns().Count();

    /// <summary>A log entry of 126 sectors, as many as one descriptor sector names.</summary>
    [Benchmark]
    public byte[] LogEntry126Sectors() => LogEntryBuilder.Build(_updates, _header);

    [GlobalCleanup]
    public void Dispose()
    {
        _file.Dispose();
        GC.SuppressFinalize(this);
    }

    private BlockAllocationTable Table(long offset, Func<long, long> placeInMiB)
    {
        VhdxGeometry geometry = new(Entries * FormatConstants.MiB, (int)FormatConstants.MiB, 512, false);
        byte[] bytes = new byte[geometry.BatLength];
        for (long block = 0; block < Entries; block++)
        {
            ByteFields.U64(bytes, (int)(geometry.EntryOfPayloadBlock(block) * BatEntry.Length), BatEntry.Create(BlockState.FullyPresent, placeInMiB(block) * FormatConstants.MiB).Value);
        }

        _file.Write(offset, bytes);
        return new(_file, new(offset, bytes.Length), geometry);
    }
}
