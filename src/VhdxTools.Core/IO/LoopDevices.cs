using System;
using System.IO;

namespace VhdxTools.IO;

/// <summary>Files that Linux shows as block devices: the kernel reads and writes them without any lock.</summary>
internal static class LoopDevices
{
    private const string Devices = "/sys/block";

    /// <summary>The device that shows a file (<c>/dev/loop0</c>), or null when none does or the system does not tell.</summary>
    /// <param name="path">Full path of the file.</param>
    public static string? Over(string path)
    {
        if (!PosixNative.IsLinux)
        {
            return null;
        }

        try
        {
            foreach (string device in Directory.GetDirectories(Devices, "loop*"))
            {
                string told = Path.Combine(device, "loop", "backing_file");
                if (File.Exists(told) && FileKinds.AreSame(File.ReadAllText(told).TrimEnd('\n'), path))
                {
                    return "/dev/" + Path.GetFileName(device);
                }
            }
        }
        catch (Exception exception) when (SystemErrors.IsSystemError(exception))
        {
            // A device that goes away while it is looked at, or a system without these names.
        }

        return null;
    }
}
