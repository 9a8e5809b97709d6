using System;
using VhdxTools.IO;

namespace VhdxTools.Operations;

/// <summary>Looks at images that somebody else may be changing just now: reading takes no locks, so they can be seen half done.</summary>
internal static class BusyImage
{
    /// <summary>Reads; what looks damaged is either in use, which is told then, or is read once more.</summary>
    /// <param name="path">Full path of the file that whoever changes it, or its parents by way of it, has open.</param>
    /// <param name="read">The work; it changes nothing.</param>
    /// <exception cref="VhdxException">What <paramref name="read"/> says of a file that nobody else has open; or the file is in use.</exception>
    public static T Read<T>(string path, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (VhdxException exception) when (exception.Finding is not null)
        {
            try
            {
                OsFile.ThrowIfInUse(path, "write to");
            }
            catch (VhdxException other) when (other.Id != ErrorIds.FileInUse)
            {
                // That it cannot be written to is another matter.
            }

            return read();
        }
    }
}
