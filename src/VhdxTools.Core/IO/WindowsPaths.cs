using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;

namespace VhdxTools.IO;

/// <summary>The forms that a full path takes on Windows. Texts only: nothing here asks the system.</summary>
internal static class WindowsPaths
{
    /// <summary>Before a path that is taken to the letter: as long as it is, with dots and spaces at the end of names.</summary>
    public const string LongPrefix = @"\\?\";

    /// <summary>The same for shares.</summary>
    public const string LongUncPrefix = @"\\?\UNC\";

    private const int MaximumNameLength = 255;
    private const string DevicePrefix = @"\\.\";
    private const string UncPrefix = @"\\";

    /// <summary>Whether a path is in the form that Windows takes to the letter.</summary>
    public static bool IsLong(string path) => path.StartsWith(LongPrefix, StringComparison.Ordinal);

    /// <summary>Whether a path is one of the name space of devices, which holds drives and volumes too.</summary>
    public static bool IsInDeviceSpace(string path) => IsLong(path) || path.StartsWith(DevicePrefix, StringComparison.Ordinal);

    /// <summary>Whether a path says where it is by itself: it has a drive and a root, a server, or a volume.</summary>
    public static bool IsFull(string path) => path.StartsWith(UncPrefix, StringComparison.Ordinal) || IsDrive(path.Replace('/', '\\'));

    /// <summary>Whether a path of that name space goes on below a drive, a share or a volume: it is none of a device then.</summary>
    public static bool IsOnVolume(string path)
    {
        string rest = path.Remove(0, LongPrefix.Length);
        return IsDrive(rest) || IsShare(rest) || (rest.StartsWith("Volume{", StringComparison.OrdinalIgnoreCase) && rest.IndexOf('\\') > 0);
    }

    /// <summary>
    /// A path as people write it: <c>C:\folder\file</c> and <c>\\server\share\file</c> instead of their long forms. What means something
    /// else without the prefix (volumes, devices, names that end with a dot, steps upwards) stays as it is.
    /// </summary>
    public static string Plain(string path)
    {
        if (!IsInDeviceSpace(path))
        {
            return path;
        }

        string rest = path.Remove(0, LongPrefix.Length);
        string? plain = IsDrive(rest) ? rest
            : IsShare(rest) ? UncPrefix + rest.Remove(0, LongUncPrefix.Length - LongPrefix.Length)
            : null;
        return plain is not null && rest.Remove(0, plain == rest ? 3 : 4).Split('\\').All(IsOrdinary) ? plain : path;
    }

    /// <summary>A full path in the form that is taken to the letter, for calls of the system that take 260 characters otherwise.</summary>
    public static string Long(string path) =>
        IsInDeviceSpace(path) ? path
        : path.StartsWith(UncPrefix, StringComparison.Ordinal) ? LongUncPrefix + path.Remove(0, UncPrefix.Length)
        : LongPrefix + path;

    /// <summary>
    /// A relative path counted from a folder whose path is taken to the letter; Windows and .NET would take its steps to the letter, too.
    /// Steps above the root stay there.
    /// </summary>
    public static string Join(string longFolder, string relative)
    {
        int rootLength = RootLength(longFolder);
        List<string> names = [.. longFolder.Substring(rootLength).Split(['\\'], StringSplitOptions.RemoveEmptyEntries)];
        foreach (string step in relative.Split(['\\', '/'], StringSplitOptions.RemoveEmptyEntries).Where(step => step != "."))
        {
            if (step != "..")
            {
                names.Add(step);
            }
            else if (names.Count > 0)
            {
                names.RemoveAt(names.Count - 1);
            }
        }

        return longFolder.Remove(rootLength, longFolder.Length - rootLength) + string.Join(@"\", names);
    }

    /// <summary>What Windows would say to a new file of that name; null when it would take it. Streams of a file are no files.</summary>
    public static Exception? NameErrorOf(string path)
    {
        string name = path.Substring(path.LastIndexOf('\\') + 1);
        return name.Length > MaximumNameLength ? new PathTooLongException()
            : name.Any(character => character < ' ' || "<>:\"/|?*".Contains(character)) ? new ArgumentException("Windows does not allow a character of this name.", nameof(path))
            : null;
    }

    /// <summary>
    /// Whether a path holds a character that no name may have, other than those of wildcards and streams. .NET Framework fails on them in the
    /// midst of its work with paths, .NET only when a file is opened.
    /// </summary>
    public static bool HasForbidden(string path) => path.Any(character => character < ' ' || "<>\"|".Contains(character));

    /// <summary>The length of <c>\\?\C:\</c>, <c>\\?\Volume{guid}\</c> or <c>\\?\UNC\server\share\</c>.</summary>
    private static int RootLength(string path)
    {
        int names = path.StartsWith(LongUncPrefix, StringComparison.OrdinalIgnoreCase) ? 3 : 1;
        int end = LongPrefix.Length;
        for (int i = 0; i < names && end < path.Length; i++)
        {
            int separator = path.IndexOf('\\', end);
            end = separator < 0 ? path.Length : separator + 1;
        }

        return end;
    }

    private static bool IsShare(string rest) => rest.StartsWith(@"UNC\", StringComparison.OrdinalIgnoreCase);

    private static bool IsDrive(string rest) =>
        rest.Length >= 3 && rest[1] == ':' && rest[2] == '\\' && rest[0] is (>= 'a' and <= 'z') or (>= 'A' and <= 'Z');

    /// <summary>Whether a name means the same with and without the prefix.</summary>
    private static bool IsOrdinary(string name) => name.Length == 0
        || (name[name.Length - 1] is not ('.' or ' ') && name.IndexOf('/') < 0 && !IsReserved(name));

    /// <summary>CON, NUL, COM1 and the like are devices in every folder; with the prefix they are files.</summary>
    private static bool IsReserved(string name)
    {
        string stem = name.Split('.', ':')[0].TrimEnd(' ').ToUpperInvariant();
        return stem is "CON" or "PRN" or "AUX" or "NUL" or "CONIN$" or "CONOUT$"
            || (stem.Length == 4 && (stem.StartsWith("COM", StringComparison.Ordinal) || stem.StartsWith("LPT", StringComparison.Ordinal)) && char.IsDigit(stem[3]));
    }
}
