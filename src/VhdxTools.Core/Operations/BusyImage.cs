using System;
using VhdxTools.IO;

namespace VhdxTools.Operations;

/// <summary>Looks at images that somebody else may be changing just now: reading takes no locks, so they can be seen half done.</summary>
internal static class BusyImage
{
    private const int MaximumReads = 3;

    /// <summary>Reads; what looks damaged is either in use, which is told then, or is read again, in case that somebody has just finished.</summary>
    /// <param name="path">Full path of the file that whoever changes it, or its parents by way of it, has open.</param>
    /// <param name="read">The work; it changes nothing.</param>
    /// <exception cref="VhdxException">What <paramref name="read"/> says of a file that nobody else has open; or the file is in use.</exception>
    public static T Read<T>(string path, Func<T> read)
    {
        for (int reads = 1; ; reads++)
        {
            try
            {
                return read();
            }
            catch (VhdxException exception) when (exception.Finding is not null && reads < MaximumReads)
            {
                ThrowIfInUse(path);
            }
        }
    }

    private static void ThrowIfInUse(string path)
    {
        try
        {
            OsFile.ThrowIfInUse(path, "write to");
        }
        catch (VhdxException exception) when (exception.Id != ErrorIds.FileInUse)
        {
            // That it cannot be written to is another matter.
        }
    }
}
