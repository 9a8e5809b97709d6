using System;
using VhdxTools.Format;
using VhdxTools.Images;
using VhdxTools.IO;
using VhdxTools.Layout;

namespace VhdxTools.Operations;

/// <summary>Mends what of the metadata can be mended without knowing more: flags, reserved fields, an identifier of zeros.</summary>
internal static class MetadataMender
{
    public static void Mend(RepairWriter writer, VhdxFile image, Func<Guid> newGuid)
    {
        FileRange region = image.MetadataRegion!.Value;
        byte[] table = image.View.ReadPadded(region.Offset, MetadataTable.Length);
        MetadataTable.Mend(table, entry => MetadataReader.FlagsOf(entry) ?? entry.Flags);
        writer.Stage(region.Offset, table);
        if (image.VirtualDiskId == Guid.Empty)
        {
            writer.Stage(MetadataReader.PlaceOf(image, WellKnownGuids.VirtualDiskId), newGuid().ToByteArray());
        }

        writer.Commit();
    }
}
