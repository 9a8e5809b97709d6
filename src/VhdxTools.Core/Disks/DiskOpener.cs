using System.Linq;
using VhdxTools.Images;

namespace VhdxTools.Disks;

/// <summary>Opens the disk in a file for reading, whatever its format; its content decides, never its name.</summary>
internal static class DiskOpener
{
    /// <param name="path">Full path of the file.</param>
    /// <exception cref="VhdxException">The file cannot be opened, is of no format that is read here, or is damaged, or a link of its chain is broken.</exception>
    public static OpenedDisk OpenRead(string path)
    {
        DiskChain chain = DiskChain.OpenRead(path);
        VhdxFile tip = chain.Layers[0].Image;
        return new()
        {
            Path = path,
            Format = VhdFormat.VHDX,
            Type = tip.Type,
            Disk = chain,
            Files = chain.Layers.Select(layer => layer.Path).ToArray(),
            DiskIdentifier = tip.VirtualDiskId,
            BlockSize = tip.Geometry!.BlockSize,
        };
    }
}
