using System;
using System.Threading;
using VhdxTools.Disks;
using VhdxTools.Images;
using VhdxTools.IO;

namespace VhdxTools.Operations;

/// <summary>Closes the gaps inside a sound file and cuts its end, without a look at what the blocks hold and without its parents.</summary>
internal static class LeakFreer
{
    /// <param name="path">Full path of the file.</param>
    /// <param name="moves">How many blocks will move, for the progress.</param>
    /// <param name="newGuid">Gives a new GUID at each call.</param>
    /// <param name="wrap">For tests: puts another file over the one that is opened.</param>
    /// <param name="progress">Gets blocks moved and blocks in all.</param>
    /// <param name="cancellation">Stops the work; what was moved stays where it is then.</param>
    /// <exception cref="VhdxException">The file is in use, damaged, or cannot be written to.</exception>
    public static void Free(
        string path, long moves, Func<Guid> newGuid, Func<IRandomAccessFile, IRandomAccessFile>? wrap, Action<long, long>? progress, CancellationToken cancellation)
    {
        using ImageEditor editor = ImageEditor.Open(path, newGuid, wrap);
        BitField arrived = GapMover.Arrivals(editor.Layer.Image.View.Length);
        if (StaleEntries.Count(editor.Layer, cancellation) > 0)
        {
            // What such entries point to counts as free here: whoever makes the disk larger must not find other blocks there.
            editor.Session.Begin(isVisible: false);
            StaleEntries.Clear(editor.Session, cancellation);
        }

        long done = 0;
        for (long end = long.MaxValue; end > 0;)
        {
            WriteSession session = editor.Session;
            session.CutsTail = true;
            end = GapMover.Move(session, new(session.Space, arrived), () => progress?.Invoke(++done, moves), end, cancellation);
            if (end > 0)
            {
                editor.Reload();
            }
            else if (session.LengthAtClose < session.Layer.Image.View.Length)
            {
                session.Begin(isVisible: false);
            }
        }
    }
}
