using System.Collections.Generic;
using System.IO;
using System.Linq;
using VhdxTools.Format;
using VhdxTools.IO;

namespace VhdxTools.Images;

/// <summary>Finds the parent of a differencing VHD: by its relative path, by its absolute one, and by its name beside the child.</summary>
internal static class VhdParentPaths
{
    private const string NameKey = "name";

    /// <summary>The first stored path that leads to a file, as a full path, or null.</summary>
    public static string? Find(string childPath, VhdFile child) => Stored(child).Select(stored => Candidate(childPath, stored)).FirstOrDefault(File.Exists);

    /// <summary>Every stored path and what became of it, for messages.</summary>
    public static string DescribeTried(string childPath, VhdFile child) => string.Join("; ", Stored(child).Select(stored =>
        $"{stored.Key} '{stored.Value}' ({(Candidate(childPath, stored) is string candidate ? $"tried '{candidate}'" : "means nothing on this system")})"));

    /// <summary>The locator codes and paths for a new child, in the order in which Windows writes them.</summary>
    /// <param name="childPath">Full path of the child.</param>
    /// <param name="parentPath">Full path of the parent.</param>
    /// <param name="portable">Whether paths that hold on this machine only are left out.</param>
    /// <exception cref="VhdxException">No path can be stored.</exception>
    public static IReadOnlyList<KeyValuePair<string, string>> Store(string childPath, string parentPath, bool portable)
    {
        List<KeyValuePair<string, string>> entries = [];
        foreach (KeyValuePair<string, string> path in ParentPaths.Store(childPath, parentPath, portable))
        {
            if (path.Key == ParentLocator.RelativePathKey)
            {
                entries.Add(new(VhdLocatorEntry.RelativeCode, path.Value));
            }
            else if (path.Key == ParentLocator.AbsolutePathKey)
            {
                // Programs of the time of this format know plain paths only.
                entries.Add(new(VhdLocatorEntry.AbsoluteCode, WindowsPaths.Plain(path.Value)));
            }
        }

        return entries;
    }

    private static IEnumerable<KeyValuePair<string, string>> Stored(VhdFile child) => child.StoredPaths
        .OrderByDescending(stored => stored.Key == VhdLocatorEntry.RelativeCode)
        .Append(new(NameKey, child.DynamicHeader!.ParentName));

    private static string? Candidate(string childPath, KeyValuePair<string, string> stored) => stored.Key switch
    {
        VhdLocatorEntry.RelativeCode => ParentPaths.Candidate(childPath, new(ParentLocator.RelativePathKey, stored.Value)),

        // Programs on other systems store their own absolute paths here.
        VhdLocatorEntry.AbsoluteCode => !WindowsNative.IsWindows && stored.Value.Length > 0 && stored.Value[0] == '/'
            ? stored.Value
            : ParentPaths.Candidate(childPath, new(ParentLocator.AbsolutePathKey, stored.Value)),

        // The name is a whole path of the maker's system in some files.
        _ => ParentPaths.Candidate(childPath, new(ParentLocator.RelativePathKey, stored.Value.Substring(stored.Value.LastIndexOfAny(['\\', '/']) + 1))),
    };
}
