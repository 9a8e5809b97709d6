using System;
using System.IO;
using VhdxTools.Disks;
using VhdxTools.Images;
using VhdxTools.IO;
using VhdxTools.Layout;

namespace VhdxTools.Operations;

/// <summary>Reads from a VHD (version 1) what a new child needs. The parent is opened for reading only.</summary>
internal static class VhdParentReader
{
    /// <param name="parentPath">Full path of the parent.</param>
    /// <param name="childPath">Full path of the child to be.</param>
    /// <param name="portable">Whether paths that hold on this machine only are left out of the locator.</param>
    /// <exception cref="VhdxException">The parent cannot be read or is no VHD, or the child would overwrite it or one of its own parents.</exception>
    public static VhdParentReference Read(string parentPath, string childPath, bool portable)
    {
        using OpenedDisk parent = Open(parentPath);
        if (parent.Format != VhdFormat.VHD)
        {
            throw new VhdxException(
                ErrorIds.ContradictingParameters, ErrorKind.InvalidArgument, $"The parent of a differencing VHD is a VHD: '{parentPath}' is {parent.Format}. Convert it first.");
        }

        foreach (string file in parent.Files)
        {
            if (File.Exists(childPath) && FileKinds.AreSame(file, childPath))
            {
                throw new VhdxException(
                    ErrorIds.DestinationIsParent,
                    ErrorKind.InvalidArgument,
                    file == parentPath ? $"'{childPath}' cannot be its own parent." : $"'{childPath}' cannot be replaced: the parent '{parentPath}' depends on it.");
            }
        }

        return new()
        {
            Path = parentPath,
            UniqueId = parent.DiskIdentifier!.Value,
            ModifiedAt = ModifiedAt(parentPath),
            VirtualDiskSize = parent.Disk.Capacity,
            Name = Path.GetFileName(parentPath),
            Paths = VhdParentPaths.Store(childPath, parentPath, portable),
        };
    }

    private static OpenedDisk Open(string path)
    {
        try
        {
            return DiskOpener.OpenRead(path);
        }
        catch (VhdxException exception)
        {
            throw new VhdxException(exception.Id, exception.Kind, $"The parent cannot be used. {exception.Message}", exception);
        }
    }

    private static DateTimeOffset ModifiedAt(string path)
    {
        try
        {
            return File.GetLastWriteTimeUtc(path);
        }
        catch (Exception exception) when (SystemErrors.IsSystemError(exception))
        {
            throw SystemErrors.Translate(exception, path, "read");
        }
    }
}
