using System;
using System.ComponentModel;
using System.IO;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace VhdxTools.IO;

/// <summary>The few calls of Windows that .NET does not offer.</summary>
internal static class WindowsNative
{
    // The longest path of the system, prefix and all.
    private const int BufferLength = 0x8000;
    private const int ReadAttributes = 0x80;
    private const int AlsoFolders = 0x02000000;
    private const int FileIdInfo = 18;
    private const int SetCompression = 0x0009C040;
    private const int QueryAllocatedRanges = 0x000940CF;
    private const int GetIntegrity = 0x0009027C;
    private const int DuplicateExtents = 0x00098344;
    private const int SupportsSharedExtents = 0x08000000;
    private const int MoreData = 234;
    private const int DiskFull = 112;
    private const int QuotaExceeded = 1295;

    /// <summary>FILE_ALLOCATED_RANGE_BUFFER: offset and length.</summary>
    private const int RangeLength = 2 * sizeof(long);

    /// <summary>FSCTL_GET_INTEGRITY_INFORMATION_BUFFER; the length of a cluster is its last field.</summary>
    private const int IntegrityLength = 16;

    /// <summary>DUPLICATE_EXTENTS_DATA: source (a handle, at an address of eight), its offset, offset in the target, length.</summary>
    private const int DuplicateLength = 4 * sizeof(long);

    /// <summary>One call takes less than 4 GiB.</summary>
    private const long MaximumShare = 1L << 30;
    private const int ReplaceExisting = 1;
    private const int WriteThrough = 8;

    public static bool IsWindows { get; } = RuntimeInformation.IsOSPlatform(OSPlatform.Windows);

    /// <summary>A local path in the form <c>\\?\Volume{guid}\folder\file</c>, or null when its volume has no such name.</summary>
    public static string? VolumePathOf(string fullPath)
    {
        // In its long form, as without it the call knows the first 260 characters only.
        string path = WindowsPaths.Long(fullPath);
        char[] buffer = new char[BufferLength];
        if (!GetVolumePathName(path, buffer, BufferLength))
        {
            return null;
        }

        string mount = Text(buffer);
        return path.StartsWith(mount, StringComparison.OrdinalIgnoreCase) && GetVolumeNameForVolumeMountPoint(WindowsPaths.Plain(mount), buffer, BufferLength)
            ? string.Concat(Text(buffer), path.Remove(0, mount.Length))
            : null;

        static string Text(char[] buffer) => new(buffer, 0, Array.IndexOf(buffer, '\0'));
    }

    /// <summary>A handle that tells what a file or folder is, and is in nobody's way. Invalid when there is none.</summary>
    public static SafeFileHandle OpenForAttributes(string fullPath) =>
        CreateFile(WindowsPaths.Long(fullPath), ReadAttributes, (int)(FileShare.ReadWrite | FileShare.Delete), IntPtr.Zero, (int)FileMode.Open, AlsoFolders, IntPtr.Zero);

    /// <summary>Fills a FILE_ID_INFO.</summary>
    public static bool GetIdInformation(SafeFileHandle handle, byte[] information) => GetFileInformationByHandleEx(handle, FileIdInfo, information, information.Length);

    /// <summary>Fills a BY_HANDLE_FILE_INFORMATION.</summary>
    public static bool GetHandleInformation(SafeFileHandle handle, byte[] information) => GetFileInformationByHandle(handle, information);

    /// <summary>Bytes that this account may still write in a folder, or null when the system does not tell.</summary>
    public static long? FreeBytes(string folder) =>
        GetDiskFreeSpaceEx(WindowsPaths.Long(folder).TrimEnd('\\') + @"\", out ulong free, IntPtr.Zero, IntPtr.Zero) ? (long)Math.Min(free, long.MaxValue) : null;

    /// <summary>Takes away the compression that a new file has from its folder: Windows attaches no compressed image.</summary>
    public static void Decompress(SafeFileHandle handle)
    {
        byte[] information = new byte[WindowsFileIdentity.HandleInformationLength];
        if (!GetFileInformationByHandle(handle, information) || ((FileAttributes)BitConverter.ToInt32(information, 0) & FileAttributes.Compressed) == 0)
        {
            return;
        }

        // Where it fails the file is as usable as before, only not for attaching.
        byte[] none = new byte[sizeof(short)];
        _ = DeviceIoControl(handle, SetCompression, none, none.Length, IntPtr.Zero, 0, out _, IntPtr.Zero);
    }

    /// <summary>Renames a file within its volume, and returns when that is on the device. File.Move waits for none, and in .NET Framework replaces none.</summary>
    /// <exception cref="IOException">It was not renamed; the exception has the system's code.</exception>
    public static void Move(string from, string to, bool replace)
    {
        if (!MoveFileEx(WindowsPaths.Long(from), WindowsPaths.Long(to), WriteThrough | (replace ? ReplaceExisting : 0)))
        {
            // Not the exception that .NET has for the code: for most of them that is one of COM.
            int code = Marshal.GetLastWin32Error();
            throw new IOException(new Win32Exception(code).Message, SystemErrors.WindowsFacility | code);
        }
    }

    /// <summary>Whether a file has the attribute without which it has no holes.</summary>
    public static bool IsSparse(SafeFileHandle handle)
    {
        byte[] information = new byte[WindowsFileIdentity.HandleInformationLength];
        return GetFileInformationByHandle(handle, information) && ((FileAttributes)BitConverter.ToInt32(information, 0) & FileAttributes.SparseFile) != 0;
    }

    /// <summary>Finds the next range of a sparse file that has space.</summary>
    /// <returns>False when the file system does not know.</returns>
    public static bool TryFindData(SafeFileHandle handle, long offset, long end, out long start, out long dataEnd)
    {
        start = -1;
        dataEnd = -1;
        byte[] wanted = new byte[RangeLength];
        BitConverter.GetBytes(offset).CopyTo(wanted, 0);
        BitConverter.GetBytes(end - offset).CopyTo(wanted, sizeof(long));
        byte[] first = new byte[RangeLength];
        bool isAll = DeviceIoControl(handle, QueryAllocatedRanges, wanted, wanted.Length, first, first.Length, out int returned, IntPtr.Zero);
        if (!isAll && Marshal.GetLastWin32Error() != MoreData)
        {
            return false;
        }

        if (returned < RangeLength)
        {
            return isAll;
        }

        start = Math.Max(offset, BitConverter.ToInt64(first, 0));
        dataEnd = BitConverter.ToInt64(first, 0) + BitConverter.ToInt64(first, sizeof(long));
        return dataEnd > start;
    }

    /// <summary>What ranges that files share are multiples of, in bytes; 0 where the volume of a file cannot share them (all but ReFS).</summary>
    public static int ShareUnit(SafeFileHandle handle)
    {
        byte[] integrity = new byte[IntegrityLength];
        return GetVolumeInformationByHandle(handle, IntPtr.Zero, 0, IntPtr.Zero, IntPtr.Zero, out int flags, IntPtr.Zero, 0)
            && (flags & SupportsSharedExtents) != 0
            && DeviceIoControl(handle, GetIntegrity, [], 0, integrity, integrity.Length, out int returned, IntPtr.Zero)
            && returned == IntegrityLength
            ? BitConverter.ToInt32(integrity, IntegrityLength - sizeof(int))
            : 0;
    }

    /// <summary>Has two files share extents.</summary>
    public static ShareResult Share(SafeFileHandle source, long sourceOffset, SafeFileHandle target, long offset, long length)
    {
        // The handle goes into a structure, where nobody keeps it from being closed.
        bool isHeld = false;
        try
        {
            source.DangerousAddRef(ref isHeld);
            byte[] data = new byte[DuplicateLength];
            BitConverter.GetBytes(source.DangerousGetHandle().ToInt64()).CopyTo(data, 0);
            for (long done = 0; done < length; done += MaximumShare)
            {
                BitConverter.GetBytes(sourceOffset + done).CopyTo(data, sizeof(long));
                BitConverter.GetBytes(offset + done).CopyTo(data, 2 * sizeof(long));
                BitConverter.GetBytes(Math.Min(MaximumShare, length - done)).CopyTo(data, 3 * sizeof(long));
                if (!DeviceIoControl(target, DuplicateExtents, data, data.Length, IntPtr.Zero, 0, out _, IntPtr.Zero))
                {
                    return Marshal.GetLastWin32Error() is DiskFull or QuotaExceeded ? ShareResult.Failed : ShareResult.Refused;
                }
            }

            return ShareResult.Shared;
        }
        finally
        {
            if (isHeld)
            {
                source.DangerousRelease();
            }
        }
    }

    [DllImport("kernel32.dll", EntryPoint = "MoveFileExW", CharSet = CharSet.Unicode, SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static extern bool MoveFileEx(string from, string to, int flags);

    [DllImport("kernel32.dll", EntryPoint = "GetVolumePathNameW", CharSet = CharSet.Unicode, SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static extern bool GetVolumePathName(string path, [Out] char[] mount, int length);

    [DllImport("kernel32.dll", EntryPoint = "GetVolumeNameForVolumeMountPointW", CharSet = CharSet.Unicode, SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static extern bool GetVolumeNameForVolumeMountPoint(string mount, [Out] char[] volume, int length);

    [DllImport("kernel32.dll", EntryPoint = "CreateFileW", CharSet = CharSet.Unicode, SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static extern SafeFileHandle CreateFile(string path, int access, int share, IntPtr security, int mode, int flags, IntPtr template);

    [DllImport("kernel32.dll", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static extern bool GetFileInformationByHandleEx(SafeFileHandle handle, int kind, [Out] byte[] information, int length);

    [DllImport("kernel32.dll", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static extern bool GetFileInformationByHandle(SafeFileHandle handle, [Out] byte[] information);

    [DllImport("kernel32.dll", EntryPoint = "GetDiskFreeSpaceExW", CharSet = CharSet.Unicode, SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static extern bool GetDiskFreeSpaceEx(string folder, out ulong free, IntPtr total, IntPtr totalFree);

    [DllImport("kernel32.dll", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static extern bool DeviceIoControl(SafeFileHandle handle, int code, byte[] input, int inputLength, IntPtr output, int outputLength, out int returned, IntPtr overlapped);

    [DllImport("kernel32.dll", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static extern bool DeviceIoControl(SafeFileHandle handle, int code, byte[] input, int inputLength, [Out] byte[] output, int outputLength, out int returned, IntPtr overlapped);

    [DllImport("kernel32.dll", EntryPoint = "GetVolumeInformationByHandleW", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static extern bool GetVolumeInformationByHandle(
        SafeFileHandle handle, IntPtr name, int nameLength, IntPtr serial, IntPtr maximumLength, out int flags, IntPtr fileSystem, int fileSystemLength);
}
