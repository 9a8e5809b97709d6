using System;
using VhdxTools.Format;

namespace VhdxTools.Disks;

/// <summary>Puts the backup of a GUID partition table where the end of the disk is, or will be (UEFI 2.10, 5.3.2).</summary>
internal static class GptEditor
{
    private const long PrimarySector = 1;
    private const int ProtectiveEntryOffset = 446;
    private const byte ProtectiveType = 0xEE;

    /// <summary>The copy that counts: the primary, or the one at the end.</summary>
    public static GptTable? Find(IVirtualDisk disk) =>
        At(disk, PrimarySector) ?? At(disk, (disk.Capacity / disk.LogicalSectorSize) - 1);

    /// <summary>Whether both copies are sound and the backup is in the last sector of the disk.</summary>
    public static bool IsBackupAtEnd(IVirtualDisk disk)
    {
        long last = (disk.Capacity / disk.LogicalSectorSize) - 1;
        return At(disk, PrimarySector) is { } primary && primary.OtherSector == last && At(disk, last) is not null;
    }

    /// <summary>
    /// Writes the backup to a new place, then a primary that names it, then clears the header of the old backup. Each step is flushed:
    /// whenever it is broken off, one sound copy is there that was flushed before.
    /// </summary>
    /// <param name="disk">The disk, open for writing.</param>
    /// <param name="table">What <see cref="Find"/> gave.</param>
    /// <param name="size">Size in bytes that the disk has or will have; the backup lies at its end, and no partition there.</param>
    public static void MoveBackup(IVirtualDisk disk, GptTable table, long size)
    {
        int sectorSize = disk.LogicalSectorSize;
        long last = (size / sectorSize) - 1;
        long backupArray = last - table.ArraySectors(sectorSize);
        byte[] array = new byte[table.ArraySectors(sectorSize) * sectorSize];
        table.Array.CopyTo(array, 0);
        long oldBackup = table.IsPrimary ? table.OtherSector : table.Sector;
        long primaryArray = table.IsPrimary ? table.ArraySector : PrimarySector + 1;
        if (!table.IsPrimary)
        {
            // First of all: the new backup may be written over the only sound copy.
            disk.Write(primaryArray * sectorSize, array);
            disk.Flush();
            disk.Write(PrimarySector * sectorSize, table.HeaderAt(PrimarySector, oldBackup, primaryArray, table.LastUsable));
            disk.Flush();
        }

        disk.Write(backupArray * sectorSize, array);
        disk.Write(last * sectorSize, table.HeaderAt(last, PrimarySector, backupArray, backupArray - 1));
        disk.Flush();

        disk.Write(PrimarySector * sectorSize, table.HeaderAt(PrimarySector, last, primaryArray, backupArray - 1));
        WriteProtectiveSize(disk, last);
        disk.Flush();

        if (IsStale(disk, table, oldBackup, last))
        {
            disk.Write(oldBackup * sectorSize, new byte[sectorSize]);
            disk.Flush();
        }
    }

    private static GptTable? At(IVirtualDisk disk, long sector) => GptTable.Read(disk.Read, disk.Capacity, disk.LogicalSectorSize, sector);

    /// <summary>Whether a backup lies there that is no longer one: a header that lies may name the primary, or a sector of a partition.</summary>
    private static bool IsStale(IVirtualDisk disk, GptTable table, long sector, long last) =>
        sector != last
        && sector >= table.EndOfPartitions(disk.Capacity / disk.LogicalSectorSize)
        && At(disk, sector) is { OtherSector: PrimarySector };

    /// <summary>The protective entry of the MBR covers the disk from sector 1 on, as far as its 32 bits reach.</summary>
    private static void WriteProtectiveSize(IVirtualDisk disk, long last)
    {
        byte[] mbr = new byte[disk.LogicalSectorSize];
        disk.Read(0, mbr);
        if (ByteFields.U16(mbr, 510) == 0xAA55 && mbr[ProtectiveEntryOffset + 4] == ProtectiveType)
        {
            ByteFields.U32(mbr, ProtectiveEntryOffset + 12, (uint)Math.Min(last, uint.MaxValue));
            disk.Write(0, mbr);
        }
    }
}
