using System;
using System.Linq;
using VhdxTools.Diagnostics;
using VhdxTools.Disks;
using VhdxTools.Images;
using VhdxTools.Operations;
using Xunit;

namespace VhdxTools.Core.Tests.Support;

/// <summary>Law 6 for one file: a result, a finding or one clear error; no other exception, work and memory bounded.</summary>
internal static class HostileCase
{
    private const long MaximumAllocation = 256L << 20;

    /// <summary>Headers, log, BAT and metadata of these images lie in 4 MiB, most of which is holes.</summary>
    private const long MaximumRead = 4L << 20;

    public static void Check(MemoryFile file, string name)
    {
        file.IsFrozen = true;
        MemoryFile second = file.Clone();
        second.IsFrozen = true;
        long before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            Tolerate(() => OpenStrictly(file));
            Tolerate(() => Describe(second));
        }
        catch (Exception exception)
        {
            throw new InvalidOperationException($"{name}: {exception.GetType().Name}", exception);
        }

        Assert.True(file.IsDisposed && second.IsDisposed, $"{name} is left open.");
        long maximum = Math.Min(MaximumRead, 4 * file.Length);
        Assert.True(file.BytesRead <= maximum && second.BytesRead <= maximum, $"{name} has {file.Length} bytes; {file.BytesRead} are read to open it, {second.BytesRead} to describe it.");
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(allocated < MaximumAllocation, $"{name} allocates {allocated} bytes.");
    }

    private static void OpenStrictly(MemoryFile file)
    {
        using VhdxFile image = VhdxFile.Open(file, StrictSink.Instance);
        BatStatistics totals = BatStatistics.Count(image.Bat!, image.Geometry!, default);
        Assert.InRange(totals.BlocksAllocated, 0, totals.BlockCount);
        CheckCover(SpaceMap.Build(image, default).Areas(default).ToArray(), image.View.Length);
        if (image.Type == VhdType.Differencing)
        {
            _ = ParentPaths.Find("/no-such-folder/child.vhdx", image.ParentLocator!);
            return;
        }

        using DiskChain disk = DiskChain.OpenRead("hostile.vhdx", image);
        byte[] buffer = new byte[8192];
        foreach (long offset in new[] { 0, 4096, disk.Capacity / 2, disk.Capacity - 512, disk.Capacity })
        {
            long start = Math.Clamp(offset, 0, disk.Capacity);
            Tolerate(() => disk.Read(start, buffer.AsSpan(0, (int)Math.Min(buffer.Length, disk.Capacity - start))));
        }

        Tolerate(() => PartitionTable.MinimumSize(disk.Read, disk.Capacity, image.Geometry!.LogicalSectorSize));
    }

    private static void Describe(MemoryFile file)
    {
        VhdxLayout layout = LayoutInspector.Inspect(file, "hostile.vhdx", default);
        CheckCover(layout.Areas, layout.FileLength);
        Assert.All(layout.Problems, problem => Assert.False(string.IsNullOrEmpty(problem.ToString())));
        Assert.All(layout.MetadataItems, item => Assert.False(string.IsNullOrEmpty(item.ToString())));
        Assert.All(layout.LogEntries, entry => Assert.False(string.IsNullOrEmpty(entry.ToString())));
    }

    private static void CheckCover(System.Collections.Generic.IReadOnlyList<FileArea> areas, long length)
    {
        long position = 0;
        foreach (FileArea area in areas)
        {
            Assert.Equal(position, area.FileOffset);
            Assert.True(area.Length > 0);
            position = area.End;
        }

        Assert.Equal(length, position);
    }

    private static void Tolerate(Action action)
    {
        try
        {
            action();
        }
        catch (VhdxException exception)
        {
            Assert.False(string.IsNullOrEmpty(exception.Id));
        }
    }
}
