using System;
using System.Collections.Generic;
using System.Threading;
using VhdxTools.Diagnostics;
using VhdxTools.Disks;
using VhdxTools.Format;
using VhdxTools.Images;
using VhdxTools.IO;

namespace VhdxTools.Operations;

/// <summary>Tells what an image is. Reads the headers, tables and the BAT, and a few sectors of the disk.</summary>
internal static class ImageInspector
{
    /// <param name="path">Full path of the file.</param>
    /// <param name="warn">Gets what is wrong with the file and does not keep it from being described.</param>
    /// <param name="cancellation">Stops the work.</param>
    /// <exception cref="VhdxException">The file cannot be opened, is no virtual disk, or is too damaged to be described.</exception>
    public static VhdxImageInfo Inspect(string path, Action<VhdxFinding>? warn = null, CancellationToken cancellation = default)
    {
        (VhdxImageInfo info, List<VhdxFinding> warnings) = BusyFile.Read(path, () => InspectOnce(path, cancellation));
        foreach (VhdxFinding warning in warnings)
        {
            warn?.Invoke(warning);
        }

        return info;
    }

    /// <summary>Tells of a file that is known to hold the bytes of a disk and nothing else; there is not much to tell.</summary>
    public static VhdxImageInfo DescribeRaw(string path)
    {
        using OsFile file = OsFile.OpenRead(path);
        return new()
        {
            Path = path,
            VhdFormat = VhdFormat.Raw,
            VhdType = VhdType.Fixed,
            FileSize = file.Length,
            Size = file.Length,
            LogicalSectorSize = 512,
            PhysicalSectorSize = 512,
            BlockSize = 0,
            DiskIdentifier = Guid.Empty,
            Creator = "",
        };
    }

    private static (VhdxImageInfo Info, List<VhdxFinding> Warnings) InspectOnce(string path, CancellationToken cancellation)
    {
        List<VhdxFinding> warnings = [];
        OsFile file = OsFile.OpenRead(path);
        try
        {
            VhdxImageInfo info = ContentSniffer.Sniff(file) == VhdFormat.VHD
                ? Describe(path, file, VhdFile.Open(file))
                : InspectVhdx(path, file, new StrictSink(warnings.Add), cancellation);
            return (info, warnings);
        }
        finally
        {
            file.Dispose();
        }
    }

    private static VhdxImageInfo InspectVhdx(string path, OsFile file, StrictSink sink, CancellationToken cancellation)
    {
        using VhdxFile image = VhdxFile.Open(file, sink);
        BatStatistics blocks = BatStatistics.Count(image.Bat!, image.Geometry!, cancellation);
        VhdxImageInfo info = new()
        {
            Path = path,
            VhdFormat = VhdFormat.VHDX,
            VhdType = image.Type,
            FileSize = file.Length,
            Size = image.Geometry!.VirtualDiskSize,
            LogicalSectorSize = image.Geometry.LogicalSectorSize,
            PhysicalSectorSize = image.PhysicalSectorSize!.Value,
            BlockSize = image.Geometry.BlockSize,
            ParentPath = image.ParentLocator is { } locator ? ParentPaths.Find(path, locator) ?? StoredPath(locator) : null,
            DiskIdentifier = image.VirtualDiskId!.Value,
            FragmentationPercentage = blocks.FragmentationPercentage,
            Alignment = blocks.AreBlocksAligned ? 1 : 0,
            LogState = image.IsLogDirty ? LogState.Dirty : LogState.Clean,
            Creator = image.FileType.Creator,
            FileWriteGuid = image.Header!.FileWriteGuid,
            DataWriteGuid = image.Header.DataWriteGuid,
            BlocksAllocated = blocks.BlocksAllocated,
            BlockCount = blocks.BlockCount,
            ParentLinkage = image.ParentLocator?.Linkage(ParentLocator.ParentLinkageKey),
        };

        // Last, because it closes the image.
        (info.MinimumSize, info.IsGptBackupAtEnd) = PartitionsOf(path, image);
        return info;
    }

    private static VhdxImageInfo Describe(string path, OsFile file, VhdFile vhd) => new()
    {
        Path = path,
        VhdFormat = VhdFormat.VHD,
        VhdType = (VhdType)vhd.Footer.DiskType,
        FileSize = file.Length,
        Size = vhd.Footer.Size,
        LogicalSectorSize = 512,
        PhysicalSectorSize = 512,
        BlockSize = (int)Math.Min(vhd.DynamicHeader?.BlockSize ?? 0, int.MaxValue),
        ParentPath = vhd.Footer.DiskType == VhdFooter.TypeDifferencing ? VhdParentPaths.Find(path, vhd) ?? vhd.DynamicHeader!.ParentName : null,
        DiskIdentifier = vhd.Footer.UniqueId,
        Creator = vhd.Footer.CreatorApplication.TrimEnd('\0', ' '),
        ParentLinkage = vhd.Footer.DiskType == VhdFooter.TypeDifferencing ? vhd.DynamicHeader!.ParentUniqueId : null,
    };

    private static string? StoredPath(ParentLocator locator) =>
        locator[ParentLocator.AbsolutePathKey] ?? locator[ParentLocator.RelativePathKey] ?? locator[ParentLocator.VolumePathKey];

    private static (long? MinimumSize, bool? IsGptBackupAtEnd) PartitionsOf(string path, VhdxFile image)
    {
        try
        {
            using DiskChain disk = DiskChain.OpenRead(path, image);
            return (PartitionTable.MinimumSize(disk.Read, disk.Capacity, disk.LogicalSectorSize), GptEditor.Find(disk) is null ? null : GptEditor.IsBackupAtEnd(disk));
        }
        catch (VhdxException)
        {
            // The image is described all the same: a damaged block or a missing parent is no reason to hide the rest.
            return default;
        }
    }
}
