using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using VhdxTools.Core.Tests.Disks;
using VhdxTools.Core.Tests.Support;
using Xunit;
using static VhdxTools.Core.Tests.Operations.Conversions;

namespace VhdxTools.Core.Tests.Operations;

/// <summary>Every form of source becomes every form of target, with the same bytes.</summary>
public class ConvertTests
{
    private const int Length = (9 * MiB) + 8192;

    private static readonly string[] s_sources = ["zeros.img", "holes.img"];
    private static readonly int[] s_places = [0, 4095, 4096, 8189, 8190, 8191, 16383, 40959];

    public static TheoryData<string, string, VhdType, ulong?, ulong?> Pairs
    {
        get
        {
            TheoryData<string, string, VhdType, ulong?, ulong?> pairs = [];
            foreach (string form in CompareDisks.Forms)
            {
                pairs.Add(form, "a.vhdx", VhdType.Dynamic, 1 << 20, null);
                pairs.Add(form, "a.avhdx", VhdType.Dynamic, 2 << 20, 512);
                pairs.Add(form, "a.vhdx", VhdType.Dynamic, 32 << 20, 4096);
                pairs.Add(form, "a.vhdx", VhdType.Fixed, 1 << 20, 512);
                pairs.Add(form, "a.vhdx", VhdType.Fixed, 4 << 20, 4096);
                pairs.Add(form, "a.vhd", VhdType.Dynamic, 512 << 10, 512);
                pairs.Add(form, "a.avhd", VhdType.Dynamic, null, 512);
                pairs.Add(form, "a.vhd", VhdType.Fixed, null, 512);
                pairs.Add(form, "a.img", VhdType.Fixed, null, null);
            }

            return pairs;
        }
    }

    [Theory]
    [MemberData(nameof(Pairs))]
    public void The_bytes_stay_the_same(string form, string name, VhdType type, ulong? blockSize, ulong? sectorSize)
    {
        using EngineFolder folder = new();
        byte[] model = Model(Length);
        string source = CompareDisks.Write(folder, "source", form, model, new(1));
        string hash = EngineImages.Hash(source);
        DateTime written = File.GetLastWriteTimeUtc(source);

        VhdxImageInfo info = Convert(source, folder[name], options => options with
        {
            Type = type,
            BlockSizeBytes = blockSize,
            LogicalSectorSizeBytes = sectorSize,
            Preallocation = type == VhdType.Fixed ? Preallocation.None : null,
        });

        VhdFormat format = Path.GetExtension(name) switch { ".img" => VhdFormat.Raw, ".vhd" or ".avhd" => VhdFormat.VHD, _ => VhdFormat.VHDX };
        Assert.Equal((folder[name], format, type, (long)Length), (info.Path, info.VhdFormat, info.VhdType, info.Size));
        Assert.True(model.AsSpan().SequenceEqual(ReadBack(format, folder[name])), "The new disk differs.");
        Assert.Equal((hash, written), (EngineImages.Hash(source), File.GetLastWriteTimeUtc(source)));
        Assert.Equal(new FileInfo(folder[name]).Length, info.FileSize);
        if (format == VhdFormat.VHDX)
        {
            Assert.Empty(EngineImages.Faults(folder[name]));
            Assert.Equal((int?)sectorSize ?? (form.EndsWith("4096", StringComparison.Ordinal) ? 4096 : 512), info.LogicalSectorSize);
            Assert.Equal((int)blockSize!, info.BlockSize);
            CheckSpace(folder[name], model, type);
        }
    }

    [Theory]
    [InlineData("raw", "a.vhdx", VhdType.Dynamic)]
    [InlineData("vhd fixed", "a.vhdx", VhdType.Fixed)]
    [InlineData("vhd dynamic", "a.vhdx", VhdType.Dynamic)]
    [InlineData("vhd chain", "a.vhdx", VhdType.Dynamic)]
    [InlineData("fixed 512", "a.vhd", VhdType.Fixed)]
    [InlineData("dynamic 512", "a.vhd", VhdType.Dynamic)]
    [InlineData("dynamic 4096", "a.vhdx", VhdType.Dynamic)]
    [InlineData("chain 4096", "a.vhdx", VhdType.Dynamic)]
    [InlineData("chain 512", "a.vhd", VhdType.Dynamic)]
    [InlineData("chain 512", "a.raw", VhdType.Fixed)]
    public void Without_a_wish_the_type_is_that_of_the_source(string form, string name, VhdType type)
    {
        using EngineFolder folder = new();
        string source = CompareDisks.Write(folder, "source", form, Model(Length), new(1));

        // Reserving is not to be had everywhere.
        Assert.Equal(type, Convert(source, folder[name], options => options with { Preallocation = type == VhdType.Fixed ? Preallocation.None : null }).VhdType);
    }

    [Fact]
    public void A_source_of_zeros_gets_no_blocks()
    {
        using EngineFolder folder = new();
        File.WriteAllBytes(folder["a.img"], new byte[8 * MiB]);

        Convert(folder["a.img"], folder["a.vhdx"], options => options with { BlockSizeBytes = MiB });
        Convert(folder["a.img"], folder["a.vhd"]);

        EngineOracle image = new(folder["a.vhdx"]);
        Assert.All(Enumerable.Range(0, 8), block => Assert.Equal(0UL, image.PayloadEntry(block)));
        Assert.Equal(4 * MiB, new FileInfo(folder["a.vhdx"]).Length);
        Assert.Empty(new VhdReading(File.ReadAllBytes(folder["a.vhd"])).Blocks);
    }

    [Fact]
    public void A_last_block_that_the_disk_cuts_short_has_its_whole_space()
    {
        using EngineFolder folder = new();
        File.WriteAllBytes(folder["a.img"], [.. new byte[MiB], 1]);

        List<string> warnings = [];
        VhdxImageInfo info = Convert(folder["a.img"], folder["a.vhdx"], options => options with { BlockSizeBytes = 2 * MiB }, warnings);

        Assert.Equal((MiB + 512, (4 + 2) * MiB), ((int)info.Size, (int)info.FileSize));
        Assert.Contains(warnings, warning => warning.Contains("1048577", StringComparison.Ordinal) && warning.Contains("1049088", StringComparison.Ordinal));
        Assert.Equal([.. new byte[MiB], 1, .. new byte[511]], ReadBack(VhdFormat.VHDX, folder["a.vhdx"]));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(511)]
    [InlineData(MiB + 1)]
    public void A_raw_copy_of_a_raw_file_has_its_length(int length)
    {
        using EngineFolder folder = new();
        byte[] bytes = EngineImages.RandomBytes(new(length), length);
        bytes[0] = 1;
        File.WriteAllBytes(folder["a.img"], bytes);

        Convert(folder["a.img"], folder["b.img"]);
        Convert(folder["a.img"], folder["c.img"], options => options with { Preallocation = Preallocation.Full });

        Assert.Equal(bytes, File.ReadAllBytes(folder["b.img"]));
        Assert.Equal(bytes, File.ReadAllBytes(folder["c.img"]));
    }

    [SkippableTheory]
    [InlineData("b.img", VhdType.Fixed)]
    [InlineData("b.vhd", VhdType.Fixed)]
    [InlineData("b.vhdx", VhdType.Fixed)]
    [InlineData("b.vhdx", VhdType.Dynamic)]
    public void Holes_of_the_source_are_holes_of_the_target(string name, VhdType type)
    {
        using EngineFolder folder = new();
        byte[] model = new byte[64 * MiB];
        new Random(1).NextBytes(model.AsSpan(20 * MiB, 100_000));
        File.WriteAllBytes(folder["zeros.img"], model);
        WriteSparse(folder["holes.img"], model);
        Skip.If(Allocated(folder["holes.img"]) is not < MiB, "The file system has no holes, or nobody can tell.");
        foreach (string source in s_sources)
        {
            Convert(folder[source], folder[name], options => options with { Type = type, Replace = true, Preallocation = type == VhdType.Fixed ? Preallocation.None : null });
            Assert.InRange(Allocated(folder[name])!.Value, 1, MiB);
        }
    }

    [SkippableTheory]
    [InlineData("b.img")]
    [InlineData("b.vhd")]
    [InlineData("b.vhdx")]
    public void Written_zeros_leave_no_holes(string name)
    {
        using EngineFolder folder = new();
        byte[] model = Model(16 * MiB);
        WriteSparse(folder["a.img"], model);
        Skip.If(Allocated(folder["a.img"]) is not < 8 * MiB, "The file system has no holes, or nobody can tell.");

        Convert(folder["a.img"], folder[name], options => options with { Type = VhdType.Fixed, Preallocation = Preallocation.Full });

        Assert.InRange(Allocated(folder[name])!.Value, 16 * MiB, 60 * MiB);
        VhdFormat format = name == "b.img" ? VhdFormat.Raw : name == "b.vhd" ? VhdFormat.VHD : VhdFormat.VHDX;
        Assert.True(model.AsSpan().SequenceEqual(ReadBack(format, folder[name])));
    }

    /// <summary>C9: what a small piece costs is a block.</summary>
    [Fact]
    public void Smaller_blocks_make_a_smaller_file_of_the_same_bytes()
    {
        using EngineFolder folder = new();
        File.WriteAllBytes(folder["a.img"], Model(40 * MiB));
        long LengthWith(int size) => Convert(folder["a.img"], folder[$"{size}.vhdx"], options => options with { BlockSizeBytes = (ulong)(size * MiB) }).FileSize;

        // Blocks of 1 MiB that hold anything: 0, 1, 3, 4, 5 and 39.
        Assert.Equal(((4 + 6L) * MiB, (4 + 12L) * MiB, (4 + 64L) * MiB), (LengthWith(1), LengthWith(4), LengthWith(32)));
    }

    [Fact]
    public void A_page_of_the_table_that_is_not_the_first_is_written()
    {
        // 8192 entries fill a page of 64 KiB; with 512-byte sectors each 4096th is followed by one of a sector bitmap.
        using EngineFolder folder = new();
        using (FileStream stream = File.Create(folder["a.img"]))
        {
            stream.SetLength(40L << 30);
            foreach (int place in s_places)
            {
                stream.Position = (long)place << 20;
                stream.WriteByte((byte)(1 + (place % 200)));
            }
        }

        Convert(folder["a.img"], folder["a.vhdx"], options => options with { BlockSizeBytes = MiB });

        using FileStream image = File.OpenRead(folder["a.vhdx"]);
        byte[] table = new byte[8 * 40970];
        image.Position = 3 * MiB;
        image.ReadExactly(table);
        int[] set = [.. Enumerable.Range(0, table.Length / 8).Where(entry => BitConverter.ToUInt64(table, entry * 8) != 0)];
        Assert.Equal([0, 4095, 4097, 8190, 8191, 8192, 16386, 40968], set);
        Assert.Equal(Enumerable.Range(4, 8).Select(place => ((ulong)place << 20) | 6), set.Select(entry => BitConverter.ToUInt64(table, entry * 8)));
        Assert.Empty(EngineImages.Faults(folder["a.vhdx"]));
    }

    private static long? Allocated(string path) =>
        Tool.Run("stat", "-c", "%b", path) is byte[] text ? 512 * long.Parse(System.Text.Encoding.ASCII.GetString(text), System.Globalization.CultureInfo.InvariantCulture) : null;

    /// <summary>Fixed images have all blocks, dynamic ones those that are not zero, in order and right behind each other.</summary>
    private static void CheckSpace(string path, byte[] model, VhdType type)
    {
        EngineOracle image = new(path);
        Assert.Equal(type == VhdType.Fixed, image.IsFixed);
        long next = 4;
        for (int block = 0; block < image.BlockCount; block++)
        {
            int start = (int)(block * image.BlockSize);
            bool isZero = !model.AsSpan(start, (int)Math.Min(image.BlockSize, model.Length - start)).ContainsAnyExcept((byte)0);
            bool hasSpace = type == VhdType.Fixed || !isZero;
            Assert.Equal(hasSpace ? ((ulong)next << 20) | 6 : 0, image.PayloadEntry(block));
            next += hasSpace ? image.BlockSize / MiB : 0;
        }

        Assert.Equal(next * MiB, new FileInfo(path).Length);
    }
}
