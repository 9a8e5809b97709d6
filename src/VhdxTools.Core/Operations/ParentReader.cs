using System;
using System.Collections.Generic;
using System.IO;
using VhdxTools.Format;
using VhdxTools.Images;
using VhdxTools.IO;
using VhdxTools.Layout;

namespace VhdxTools.Operations;

/// <summary>Reads from a parent what a new child needs. The parent is opened for reading only.</summary>
internal static class ParentReader
{
    /// <param name="parentPath">Full path of the parent.</param>
    /// <param name="childPath">Full path of the child to be.</param>
    /// <param name="portable">Whether paths that hold on this machine only are left out of the locator.</param>
    /// <param name="warn">Gets what the user should know about the parent.</param>
    /// <exception cref="VhdxException">The parent cannot be read, or the child would overwrite it or one of its own parents.</exception>
    public static ParentReference Read(string parentPath, string childPath, bool portable, Action<string> warn)
    {
        using VhdxFile parent = Open(parentPath);
        ThrowIfInChain(parentPath, childPath);
        WarnIfDirty(parent, parentPath, warn);
        List<MetadataItem> items = [];
        foreach ((MetadataEntry entry, byte[]? content) in parent.Metadata)
        {
            if (entry.Flags.HasFlag(MetadataFlags.IsVirtualDisk))
            {
                items.Add(new(entry.Id, entry.Flags, entry.Offset, content ?? throw new VhdxException(
                    VhdxRules.MetadataItemPlace.Id, ErrorKind.InvalidData, $"The metadata items of the parent '{parentPath}' are too large to be taken over into a child.")));
            }
        }

        return new()
        {
            Path = parentPath,
            DataWriteGuid = parent.Header!.DataWriteGuid,
            VirtualDiskSize = parent.Geometry!.VirtualDiskSize,
            LogicalSectorSize = parent.Geometry.LogicalSectorSize,
            VirtualDiskItems = items,
            Paths = ParentPaths.Store(childPath, parentPath, portable),
        };
    }

    /// <exception cref="VhdxException">The parent cannot be read.</exception>
    public static VhdxFile Open(string path)
    {
        try
        {
            return VhdxFile.OpenRead(path);
        }
        catch (VhdxException exception)
        {
            throw new VhdxException(exception.Id, exception.Kind, $"The parent cannot be used. {exception.Message}", exception);
        }
    }

    public static void WarnIfDirty(VhdxFile parent, string path, Action<string> warn)
    {
        if (parent.IsLogDirty)
        {
            warn($"The log of the parent '{path}' is not empty: it is in use, or was not closed cleanly. The child sees it as it is once the log is replayed; if a running machine writes to it, the child is worthless.");
        }
    }

    /// <summary>A new file must not take the place of anything that it, or its parent, depends on.</summary>
    private static void ThrowIfInChain(string parentPath, string childPath)
    {
        List<string> chain = [];
        for (string? link = parentPath; link is not null;)
        {
            if (File.Exists(childPath) && FileKinds.AreSame(link, childPath))
            {
                throw new VhdxException(
                    ErrorIds.DestinationIsParent,
                    ErrorKind.InvalidArgument,
                    chain.Count == 0 ? $"'{childPath}' cannot be its own parent." : $"'{childPath}' cannot be replaced: the parent '{parentPath}' depends on it.");
            }

            if (chain.Exists(known => FileKinds.AreSame(known, link)))
            {
                throw new VhdxException(VhdxFinding.Of(VhdxRules.ParentLoop, chain[chain.Count - 1], $"The parent '{link}' depends on this image: the chain is a ring."));
            }

            chain.Add(link);
            using VhdxFile image = VhdxFile.OpenRead(link);
            link = image.ParentLocator is { } locator ? ParentPaths.Find(link, locator) : null;
        }
    }
}
