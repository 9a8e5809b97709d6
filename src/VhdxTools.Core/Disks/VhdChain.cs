using System;
using System.Collections.Generic;
using System.Linq;
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
            while (layers[layers.Count - 1] is VhdLayer { HasParent: true } child)
            {
                layers.Add(OpenParent(child, layers));
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

    /// <summary>One file, whatever its type; closed with the layer.</summary>
    /// <exception cref="VhdxException">The file is damaged.</exception>
    public static IDiskLayer LayerOf(string path, IRandomAccessFile file, VhdFile image)
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

    /// <summary>The parent of a differencing image.</summary>
    /// <param name="child">The child.</param>
    /// <param name="chain">The files from the tip to the child.</param>
    /// <exception cref="VhdxException">There is no parent, it cannot be read, or it is not the one that the child was made from.</exception>
    public static IDiskLayer OpenParent(VhdLayer child, IReadOnlyList<IDiskLayer> chain)
    {
        string path = VhdParentPaths.Find(child.Path, child.Image) ?? throw new VhdxException(
            ErrorIds.VhdParentNotFound, ErrorKind.NotFound, $"The parent of '{child.Path}' is not there: {VhdParentPaths.DescribeTried(child.Path, child.Image)}.");
        if (chain.Any(link => FileKinds.AreSame(link.Path, path)))
        {
            throw Mismatch($"The parent '{path}' depends on its child '{child.Path}': the chain is a ring.");
        }

        OsFile file = OsFile.OpenRead(path);
        try
        {
            if (ContentSniffer.Sniff(file) != VhdFormat.VHD)
            {
                throw Mismatch($"The parent '{path}' of '{child.Path}' is no VHD (version 1) by its content.");
            }

            VhdFile parent = VhdFile.Open(file);
            Guid wanted = child.Image.DynamicHeader!.ParentUniqueId;
            return parent.Footer.UniqueId == wanted
                ? LayerOf(path, file, parent)
                : throw Mismatch($"'{path}' is not the parent that '{child.Path}' was made from: its UniqueId is {parent.Footer.UniqueId}, and the child names {wanted}.");
        }
        catch
        {
            file.Dispose();
            throw;
        }

        static VhdxException Mismatch(string message) => new(ErrorIds.VhdParentMismatch, ErrorKind.InvalidData, message);
    }
}
