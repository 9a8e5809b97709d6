using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using VhdxTools.Format;
using VhdxTools.IO;

namespace VhdxTools.Images;

/// <summary>Both directions between real paths and the path keys of a parent locator (MS-VHDX 2.6.2.6.3).</summary>
internal static class ParentPaths
{
    /// <summary>The stored paths in the order in which a reader tries them: relative, volume, absolute.</summary>
    public static IEnumerable<KeyValuePair<string, string>> Stored(ParentLocator locator)
    {
        foreach (string key in new[] { ParentLocator.RelativePathKey, ParentLocator.VolumePathKey, ParentLocator.AbsolutePathKey })
        {
            if (locator[key] is string value)
            {
                yield return new(key, value);
            }
        }
    }

    /// <summary>
    /// The full path that a stored one means on this system, or null when it means nothing here: relative ones count from the
    /// child's folder, with <c>\</c> on every system; volume and drive paths exist on Windows only.
    /// </summary>
    public static string? Candidate(string childPath, KeyValuePair<string, string> stored)
    {
        try
        {
            if (stored.Key == ParentLocator.RelativePathKey)
            {
                string relative = WindowsNative.IsWindows ? stored.Value : stored.Value.Replace('\\', '/');
                return relative.Length == 0 || relative.IndexOfAny(['\0']) >= 0 || Path.IsPathRooted(relative)
                    ? null
                    : Join(RealFolderOf(RealFile(childPath)), relative);
            }

            // Only full paths: others would count from the folder of the process, or from that of another drive.
            return WindowsNative.IsWindows && WindowsPaths.IsFull(stored.Value) ? WindowsPaths.Plain(Path.GetFullPath(stored.Value)) : null;
        }
        catch (Exception exception) when (SystemErrors.IsSystemError(exception))
        {
            return null;
        }
    }

    /// <summary>Where a file really lies: its name, and folders on the way, may be links.</summary>
    public static string RealFile(string path) => WindowsNative.IsWindows || !File.Exists(path) ? path : PosixNative.RealPath(path);

    /// <summary>Whether a stored path names a file by the volume that it lies on.</summary>
    public static bool IsVolumePathOf(string path, string stored) =>
        WindowsNative.IsWindows && string.Equals(WindowsNative.VolumePathOf(path), stored, StringComparison.OrdinalIgnoreCase);

    /// <summary>The first candidate that exists as a file, or null.</summary>
    public static string? Find(string childPath, ParentLocator locator)
    {
        foreach (KeyValuePair<string, string> stored in Stored(locator))
        {
            if (Candidate(childPath, stored) is string candidate && File.Exists(candidate))
            {
                return candidate;
            }
        }

        return null;
    }

    /// <summary>Every stored path and what became of it, for messages.</summary>
    public static string DescribeTried(string childPath, ParentLocator locator) => string.Join("; ", Stored(locator).Select(stored =>
        Candidate(childPath, stored) is string candidate
            ? $"{stored.Key} '{stored.Value}' (tried '{candidate}')"
            : $"{stored.Key} '{stored.Value}' (means nothing on this system)"));

    /// <summary>The locator entries for a new child, in the order in which Windows writes them.</summary>
    /// <param name="childPath">Full path of the child.</param>
    /// <param name="parentPath">Full path of the parent.</param>
    /// <param name="portable">Whether paths that hold on this machine only are left out.</param>
    /// <exception cref="VhdxException">No path can be stored.</exception>
    public static IReadOnlyList<KeyValuePair<string, string>> Store(string childPath, string parentPath, bool portable)
    {
        List<KeyValuePair<string, string>> entries = [];
        string? relative = Relative(RealFolderOf(childPath), Path.Combine(RealFolderOf(parentPath), Path.GetFileName(parentPath)));
        if (WindowsNative.IsWindows && (!portable || relative is null))
        {
            Add(ParentLocator.AbsolutePathKey, WindowsPaths.Long(parentPath));
        }

        Add(ParentLocator.RelativePathKey, relative);
        if (WindowsNative.IsWindows && !portable)
        {
            Add(ParentLocator.VolumePathKey, WindowsNative.VolumePathOf(parentPath));
        }

        return entries.Count > 0 ? entries : throw NotStorable("there is no relative path to it");

        void Add(string key, string? value)
        {
            if (value is null)
            {
                return;
            }

            if (value.Length > ParentLocator.MaximumStringChars)
            {
                throw NotStorable("it is too long");
            }

            entries.Add(new(key, value));
        }

        VhdxException NotStorable(string reason) => new(
            ErrorIds.ParentPathNotStorable, ErrorKind.InvalidArgument, $"The path of the parent '{parentPath}' cannot be stored in '{childPath}': {reason}.");
    }

    /// <summary>
    /// The folder that a file really lies in: <c>..</c> leads from there to its parent, not from a link that the path went through.
    /// </summary>
    private static string RealFolderOf(string path)
    {
        string folder = Path.GetDirectoryName(path)!;
        return WindowsNative.IsWindows ? folder : PosixNative.RealPath(folder);
    }

    private static string Join(string folder, string relative) => WindowsNative.IsWindows && WindowsPaths.IsInDeviceSpace(folder)
        ? WindowsPaths.Join(folder, relative)
        : Path.GetFullPath(Path.Combine(folder, relative));

    /// <summary>The way from a folder to a file with <c>\</c> as separator, or null when there is none (another drive).</summary>
    private static string? Relative(string folder, string file)
    {
        char separator = Path.DirectorySeparatorChar;
        StringComparison comparison = WindowsNative.IsWindows ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal;
        string folderRoot = Path.GetPathRoot(folder)!;
        string fileRoot = Path.GetPathRoot(file)!;
        if (!string.Equals(folderRoot, fileRoot, comparison))
        {
            return null;
        }

        string[] from = Split(folder.Substring(folderRoot.Length));
        string[] to = Split(file.Substring(fileRoot.Length));
        int common = 0;
        while (common < from.Length && common < to.Length - 1 && string.Equals(from[common], to[common], comparison))
        {
            common++;
        }

        List<string> steps = [];
        if (common == from.Length)
        {
            steps.Add(".");
        }

        for (int i = common; i < from.Length; i++)
        {
            steps.Add("..");
        }

        for (int i = common; i < to.Length; i++)
        {
            if (to[i].IndexOfAny(['\\']) >= 0)
            {
                throw new VhdxException(
                    ErrorIds.ParentPathNotStorable,
                    ErrorKind.InvalidArgument,
                    $"The name '{to[i]}' in the path of the parent holds a backslash, which separates folders in a stored path. Rename it.");
            }

            steps.Add(to[i]);
        }

        return string.Join("\\", steps);

        string[] Split(string path) => path.Split([separator], StringSplitOptions.RemoveEmptyEntries);
    }
}
