using System;
using System.IO;
using System.Linq;
using System.Threading;
using VhdxTools.Disks;
using VhdxTools.Format;
using VhdxTools.Layout;

namespace VhdxTools.Operations;

/// <summary>Works out what a change of the size will do; changes nothing.</summary>
internal static class ResizePlanner
{
    /// <param name="path">Full path of the file.</param>
    /// <param name="options">What is wanted.</param>
    /// <param name="warn">Gets a sentence for each folder that cannot be looked through.</param>
    /// <param name="cancellation">Stops the work.</param>
    /// <param name="progress">Gets bytes of the disk that are looked through, and all of them.</param>
    /// <exception cref="VhdxException">The file or a parent cannot be opened or is damaged, or the size is not valid or too small.</exception>
    public static ResizePlan Plan(string path, ResizeOptions options, Action<string> warn, CancellationToken cancellation, Action<long, long>? progress = null) =>
        BusyImage.Read(path, () => PlanOnce(path, options, warn, progress, cancellation));

    private static ResizePlan PlanOnce(string path, ResizeOptions options, Action<string> warn, Action<long, long>? progress, CancellationToken cancellation)
    {
        using DiskChain disk = DiskChain.OpenRead(path);
        VhdxLayer tip = disk.Layers[0];
        long? partitions = PartitionTable.MinimumSize(disk.Read, disk.Capacity, disk.LogicalSectorSize);
        long? wanted = options.SizeBytes is ulong given ? LayoutPlanner.DiskSizeOf(given, disk.LogicalSectorSize) : null;

        // Who only grows need not know how far the data reach; finding that out can take a while.
        long minimum = partitions ?? (wanted >= disk.Capacity ? 0 : EndOfData(disk, progress, cancellation));
        long size = wanted ?? minimum;
        if (size < Math.Min(minimum, disk.Capacity) && !options.Force)
        {
            string what = partitions is null ? "data that is not zero" : "partitions";
            throw new VhdxException(ErrorIds.SizeTooSmall, ErrorKind.InvalidArgument, FormattableString.Invariant(
                $"'{path}' has {what} up to {ByteText.ExactSize(minimum)}: {minimum} bytes are the smallest size, and {size} are less. Make the partitions smaller first, or use -Force to cut them."));
        }

        GptTable? table = GptEditor.Find(disk);
        if (table is { IsPrimary: false } && size != disk.Capacity && !options.UpdateGpt && !options.Force)
        {
            throw new VhdxException(ErrorIds.PartitionTableDamaged, ErrorKind.InvalidData,
                $"The first copy of the GUID partition table of '{path}' is damaged, and the second, at the end of the disk, would be lost. Use -UpdateGpt, which restores the first and puts the second at the new end, or -Force.");
        }

        bool isBehind = table is not null && (size != disk.Capacity || !GptEditor.IsBackupAtEnd(disk));
        bool updates = options.UpdateGpt && isBehind;
        if (updates)
        {
            ThrowIfNoPlace(disk, table!, size);
        }

        VhdxGeometry before = tip.Geometry;
        VhdxGeometry after = new(size, before.BlockSize, before.LogicalSectorSize, before.HasParent);
        bool finishes = size == disk.Capacity && tip.Image.IsLogDirty;
        bool movesBat = after.BatLength > tip.Image.BatRegion!.Value.Length;
        return new()
        {
            Path = path,
            DataWriteGuid = tip.Image.Header!.DataWriteGuid,
            SizeBefore = disk.Capacity,
            SizeAfter = size,
            MinimumSize = minimum,
            FileSizeBefore = tip.Image.Raw.Length,
            FileSizeAfter = FileSizeAfter(disk, after, movesBat, finishes),
            MovesBat = movesBat,
            HasGpt = table is not null,
            UpdatesGpt = updates,
            RestoresGpt = updates && !table!.IsPrimary,
            LeavesGptBehind = isBehind && !updates,
            Finishes = finishes,
            Children = size == disk.Capacity && !updates ? [] : ChainInspector.Children(path, Path.GetDirectoryName(path)!, recurse: false, warn, cancellation)
                .Where(link => link.Depth > 0)
                .Select(link => link.Path)
                .ToArray(),
        };
    }

    /// <summary>The end of the last byte that is not zero, as whole MiB and at least what Windows attaches.</summary>
    private static long EndOfData(DiskChain disk, Action<long, long>? progress, CancellationToken cancellation)
    {
        long end = FormatConstants.AlignUp(LastData.EndOf(disk, progress, cancellation), FormatConstants.MiB);
        return Math.Min(disk.Capacity, Math.Max(end, LayoutPlanner.MinimumWindowsSize));
    }

    /// <summary>No copy of a table ever goes into a partition, also when what that holds may be cut.</summary>
    private static void ThrowIfNoPlace(DiskChain disk, GptTable table, long size)
    {
        int sectorSize = disk.LogicalSectorSize;
        if (!table.IsPrimary && !table.HasRoomForPrimary(sectorSize))
        {
            throw new VhdxException(ErrorIds.PartitionTableDamaged, ErrorKind.InvalidData,
                $"The first copy of the GUID partition table of '{disk.Layers[0].Path}' is damaged and cannot be restored: partitions begin where it would lie.");
        }

        long end = Math.Min(table.EndOfPartitions(disk.Capacity / sectorSize), FormatConstants.MaximumVirtualDiskSize / sectorSize);
        long needed = (end + table.ArraySectors(sectorSize) + 1) * sectorSize;
        if (size < needed)
        {
            throw new VhdxException(ErrorIds.ContradictingParameters, ErrorKind.InvalidArgument, FormattableString.Invariant(
                $"The backup of the partition table of '{disk.Layers[0].Path}' would lie in a partition: with -UpdateGpt the size is at least {needed} bytes."));
        }
    }

    private static long FileSizeAfter(DiskChain disk, VhdxGeometry after, bool movesBat, bool finishes)
    {
        VhdxLayer tip = disk.Layers[0];
        VhdxGeometry before = tip.Geometry;
        long length = tip.Image.Raw.Length;
        if (after.VirtualDiskSize >= before.VirtualDiskSize && !finishes)
        {
            long blocks = tip.Image.Type == VhdType.Fixed ? after.PayloadBlockCount - before.PayloadBlockCount : 0;
            return length
                + (blocks * before.BlockSize)
                + ResizeSpace.SharedBlock(disk, after)
                + (movesBat ? FormatConstants.AlignUp(after.BatLength, FormatConstants.Alignment) : 0);
        }

        // What lies behind the last block that stays is cut; holes before it stay.
        SpaceAllocator space = SpaceAllocator.Of(tip);
        foreach (FileRange range in ResizeSpace.Freed(tip, after))
        {
            space.Release(range);
        }

        return Math.Min(length, space.UsedEnd);
    }
}
