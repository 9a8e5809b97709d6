using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using VhdxTools.Format;
using VhdxTools.Images;
using VhdxTools.IO;

namespace VhdxTools.Operations;

/// <summary>Follows chains from the tip to the base, and finds what depends on a file.</summary>
internal static class ChainInspector
{
    /// <summary>The files from the tip on, as far as the chain can be followed; the last link tells why it ends.</summary>
    /// <exception cref="VhdxException">The tip cannot be opened or is damaged.</exception>
    public static IEnumerable<VhdxChainLink> Follow(string path, CancellationToken cancellation)
    {
        List<string> seen = [];
        for (string? next = path; next is not null;)
        {
            cancellation.ThrowIfCancellationRequested();
            seen.Add(next);
            VhdxChainLink link = Describe(next, seen.Count - 1, seen);
            yield return link;
            next = link.LinkageState is LinkageState.Match or LinkageState.MatchSecond or LinkageState.Mismatch ? link.ParentPath : null;
        }
    }

    /// <summary>
    /// Every image of a folder that depends on a file, directly or not, with its distance; and those whose parent is nowhere (Missing),
    /// which may be children of a file that was moved.
    /// </summary>
    /// <param name="path">Full path of the file.</param>
    /// <param name="folder">Full path of the folder.</param>
    /// <param name="recurse">Whether its folders are looked through, too.</param>
    /// <param name="warn">Gets a sentence for each folder that cannot be looked through.</param>
    /// <param name="cancellation">Stops the work.</param>
    /// <exception cref="VhdxException">The file cannot be opened or is damaged.</exception>
    public static IEnumerable<VhdxChainLink> Children(string path, string folder, bool recurse, Action<string> warn, CancellationToken cancellation)
    {
        // A mistyped path would look like a file that nothing depends on.
        VhdxFile.OpenRead(path).Dispose();

        List<VhdxChainLink> links = [];
        foreach (string file in FilesOf(folder, recurse, warn).OrderBy(name => name, StringComparer.Ordinal))
        {
            cancellation.ThrowIfCancellationRequested();
            if (TryDescribe(file) is { VhdType: VhdType.Differencing } link)
            {
                links.Add(link);
            }
        }

        List<string> parents = [path];
        for (int depth = 1; parents.Count > 0; depth++)
        {
            List<VhdxChainLink> children = links.Where(link => link.ParentPath is string parent && parents.Exists(known => FileKinds.AreSame(known, parent))).ToList();
            foreach (VhdxChainLink child in children)
            {
                links.Remove(child);
                yield return WithDepth(child, depth);
            }

            parents = children.ConvertAll(child => child.Path);
        }

        foreach (VhdxChainLink orphan in links.Where(link => link.LinkageState == LinkageState.Missing))
        {
            yield return orphan;
        }
    }

    /// <summary>The files of a folder and of the folders in it. Links to folders are not followed: they may lead round in a ring.</summary>
    private static List<string> FilesOf(string folder, bool recurse, Action<string> warn)
    {
        List<string> files = [];
        Queue<string> folders = new([folder]);
        while (folders.Count > 0)
        {
            string current = folders.Dequeue();
            try
            {
                files.AddRange(Directory.GetFiles(current).Where(file => !PendingFile.IsTemporaryName(file)));
                if (recurse)
                {
                    foreach (string inner in Directory.GetDirectories(current).Where(inner => (File.GetAttributes(inner) & FileAttributes.ReparsePoint) == 0))
                    {
                        folders.Enqueue(inner);
                    }
                }
            }
            catch (Exception exception) when (SystemErrors.IsSystemError(exception))
            {
                warn(SystemErrors.Translate(exception, current, "look through").Message);
            }
        }

        return files;
    }

    private static VhdxChainLink? TryDescribe(string file)
    {
        try
        {
            return Describe(file, 0, [file]);
        }
        catch (VhdxException)
        {
            // A folder holds all kinds of files; what is no image depends on nothing.
            return null;
        }
    }

    private static VhdxChainLink WithDepth(VhdxChainLink link, int depth) => new()
    {
        Depth = depth,
        Path = link.Path,
        VhdType = link.VhdType,
        Size = link.Size,
        FileSize = link.FileSize,
        LinkageState = link.LinkageState,
        ParentPath = link.ParentPath,
        StoredParentPath = link.StoredParentPath,
        LocatorKey = link.LocatorKey,
        ParentLinkage = link.ParentLinkage,
        ParentLinkage2 = link.ParentLinkage2,
        ParentDataWriteGuid = link.ParentDataWriteGuid,
        DataWriteGuid = link.DataWriteGuid,
    };

    private static VhdxChainLink Describe(string path, int depth, List<string> chain)
    {
        using VhdxFile image = VhdxFile.OpenRead(path);
        string? parent = image.ParentLocator is { } locator ? ParentPaths.Find(path, locator) : null;
        Guid? parentGuid = parent is null ? null : DataWriteGuidOf(parent);
        KeyValuePair<string, string>? stored = image.ParentLocator is null ? null : StoredOf(path, image.ParentLocator, parent);
        return new()
        {
            Depth = depth,
            Path = path,
            VhdType = image.Type,
            Size = image.Geometry!.VirtualDiskSize,
            FileSize = image.Raw.Length,
            LinkageState = image.ParentLocator is null ? LinkageState.Base
                : parentGuid is not Guid guid ? LinkageState.Missing
                : chain.Exists(known => FileKinds.AreSame(known, parent!)) ? LinkageState.Loop
                : guid == image.ParentLocator.Linkage(ParentLocator.ParentLinkageKey) ? LinkageState.Match
                : guid == image.ParentLocator.Linkage(ParentLocator.ParentLinkage2Key) ? LinkageState.MatchSecond
                : LinkageState.Mismatch,
            ParentPath = parentGuid is null ? null : parent,
            StoredParentPath = stored?.Value,
            LocatorKey = stored?.Key,
            ParentLinkage = image.ParentLocator?.Linkage(ParentLocator.ParentLinkageKey),
            ParentLinkage2 = image.ParentLocator?.Linkage(ParentLocator.ParentLinkage2Key),
            ParentDataWriteGuid = parentGuid,
            DataWriteGuid = image.Header!.DataWriteGuid,
        };
    }

    /// <summary>The entry that led to the parent, or else the first that would be tried.</summary>
    private static KeyValuePair<string, string>? StoredOf(string path, ParentLocator locator, string? parent)
    {
        List<KeyValuePair<string, string>> stored = ParentPaths.Stored(locator).ToList();
        int found = parent is null ? 0 : stored.FindIndex(entry => ParentPaths.Candidate(path, entry) == parent);
        return stored.Count == 0 ? null : stored[Math.Max(0, found)];
    }

    private static Guid? DataWriteGuidOf(string path)
    {
        try
        {
            using VhdxFile image = VhdxFile.OpenRead(path);
            return image.Header!.DataWriteGuid;
        }
        catch (VhdxException)
        {
            // A parent that cannot be read is as good as missing; its own check tells why.
            return null;
        }
    }
}
