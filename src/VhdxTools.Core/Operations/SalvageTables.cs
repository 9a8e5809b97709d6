using System;
using System.Collections.Generic;
using System.Linq;
using VhdxTools.Format;
using VhdxTools.Images;
using VhdxTools.IO;
using VhdxTools.Layout;

namespace VhdxTools.Operations;

/// <summary>
/// Finds BAT and metadata region when neither region table is valid: their GUIDs stand in the remains of the tables, and the metadata
/// region proves itself by its signature.
/// </summary>
internal static class SalvageTables
{
    /// <summary>The file with a region table laid over it that can be read; the file itself when it has one, or when none can be found.</summary>
    public static IRandomAccessFile Restore(IRandomAccessFile file)
    {
        if (RegionReader.ReadCopies(file).Any(table => table.IsValid))
        {
            return file;
        }

        List<FileRange> metadata = Find(file, WellKnownGuids.MetadataRegion).Where(range => MetadataTable.IsSignatureValid(file.ReadPadded(range.Offset, MetadataTable.Length))).ToList();
        List<FileRange> bat = Find(file, WellKnownGuids.BatRegion).Where(range => range.Offset < file.Length).ToList();
        if (metadata.Count != 1 || bat.Count != 1 || metadata[0].Overlaps(bat[0]))
        {
            // Two candidates are as bad as none: which one is right would be a guess.
            return file;
        }

        byte[] table = new byte[RegionTable.Length];
        RegionTable.Write([Entry(WellKnownGuids.BatRegion, bat[0]), Entry(WellKnownGuids.MetadataRegion, metadata[0])], table);
        OverlayFile overlay = new(file);
        for (int place = 0; place < table.Length; place += OverlayFile.SectorLength)
        {
            byte[] sector = table.AsSpan(place, OverlayFile.SectorLength).ToArray();
            overlay.SetSector(FormatConstants.RegionTable1Offset + place, target => sector.AsSpan().CopyTo(target));
        }

        return overlay;
    }

    private static RegionEntry Entry(Guid id, FileRange range) => new(id, (ulong)range.Offset, (uint)range.Length, IsRequired: true);

    /// <summary>The different places that the remains of both tables give for a region.</summary>
    private static HashSet<FileRange> Find(IRandomAccessFile file, Guid id)
    {
        HashSet<FileRange> places = [];
        foreach (long offset in new[] { FormatConstants.RegionTable1Offset, FormatConstants.RegionTable2Offset })
        {
            byte[] table = file.ReadPadded(offset, RegionTable.Length);
            for (int i = 0; i < FormatConstants.MaximumTableEntries; i++)
            {
                RegionEntry entry = RegionEntry.Read(table.AsSpan(RegionTable.OffsetOfEntry(i)));
                if (entry.Id == id && RegionReader.RangeOf(entry) is FileRange range)
                {
                    places.Add(range);
                }
            }
        }

        return places;
    }
}
