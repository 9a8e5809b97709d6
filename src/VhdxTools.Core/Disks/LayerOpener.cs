using System.Collections.Generic;
using VhdxTools.Diagnostics;
using VhdxTools.Images;
using VhdxTools.IO;

namespace VhdxTools.Disks;

/// <summary>Opens the files of a chain one by one, for those who need not all of them.</summary>
internal static class LayerOpener
{
    /// <summary>One image, and none of its parents.</summary>
    /// <param name="path">Full path of the file.</param>
    /// <exception cref="VhdxException">The file cannot be opened, is neither VHDX nor VHD, or is damaged.</exception>
    public static IDiskLayer Open(string path) => BusyFile.Read(path, () => OpenOnce(path));

    private static IDiskLayer OpenOnce(string path)
    {
        OsFile file = OsFile.OpenRead(path);
        try
        {
            return ContentSniffer.Sniff(file) == VhdFormat.VHD
                ? VhdChain.LayerOf(path, file, VhdFile.Open(file))
                : new VhdxLayer(path, VhdxFile.Open(file, StrictSink.Instance));
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>The parent of an image, or null when it has none.</summary>
    /// <param name="child">The child.</param>
    /// <param name="chain">The files from the tip to the child.</param>
    /// <exception cref="VhdxException">There is no parent, it cannot be read, or it is not the one that the child was made from.</exception>
    public static IDiskLayer? OpenParent(IDiskLayer child, IReadOnlyList<IDiskLayer> chain) => child switch
    {
        VhdxLayer { HasParent: true } vhdx => ParentOpener.Open(vhdx, chain),
        VhdLayer { HasParent: true } vhd => VhdChain.OpenParent(vhd, chain),
        _ => null,
    };
}
