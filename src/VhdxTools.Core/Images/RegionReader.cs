using System;
using System.Buffers;
using System.Collections.Generic;
using System.Linq;
using VhdxTools.Format;
using VhdxTools.IO;
using VhdxTools.Layout;

namespace VhdxTools.Images;

/// <summary>Reads both region tables and checks the regions (MS-VHDX 2.2.3).</summary>
internal static class RegionReader
{
    private const string LogName = "the log";

    public static IReadOnlyList<RegionTableCopy> ReadCopies(IRandomAccessFile view)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(RegionTable.Length);
        try
        {
            return [Read(1, FormatConstants.RegionTable1Offset), Read(2, FormatConstants.RegionTable2Offset)];
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        RegionTableCopy Read(int number, long offset)
        {
            Span<byte> bytes = buffer.AsSpan(0, RegionTable.Length);
            view.ReadPadded(offset, bytes);
            return new(number, offset, bytes);
        }
    }

    public static RegionTableCopy? Choose(VhdxFile image)
    {
        RegionTableCopy first = image.RegionTables[0];
        RegionTableCopy second = image.RegionTables[1];
        RegionTableCopy? current = first.IsValid ? first : second.IsValid ? second : null;
        if (current is null)
        {
            // Nothing is left to restore them from.
            image.Report(
                IsCut(image, first) ? VhdxRules.FileTooShort : RuleOf(first),
                $"Neither region table is valid: {ProblemOf(image, first)}; {ProblemOf(image, second)}.",
                first.FileOffset,
                RegionTable.Length,
                repair: RepairMethod.Salvage);
            return null;
        }

        current.IsCurrent = true;
        RegionTableCopy other = current == first ? second : first;
        if (!other.IsValid)
        {
            // The most telling rule alone: that only one copy is left follows from it.
            image.Report(
                IsCut(image, other) ? VhdxRules.FileTooShort : other.IsBlank ? VhdxRules.RegionCopiesDiffer : RuleOf(other),
                $"Only region table {current.Number} is valid: {ProblemOf(image, other)}.",
                other.FileOffset,
                RegionTable.Length,
                item: $"Region table {other.Number}",
                severity: FindingSeverity.Warning);
        }
        else if (!first.Entries.SequenceEqual(second.Entries))
        {
            image.Report(VhdxRules.RegionCopiesDiffer, "Both region tables are valid, but they differ; the first one is used.", second.FileOffset, RegionTable.Length);
        }

        return current;
    }

    public static void Check(VhdxFile image)
    {
        HashSet<Guid> seen = [];

        // What its end means for the disk is told once the disk is known.
        RegionEntry? bat = image.Regions.FirstOrDefault(entry => entry.Id == WellKnownGuids.BatRegion);
        List<NamedRange> used = [new(new(0, FormatConstants.HeaderSectionLength), "the header section")];
        if (image.Log is FileRange log)
        {
            AddUnlessOverlapping(image, used, log, LogName);
        }

        int index = 0;
        (Guid Id, long Offset, int Count) repeated = default;
        foreach (RegionEntry region in image.Regions)
        {
            long entryOffset = image.RegionTables.First(table => table.IsCurrent).FileOffset + RegionTable.OffsetOfEntry(index++);
            string item = WellKnownGuids.RegionName(region.Id);
            string name = $"the {item} region";
            bool isKnown = region.Id == WellKnownGuids.BatRegion || region.Id == WellKnownGuids.MetadataRegion;
            if (!seen.Add(region.Id))
            {
                if (repeated.Count == 0 || repeated.Id != region.Id || repeated.Offset + (repeated.Count * RegionEntry.EntryLength) != entryOffset)
                {
                    ReportRepeated(image, repeated);
                    repeated = (region.Id, entryOffset, 0);
                }

                repeated.Count++;
                continue;
            }

            if (isKnown && !region.IsRequired)
            {
                image.Report(VhdxRules.RegionNotRequired, $"The region table does not mark {name} as required; some products refuse such files.", entryOffset, RegionEntry.EntryLength, item: item);
            }

            if (!isKnown && region.IsRequired)
            {
                image.Report(VhdxRules.RegionUnknownRequired, $"The file has the required region {region.Id}, which this product does not know.", entryOffset, RegionEntry.EntryLength, item: item);
            }

            if (RangeOf(region) is not FileRange range)
            {
                bool isOffset = region.FileOffset < (ulong)FormatConstants.HeaderSectionLength || region.FileOffset > (ulong)FormatConstants.MaximumFileLength || region.FileOffset % (ulong)FormatConstants.Alignment != 0;
                image.Report(
                    isOffset ? VhdxRules.RegionOffset : VhdxRules.RegionLength,
                    isOffset ? $"The offset of {name} is no multiple of 1 MiB behind the header section." : $"The length of {name} is no multiple of 1 MiB, or zero.",
                    entryOffset,
                    RegionEntry.EntryLength,
                    actual: isOffset ? FormattableString.Invariant($"0x{region.FileOffset:X}") : FormattableString.Invariant($"{region.Length} bytes"),
                    item: item);
                continue;
            }

            AddUnlessOverlapping(image, used, range, name);
            if (range.End > image.View.Length && region != bat)
            {
                image.Report(
                    VhdxRules.FileTooShort,
                    $"The file ends before {name} does: {LostPart(range, image.View.Length)}.",
                    range.Offset,
                    range.Length,
                    FormattableString.Invariant($"at least {range.End} bytes"),
                    FormattableString.Invariant($"{image.View.Length} bytes"),
                    item);
            }
        }

        ReportRepeated(image, repeated);
    }

    /// <summary>Which part of a structure a file of this length has lost.</summary>
    public static string LostPart(FileRange range, long fileLength) => fileLength <= range.Offset
        ? "all of it is lost"
        : FormattableString.Invariant($"the last {range.End - fileLength} of its {range.Length} bytes are lost");

    public static FileRange? Find(VhdxFile image, Guid id, VhdxRule missing)
    {
        RegionEntry? region = image.Regions.FirstOrDefault(entry => entry.Id == id);
        if (region is null)
        {
            if (!image.RegionTables.Any(table => table.IsCurrent))
            {
                // The most telling rule alone: without a table nothing is listed.
                return null;
            }

            image.Report(missing, $"The region table lists no {WellKnownGuids.RegionName(id)} region.", item: WellKnownGuids.RegionName(id));
            return null;
        }

        return RangeOf(region);
    }

    /// <summary>The region's place, or null when it cannot be right.</summary>
    public static FileRange? RangeOf(RegionEntry region) =>
        region.FileOffset >= (ulong)FormatConstants.HeaderSectionLength && region.FileOffset <= (ulong)FormatConstants.MaximumFileLength
        && FormatConstants.IsAligned((long)region.FileOffset) && region.Length > 0 && FormatConstants.IsAligned(region.Length)
            ? new FileRange((long)region.FileOffset, region.Length)
            : null;

    private static void AddUnlessOverlapping(VhdxFile image, List<NamedRange> used, FileRange range, string name)
    {
        foreach ((FileRange other, string otherName) in used)
        {
            if (range.Overlaps(other))
            {
                // Nobody reads an empty log, and nobody depends on its place.
                long shared = Math.Max(range.Offset, other.Offset);
                bool isOfLog = name == LogName || otherName == LogName;
                bool blocks = image.IsLogDirty || !isOfLog;
                image.Report(VhdxRules.ObjectsOverlap, $"Two structures overlap: {name} and {otherName}.", shared, Math.Min(range.End, other.End) - shared, blocksReading: blocks, repair: isOfLog && image.Replayed is null ? RepairMethod.DiscardLog : null);
                if (blocks)
                {
                    // One error for each structure: a hostile table has two million pairs that overlap.
                    break;
                }
            }
        }

        used.Add(new(range, name));
    }

    /// <summary>Entries in a row that list one region once more are one finding.</summary>
    private static void ReportRepeated(VhdxFile image, (Guid Id, long Offset, int Count) repeated)
    {
        if (repeated.Count > 0)
        {
            string item = WellKnownGuids.RegionName(repeated.Id);
            string often = repeated.Count == 1 ? "twice" : FormattableString.Invariant($"again in {repeated.Count} entries in a row");
            image.Report(VhdxRules.RegionDuplicate, $"The region table lists the {item} region {often}.", repeated.Offset, repeated.Count * RegionEntry.EntryLength, item: item);
        }
    }

    private static bool IsCut(VhdxFile image, RegionTableCopy copy) => image.View.Length < copy.FileOffset + RegionTable.Length;

    private static VhdxRule RuleOf(RegionTableCopy copy) =>
        !copy.IsSignatureValid ? VhdxRules.RegionSignature
        : copy.StoredChecksum != copy.ComputedChecksum ? VhdxRules.RegionChecksum
        : VhdxRules.RegionCount;

    private static string ProblemOf(VhdxFile image, RegionTableCopy copy) =>
        IsCut(image, copy) ? FormattableString.Invariant($"the file ends before table {copy.Number} does")
        : copy.IsBlank ? FormattableString.Invariant($"table {copy.Number} is blank")
        : !copy.IsSignatureValid ? FormattableString.Invariant($"table {copy.Number} lacks its signature")
        : copy.StoredChecksum != copy.ComputedChecksum ? FormattableString.Invariant($"table {copy.Number} has the checksum 0x{copy.StoredChecksum:X8} where 0x{copy.ComputedChecksum:X8} is right")
        : FormattableString.Invariant($"table {copy.Number} announces {copy.EntryCount} entries, and 2047 are the most");
}
