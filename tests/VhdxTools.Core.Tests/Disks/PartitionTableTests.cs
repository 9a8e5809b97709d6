using System;
using VhdxTools.Core.Tests.Support;
using Xunit;

namespace VhdxTools.Core.Tests.Disks;

public class PartitionTableTests
{
    private const int Capacity = 16 << 20;

    [Theory]
    [InlineData(512)]
    [InlineData(4096)]
    public void A_GPT_needs_its_last_partition_and_a_backup(int sectorSize)
    {
        DiskModel disk = new(Capacity, sectorSize);
        disk.AddGpt(backup: false, (40, 99), (200, 300), (100, 120));

        // Sectors 0 to 300, the array of 16 KiB, and the header.
        Assert.Equal((301 * sectorSize) + 16_384 + sectorSize, disk.MinimumSize());
    }

    [Fact]
    public void The_backup_serves_when_the_first_is_lost()
    {
        DiskModel disk = new(Capacity, 512);
        disk.AddGpt(backup: true, (40, 300));
        Assert.Equal((301 * 512) + 16_384 + 512, disk.MinimumSize());
    }

    [Fact]
    public void A_GPT_without_partitions_needs_its_tables()
    {
        DiskModel disk = new(Capacity, 512);
        disk.AddGpt(backup: false);
        Assert.Equal((34 * 512) + 16_384 + 512, disk.MinimumSize());
    }

    [Fact]
    public void A_partition_up_to_the_end_needs_the_whole_disk()
    {
        DiskModel disk = new(Capacity, 512);
        disk.AddGpt(backup: false, (40, (Capacity / 512) - 2));
        Assert.Equal(Capacity, disk.MinimumSize());
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(12, 4)]
    [InlineData(16, 4)]
    [InlineData(24, 1)]
    [InlineData(72, 8)]
    [InlineData(80, 4)]
    [InlineData(84, 4)]
    [InlineData(88, 4)]
    [InlineData(1024, 16)]
    public void A_damaged_GPT_under_a_protective_MBR_is_no_table(int place, int length)
    {
        DiskModel disk = new(Capacity, 512);
        disk.AddMbr((0, 0xEE, 1, uint.MaxValue));
        disk.AddGpt(backup: false, (40, 99));
        Assert.NotNull(disk.MinimumSize());
        disk.Bytes.AsSpan(512 + place, length).Fill(0xA5);

        Assert.Null(disk.MinimumSize());
    }

    [Theory]
    [InlineData(12, 0u)]
    [InlineData(12, 91u)]
    [InlineData(12, 513u)]
    [InlineData(12, 0xFFFFFFFFu)]
    [InlineData(72, 0xFFFFFFFFu)]
    [InlineData(76, 0x80000000u)]
    [InlineData(80, 0u)]
    [InlineData(80, 0xFFFFFFFFu)]
    [InlineData(84, 0u)]
    [InlineData(84, 127u)]
    [InlineData(84, 0xFFFFFFFFu)]
    public void Hostile_fields_with_a_right_checksum_are_no_table(int place, uint value)
    {
        DiskModel disk = new(Capacity, 512);
        disk.AddGpt(backup: false, (40, 99));
        Bytes.U32(value).CopyTo(disk.Bytes, 512 + place);
        disk.SealGpt(1);

        Assert.Null(disk.MinimumSize());
    }

    [Theory]
    [InlineData((Capacity / 512) + 100UL)]
    [InlineData(long.MaxValue)]
    [InlineData(ulong.MaxValue)]
    public void A_partition_that_begins_on_the_disk_and_ends_beyond_it_needs_the_whole_disk(ulong last)
    {
        DiskModel disk = new(Capacity, 512);
        disk.AddGpt(backup: false, (40, 99), (100, last));
        Assert.Equal(Capacity, disk.MinimumSize());
    }

    [Fact]
    public void A_partition_beyond_the_disk_does_not_count()
    {
        DiskModel disk = new(Capacity, 512);
        disk.AddGpt(backup: false, (40, 99), (Capacity / 512, ulong.MaxValue));
        Assert.Equal((100 * 512) + 16_384 + 512, disk.MinimumSize());
    }

    [Fact]
    public void An_MBR_needs_its_last_partition()
    {
        DiskModel disk = new(Capacity, 512);
        disk.AddMbr((0x80, 7, 2048, 4096), (0, 0x83, 10_000, 1000), (0, 0x0F, 7000, 100));
        Assert.Equal(11_000 * 512, disk.MinimumSize());
    }

    [Fact]
    public void An_MBR_on_large_sectors_counts_in_them()
    {
        DiskModel disk = new(Capacity, 4096);
        disk.AddMbr((0, 7, 256, 1000));
        Assert.Equal(1256 * 4096, disk.MinimumSize());
    }

    [Theory]
    [InlineData(0x12, 7, 2048u, 100u)]
    [InlineData(0, 0, 2048u, 100u)]
    [InlineData(0, 7, 0u, 100u)]
    [InlineData(0, 7, 2048u, 0u)]
    [InlineData(0, 7, 2048u, 0x10000000u)]
    [InlineData(0x80, 0xEE, 1u, 100u)]
    public void A_boot_sector_with_an_unsound_entry_is_no_table(byte status, byte type, uint first, uint count)
    {
        DiskModel disk = new(Capacity, 512);
        disk.AddMbr((0x80, 7, 2048, 4096), (status, type, first, count));
        Assert.Null(disk.MinimumSize());
    }

    [Fact]
    public void A_boot_sector_of_code_is_no_table()
    {
        DiskModel disk = new(Capacity, 512);
        Bytes.Pattern(3, 510).CopyTo(disk.Bytes, 0);
        Bytes.Put(disk.Bytes, 510, [0x55, 0xAA]);
        Assert.Null(disk.MinimumSize());
    }

    [Fact]
    public void Entries_without_the_signature_are_no_table()
    {
        DiskModel disk = new(Capacity, 512);
        disk.AddMbr((0x80, 7, 2048, 4096));
        disk.Bytes[511] = 0;
        Assert.Null(disk.MinimumSize());
    }

    [Theory]
    [InlineData(512)]
    [InlineData(4096)]
    public void A_disk_of_one_sector_has_no_table(int sectorSize) => Assert.Null(new DiskModel(sectorSize, sectorSize).MinimumSize());
}
