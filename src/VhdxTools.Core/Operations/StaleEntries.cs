using System;
using System.Threading;
using VhdxTools.Disks;
using VhdxTools.Format;
using VhdxTools.IO;
using VhdxTools.Layout;

namespace VhdxTools.Operations;

/// <summary>Entries of the BAT region beyond the end of the disk: no reader looks at them, but whoever makes the disk larger might.</summary>
internal static class StaleEntries
{
    private const int BufferLength = 256 * 1024;

    /// <summary>How many of them are not zero.</summary>
    public static long Count(VhdxLayer layer, CancellationToken cancellation)
    {
        IRandomAccessFile view = layer.Image.View;
        FileRange range = RangeOf(layer);
        long? kept = Kept(layer);
        long end = layer.EntryOffset(range.End);
        byte[] buffer = new byte[BufferLength];
        long count = 0;
        for (long place = layer.EntryOffset(range.Offset); place < end && view.FindData(place, end) is FileRange data;)
        {
            cancellation.ThrowIfCancellationRequested();
            place = data.Offset / BatEntry.Length * BatEntry.Length;
            int length = (int)Math.Min(BufferLength, FormatConstants.AlignUp(data.End, BatEntry.Length) - place);
            view.ReadPadded(place, buffer.AsSpan(0, length));
            for (int i = 0; i < length; i += BatEntry.Length)
            {
                count += ByteFields.U64(buffer, i) != 0 && layer.IndexOf(place + i) != kept ? 1 : 0;
            }

            place += length;
        }

        return count;
    }

    /// <summary>Clears them. The session has begun, and has staged nothing.</summary>
    public static void Clear(WriteSession session, CancellationToken cancellation)
    {
        FileRange range = RangeOf(session.Layer);
        BatTail.Write(session, range, Kept(session.Layer), _ => 0, zeroFrom: range.Offset, progress: null, cancellation);
        session.Commit();
    }

    private static FileRange RangeOf(VhdxLayer layer)
    {
        VhdxGeometry geometry = layer.Geometry;
        long first = geometry.EntryOfPayloadBlock(geometry.PayloadBlockCount - 1) + 1;
        return new(first, (layer.Image.BatRegion!.Value.Length / BatEntry.Length) - first);
    }

    /// <summary>The sector bitmap of the last chunk stands behind entries that the disk does not need.</summary>
    private static long? Kept(VhdxLayer layer) =>
        layer.Geometry.HasParent ? layer.Geometry.EntryOfSectorBitmap(layer.Geometry.SectorBitmapBlockCount - 1) : null;
}
