using System;
using System.Collections.Generic;
using System.Linq;
using VhdxTools.Disks;
using VhdxTools.Layout;
using VhdxTools.Operations;

namespace VhdxTools.Core.Tests.Support;

/// <summary>VHD files of the writer, in memory.</summary>
internal static class VhdPlans
{
    public const long MiB = 1 << 20;
    public const long GiB = 1L << 30;

    public static readonly Guid Id = new("00112233-4455-6677-8899-aabbccddeeff");
    public static readonly Guid ParentId = new("ffeeddcc-bbaa-9988-7766-554433221100");

    public static VhdCreateOptions Options(VhdType? type = null, long? size = 10 * MiB, int? blockSize = null) => new()
    {
        Type = type,
        SizeBytes = (ulong?)size,
        BlockSizeBytes = (ulong?)blockSize,
        UniqueId = Id,
        CreatedAt = new(2000, 1, 2, 0, 0, 1, TimeSpan.Zero),
        CreatorVersion = new(1, 2, 3),
    };

    public static VhdParentReference Parent(long size = 10 * MiB, string name = "p.vhd") => new()
    {
        Path = "/images/" + name,
        UniqueId = ParentId,
        ModifiedAt = new(2000, 1, 1, 1, 0, 0, TimeSpan.FromHours(1)),
        VirtualDiskSize = size,
        Name = name,
        Paths = [new("W2ku", @"C:\images\" + name), new("W2ru", @".\" + name)],
    };

    /// <summary>A disk of some bytes; zero pages are holes.</summary>
    public static IVirtualDisk Disk(byte[] bytes)
    {
        MemoryFile file = new("source");
        for (int offset = 0; offset < bytes.Length; offset += MemoryFile.PageLength)
        {
            Span<byte> page = bytes.AsSpan(offset, Math.Min(MemoryFile.PageLength, bytes.Length - offset));
            if (page.ContainsAnyExcept((byte)0))
            {
                file.Put(offset, page);
            }
        }

        return Disk(file, bytes.Length);
    }

    public static IVirtualDisk Disk(MemoryFile file, long size) => new LayeredDisk([new FlatLayer("source", file, size)]);

    public static MemoryFile Write(VhdCreateOptions options, byte[] disk)
    {
        MemoryFile file = new("target");
        using IVirtualDisk source = Disk(disk);
        VhdImageWriter.Write(VhdPlanner.Plan(options), source, file);
        return file;
    }

    public static MemoryFile WriteDifferences(VhdCreateOptions options, byte[] disk, IEnumerable<FileRange> ranges)
    {
        MemoryFile file = new("target");
        using IVirtualDisk source = Disk(disk);
        VhdImageWriter.WriteDifferences(VhdPlanner.Plan(options), source, ranges, file);
        return file;
    }

    public static byte[] All(MemoryFile file) => file.Bytes(0, (int)file.Length);

    /// <summary>The sectors in which two disks differ, as ranges that are joined or cut by chance.</summary>
    public static IReadOnlyList<FileRange> Differences(byte[] one, byte[] other, Random random)
    {
        List<FileRange> ranges = [];
        for (int sector = 0; sector < one.Length / 512; sector++)
        {
            if (!one.AsSpan(sector * 512, 512).SequenceEqual(other.AsSpan(sector * 512, 512)))
            {
                if (ranges.Count > 0 && ranges[^1].End == sector * 512 && random.Next(50) > 0)
                {
                    ranges[^1] = new(ranges[^1].Offset, ranges[^1].Length + 512);
                }
                else
                {
                    ranges.Add(new(sector * 512, 512));
                }
            }
        }

        return ranges;
    }

    /// <summary>Random sectors, runs and long stretches in a disk that is zero elsewhere.</summary>
    public static void Scribble(byte[] disk, Random random, int times)
    {
        int sectors = disk.Length / 512;
        foreach (int _ in Enumerable.Range(0, times))
        {
            int first = random.Next(sectors);
            int count = Math.Min(sectors - first, random.Next(3) switch { 0 => 1, 1 => random.Next(1, 300), _ => random.Next(1, 6000) });
            Span<byte> part = disk.AsSpan(first * 512, count * 512);
            if (random.Next(5) == 0)
            {
                part.Clear();
            }
            else
            {
                random.NextBytes(part);
            }
        }
    }
}
