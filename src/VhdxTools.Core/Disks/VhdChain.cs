using System;
using System.Collections.Generic;
using System.Linq;
using VhdxTools.Format;
using VhdxTools.Images;
using VhdxTools.IO;

namespace VhdxTools.Disks;

/// <summary>Opens a VHD and, when it is a differencing one, its parents.</summary>
internal static class VhdChain
{
    /// <summary>The files from the tip to the base; chains of any depth are walked, never recursed into.</summary>
    /// <param name="path">Full path of the tip.</param>
    /// <param name="file">The tip; it is closed with the layers, and also when this fails.</param>
    /// <param name="image">What its structures tell.</param>
    /// <exception cref="VhdxException">A file cannot be opened or is damaged, or a link of the chain is broken.</exception>
    public static IReadOnlyList<IDiskLayer> Open(string path, IRandomAccessFile file, VhdFile image)
    {
        List<IDiskLayer> layers = [];
        try
        {
            layers.Add(LayerOf(path, file, image));
            while (image.Footer.DiskType == VhdFooter.TypeDifferencing)
            {
                (path, file, image) = OpenParent(path, image, layers);
                layers.Add(LayerOf(path, file, image));
            }

            return layers;
        }
        catch
        {
            layers.ForEach(layer => layer.Dispose());
            file.Dispose();
            throw;
        }
    }

    private static IDiskLayer LayerOf(string path, IRandomAccessFile file, VhdFile image)
    {
        if (image.DynamicHeader is not null)
        {
            return new VhdLayer(path, file, image);
        }

        long size = VhdLayer.SizeOf(path, image.Footer);
        long length = image.FooterOffset > 0 ? image.FooterOffset : file.Length;
        return size <= length
            ? new FlatLayer(path, file, size)
            : throw VhdFile.Damaged(path, FormattableString.Invariant($"its disk has {size} bytes, and the file holds {length} of them"));
    }

    private static (string Path, IRandomAccessFile File, VhdFile Image) OpenParent(string childPath, VhdFile child, List<IDiskLayer> chain)
    {
        string path = VhdParentPaths.Find(childPath, child) ?? throw new VhdxException(
            ErrorIds.VhdParentNotFound, ErrorKind.NotFound, $"The parent of '{childPath}' is not there: {VhdParentPaths.DescribeTried(childPath, child)}.");
        if (chain.Any(link => FileKinds.AreSame(link.Path, path)))
        {
            throw new VhdxException(ErrorIds.VhdParentMismatch, ErrorKind.InvalidData, $"The parent '{path}' depends on its child '{childPath}': the chain is a ring.");
        }

        OsFile file = OsFile.OpenRead(path);
        try
        {
            if (ContentSniffer.Sniff(file) != VhdFormat.VHD)
            {
                throw new VhdxException(ErrorIds.VhdParentMismatch, ErrorKind.InvalidData, $"The parent '{path}' of '{childPath}' is no VHD (version 1) by its content.");
            }

            VhdFile parent = VhdFile.Open(file);
            Guid wanted = child.DynamicHeader!.ParentUniqueId;
            return parent.Footer.UniqueId == wanted ? (path, file, parent) : throw new VhdxException(
                ErrorIds.VhdParentMismatch,
                ErrorKind.InvalidData,
                $"'{path}' is not the parent that '{childPath}' was made from: its UniqueId is {parent.Footer.UniqueId}, and the child names {wanted}.");
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }
}
