using System;
using System.Buffers;
using System.Collections.Generic;
using VhdxTools.Format;
using VhdxTools.IO;
using VhdxTools.Layout;

namespace VhdxTools.Journal;

/// <summary>Reads the ring of log entries (MS-VHDX 2.3). It never fails on bad bytes: what is not valid is not an entry.</summary>
internal sealed class LogReader(IRandomAccessFile file, FileRange log)
{
    private const int SectorLength = LogEntryHeader.SectorLength;
    private const int ChunkLength = 256 * 1024;

    /// <summary>
    /// Every valid entry in the ring, of whatever log GUID, in order of place. Entries do not overlap: no sector inside an entry
    /// looks like the start of one, and those that look so are refused. That also keeps hostile logs linear.
    /// </summary>
    public IEnumerable<LogEntry> ValidEntries()
    {
        byte[] sector = new byte[SectorLength];
        long offset = 0;
        while (offset < log.Length)
        {
            // Past the log's holes: an empty log of 4 GiB is looked through at once.
            if (file.FindData(log.Offset + offset, log.End) is not FileRange data)
            {
                yield break;
            }

            long dataEnd = Math.Min(log.Length, FormatConstants.AlignUp(data.End - log.Offset, SectorLength));
            for (offset = (data.Offset - log.Offset) / SectorLength * SectorLength; offset < dataEnd; offset += SectorLength)
            {
                file.ReadPadded(log.Offset + offset, sector);
                if (LogEntryHeader.Read(sector) is LogEntryHeader header && IsValid(offset, header))
                {
                    yield return new(offset, header);
                }
            }
        }
    }

    /// <summary>
    /// The complete sequence with the greatest sequence number, from its tail to its head; empty when there is none (MS-VHDX 2.3.3).
    /// </summary>
    public IReadOnlyList<LogEntry> ActiveSequence(Guid logGuid)
    {
        Dictionary<long, LogEntry> entries = [];
        foreach (LogEntry entry in ValidEntries())
        {
            if (entry.Header.LogGuid == logGuid)
            {
                entries.Add(entry.RingOffset, entry);
            }
        }

        HashSet<long> continued = [];
        foreach (LogEntry entry in entries.Values)
        {
            if (Next(entry) is LogEntry next)
            {
                continued.Add(next.RingOffset);
            }
        }

        IReadOnlyList<LogEntry> best = [];
        foreach (LogEntry first in entries.Values)
        {
            // A chain is followed from its first entry only. Numbers go up along it, so it cannot close into a circle.
            if (!continued.Contains(first.RingOffset) && SequenceFrom(first) is { Count: > 0 } sequence
                && (best.Count == 0 || Head(sequence).Header.SequenceNumber > Head(best).Header.SequenceNumber))
            {
                best = sequence;
            }
        }

        return best;

        LogEntry? Next(LogEntry entry) =>
            entries.TryGetValue((entry.RingOffset + entry.Header.EntryLength) % log.Length, out LogEntry? next)
            && next.Header.SequenceNumber == entry.Header.SequenceNumber + 1
                ? next
                : null;

        IReadOnlyList<LogEntry> SequenceFrom(LogEntry first)
        {
            List<LogEntry> chain = [];
            for (LogEntry? entry = first; entry is not null; entry = Next(entry))
            {
                chain.Add(entry);
            }

            int start = chain.FindIndex(entry => entry.RingOffset == Head(chain).Header.Tail);
            return start < 0 ? [] : chain.GetRange(start, chain.Count - start);
        }
    }

    /// <summary>The descriptors of an entry, in order, with the places of their data sectors.</summary>
    public IEnumerable<LogUpdate> Updates(LogEntry entry)
    {
        byte[] sector = new byte[SectorLength];
        long dataSector = entry.Header.DescriptorSectors;
        long loaded = -1;
        for (long i = 0; i < entry.Header.DescriptorCount; i++)
        {
            long place = LogEntryHeader.Length + (i * LogDescriptor.Length);
            if (place / SectorLength != loaded)
            {
                loaded = place / SectorLength;
                ReadRing(entry.RingOffset + (loaded * SectorLength), sector);
            }

            if (LogDescriptor.Read(sector.AsSpan((int)(place % SectorLength))) is LogDescriptor descriptor)
            {
                yield return new(descriptor, descriptor.IsZero ? 0 : (entry.RingOffset + (dataSector++ * SectorLength)) % log.Length);
            }
        }
    }

    /// <summary>Reads a data sector and restores the update that it carries.</summary>
    public void ReadData(LogUpdate update, Span<byte> sector)
    {
        ReadRing(update.DataSectorRingOffset, sector);
        LogDataSector.Restore(sector, update.Descriptor.LeadingBytes, update.Descriptor.TrailingBytes);
    }

    private static LogEntry Head(IReadOnlyList<LogEntry> sequence) => sequence[sequence.Count - 1];

    private bool IsValid(long offset, LogEntryHeader header)
    {
        if (header.SequenceNumber == 0
            || header.EntryLength == 0
            || header.EntryLength % SectorLength != 0
            || header.EntryLength > log.Length
            || header.Tail % SectorLength != 0
            || header.Tail >= log.Length
            || header.FlushedFileOffset % FormatConstants.Alignment != 0
            || header.LastFileOffset % FormatConstants.Alignment != 0)
        {
            return false;
        }

        // Cheap checks of the inner sectors first: an entry that swallows the start of another one is none.
        return header.DescriptorSectors * SectorLength <= header.EntryLength
            && AreSectorsSound(offset, header)
            && IsChecksumRight(offset, header);
    }

    private bool AreSectorsSound(long offset, LogEntryHeader header)
    {
        byte[] sector = new byte[SectorLength];
        long dataSectors = 0;
        long remaining = header.DescriptorCount;
        long end = header.EntryLength / SectorLength;
        for (long index = 0; index < end; index++)
        {
            ReadRing(offset + (index * SectorLength), sector);
            if (index > 0 && sector.AsSpan().StartsWith(LogEntryHeader.Signature))
            {
                return false;
            }

            if (index < header.DescriptorSectors)
            {
                for (int place = index == 0 ? LogEntryHeader.Length : 0; place < SectorLength && remaining > 0; place += LogDescriptor.Length, remaining--)
                {
                    if (LogDescriptor.Read(sector.AsSpan(place)) is not LogDescriptor descriptor || descriptor.SequenceNumber != header.SequenceNumber)
                    {
                        return false;
                    }

                    dataSectors += descriptor.IsZero ? 0 : 1;
                }
            }
            else if (index < header.DescriptorSectors + dataSectors && !LogDataSector.IsValid(sector, header.SequenceNumber))
            {
                return false;
            }
        }

        return header.DescriptorSectors + dataSectors <= end;
    }

    private bool IsChecksumRight(long offset, LogEntryHeader header)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(ChunkLength);
        try
        {
            Crc32C crc = new();
            for (long done = 0; done < header.EntryLength;)
            {
                int count = (int)Math.Min(ChunkLength, header.EntryLength - done);
                Span<byte> chunk = buffer.AsSpan(0, count);
                ReadRing(offset + done, chunk);
                if (done == 0)
                {
                    crc.AppendStructure(chunk, LogEntryHeader.ChecksumOffset);
                }
                else
                {
                    crc.Append(chunk);
                }

                done += count;
            }

            return crc.Value == header.Checksum;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Reads at an offset of the ring; what reaches beyond its end continues at its start.</summary>
    private void ReadRing(long offset, Span<byte> buffer)
    {
        long start = offset % log.Length;
        int first = (int)Math.Min(buffer.Length, log.Length - start);
        file.ReadPadded(log.Offset + start, buffer.Slice(0, first));
        if (first < buffer.Length)
        {
            file.ReadPadded(log.Offset, buffer.Slice(first));
        }
    }
}
