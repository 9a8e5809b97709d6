using System;
using Microsoft.Win32.SafeHandles;

namespace VhdxTools.IO;

/// <summary>
/// What tells files apart on Windows, whatever path leads to them: links, short names, mount points, volume names, other drive letters.
/// </summary>
/// <param name="Volume">The volume's serial number.</param>
/// <param name="High">The upper half of the file's number on it.</param>
/// <param name="Low">The lower half.</param>
internal readonly record struct WindowsFileIdentity(ulong Volume, ulong High, ulong Low)
{
    /// <summary>The length of a BY_HANDLE_FILE_INFORMATION in bytes.</summary>
    public const int HandleInformationLength = 52;

    private const int IdInformationLength = 24;
    private const int VolumeOffset = 28;
    private const int IndexHighOffset = 44;
    private const int IndexLowOffset = 48;

    /// <summary>The identity of a file or folder that exists, or null when the system does not tell.</summary>
    /// <param name="path">Full path; links are followed.</param>
    public static WindowsFileIdentity? Of(string path)
    {
        using SafeFileHandle handle = WindowsNative.OpenForAttributes(path);
        if (handle.IsInvalid)
        {
            return null;
        }

        // 128 bits where the file system has them (ReFS); old ones know 64.
        byte[] id = new byte[IdInformationLength];
        if (WindowsNative.GetIdInformation(handle, id))
        {
            return new(BitConverter.ToUInt64(id, 0), BitConverter.ToUInt64(id, 16), BitConverter.ToUInt64(id, 8));
        }

        byte[] information = new byte[HandleInformationLength];
        return WindowsNative.GetHandleInformation(handle, information)
            ? new(BitConverter.ToUInt32(information, VolumeOffset), 0, ((ulong)BitConverter.ToUInt32(information, IndexHighOffset) << 32) | BitConverter.ToUInt32(information, IndexLowOffset))
            : null;
    }
}
