using System;
using System.Collections.Generic;
using VhdxTools.Diagnostics;
using VhdxTools.Format;
using VhdxTools.IO;
using VhdxTools.Layout;

namespace VhdxTools.Journal;

/// <summary>Replays a dirty log in memory (MS-VHDX 2.3.3).</summary>
internal static class LogReplayer
{
    /// <summary>The file as it is once its log is replayed, or null when it cannot be (the reason is reported).</summary>
    public static OverlayFile? Replay(IRandomAccessFile file, VhdxHeader header, FindingSink sink)
    {
        FileRange log = new(ByteFields.Clamp(header.LogOffset), header.LogLength);
        LogReader reader = new(file, log);
        IReadOnlyList<LogEntry> sequence = reader.ActiveSequence(header.LogGuid);
        if (sequence.Count == 0)
        {
            Report(VhdxRules.LogLost, "The log is not empty, and holds no complete sequence of entries.", log.Offset);
            return null;
        }

        LogEntry head = sequence[sequence.Count - 1];
        if (head.Header.FlushedFileOffset > (ulong)file.Length)
        {
            Report(
                VhdxRules.LogFileTruncated,
                "The file has lost its end since its log was written.",
                log.Offset + head.RingOffset,
                FormattableString.Invariant($"at least {head.Header.FlushedFileOffset} bytes"),
                FormattableString.Invariant($"{file.Length} bytes"));
            return null;
        }

        // The lengths in the log hold every structure of the file: what lies behind them all was never a part of it.
        long end = FormatConstants.AlignUp(file.Length, FormatConstants.Alignment);
        foreach (LogEntry entry in sequence)
        {
            if (entry.Header.LastFileOffset > (ulong)FormatConstants.MaximumFileLength)
            {
                Report(
                    VhdxRules.LogDescriptorTarget,
                    "A log entry makes the file longer than any can be.",
                    log.Offset + entry.RingOffset,
                    FormattableString.Invariant($"at most {FormatConstants.MaximumFileLength} bytes"),
                    FormattableString.Invariant($"{entry.Header.LastFileOffset} bytes"));
                return null;
            }

            end = Math.Max(end, (long)entry.Header.LastFileOffset);
        }

        OverlayFile overlay = new(file);
        foreach (LogEntry entry in sequence)
        {
            foreach (LogUpdate update in reader.Updates(entry))
            {
                if (ProblemOf(update.Descriptor, log, end) is string problem)
                {
                    Report(
                        VhdxRules.LogDescriptorTarget,
                        problem,
                        log.Offset + entry.RingOffset,
                        actual: FormattableString.Invariant($"offset 0x{update.Descriptor.FileOffset:X}, length 0x{update.Descriptor.UpdateLength:X}"));
                    return null;
                }

                if (update.Descriptor.IsZero)
                {
                    overlay.SetZeros(new((long)update.Descriptor.FileOffset, (long)update.Descriptor.ZeroLength));
                }
                else
                {
                    overlay.SetSector((long)update.Descriptor.FileOffset, sector => reader.ReadData(update, sector));
                }
            }
        }

        overlay.Extend((long)head.Header.LastFileOffset);

        Report(
            VhdxRules.LogDirty,
            FormattableString.Invariant($"The log holds updates that are to be replayed ({sequence.Count} in all); everything is reported as it is after the replay."),
            log.Offset + sequence[0].RingOffset);
        return overlay;

        void Report(VhdxRule rule, string message, long offset, string? expected = null, string? actual = null) => sink.Report(
            VhdxFinding.Of(rule, file.Name, message) with { FileOffset = offset, Expected = expected, Actual = actual },
            rule.Severity == FindingSeverity.Error);
    }

    /// <summary>Writes what an overlay holds into the file itself, and makes it as long as the log says. The header is the caller's.</summary>
    /// <param name="overlay">What <see cref="Replay"/> gave.</param>
    /// <param name="file">The file, open for writing.</param>
    public static void Apply(OverlayFile overlay, IRandomAccessFile file)
    {
        long length = Math.Max(file.Length, overlay.Length);
        if (length > file.Length)
        {
            file.SetLength(length);
        }

        byte[] buffer = new byte[FormatConstants.MiB];
        foreach (FileRange range in overlay.ChangedRanges())
        {
            for (long done = 0; done < range.Length;)
            {
                int count = (int)Math.Min(buffer.Length, range.Length - done);
                overlay.ReadPadded(range.Offset + done, buffer.AsSpan(0, count));
                file.Write(range.Offset + done, buffer.AsSpan(0, count));
                done += count;
            }
        }

        file.Flush();
    }

    private static string? ProblemOf(LogDescriptor descriptor, FileRange log, long end)
    {
        const ulong limit = (ulong)FormatConstants.MaximumFileLength;
        if (descriptor.FileOffset % OverlayFile.SectorLength != 0 || descriptor.UpdateLength % OverlayFile.SectorLength != 0)
        {
            return "A log entry updates a place that is no multiple of 4 KiB.";
        }

        if (descriptor.FileOffset > limit || descriptor.UpdateLength > limit - descriptor.FileOffset)
        {
            return "A log entry updates a place that no file reaches.";
        }

        FileRange target = new((long)descriptor.FileOffset, (long)descriptor.UpdateLength);

        // The region tables are metadata and may be updated; file type identifier and headers are never logged.
        return target.Offset < FormatConstants.RegionTable1Offset && target.Length > 0 ? "A log entry updates the headers or the file type identifier."
            : target.Overlaps(log) ? "A log entry updates the log itself."
            : target.Length > 0 && target.End > end ? FormattableString.Invariant($"A log entry updates a place behind the end of the file, which is 0x{end:X} with all that the log knows of.")
            : null;
    }
}
