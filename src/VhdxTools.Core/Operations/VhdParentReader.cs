using System;
using System.Collections.Generic;
using System.IO;
using VhdxTools.Disks;
using VhdxTools.Format;
using VhdxTools.Images;
using VhdxTools.Layout;

namespace VhdxTools.Operations;

/// <summary>Reads from a VHD what a new differencing VHD tells of its parent.</summary>
internal static class VhdParentReader
{
    private const string LongPrefix = @"\\?\";

    /// <param name="parent">The parent; it is a VHD.</param>
    /// <param name="childPath">Full path of the child to be.</param>
    /// <param name="portable">Whether paths that hold on this machine only are left out.</param>
    /// <exception cref="VhdxException">No path to the parent can be stored.</exception>
    public static VhdParentReference Read(OpenedDisk parent, string childPath, bool portable) => new()
    {
        Path = parent.Path,
        UniqueId = parent.DiskIdentifier!.Value,
        ModifiedAt = new(File.GetLastWriteTimeUtc(parent.Path), TimeSpan.Zero),
        VirtualDiskSize = parent.Disk.Capacity,
        Name = Path.GetFileName(parent.Path),
        Paths = [.. Locators(childPath, parent.Path, portable)],
    };

    private static IEnumerable<KeyValuePair<string, string>> Locators(string childPath, string parentPath, bool portable)
    {
        foreach (KeyValuePair<string, string> stored in ParentPaths.Store(childPath, parentPath, portable))
        {
            if (stored.Key == ParentLocator.RelativePathKey)
            {
                yield return new(VhdLocatorEntry.RelativeCode, stored.Value);
            }
            else if (stored.Key == ParentLocator.AbsolutePathKey)
            {
                yield return new(VhdLocatorEntry.AbsoluteCode, stored.Value.StartsWith(LongPrefix, StringComparison.Ordinal) ? stored.Value.Substring(LongPrefix.Length) : stored.Value);
            }
        }
    }
}
