using VhdxTools.Disks;
using VhdxTools.Format;
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

        ClearEntries(session, after, before.BatEntryCount);
    }

    /// <summary>Does what is left to do when the size is the new one, and the rest was broken off.</summary>
    public static void Finish(WriteSession session)
    {
        session.CutsTail = true;
        session.Begin(isVisible: false);

        // How large the disk was is forgotten.
        ClearEntries(session, session.Layer.Geometry, session.Layer.Image.BatRegion!.Value.Length / BatEntry.Length);
    }

    /// <summary>Nobody reads the entries of blocks that are gone; they are cleared all the same, or a later growth would have to distrust them.</summary>
    private static void ClearEntries(WriteSession session, VhdxGeometry after, long end)
    {
        long first = after.EntryOfPayloadBlock(after.PayloadBlockCount - 1) + 1;
        long? kept = after.HasParent ? after.EntryOfSectorBitmap(after.SectorBitmapBlockCount - 1) : null;
        BatTail.Write(session, new(first, end - first), kept, _ => 0, zeroFrom: first);
    }
}
