using System;
using System.Collections.Generic;
using System.Linq;
using VhdxTools.Disks;
using VhdxTools.Layout;
using Xunit;

namespace VhdxTools.Core.Tests.Disks;

/// <summary>What every disk that is read must do, whatever its format.</summary>
internal static class DiskReads
{
    /// <summary>Random reads and the extents of random ranges agree with the bytes that the disk should have.</summary>
    public static void Agree(OpenedDisk opened, byte[] model, Random random)
    {
        for (int i = 0; i < 60; i++)
        {
            int offset = random.Next(model.Length);
            int length = random.Next(model.Length - offset + 1);
            byte[] buffer = EngineImages.RandomBytes(random, length);
            opened.Disk.Read(offset, buffer);
            Assert.True(model.AsSpan(offset, length).SequenceEqual(buffer), $"{length} bytes at {offset} differ.");
            if (i < 20)
            {
                ExtentsAgree(opened, model, i == 0 ? new(0, model.Length) : new(offset, length));
            }
        }
    }

    private static void ExtentsAgree(OpenedDisk opened, byte[] model, FileRange range)
    {
        List<DiskExtent> extents = opened.Disk.Extents(range.Offset, range.Length).ToList();
        long place = range.Offset;
        DiskExtent? before = null;
        foreach (DiskExtent extent in extents)
        {
            Assert.Equal(place, extent.Offset);
            Assert.True(extent.Length > 0);
            Assert.False(before?.IsContinuedBy(extent) ?? false, $"{before} and {extent} are one.");
            ReadOnlySpan<byte> expected = model.AsSpan((int)extent.Offset, (int)extent.Length);
            if (extent.Kind == DiskExtentKind.Data)
            {
                byte[] bytes = new byte[extent.Length];
                using System.IO.FileStream file = System.IO.File.OpenRead(opened.Files[extent.Layer]);
                file.Position = extent.FileOffset;

                // A raw disk whose file ends inside a sector.
                file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
                Assert.True(expected.SequenceEqual(bytes), $"{extent} is not what the file holds there.");
            }
            else
            {
                Assert.False(expected.ContainsAnyExcept((byte)0), $"{extent} is not zero.");
            }

            place = extent.End;
            before = extent;
        }

        Assert.Equal(range.End, place);
    }
}
