using System;
using System.Runtime.InteropServices;

namespace VhdxTools.IO;

/// <summary>The few calls of Windows that .NET does not offer.</summary>
internal static class WindowsNative
{
    private const int BufferLength = 1024;
#if !NET
    private const int ReplaceExisting = 1;
    private const int WriteThrough = 8;
#endif

    public static bool IsWindows { get; } = RuntimeInformation.IsOSPlatform(OSPlatform.Windows);

    /// <summary>A local path in the form <c>\\?\Volume{guid}\folder\file</c>, or null when its volume has no such name.</summary>
    public static string? VolumePathOf(string fullPath)
    {
        char[] buffer = new char[BufferLength];
        if (!GetVolumePathName(fullPath, buffer, BufferLength))
        {
            return null;
        }

        string mount = Text(buffer);
        return fullPath.StartsWith(mount, StringComparison.OrdinalIgnoreCase) && GetVolumeNameForVolumeMountPoint(mount, buffer, BufferLength)
            ? string.Concat(Text(buffer), fullPath.Remove(0, mount.Length))
            : null;

        static string Text(char[] buffer) => new(buffer, 0, Array.IndexOf(buffer, '\0'));
    }

#if !NET
    /// <summary>Renames over an existing file; File.Move of .NET Framework does not.</summary>
    public static bool Replace(string from, string to) => MoveFileEx(from, to, ReplaceExisting | WriteThrough);

    [DllImport("kernel32.dll", EntryPoint = "MoveFileExW", CharSet = CharSet.Unicode, SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static extern bool MoveFileEx(string from, string to, int flags);
#endif

    [DllImport("kernel32.dll", EntryPoint = "GetVolumePathNameW", CharSet = CharSet.Unicode, SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static extern bool GetVolumePathName(string path, [Out] char[] mount, int length);

    [DllImport("kernel32.dll", EntryPoint = "GetVolumeNameForVolumeMountPointW", CharSet = CharSet.Unicode, SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static extern bool GetVolumeNameForVolumeMountPoint(string mount, [Out] char[] volume, int length);
}
