using System;
using System.Collections.Generic;
using System.Linq;
using VhdxTools.Format;
using VhdxTools.Images;
using VhdxTools.Layout;

namespace VhdxTools.Disks;

/// <summary>
/// Changes the metadata items and the region tables of an image, all with one commit of the session: old or new, never a mixture. Once a
/// region has moved, the session is good for nothing but its commit and close.
/// </summary>
internal static class StructureWriter
{
    /// <summary>Both copies whole: one of them may be damaged from its first byte to its last.</summary>
    private const int RegionTableSectors = 2 * RegionTable.Length / MetadataCache.SectorLength;

    /// <summary>The items of an image with their contents.</summary>
    /// <exception cref="VhdxException">There are more of them than are read.</exception>
    public static IReadOnlyList<MetadataItem> ItemsOf(VhdxFile image) => image.Metadata.Select(item => new MetadataItem(
        item.Entry.Id,
        item.Entry.Flags,
        item.Entry.Offset,
        item.Content ?? throw new VhdxException(VhdxFinding.Of(VhdxRules.MetadataItemPlace, image.Raw.Name, "The metadata items are too large to be changed.")))).ToArray();

    /// <summary>Stages new metadata items: in their places and the gaps between them, or, when these do not do, in a new region.</summary>
    /// <param name="session">A session that has begun; what it has staged is committed first.</param>
    /// <param name="wanted">All items that the image is to have; their offsets do not count.</param>
    public static void SetItems(WriteSession session, IReadOnlyList<MetadataItem> wanted)
    {
        if (wanted.Count > FormatConstants.MaximumTableEntries || wanted.Count(item => item.IsUser) > FormatConstants.MaximumUserMetadataEntries)
        {
            throw new VhdxException(VhdxFinding.Of(VhdxRules.MetadataCount, session.Layer.Path, "The metadata table has no room for so many items."));
        }

        session.Commit();
        VhdxFile image = session.Layer.Image;
        FileRange region = image.MetadataRegion!.Value;
        IReadOnlyList<MetadataItem> current = ItemsOf(image);
        if (MetadataPlacer.Place(current, wanted, region.Length) is { } placed)
        {
            byte[] bytes = new byte[Math.Max(MetadataPlacer.End(current), MetadataPlacer.End(placed))];
            session.Layer.Metadata.Read(region.Offset, bytes);
            byte[] changed = bytes.ToArray();
            foreach (MetadataItem gone in current)
            {
                changed.AsSpan((int)gone.Offset, gone.Content.Length).Clear();
            }

            Write(placed, changed);
            if (ChangedSectors(bytes, changed) <= session.MaximumUpdates - RegionTableSectors)
            {
                session.Stage(region.Offset, changed);
                return;
            }
        }

        MoveItems(session, wanted, region);
    }

    /// <summary>Stages both copies of the region table.</summary>
    public static void SetRegions(WriteSession session, IReadOnlyList<RegionEntry> regions)
    {
        byte[] table = new byte[RegionTable.Length];
        RegionTable.Write(regions, table);
        session.Stage(FormatConstants.RegionTable1Offset, table);
        session.Stage(FormatConstants.RegionTable2Offset, table);
        session.Regions = regions;
    }

    /// <summary>Stages a new place of a region.</summary>
    public static void SetRegion(WriteSession session, Guid id, FileRange place) => SetRegions(session, session.Regions
        .Select(region => region.Id == id ? region with { FileOffset = (ulong)place.Offset, Length = (uint)place.Length } : region)
        .ToArray());

    private static void MoveItems(WriteSession session, IReadOnlyList<MetadataItem> wanted, FileRange region)
    {
        IReadOnlyList<MetadataItem> packed = MetadataPlacer.Pack(wanted);
        byte[] bytes = new byte[MetadataPlacer.End(packed)];
        Write(packed, bytes);
        long length = FormatConstants.AlignUp(bytes.Length, FormatConstants.Alignment);

        // Nothing points to the new region yet, so it is written without the log.
        long place = session.AllocateZeroed(length);
        session.WriteData(place, bytes);
        session.Layer.Metadata.Forget(place, length);
        session.Free(region);
        SetRegion(session, WellKnownGuids.MetadataRegion, new(place, length));
    }

    private static void Write(IReadOnlyList<MetadataItem> items, Span<byte> bytes)
    {
        bytes.Slice(0, MetadataTable.Length).Clear();
        MetadataTable.Write(items.Select(item => item.ToEntry()).ToArray(), bytes);
        foreach (MetadataItem item in items)
        {
            item.Content.AsSpan().CopyTo(bytes.Slice((int)item.Offset));
        }
    }

    private static int ChangedSectors(ReadOnlySpan<byte> before, ReadOnlySpan<byte> after)
    {
        int count = 0;
        for (int place = 0; place < before.Length; place += MetadataCache.SectorLength)
        {
            int length = Math.Min(MetadataCache.SectorLength, before.Length - place);
            count += before.Slice(place, length).SequenceEqual(after.Slice(place, length)) ? 0 : 1;
        }

        return count;
    }
}
