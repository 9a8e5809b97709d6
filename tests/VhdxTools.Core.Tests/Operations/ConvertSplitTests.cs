using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using VhdxTools.Core.Tests.Disks;
using VhdxTools.Core.Tests.Support;
using VhdxTools.Disks;
using Xunit;
using static VhdxTools.Core.Tests.Operations.Conversions;

namespace VhdxTools.Core.Tests.Operations;

/// <summary>A differencing target holds what differs from its parent, and nothing else.</summary>
public class ConvertSplitTests
{
    private const int Length = (9 * MiB) + 8192;

    private static readonly (int Place, int Length)[] s_pieces = [(4096 + 512, 512), (4096 + 2048, 512), (40960 + 3584, 512), (81920 + 3584, 1024)];

    public static TheoryData<string, int, int, int> Splits
    {
        get
        {
            TheoryData<string, int, int, int> splits = [];
            foreach (string form in CompareDisks.Forms)
            {
                int sector = form.EndsWith("4096", StringComparison.Ordinal) ? 4096 : 512;
                splits.Add(form, sector, 1, Length);
                splits.Add(form, sector, 2, Length - 16384);
                splits.Add(form, sector, 1, Length + 16384);
            }

            // Bitmaps of small sectors, and a parent with large ones.
            splits.Add("vhd chain", 4096, 1, Length);
            splits.Add("chain 512", 4096, 1, Length);
            splits.Add("raw", 4096, 1, Length);
            splits.Add("raw", 4096, 32, Length);
            return splits;
        }
    }

    [Theory]
    [MemberData(nameof(Splits))]
    public void Split_and_flattened_again_the_disk_is_the_same(string form, int sector, int blockSize, int parentLength)
    {
        using EngineFolder folder = new();
        byte[] model = Model(Length);
        byte[] below = Parent(model, parentLength);
        string source = CompareDisks.Write(folder, "source", form, model, new(1));
        string parent = CompareDisks.Write(folder, "parent.vhdx", $"dynamic {sector}", below, new(2));
        string hash = EngineImages.Hash(parent);

        VhdxImageInfo info = Convert(source, folder["child.vhdx"], options => options with
        {
            ParentPath = parent,
            BlockSizeBytes = (ulong)(blockSize * MiB),
            LogicalSectorSizeBytes = form == "raw" ? null : (ulong)sector,
        });
        Convert(folder["child.vhdx"], folder["flat.img"]);

        Assert.Equal((VhdType.Differencing, Length, sector), (info.VhdType, (int)info.Size, info.LogicalSectorSize));
        Assert.True(model.AsSpan().SequenceEqual(ReadBack(VhdFormat.VHDX, folder["child.vhdx"], parent)), "The child differs.");
        Assert.True(model.AsSpan().SequenceEqual(File.ReadAllBytes(folder["flat.img"])), "The flattened child differs.");
        Assert.Empty(EngineImages.Faults(folder["child.vhdx"]));
        Assert.Equal(hash, EngineImages.Hash(parent));
        CheckHeld(folder["child.vhdx"], model, below, sector);
    }

    [Theory]
    [InlineData("raw")]
    [InlineData("vhd chain")]
    [InlineData("dirty 512")]
    [InlineData("chain 512")]
    public void A_differencing_VHD_is_made_the_same_way(string form)
    {
        using EngineFolder folder = new();
        byte[] model = Model(Length);
        byte[] below = Parent(model, Length);
        string source = CompareDisks.Write(folder, "source", form, model, new(1));
        File.WriteAllBytes(folder["base.img"], below);
        Convert(folder["base.img"], folder["parent.vhd"], options => options with { DiskIdentifier = Guid.Parse("01020304-0506-0708-090a-0b0c0d0e0f10") });

        Convert(source, folder["child.vhd"], options => options with { ParentPath = folder["parent.vhd"] });
        Convert(folder["child.vhd"], folder["flat.vhdx"]);

        Assert.True(model.AsSpan().SequenceEqual(ReadBack(VhdFormat.VHD, folder["child.vhd"], folder["parent.vhd"])));
        Assert.True(model.AsSpan().SequenceEqual(ReadBack(VhdFormat.VHDX, folder["flat.vhdx"])));
        VhdReading child = new(File.ReadAllBytes(folder["child.vhd"]));
        for (int sector = 0; sector < Length / 512; sector++)
        {
            Assert.Equal(!model.AsSpan(sector * 512, 512).SequenceEqual(below.AsSpan(sector * 512, 512)), child.IsHeld(sector));
        }
    }

    [Fact]
    public void A_child_of_the_source_itself_holds_nothing()
    {
        using EngineFolder folder = new();
        string source = CompareDisks.Write(folder, "source", "chain 512", Model(Length), new(1));

        VhdxImageInfo info = Convert(source, folder["child.vhdx"], options => options with { ParentPath = source });

        Assert.Equal((0L, 4L * MiB), (info.BlocksAllocated, info.FileSize));
    }

    [Fact]
    public void A_raw_source_that_ends_inside_a_sector_is_padded()
    {
        using EngineFolder folder = new();
        byte[] model = EngineImages.RandomBytes(new(1), MiB + 512);
        File.WriteAllBytes(folder["a.img"], model);
        byte[] below = [.. model, .. EngineImages.RandomBytes(new(2), (7 * 512) + 4096)];
        string parent = CompareDisks.Write(folder, "p.vhdx", "dynamic 4096", below, new(3));

        List<string> warnings = [];
        Convert(folder["a.img"], folder["c.vhdx"], options => options with { ParentPath = parent, BlockSizeBytes = MiB }, warnings);

        byte[] padded = [.. model, .. new byte[4096 - 512]];
        Assert.True(padded.AsSpan().SequenceEqual(ReadBack(VhdFormat.VHDX, folder["c.vhdx"], parent)));
        Assert.Contains(warnings, warning => warning.Contains("1049088", StringComparison.Ordinal));
    }

    [Fact]
    public void Pieces_of_the_source_may_begin_inside_the_sectors_of_the_child()
    {
        using EngineFolder folder = new();
        byte[] model = new byte[MiB];
        string below = EngineImages.Create(folder["below.vhdx"], size: MiB, block: MiB);
        string source = EngineImages.Create(folder["source.vhdx"], block: MiB, parent: below);
        using (DiskChain disk = DiskChain.OpenWrite(source, EngineImages.Guids(1)))
        {
            // Two in one sector of 4096, one that ends at the end of it, one that lies across two.
            foreach ((int place, int length) in s_pieces)
            {
                byte[] bytes = EngineImages.RandomBytes(new(place), length);
                disk.Write(place, bytes);
                bytes.CopyTo(model.AsSpan(place));
            }
        }

        string parent = EngineImages.Create(folder["parent.vhdx"], size: MiB, block: MiB, sector: 4096);

        Convert(source, folder["child.vhdx"], options => options with { ParentPath = parent, LogicalSectorSizeBytes = 4096, BlockSizeBytes = MiB });

        Assert.True(model.AsSpan().SequenceEqual(ReadBack(VhdFormat.VHDX, folder["child.vhdx"], parent)));
        CheckHeld(folder["child.vhdx"], model, new byte[MiB], 4096);
    }

    [Fact]
    public void The_sector_sizes_of_source_and_parent_must_fit()
    {
        using EngineFolder folder = new();
        byte[] model = Model(Length);
        string source = CompareDisks.Write(folder, "source", "dynamic 512", model, new(1));
        string parent = CompareDisks.Write(folder, "parent.vhdx", "dynamic 4096", Parent(model, Length), new(2));

        VhdxException refusal = Refusal(source, folder["c.vhdx"], options => options with { ParentPath = parent });
        Assert.Equal(ErrorIds.InvalidLogicalSectorSize, refusal.Id);
        Convert(source, folder["c.vhdx"], options => options with { ParentPath = parent, LogicalSectorSizeBytes = 4096 });
        Assert.True(model.AsSpan().SequenceEqual(ReadBack(VhdFormat.VHDX, folder["c.vhdx"], parent)));
    }

    /// <summary>Sectors changed here and there, a block of zeros in each of the two that the other has data in, a block that differs wholly.</summary>
    private static byte[] Parent(byte[] model, int length)
    {
        byte[] below = new byte[length];
        model.AsSpan(0, Math.Min(length, model.Length)).CopyTo(below);
        Random random = new(3);
        random.NextBytes(below.AsSpan(4096, 4096));
        random.NextBytes(below.AsSpan(MiB, MiB));
        below.AsSpan((3 * MiB) + 512, 512).Clear();
        random.NextBytes(below.AsSpan(2 * MiB, MiB));
        random.NextBytes(below.AsSpan((3 * MiB) + 8192, 4096));
        random.NextBytes(below.AsSpan(6 * MiB, 4096));
        below.AsSpan(4 * MiB, MiB).Clear();
        random.NextBytes(below.AsSpan(7 * MiB, MiB));
        if (length > model.Length)
        {
            random.NextBytes(below.AsSpan(model.Length));
        }

        return below;
    }

    private static void CheckHeld(string path, byte[] model, byte[] below, int sector)
    {
        byte[] known = new byte[model.Length];
        below.AsSpan(0, Math.Min(below.Length, model.Length)).CopyTo(known);
        EngineOracle child = new(path);
        (DiskExtentKind Kind, int Layer, long Place)[] held = [.. EngineOracle.Resolve([child])];
        for (int block = 0; block < child.BlockCount; block++)
        {
            int start = (int)(block * child.BlockSize);
            int end = (int)Math.Min(start + child.BlockSize, model.Length);
            bool differs = !model.AsSpan(start, end - start).SequenceEqual(known.AsSpan(start, end - start));
            bool isZero = !model.AsSpan(start, end - start).ContainsAnyExcept((byte)0);
            ulong state = child.PayloadEntry(block) & 7;
            if (!differs || isZero)
            {
                Assert.Equal(differs ? 2UL : 0UL, child.PayloadEntry(block));
                continue;
            }

            bool differsWholly = true;
            for (int offset = start; offset < end; offset += sector)
            {
                bool isHeld = held[offset / sector].Kind == DiskExtentKind.Data;
                bool isDifferent = !model.AsSpan(offset, sector).SequenceEqual(known.AsSpan(offset, sector));
                Assert.Equal(isDifferent, isHeld);
                differsWholly &= isDifferent;
            }

            Assert.Equal(differsWholly ? 6UL : 7UL, state);
        }
    }
}
