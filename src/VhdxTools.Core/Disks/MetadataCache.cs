using System;
using System.Collections.Generic;
using VhdxTools.Format;
using VhdxTools.IO;

namespace VhdxTools.Disks;

/// <summary>
/// The BAT and the sector bitmaps of one file in sectors of 4 KiB: read once, changed here, and taken from here into the log. What is
/// changed stays until it is committed; what is not may be forgotten.
/// </summary>
internal sealed class MetadataCache(IRandomAccessFile view)
{
    public const int SectorLength = LogEntryHeader.SectorLength;

    /// <summary>16 MiB of unchanged sectors at the most: the entries of 2 million blocks. The files of a chain share them.</summary>
    private const int MaximumCleanSectors = 4096;

    /// <summary>128 KiB: a walk through a disk reads a table in order, and several threads do so at places near each other.</summary>
    private const int MinimumCleanSectors = 32;

    private readonly object _lock = new();
    private readonly Dictionary<long, byte[]> _clean = [];
    private readonly Dictionary<long, byte[]> _changed = [];
    private int _maximumClean = MaximumCleanSectors;

    public int ChangedCount => _changed.Count;

    /// <summary>Unchanged sectors that are kept at this moment.</summary>
    public int CleanCount => _clean.Count;

    /// <summary>The file is one of so many that are open together: it keeps its part of what one may keep.</summary>
    public void ShareMemory(int count)
    {
        lock (_lock)
        {
            _maximumClean = Math.Min(_maximumClean, Math.Max(MinimumCleanSectors, MaximumCleanSectors / count));
        }
    }

    public ulong ReadUInt64(long offset)
    {
        lock (_lock)
        {
            return ByteFields.U64(Sector(offset / SectorLength), (int)(offset % SectorLength));
        }
    }

    /// <summary>How many numbers from a place on have a value, in the sector that it lies in.</summary>
    /// <param name="offset">A multiple of 8, in bytes.</param>
    /// <param name="value">The value.</param>
    /// <param name="count">So many at the most.</param>
    public int CountEqual(long offset, ulong value, long count)
    {
        lock (_lock)
        {
            byte[] sector = Sector(offset / SectorLength);
            int start = (int)(offset % SectorLength);
            int end = start + (int)(Math.Min(count, (SectorLength - start) / sizeof(ulong)) * sizeof(ulong));
            int place = start;
            while (place < end && ByteFields.U64(sector, place) == value)
            {
                place += sizeof(ulong);
            }

            return (place - start) / sizeof(ulong);
        }
    }

    public void WriteUInt64(long offset, ulong value)
    {
        lock (_lock)
        {
            ByteFields.U64(Changed(offset / SectorLength), (int)(offset % SectorLength), value);
        }
    }

    /// <summary>Whether a sector has these bytes.</summary>
    public bool HasBytes(long offset, ReadOnlySpan<byte> sector)
    {
        lock (_lock)
        {
            return Sector(offset / SectorLength).AsSpan().SequenceEqual(sector);
        }
    }

    /// <summary>Changes the sectors whose bytes differ, and leaves those alone that have them already.</summary>
    public void Write(long offset, ReadOnlySpan<byte> bytes)
    {
        lock (_lock)
        {
            while (bytes.Length > 0)
            {
                int within = (int)(offset % SectorLength);
                int count = Math.Min(bytes.Length, SectorLength - within);
                if (!Sector(offset / SectorLength).AsSpan(within, count).SequenceEqual(bytes.Slice(0, count)))
                {
                    bytes.Slice(0, count).CopyTo(Changed(offset / SectorLength).AsSpan(within));
                }

                bytes = bytes.Slice(count);
                offset += count;
            }
        }
    }

    public void Read(long offset, Span<byte> buffer)
    {
        lock (_lock)
        {
            while (buffer.Length > 0)
            {
                int within = (int)(offset % SectorLength);
                int count = Math.Min(buffer.Length, SectorLength - within);
                Sector(offset / SectorLength).AsSpan(within, count).CopyTo(buffer);
                buffer = buffer.Slice(count);
                offset += count;
            }
        }
    }

    /// <summary>Sets a run of bits, least significant bit first.</summary>
    /// <param name="offset">Where the bit field starts in the file.</param>
    /// <param name="first">Index of the first bit.</param>
    /// <param name="count">How many bits.</param>
    /// <param name="value">What they become.</param>
    public void WriteBits(long offset, long first, long count, bool value)
    {
        lock (_lock)
        {
            for (long bit = first; bit < first + count;)
            {
                long place = offset + (bit / 8);
                byte[] sector = Changed(place / SectorLength);
                int within = (int)(place % SectorLength);
                int start = (int)(bit % 8);
                int bits = (int)Math.Min(8 - start, first + count - bit);
                byte mask = (byte)(((1 << bits) - 1) << start);
                sector[within] = value ? (byte)(sector[within] | mask) : (byte)(sector[within] & ~mask);
                bit += bits;
            }
        }
    }

    /// <summary>All changed sectors by file offset, in order.</summary>
    public List<(long Offset, byte[] Sector)> Changes()
    {
        lock (_lock)
        {
            List<(long Offset, byte[] Sector)> changes = [];
            foreach (KeyValuePair<long, byte[]> change in _changed)
            {
                changes.Add((change.Key * SectorLength, change.Value));
            }

            changes.Sort((left, right) => left.Offset.CompareTo(right.Offset));
            return changes;
        }
    }

    /// <summary>A changed sector is in its place in the file now.</summary>
    public void MarkWritten(long offset)
    {
        lock (_lock)
        {
            _changed.Remove(offset / SectorLength);
        }
    }

    /// <summary>A new, zeroed place of the file takes over from whatever was there before.</summary>
    public void Forget(long offset, long length)
    {
        lock (_lock)
        {
            for (long sector = offset / SectorLength; sector < (offset + length) / SectorLength; sector++)
            {
                _clean.Remove(sector);
                _changed.Remove(sector);
            }
        }
    }

    private byte[] Changed(long index)
    {
        if (!_changed.TryGetValue(index, out byte[]? sector))
        {
            sector = Sector(index);
            _clean.Remove(index);
            _changed.Add(index, sector);
        }

        return sector;
    }

    private byte[] Sector(long index)
    {
        if (_changed.TryGetValue(index, out byte[]? sector) || _clean.TryGetValue(index, out sector))
        {
            return sector;
        }

        sector = view.ReadPadded(index * SectorLength, SectorLength);
        if (_clean.Count >= _maximumClean)
        {
            _clean.Clear();
        }

        _clean.Add(index, sector);
        return sector;
    }
}
