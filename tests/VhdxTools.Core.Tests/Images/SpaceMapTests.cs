using System;
using System.Collections.Generic;
using System.Linq;
using CsCheck;
using VhdxTools.Core.Tests.Support;
using VhdxTools.Images;
using Xunit;

namespace VhdxTools.Core.Tests.Images;

public class SpaceMapTests
{
    private const ulong MiB = ImageBuilder.MiB;

    [Fact]
    public void The_areas_of_a_file_have_names_and_kinds()
    {
        ImageBuilder builder = new();
        builder.Regions.Add(new(RegionModel.Unknown, 5 * MiB, MiB, false));
        builder.Bat[0] = (6 * MiB) | 6;
        builder.Bat[1] = (7 * MiB) | 6;
        builder.Bat[9] = (9 * MiB) | 6;
        builder.Bat[10] = (10 * MiB) | 2;
        builder.Extra.Add(((long)(12 * MiB) + 77, [1]));

        Assert.Equal(
            [
                (0UL, 0x10000UL, AreaKind.FileTypeIdentifier, "File type identifier"),
                (0x10000, 0x10000, AreaKind.Header, "Header 1"),
                (0x20000, 0x10000, AreaKind.Header, "Header 2"),
                (0x30000, 0x10000, AreaKind.RegionTable, "Region table 1"),
                (0x40000, 0x10000, AreaKind.RegionTable, "Region table 2"),
                (0x50000, 0xB0000, AreaKind.Reserved, "Reserved"),
                (MiB, MiB, AreaKind.Log, "Log"),
                (2 * MiB, MiB, AreaKind.Metadata, "Metadata region"),
                (3 * MiB, MiB, AreaKind.Bat, "BAT region"),
                (4 * MiB, MiB, AreaKind.Free, "Free space"),
                (5 * MiB, MiB, AreaKind.UnknownRegion, "0badf00d-0001-0002-0003-000000000004 region"),
                (6 * MiB, 2 * MiB, AreaKind.PayloadBlock, "Payload blocks 0-1"),
                (8 * MiB, MiB, AreaKind.Free, "Free space"),
                (9 * MiB, MiB, AreaKind.PayloadBlock, "Payload block 9"),
                (10 * MiB, 6 * MiB, AreaKind.Leaked, "Leaked space"),
            ],
            Areas(builder).Select(area => ((ulong)area.FileOffset, (ulong)area.Length, area.Kind, area.Name)));
    }

    [Fact]
    public void Sector_bitmaps_have_areas_in_a_child_only()
    {
        foreach (bool hasParent in new[] { true, false })
        {
            ImageBuilder builder = new(20 * 256 * MiB, 256 * MiB, 512, hasParent);
            builder.Bat[16] = (8 * MiB) | 6;
            Assert.Equal(hasParent, Areas(builder).Contains(new((long)(8 * MiB), (long)MiB, AreaKind.SectorBitmapBlock, "Sector bitmap block 0")));
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(511)]
    public void A_file_length_that_is_no_multiple_of_1_MiB_is_covered(int more)
    {
        ImageBuilder builder = new() { FileLength = (long)(16 * MiB) + more };
        builder.Bat[0] = (16 * MiB) | 6;
        builder.Bat[1] = (17 * MiB) | 6;
        AreaLaws.Check(Areas(builder), builder.FileLength);
    }

    [Fact]
    public void Whatever_the_BAT_says_the_areas_cover_the_file() => Property.Holds(
        Gen.Select(Gen.Bool, Gen.Int[0, 3], Gen.Select(Gen.Int[0, 70], Gen.Int[0, 7], Gen.Int[0, 20]).Array[0, 30], Gen.Int[5 << 20, 18 << 20]),
        seed: 7,
        cases: 300,
        test =>
        {
            (bool hasParent, int block, (int Entry, int State, int Place)[] entries, int length) = test;
            ImageBuilder builder = new(64 * MiB, MiB << block, 512, hasParent) { FileLength = length };
            foreach ((int entry, int state, int place) in entries)
            {
                builder.Bat[entry] = ((ulong)place * MiB) | (uint)state;
            }

            AreaLaws.Check(Areas(builder), length);
        });

    [Theory]
    [InlineData(0x7FFFFFFFFFF00006ul)]
    [InlineData(0x8000000000000006ul)]
    [InlineData(0xFFFFFFFFFFF00006ul)]
    public void Blocks_beyond_every_file_are_passed_over(ulong entry)
    {
        ImageBuilder builder = new(16UL << 40, 256 * MiB);
        builder.Bat[0] = entry;
        AreaLaws.Check(Areas(builder), builder.FileLength);
    }

    [Fact]
    public void A_badly_fragmented_image_takes_little_memory()
    {
        // 80,000 blocks of 1 MiB, every second MiB of the file: more runs than are told apart.
        const int count = 80_000;
        ImageBuilder builder = new(count * MiB) { FileLength = (16L + (2 * count)) << 20 };
        builder.Regions[0] = builder.Regions[0] with { Offset = 4 * MiB, Length = 2 * MiB };
        for (int block = 0; block < count; block++)
        {
            builder.Bat[block + (block / 4096)] = ((16 + (2 * (ulong)block)) * MiB) | 6;
        }

        using VhdxFile image = builder.Open();
        long before = GC.GetAllocatedBytesForCurrentThread();
        long position = 0;
        long payload = 0;
        foreach (FileArea area in SpaceMap.Build(image, default).Areas(default))
        {
            Assert.Equal(position, area.FileOffset);
            position = area.End;
            payload += area.Kind == AreaKind.PayloadBlock ? area.Length : 0;
        }

        Assert.Equal(builder.FileLength, position);
        Assert.Equal(count * (long)MiB, payload);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 160 << 20);
    }

    private static List<FileArea> Areas(ImageBuilder builder)
    {
        using VhdxFile image = builder.Open();
        return SpaceMap.Build(image, default).Areas(default).ToList();
    }
}
