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
            // DriveInfo knows drive letters only on Windows: neither shares nor volumes that are mounted in a folder.
            string folder = Path.GetDirectoryName(path)!;
            if (WindowsNative.IsWindows)
            {
                return WindowsNative.FreeBytes(folder);
            }

            // A volume without any size (ramfs, some network file systems) does not count what it holds.
            DriveInfo volume = new(folder);
            return volume.TotalSize > 0 ? volume.AvailableFreeSpace : null;
        }
        catch (Exception exception) when (exception is ArgumentException || SystemErrors.IsSystemError(exception))
        {
            // The write itself will tell.
            return null;
        }
    }
}
