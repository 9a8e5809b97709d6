using VhdxTools.Disks;
using VhdxTools.Layout;

namespace VhdxTools.Operations;

/// <summary>Makes a disk smaller.</summary>
internal static class DiskShrinker
{
    public static void Shrink(WriteSession session, long size)
    {
        VhdxLayer layer = session.Layer;
        VhdxGeometry before = layer.Geometry;
        VhdxGeometry after = new(size, before.BlockSize, before.LogicalSectorSize, before.HasParent);
        session.CutsTail = true;
        session.Begin();
        DiskSize.Set(session, size);
        session.Commit();

        foreach (FileRange range in ResizeSpace.Freed(layer, after))
        {
            session.Release(range);
        }

        // Nobody reads these entries any more; they are cleared all the same, or a later growth would have to distrust them.
        long first = after.EntryOfPayloadBlock(after.PayloadBlockCount - 1) + 1;
        long? kept = after.HasParent ? after.EntryOfSectorBitmap(after.SectorBitmapBlockCount - 1) : null;
        BatTail.Write(session, new(first, before.BatEntryCount - first), kept, _ => 0, zeroFrom: first);
    }
}
