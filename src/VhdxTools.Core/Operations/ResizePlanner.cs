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
    /// <exception cref="VhdxException">The file or a parent cannot be opened or is damaged, or the size is not valid or too small.</exception>
    public static ResizePlan Plan(string path, ResizeOptions options, Action<string> warn, CancellationToken cancellation)
    {
        using DiskChain disk = DiskChain.OpenRead(path);
        VhdxLayer tip = disk.Layers[0];
        GptTable? table = GptEditor.Find(disk);
        long minimum = MinimumOf(disk, cancellation);
        long size = options.SizeBytes is ulong wanted ? LayoutPlanner.DiskSizeOf(wanted, disk.LogicalSectorSize) : minimum;
        if (size < Math.Min(minimum, disk.Capacity) && !options.Force)
        {
            string what = PartitionTable.MinimumSize(disk.Read, disk.Capacity, disk.LogicalSectorSize) is null ? "data that is not zero" : "partitions";
            throw new VhdxException(ErrorIds.SizeTooSmall, ErrorKind.InvalidArgument, FormattableString.Invariant(
                $"'{path}' has {what} up to {ByteText.ExactSize(minimum)}: {minimum} bytes are the smallest size, and {size} are less. Make the partitions smaller first, or use -Force to cut them."));
        }

        if (table is { IsPrimary: false } && size != disk.Capacity && !options.UpdateGpt && !options.Force)
        {
            throw new VhdxException(ErrorIds.PartitionTableDamaged, ErrorKind.InvalidData,
                $"The first copy of the GUID partition table of '{path}' is damaged, and the second, at the end of the disk, would be lost. Use -UpdateGpt, which restores the first and puts the second at the new end, or -Force.");
        }

        bool updates = options.UpdateGpt && table is not null && (size != disk.Capacity || !GptEditor.IsBackupAtEnd(disk));
        if (updates && size < minimum)
        {
            throw new VhdxException(ErrorIds.ContradictingParameters, ErrorKind.InvalidArgument, FormattableString.Invariant(
                $"The backup of the partition table of '{path}' would lie in a partition: with -UpdateGpt the size is at least {minimum} bytes."));
        }

        VhdxGeometry before = tip.Geometry;
        VhdxGeometry after = new(size, before.BlockSize, before.LogicalSectorSize, before.HasParent);
        bool movesBat = after.BatLength > tip.Image.BatRegion!.Value.Length;
        return new()
        {
            Path = path,
            SizeBefore = disk.Capacity,
            SizeAfter = size,
            MinimumSize = minimum,
            FileSizeBefore = tip.Image.Raw.Length,
            FileSizeAfter = FileSizeAfter(tip, after, movesBat),
            MovesBat = movesBat,
            HasGpt = table is not null,
            UpdatesGpt = updates,
            RestoresGpt = updates && !table!.IsPrimary,
            LeavesGptBehind = table is not null && !updates && (size != disk.Capacity || !GptEditor.IsBackupAtEnd(disk)),
            Children = size == disk.Capacity && !updates ? [] : ChainInspector.Children(path, Path.GetDirectoryName(path)!, recurse: false, warn, cancellation)
                .Where(link => link.Depth > 0)
                .Select(link => link.Path)
                .ToArray(),
        };
    }

    /// <summary>The end of the partitions with their backup table, or of the last byte that is not zero, as whole MiB and at least what Windows attaches.</summary>
    private static long MinimumOf(DiskChain disk, CancellationToken cancellation)
    {
        if (PartitionTable.MinimumSize(disk.Read, disk.Capacity, disk.LogicalSectorSize) is long partitions)
        {
            return partitions;
        }

        long end = FormatConstants.AlignUp(LastData.EndOf(disk, cancellation), FormatConstants.MiB);
        return Math.Min(disk.Capacity, Math.Max(end, LayoutPlanner.MinimumWindowsSize));
    }

    private static long FileSizeAfter(VhdxLayer tip, VhdxGeometry after, bool movesBat)
    {
        VhdxGeometry before = tip.Geometry;
        long length = tip.Image.Raw.Length;
        if (after.VirtualDiskSize >= before.VirtualDiskSize)
        {
            long blocks = tip.Image.Type == VhdType.Fixed ? after.PayloadBlockCount - before.PayloadBlockCount : 0;
            return length + (blocks * before.BlockSize) + (movesBat ? FormatConstants.AlignUp(after.BatLength, FormatConstants.Alignment) : 0);
        }

        // What lies behind the last block that stays is cut; holes before it stay.
        SpaceAllocator space = SpaceAllocator.Of(tip.Image);
        foreach (FileRange range in ResizeSpace.Freed(tip, after))
        {
            space.Release(range);
        }

        return Math.Min(length, space.UsedEnd);
    }
}
