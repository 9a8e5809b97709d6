using System.Collections.Generic;
using System.Linq;
using VhdxTools.Diagnostics;
using VhdxTools.Format;
using VhdxTools.Images;
using VhdxTools.IO;

namespace VhdxTools.Disks;

/// <summary>Opens the disk in a file for reading, whatever its format; its content decides, never its name.</summary>
internal static class DiskOpener
{
    /// <param name="path">Full path of the file.</param>
    /// <exception cref="VhdxException">The file cannot be opened, is of no format that is read here, or is damaged, or a link of its chain is broken.</exception>
    public static OpenedDisk OpenRead(string path) => BusyFile.Read(path, () => OpenOnce(path));

    private static OpenedDisk OpenOnce(string path)
    {
        OsFile file = OsFile.OpenRead(path);
        try
        {
            return ContentSniffer.Sniff(file) switch
            {
                VhdFormat.VHDX => OpenVhdx(path, file),
                VhdFormat.VHD => OpenVhd(path, file, VhdFile.Open(file)),
                _ => OpenRaw(path, file),
            };
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private static OpenedDisk OpenVhdx(string path, OsFile file)
    {
        DiskChain chain = DiskChain.OpenRead(path, VhdxFile.Open(file, StrictSink.Instance));
        VhdxFile tip = chain.Layers[0].Image;
        return new()
        {
            Path = path,
            Format = VhdFormat.VHDX,
            Type = tip.Type,
            Disk = chain,
            Files = PathsOf(chain.Layers),
            Watch = new(chain.Layers),
            DiskIdentifier = tip.VirtualDiskId,
            BlockSize = tip.Geometry!.BlockSize,
        };
    }

    private static OpenedDisk OpenVhd(string path, OsFile file, VhdFile image)
    {
        IReadOnlyList<IDiskLayer> layers = VhdChain.Open(path, file, image);
        return new()
        {
            Path = path,
            Format = VhdFormat.VHD,
            Type = image.Type,
            Disk = new LayeredDisk(layers),
            Files = PathsOf(layers),
            Watch = new(layers),
            DiskIdentifier = image.Footer.UniqueId,
            BlockSize = (int?)image.DynamicHeader?.BlockSize,
        };
    }

    private static OpenedDisk OpenRaw(string path, OsFile file)
    {
        if (ContentSniffer.NotRaw(file) is VhdxException refusal)
        {
            throw refusal;
        }

        FlatLayer layer = new(path, file, FormatConstants.AlignUp(file.Length, VhdFooter.SectorLength));
        return new()
        {
            Path = path,
            Format = VhdFormat.Raw,
            Type = VhdType.Fixed,
            Disk = new LayeredDisk([layer]),
            Files = [path],
            Watch = new([file]),
        };
    }

    private static string[] PathsOf(IEnumerable<IDiskLayer> layers) => layers.Select(layer => layer.Path).ToArray();
}
