using System;
using System.Collections.Generic;
using VhdxTools.Format;
using VhdxTools.IO;
using VhdxTools.Layout;

namespace VhdxTools.Journal;

/// <summary>
/// Writes log entries into the ring (MS-VHDX 2.3). The caller flushes the file before each entry, so everything that earlier entries
/// describe is in its place by then: each entry is its own tail. An entry never touches the one before it, which stays valid until the
/// new one is.
/// </summary>
internal sealed class LogWriter(IRandomAccessFile file, FileRange log, Guid logGuid)
{
    private long _next;
    private ulong _sequenceNumber;

    public Guid LogGuid => logGuid;

    /// <summary>Writes an entry and makes it durable.</summary>
    /// <param name="updates">Offsets in the file, multiples of 4096, and the 4096 bytes that go there.</param>
    /// <param name="flushedLength">Length of the file in bytes that is known to be durable.</param>
    /// <param name="lastLength">Length of the file in bytes that holds all its structures.</param>
    public void Append(IReadOnlyList<(long Offset, byte[] Sector)> updates, long flushedLength, long lastLength)
    {
        byte[] entry = LogEntryBuilder.Build(updates, new()
        {
            Tail = (uint)_next,
            SequenceNumber = ++_sequenceNumber,
            LogGuid = logGuid,
            FlushedFileOffset = (ulong)(flushedLength / FormatConstants.MiB * FormatConstants.MiB),
            LastFileOffset = (ulong)FormatConstants.AlignUp(lastLength, FormatConstants.MiB),
        });
        int first = (int)Math.Min(entry.Length, log.Length - _next);
        file.Write(log.Offset + _next, entry.AsSpan(0, first));
        if (first < entry.Length)
        {
            file.Write(log.Offset, entry.AsSpan(first));
        }

        file.Flush();
        _next = (_next + entry.Length) % log.Length;
    }

    /// <summary>How many 4 KiB updates one entry takes: two entries have to fit into the ring.</summary>
    public static int MaximumUpdatesOf(long logLength)
    {
        int updates = (int)Math.Min(4096, logLength / 2 / LogEntryHeader.SectorLength);
        while (LogEntryBuilder.LengthOf(updates) > logLength / 2)
        {
            updates--;
        }

        return updates;
    }
}
