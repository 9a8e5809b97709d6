using System;
using System.IO;

namespace VhdxTools.IO;

/// <summary>Tells files from folders, devices and pipes before anything is opened: opening a pipe would wait for its other end.</summary>
internal static class FileKinds
{
    /// <exception cref="VhdxException">The path leads to something that is no file. A path that leads nowhere passes.</exception>
    public static void ThrowIfNotRegular(string path, string verb)
    {
        if (Directory.Exists(path))
        {
            throw new VhdxException(ErrorIds.PathIsFolder, ErrorKind.InvalidArgument, $"Cannot {verb} '{path}': it is a folder.");
        }

        string? kind = WindowsNative.IsWindows && IsDevice(path)
            ? "a device"
            : PosixNative.IsLinux ? PosixNative.Status(path)?.SpecialKind : null;
        if (kind is not null)
        {
            throw new VhdxException(ErrorIds.NotARegularFile, ErrorKind.InvalidArgument, $"Cannot {verb} '{path}': it is {kind}, not a file.");
        }
    }

    /// <summary>Whether two paths lead to one file.</summary>
    public static bool AreSame(string path, string other)
    {
        if (PosixNative.IsLinux && PosixNative.Status(path) is LinuxFileStatus status && PosixNative.Status(other) is LinuxFileStatus otherStatus)
        {
            return status.Identity == otherStatus.Identity;
        }

        if (WindowsNative.IsWindows && WindowsFileIdentity.Of(path) is { } identity && WindowsFileIdentity.Of(other) is { } otherIdentity)
        {
            return identity == otherIdentity;
        }

        // Names differ by case only on volumes that were made for that; a wrong "same" refuses, a wrong "different" loses a disk.
        return string.Equals(FinalTarget(path), FinalTarget(other), StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Disks, volumes and ports lie in a name space of their own, which leads into file systems too: shadow copies, for one.</summary>
    private static bool IsDevice(string path) =>
        WindowsPaths.IsInDeviceSpace(path) && !WindowsPaths.IsOnVolume(path)
        && !(path.LastIndexOf('\\') is int end && end >= WindowsPaths.LongPrefix.Length && Directory.Exists(path.Substring(0, end + 1)));

    private static string FinalTarget(string path)
    {
        string full = Path.GetFullPath(path);
#if NET
        return File.Exists(full) ? File.ResolveLinkTarget(full, returnFinalTarget: true)?.FullName ?? full : full;
#else
        return full;
#endif
    }
}
