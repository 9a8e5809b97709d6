using System;
using System.IO;

namespace VhdxTools.IO;

/// <summary>How much room a volume has left.</summary>
internal static class FreeSpace
{
    /// <summary>Bytes that this account may still write beside a file, or null when the system does not tell.</summary>
    /// <param name="path">Full path of a file.</param>
    public static long? Beside(string path)
    {
        try
        {
            // A drive letter or, elsewhere, any folder of the volume.
            return new DriveInfo(WindowsNative.IsWindows ? Path.GetPathRoot(path)! : Path.GetDirectoryName(path)!).AvailableFreeSpace;
        }
        catch (Exception exception) when (exception is ArgumentException || SystemErrors.IsSystemError(exception))
        {
            // Shares without a drive letter: the write itself will tell.
            return null;
        }
    }
}
