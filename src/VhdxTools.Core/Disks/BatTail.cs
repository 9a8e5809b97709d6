using System;
using System.Threading;
using VhdxTools.Format;
using VhdxTools.Layout;

namespace VhdxTools.Disks;

/// <summary>
/// Writes entries of the BAT that no reader looks at yet or any more. Sectors that they have for themselves are written straight into the
/// file; those that they share with living entries go through the log.
/// </summary>
internal static class BatTail
{
    private const int SectorEntries = MetadataCache.SectorLength / BatEntry.Length;

    /// <param name="session">A session that has begun, and has staged nothing.</param>
    /// <param name="range">The indexes of the entries.</param>
    /// <param name="kept">The index of one among them that lives; null for none.</param>
    /// <param name="value">Gives the entry of an index.</param>
    /// <param name="zeroFrom">From this index on all entries are zero, and holes of the file are left alone.</param>
    /// <param name="progress">Gets bytes done and bytes in all.</param>
    /// <param name="cancellation">Stops the work.</param>
    public static void Write(
        WriteSession session,
        FileRange range,
        long? kept,
        Func<long, ulong> value,
        long zeroFrom,
        Action<long, long>? progress = null,
        CancellationToken cancellation = default)
    {
        VhdxLayer layer = session.Layer;
        long regionEnd = layer.EntryOffset(range.End);
        byte[] sector = new byte[MetadataCache.SectorLength];
        for (long index = range.Offset; index < range.End;)
        {
            cancellation.ThrowIfCancellationRequested();
            if (index >= zeroFrom)
            {
                if (layer.Image.View.FindData(layer.EntryOffset(index), regionEnd) is not FileRange data)
                {
                    return;
                }

                index = Math.Max(index, layer.IndexOf(data.Offset));
            }

            long place = layer.EntryOffset(index) / MetadataCache.SectorLength * MetadataCache.SectorLength;
            long first = layer.IndexOf(place);
            long end = Math.Min(range.End, first + SectorEntries);
            bool isOwn = first >= range.Offset && first + SectorEntries <= range.End && !(kept >= first && kept < end);
            if (isOwn)
            {
                Fill(sector, first, value);
                if (!layer.Metadata.HasBytes(place, sector))
                {
                    session.WriteData(place, sector);
                    layer.Metadata.Forget(place, MetadataCache.SectorLength);
                }
            }
            else
            {
                for (long one = index; one < end; one++)
                {
                    if (one != kept)
                    {
                        session.SetEntryValue(one, value(one));
                    }
                }

                session.MakeRoom(1);
            }

            index = end;
            progress?.Invoke((index - range.Offset) * BatEntry.Length, range.Length * BatEntry.Length);
        }
    }

    private static void Fill(byte[] sector, long first, Func<long, ulong> value)
    {
        for (int i = 0; i < SectorEntries; i++)
        {
            ByteFields.U64(sector, i * BatEntry.Length, value(first + i));
        }
    }
}
