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
}
