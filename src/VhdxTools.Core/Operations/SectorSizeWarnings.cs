using System;
using System.Collections.Generic;
using VhdxTools.Disks;

namespace VhdxTools.Operations;

/// <summary>Partition tables count in sectors: on a disk with the same bytes and other sectors they point elsewhere.</summary>
internal static class SectorSizeWarnings
{
    private static readonly int[] s_sizes = [512, 4096];

    /// <param name="source">The disk.</param>
    /// <param name="target">Sector size in bytes that readers of the new file will take it to have.</param>
    /// <param name="hint">What to do, or an empty text.</param>
    public static IEnumerable<string> Of(OpenedDisk source, int target, string hint = "")
    {
        IVirtualDisk disk = source.Disk;
        bool isRaw = source.Format == VhdFormat.Raw;
        if (!isRaw && disk.LogicalSectorSize == target)
        {
            yield break;
        }

        // Nobody knows what sectors a raw disk had; its GPT tells, its MBR does not.
        foreach (int size in s_sizes)
        {
            string? kind = PartitionTable.KindOf(disk.Read, disk.Capacity, size);
            if (kind is null || (kind == "MBR" && size != disk.LogicalSectorSize))
            {
                continue;
            }

            if (size != target)
            {
                yield return FormattableString.Invariant(
                    $"The disk in '{source.Path}' has a partition table ({kind}) that counts in sectors of {size} bytes, and the new one has sectors of {target}: the bytes stay, but systems will not find the partitions.{hint}");
            }

            yield break;
        }
    }
}
