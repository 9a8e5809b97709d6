using System;
using System.Collections.Generic;
using System.Linq;
using VhdxTools.Format;
using VhdxTools.IO;
using VhdxTools.Layout;

namespace VhdxTools.Images;

/// <summary>Reads the metadata table and its items, in whatever order they stand (MS-VHDX 2.6).</summary>
internal static class MetadataReader
{
    private const MetadataFlags FileItem = MetadataFlags.IsRequired;
    private const MetadataFlags DiskItem = MetadataFlags.IsRequired | MetadataFlags.IsVirtualDisk;

    /// <summary>
    /// All items together; real ones hold a few hundred bytes, and a hostile table could announce 2 GiB. A child and its parent, both
    /// open, are to stay well under 64 MiB.
    /// </summary>
    public const long MaximumContentLength = 16 * FormatConstants.MiB;

    /// <summary>What is read of a table at first: the entries of real ones fit in.</summary>
    private const int FirstTablePart = 4096;

    /// <summary>Lost items that a finding names; beyond, they are counted.</summary>
    private const int MaximumNames = 8;

    /// <summary>The flags that the specification gives an item of the system, or null when it does not know the item.</summary>
    public static MetadataFlags? FlagsOf(MetadataEntry entry) =>
        entry.Flags.HasFlag(MetadataFlags.IsUser) ? null
        : entry.Id == WellKnownGuids.FileParameters || entry.Id == WellKnownGuids.ParentLocator ? FileItem
        : entry.Id == WellKnownGuids.VirtualDiskSize || entry.Id == WellKnownGuids.VirtualDiskId
            || entry.Id == WellKnownGuids.LogicalSectorSize || entry.Id == WellKnownGuids.PhysicalSectorSize ? DiskItem
        : null;

    /// <summary>All items in the table's order, or null when there is no table.</summary>
    public static IReadOnlyList<(MetadataEntry Entry, byte[]? Content)>? ReadItems(VhdxFile image, FileRange region)
    {
        byte[] table = ReadTable(image.View, region.Offset);
        long available = image.View.Length - region.Offset;
        if (available < MetadataTable.OffsetOfEntry(0))
        {
            // The table is lost with the end of the file, which is reported.
            return null;
        }

        if (!MetadataTable.IsSignatureValid(table))
        {
            image.Report(VhdxRules.MetadataSignature, "The metadata region does not start with its signature.", region.Offset, MetadataTable.Signature.Length, "metadata");
            return null;
        }

        bool isCountSound = MetadataTable.ReadEntryCount(table) <= FormatConstants.MaximumTableEntries;
        if (!isCountSound)
        {
            image.Report(VhdxRules.MetadataCount, "The metadata table announces more entries than it has room for.", region.Offset, MetadataTable.Length, "at most 2047", FormattableString.Invariant($"{MetadataTable.ReadEntryCount(table)}"));
        }

        List<(MetadataEntry Entry, byte[]? Content)> items = [];
        HashSet<Guid> seenOfSystem = [];
        HashSet<Guid> seenOfUser = [];
        RangeSet used = new();
        int userCount = 0;
        long budget = MaximumContentLength;
        int index = 0;
        (MetadataEntry? Entry, long Offset, int Count) repeated = default;
        List<string> lost = [];
        long firstLost = 0;
        foreach (MetadataEntry entry in MetadataTable.ReadEntries(table))
        {
            if (MetadataTable.OffsetOfEntry(index) + MetadataEntry.EntryLength > available)
            {
                image.IsMetadataCut = true;
                break;
            }

            if (!isCountSound && entry.Id == Guid.Empty)
            {
                // The most telling rule alone: behind the real entries the table is blank.
                break;
            }

            long entryOffset = region.Offset + MetadataTable.OffsetOfEntry(index++);
            string name = WellKnownGuids.MetadataItemName(entry.Id);
            bool isUser = entry.Flags.HasFlag(MetadataFlags.IsUser);
            MetadataFlags? known = FlagsOf(entry);
            bool isKnown = known is not null;
            userCount += isUser ? 1 : 0;
            bool isFirst = (isUser ? seenOfUser : seenOfSystem).Add(entry.Id);
            if (!isFirst)
            {
                if (repeated.Entry is not { } same || same.Id != entry.Id || same.Flags != entry.Flags || repeated.Offset + (repeated.Count * MetadataEntry.EntryLength) != entryOffset)
                {
                    ReportRepeated();
                    repeated = (entry, entryOffset, 0);
                }

                repeated.Count++;
            }

            if (!isKnown && entry.Flags.HasFlag(MetadataFlags.IsRequired))
            {
                image.Report(VhdxRules.MetadataUnknownRequired, $"The file has the required metadata item {entry.Id}, which this product does not know.", entryOffset, MetadataEntry.EntryLength, item: name);
            }

            if (known is MetadataFlags flags && entry.Flags != flags)
            {
                image.Report(VhdxRules.MetadataFlags, $"The flags of the metadata item {name} differ from the specification.", entryOffset, MetadataEntry.EntryLength, flags.ToString(), entry.Flags.ToString(), name);
            }

            byte[]? content = ReadContent(image, region, entry, entryOffset, name, used, isKnown && isFirst, ref budget);
            if (content is not null && entry.Length > 0 && entry.Offset + (long)entry.Length > available)
            {
                // What the file does not hold is not zero, but lost.
                content = null;
                firstLost = lost.Count == 0 ? region.Offset + entry.Offset : firstLost;
                lost.Add(name);
            }

            items.Add((entry, content));
        }

        ReportRepeated();
        if (image.IsMetadataCut)
        {
            long there = region.Offset + MetadataTable.OffsetOfEntry(index);
            int all = MetadataTable.ReadEntryCount(table);
            image.Report(VhdxRules.FileTooShort, FormattableString.Invariant($"The file ends inside the metadata table: {all - index} of its {all} entries are lost."), there, (all - index) * MetadataEntry.EntryLength, item: "Metadata");
        }

        if (lost.Count > 0)
        {
            string names = string.Join(", ", lost.Take(MaximumNames));
            string more = lost.Count > MaximumNames ? FormattableString.Invariant($" and {lost.Count - MaximumNames} more") : "";
            image.Report(VhdxRules.FileTooShort, $"The file ends before its metadata items do; lost are {names}{more}.", firstLost, item: lost[0]);
        }

        if (userCount > FormatConstants.MaximumUserMetadataEntries)
        {
            image.Report(VhdxRules.MetadataUserCount, "The metadata table has too many entries of users.", region.Offset, MetadataTable.Length, "at most 1024", FormattableString.Invariant($"{userCount}"));
        }

        return items;

        // Entries in a row that list one item once more are one finding.
        void ReportRepeated()
        {
            if (repeated.Entry is { } entry)
            {
                string name = WellKnownGuids.MetadataItemName(entry.Id);
                string often = repeated.Count == 1 ? "twice" : FormattableString.Invariant($"again in {repeated.Count} entries in a row");
                image.Report(VhdxRules.MetadataDuplicate, $"The metadata item {name} is listed {often}.", repeated.Offset, repeated.Count * MetadataEntry.EntryLength, item: name);
                repeated = default;
            }
        }
    }

    public static FileParameters? ReadFileParameters(VhdxFile image)
    {
        if (Required(image, WellKnownGuids.FileParameters, FileParameters.Length) is not byte[] content)
        {
            return null;
        }

        FileParameters parameters = FileParameters.Read(content);
        if (!FormatConstants.IsBlockSize(parameters.BlockSize))
        {
            image.Report(VhdxRules.BlockSize, "The block size is not valid.", PlaceOf(image, WellKnownGuids.FileParameters), FileParameters.Length, "a power of two from 1 MiB to 256 MiB", FormattableString.Invariant($"{parameters.BlockSize} bytes"), "File Parameters");
            return null;
        }

        return parameters;
    }

    public static long? ReadVirtualDiskSize(VhdxFile image)
    {
        if (Required(image, WellKnownGuids.VirtualDiskSize, sizeof(ulong)) is not byte[] content)
        {
            return null;
        }

        ulong size = ByteFields.U64(content, 0);
        if (size is 0 or > (ulong)FormatConstants.MaximumVirtualDiskSize)
        {
            image.Report(VhdxRules.VirtualSize, "The size of the virtual disk is zero or too large.", PlaceOf(image, WellKnownGuids.VirtualDiskSize), sizeof(ulong), size == 0 ? "greater than 0, up to 64 TiB" : "up to 64 TiB", FormattableString.Invariant($"{size} bytes"), "Virtual Disk Size");
            return null;
        }

        return (long)size;
    }

    public static bool IsSizeValid(VhdxFile image, long size, int sectorSize)
    {
        if (size % sectorSize == 0)
        {
            return true;
        }

        image.Report(
            VhdxRules.VirtualSize,
            "The size of the virtual disk is no multiple of the logical sector size.",
            PlaceOf(image, WellKnownGuids.VirtualDiskSize),
            sizeof(ulong),
            FormattableString.Invariant($"a multiple of {sectorSize}"),
            FormattableString.Invariant($"{size} bytes"),
            "Virtual Disk Size");
        return false;
    }

    public static int? ReadSectorSize(VhdxFile image, Guid id)
    {
        if (Required(image, id, sizeof(uint)) is not byte[] content)
        {
            return null;
        }

        uint size = ByteFields.U32(content, 0);
        if (!FormatConstants.IsSectorSize(size))
        {
            string name = WellKnownGuids.MetadataItemName(id);
            image.Report(VhdxRules.SectorSize, $"The {name} is not valid.", PlaceOf(image, id), sizeof(uint), "512 or 4096", FormattableString.Invariant($"{size}"), name);
            return null;
        }

        return (int)size;
    }

    public static Guid? ReadVirtualDiskId(VhdxFile image) =>
        Required(image, WellKnownGuids.VirtualDiskId, 16) is byte[] content ? ByteFields.Guid(content, 0) : null;

    public static ParentLocator? ReadParentLocator(VhdxFile image)
    {
        byte[]? content = image.SystemItem(WellKnownGuids.ParentLocator);
        if (image.FileParameters is not { HasParent: true })
        {
            return null;
        }

        if (content is null)
        {
            if (image.HasSystemItem(WellKnownGuids.ParentLocator) || image.IsMetadataCut)
            {
                return null;
            }

            image.Report(VhdxRules.ParentLocatorMissing, "The image has a parent, and no parent locator that tells which.", item: "Parent Locator");
            return null;
        }

        ParentLocator locator = ParentLocator.Read(content, out string? problem);
        if (problem is not null)
        {
            // The disk of a child that has lost its way to the parent can still be described.
            image.Report(VhdxRules.ParentLocatorMalformed, problem, PlaceOf(image, WellKnownGuids.ParentLocator), content.Length, item: "Parent Locator", blocksReading: false);
        }

        return locator;
    }

    /// <summary>Where the content of an item stands in the file.</summary>
    public static long PlaceOf(VhdxFile image, Guid id) =>
        image.MetadataRegion!.Value.Offset + image.Metadata.First(item => item.Entry.Id == id && !item.Entry.Flags.HasFlag(MetadataFlags.IsUser)).Entry.Offset;

    private static byte[]? Required(VhdxFile image, Guid id, int length)
    {
        byte[]? content = image.SystemItem(id);
        string name = WellKnownGuids.MetadataItemName(id);
        if (content is null)
        {
            if (image.HasSystemItem(id) || image.IsMetadataCut)
            {
                // It is listed, or the list is cut, and why it cannot be read is reported already.
                return null;
            }

            image.Report(VhdxRules.MetadataMissing, $"The metadata item {name} is missing.", item: name);
            return null;
        }

        if (content.Length != length)
        {
            image.Report(
                VhdxRules.MetadataLength,
                $"The metadata item {name} has the wrong length.",
                PlaceOf(image, id),
                content.Length,
                FormattableString.Invariant($"{length} bytes"),
                FormattableString.Invariant($"{content.Length} bytes"),
                name);
            return null;
        }

        return content;
    }

    /// <summary>The table as far as it has entries.</summary>
    private static byte[] ReadTable(IRandomAccessFile view, long offset)
    {
        byte[] table = view.ReadPadded(offset, FirstTablePart);
        int count = Math.Min((int)MetadataTable.ReadEntryCount(table), FormatConstants.MaximumTableEntries);
        return MetadataTable.OffsetOfEntry(count) <= table.Length ? table : view.ReadPadded(offset, MetadataTable.Length);
    }

    private static byte[]? ReadContent(VhdxFile image, FileRange region, MetadataEntry entry, long entryOffset, string name, RangeSet used, bool isNeeded, ref long budget)
    {
        if (entry.Length == 0)
        {
            if (entry.Offset != 0)
            {
                image.Report(VhdxRules.MetadataItemPlace, $"The metadata item {name} is empty, and its offset is not zero.", entryOffset, MetadataEntry.EntryLength, "0", FormattableString.Invariant($"0x{entry.Offset:X}"), name);
            }

            return [];
        }

        FileRange place = new(entry.Offset, entry.Length);
        if (place.Offset < MetadataTable.Length || place.End > region.Length || place.Length > FormatConstants.MaximumMetadataItemLength)
        {
            image.Report(
                VhdxRules.MetadataItemPlace,
                $"The metadata item {name} does not lie in the item part of its region, or is longer than 1 MiB.",
                entryOffset,
                MetadataEntry.EntryLength,
                FormattableString.Invariant($"0x{MetadataTable.Length:X} to 0x{region.Length:X}"),
                place.ToString(),
                name);
            return null;
        }

        foreach (FileRange _ in used.Within(place))
        {
            image.Report(VhdxRules.MetadataItemPlace, $"The metadata item {name} overlaps another one.", entryOffset, MetadataEntry.EntryLength, item: name);
            return null;
        }

        used.Add(place);
        if (place.Length > budget && !isNeeded)
        {
            return null;
        }

        budget -= place.Length;
        return image.View.ReadPadded(region.Offset + place.Offset, (int)place.Length);
    }
}
