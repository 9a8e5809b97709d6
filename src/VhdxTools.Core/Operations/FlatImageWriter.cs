using System.Collections.Generic;
using System.Threading;
using VhdxTools.Disks;
using VhdxTools.IO;
using VhdxTools.Layout;

namespace VhdxTools.Operations;

/// <summary>Writes the bytes of a disk one behind the other into a range of a new file: raw files, and the payload of fixed images.</summary>
internal static class FlatImageWriter
{
    /// <summary>Gives an empty file its length. A volume that cannot hold it is noticed here, before anything is written.</summary>
    public static void SetLength(IRandomAccessFile file, long length, Preallocation preallocation)
    {
        if (preallocation == Preallocation.Reserve)
        {
            file.Reserve(length);
        }
        else
        {
            file.SetLength(length);
        }
    }

    /// <param name="runs">What is not zero, in order.</param>
    /// <param name="file">The file; it has its length, and is zero in the range.</param>
    /// <param name="range">Where the disk goes.</param>
    /// <param name="preallocation">Whether zeros are written, too. Only a file that is promised no space of its own shares any with others.</param>
    /// <param name="cancellation">Stops the work.</param>
    public static void Write(IEnumerable<DataRun> runs, IRandomAccessFile file, FileRange range, Preallocation preallocation, CancellationToken cancellation)
    {
        long written = range.Offset;
        using WriteBehind writes = new(file);
        foreach (DataRun run in runs)
        {
            FillTo(range.Offset + run.Offset);
            writes.Write(written, run.Bytes, preallocation == Preallocation.None ? run.Origin : null);
            written += run.Bytes.Length;
        }

        FillTo(range.End);
        writes.Complete();

        void FillTo(long place)
        {
            if (preallocation == Preallocation.Full && place > written)
            {
                ImageCreator.WriteZeros(file, new(written, place - written), null, cancellation);
            }

            written = place;
        }
    }
}
