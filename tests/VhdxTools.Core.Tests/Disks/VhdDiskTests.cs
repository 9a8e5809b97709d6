using System;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using VhdxTools.Core.Tests.Support;
using VhdxTools.Disks;
using Xunit;

namespace VhdxTools.Core.Tests.Disks;

public class VhdDiskTests
{
    private const int Block = 64 * 1024;

    private static readonly Guid s_base = new("11111111-2222-3333-4444-555555555555");
    private static readonly Guid s_middle = new("21111111-2222-3333-4444-555555555555");

    [Theory]
    [InlineData(Block, 1)]
    [InlineData(512, 2)]
    [InlineData(4096, 3)]
    [InlineData(4 * 1024 * 1024, 4)]
    public void Reads_and_extents_agree_with_the_bytes_of_the_chain(int block, int seed)
    {
        using TempFolder folder = new();
        Random random = new(seed);
        byte[] model = WriteChain(folder, random, block);

        using OpenedDisk opened = DiskOpener.OpenRead(folder["tip.vhd"]);

        Assert.Equal((VhdFormat.VHD, VhdType.Differencing, model.Length, 512), (opened.Format, opened.Type, opened.Disk.Capacity, opened.Disk.LogicalSectorSize));
        Assert.Equal([folder["tip.vhd"], folder["middle.vhd"], folder["base.vhd"]], opened.Files);
        Assert.Equal(block, opened.BlockSize);
        byte[] all = new byte[model.Length];
        opened.Disk.Read(0, all);
        Assert.True(model.AsSpan().SequenceEqual(all));

        DiskReads.Agree(opened, model, random);
    }

    [Fact]
    public void Several_threads_read_at_once()
    {
        using TempFolder folder = new();
        byte[] model = WriteChain(folder, new(5), 4096);
        using OpenedDisk opened = DiskOpener.OpenRead(folder["tip.vhd"]);

        Parallel.For(0, 400, i =>
        {
            Random random = new(i);
            int offset = random.Next(model.Length);
            byte[] buffer = new byte[random.Next(1, Math.Min(100_000, model.Length - offset))];
            opened.Disk.Read(offset, buffer);
            Assert.True(model.AsSpan(offset, buffer.Length).SequenceEqual(buffer));
        });
    }

    [Fact]
    public void A_chain_of_hundreds_of_files_is_read()
    {
        using TempFolder folder = new();
        VhdImage image = new() { Size = Block, Id = IdOf(0) };
        image.AddBlock(0, new(0), _ => true);
        image.Write(folder["0.vhd"]);
        byte[] model = image.Model([]);
        for (int i = 1; i < 300; i++)
        {
            image = new() { Size = Block, Id = IdOf(i), ParentId = IdOf(i - 1), ParentName = $"{i - 1}.vhd" };
            image.AddBlock(0, new(i), sector => sector == i % 128);
            image.Write(folder[$"{i}.vhd"]);
            model = image.Model(model);
        }

        using OpenedDisk opened = DiskOpener.OpenRead(folder["299.vhd"]);
        byte[] all = new byte[Block];
        opened.Disk.Read(0, all);

        Assert.Equal(300, opened.Files.Count);
        Assert.True(model.AsSpan().SequenceEqual(all));

        static Guid IdOf(int i) => new(i, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10);
    }

    [Theory]
    [InlineData("511 bytes")]
    [InlineData("damaged")]
    [InlineData("cut off")]
    public void The_last_footer_may_be_short_damaged_or_lost(string kind)
    {
        using TempFolder folder = new();
        VhdImage image = new() { Size = 3 * Block };
        image.AddBlock(1, new(1), _ => true);
        byte[] footer = image.Footer;
        image.LastFooter = kind == "511 bytes" ? footer[..511] : kind == "cut off" ? [] : [.. footer[..200], 1, .. footer[201..]];
        image.Write(folder["a.vhd"]);

        using OpenedDisk opened = DiskOpener.OpenRead(folder["a.vhd"]);
        byte[] all = new byte[image.Size];
        opened.Disk.Read(0, all);

        Assert.True(image.Model([]).AsSpan().SequenceEqual(all));
    }

    [Fact]
    public void The_last_block_may_end_where_the_disk_does()
    {
        using TempFolder folder = new();
        VhdImage image = new() { Size = Block + 1024 };
        image.AddBlock(1, new(1), _ => true);
        byte[] file = File.ReadAllBytes(image.Write(folder["a.vhd"]));
        File.WriteAllBytes(folder["a.vhd"], [.. file[..^(Block - 1024 + 512)], .. image.Footer]);

        using OpenedDisk opened = DiskOpener.OpenRead(folder["a.vhd"]);
        byte[] all = new byte[image.Size];
        opened.Disk.Read(0, all);

        Assert.True(image.Model([]).AsSpan().SequenceEqual(all));
    }

    [Fact]
    public void Nothing_is_written()
    {
        using TempFolder folder = new();
        new VhdImage { Size = Block }.Write(folder["a.vhd"]);
        using OpenedDisk opened = DiskOpener.OpenRead(folder["a.vhd"]);

        Assert.False(opened.Disk.CanWrite);
        Assert.Throws<InvalidOperationException>(() => opened.Disk.Write(0, new byte[512]));
        Assert.Throws<InvalidOperationException>(() => opened.Disk.Trim(0, 512));
        Assert.Throws<ArgumentOutOfRangeException>(() => opened.Disk.Read(Block - 511, new byte[512]));
        Assert.Throws<ArgumentOutOfRangeException>(() => Assert.NotEmpty(opened.Disk.Extents(-1, 512).ToList()));
    }

    [Theory]
    [InlineData(0u, "over the structures")]
    [InlineData(1u, "over the structures")]
    [InlineData(2u, "over the structures")]
    [InlineData(3u, "over the structures")]
    [InlineData(5u, "blocks end")]
    [InlineData(0xFFFFFFFEu, "blocks end")]
    public void A_block_in_a_place_that_it_cannot_have_is_an_error(uint entry, string reason)
    {
        using TempFolder folder = new();
        VhdImage image = new() { Size = 3 * Block };
        image.AddBlock(0, new(1), _ => true);
        image.WrongEntries.Add(2, entry);
        image.Write(folder["a.vhd"]);
        using OpenedDisk opened = DiskOpener.OpenRead(folder["a.vhd"]);
        opened.Disk.Read(0, new byte[2 * Block]);

        Refused(() => opened.Disk.Read((3 * Block) - 512, new byte[512]), ErrorIds.VhdDamaged, "block 2", reason);
        Refused(() => Assert.NotEmpty(opened.Disk.Extents(0, 3 * Block).ToList()), ErrorIds.VhdDamaged, "block 2", reason);
    }

    [Fact]
    public void The_footer_is_no_part_of_a_block()
    {
        using TempFolder folder = new();
        VhdImage image = new() { Size = 2 * Block };
        image.AddBlock(0, new(1), _ => true);
        image.WrongEntries.Add(1, 5);
        image.Write(folder["a.vhd"]);
        using OpenedDisk opened = DiskOpener.OpenRead(folder["a.vhd"]);

        // From sector 5 on there is room for the bitmap and all of the data but its last sector, and there the footer stands.
        Refused(() => opened.Disk.Read(Block, new byte[512]), ErrorIds.VhdDamaged, "block 1");
    }

    [Theory]
    [InlineData(32, 3u * Block, "block size")]
    [InlineData(32, 0u, "block size")]
    [InlineData(32, 0x80000000u, "block size")]
    [InlineData(28, 2u, "3")]
    [InlineData(16, 1u, "BAT")]
    [InlineData(20, 0u, "BAT")]
    [InlineData(20, 0x7FFFFFFFu, "BAT")]
    public void A_dynamic_header_that_cannot_be_is_an_error(int offset, uint value, string reason)
    {
        using TempFolder folder = new();
        new VhdImage
        {
            Size = 3 * Block,
            ChangeHeader = header => System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(header.AsSpan(offset), value),
        }.Write(folder["a.vhd"]);

        Refused(() => DiskOpener.OpenRead(folder["a.vhd"]), ErrorIds.VhdDamaged, reason);
        File.Delete(folder["a.vhd"]);
    }

    [Fact]
    public void A_wrong_checksum_of_the_dynamic_header_is_an_error()
    {
        using TempFolder folder = new();
        string path = new VhdImage { Size = Block }.Write(folder["a.vhd"]);
        EngineImages.Patch(path, VhdImage.HeaderPlace + 1000, [1]);

        Refused(() => DiskOpener.OpenRead(path), ErrorIds.VhdDamaged, "dynamic header");
    }

    [Theory]
    [InlineData(0ul)]
    [InlineData(511ul)]
    [InlineData((64ul << 40) + 512)]
    [InlineData(ulong.MaxValue)]
    public void A_size_that_no_disk_has_is_an_error(ulong size)
    {
        using TempFolder folder = new();
        File.WriteAllBytes(folder["a.vhd"], [.. new byte[4096], .. VhdModel.Footer(2, size)]);

        Refused(() => DiskOpener.OpenRead(folder["a.vhd"]), ErrorIds.VhdDamaged, "size");
    }

    [Theory]
    [InlineData("tap\0", 4096)]
    [InlineData("vpc ", 3072)]
    [InlineData("vs  ", 3072)]
    [InlineData("qemu", 3072)]
    [InlineData("qem2", 4096)]
    public void The_creator_decides_which_size_counts(string creator, int size)
    {
        using TempFolder folder = new();
        byte[] bytes = EngineImages.RandomBytes(new(1), 4096);
        byte[] footer = VhdModel.Footer(2, 4096, ulong.MaxValue, creator);

        // 1 cylinder, 2 heads, 3 sectors.
        Bytes.Put(footer, 56, [0, 1, 2, 3]);
        File.WriteAllBytes(folder["a.vhd"], [.. bytes, .. VhdModel.Sealed(footer)]);

        using OpenedDisk opened = DiskOpener.OpenRead(folder["a.vhd"]);
        byte[] all = new byte[size];
        opened.Disk.Read(0, all);

        Assert.Equal((size, VhdType.Fixed), (opened.Disk.Capacity, opened.Type));
        Assert.Equal(bytes[..size], all);
    }

    [Fact]
    public void A_fixed_one_that_is_cut_short_is_an_error()
    {
        using TempFolder folder = new();
        File.WriteAllBytes(folder["a.vhd"], [.. new byte[4096], .. VhdModel.Footer(2, 4608)]);

        Refused(() => DiskOpener.OpenRead(folder["a.vhd"]), ErrorIds.VhdDamaged, "4608", "4096");
    }

    [SkippableTheory]
    [InlineData("dynamic", "off")]
    [InlineData("dynamic", "on")]
    [InlineData("fixed", "off")]
    [InlineData("fixed", "on")]
    public void Images_of_qemu_img_read_as_their_source(string subformat, string forceSize)
    {
        using TempFolder folder = new();
        Random random = new(9);
        byte[] model = new byte[9_000_448];
        for (int i = 0; i < 6; i++)
        {
            random.NextBytes(model.AsSpan(random.Next(model.Length / 512) * 512, 512));
        }

        random.NextBytes(model.AsSpan(4 << 20, 100_000));
        File.WriteAllBytes(folder["a.img"], model);
        Skip.If(
            Tool.Run("qemu-img", "convert", "-f", "raw", "-O", "vpc", "-o", $"subformat={subformat},force_size={forceSize}", folder["a.img"], folder["a.vhd"]) is null,
            "qemu-img is not here.");

        using OpenedDisk opened = DiskOpener.OpenRead(folder["a.vhd"]);

        // Without force_size the disk grows to the next size that a geometry can have.
        Assert.True(forceSize == "on" ? opened.Disk.Capacity == model.Length : opened.Disk.Capacity > model.Length);
        Assert.Equal(subformat == "fixed" ? VhdType.Fixed : VhdType.Dynamic, opened.Type);
        Array.Resize(ref model, (int)opened.Disk.Capacity);
        DiskReads.Agree(opened, model, random);
    }

    [SkippableFact]
    public void A_chain_reads_as_7zz_reads_it()
    {
        using TempFolder folder = new();
        VhdImage parent = new() { Size = 9 << 20, BlockSize = 2 << 20, Id = s_base };
        VhdImage child = new() { Size = 9 << 20, BlockSize = 2 << 20, ParentId = s_base, ParentName = "p.vhd" };
        Random random = new(3);

        // 7zz refuses data where the bitmap says that there is none.
        for (int i = 0; i < 5; i += 2)
        {
            parent.AddBlock(i, random, sector => sector % 3 > 0, isClean: true);
            child.AddBlock(i / 2, random, sector => sector % 5 > 1, isClean: true);
        }

        parent.Write(folder["p.vhd"]);
        child.Write(folder["c.vhd"]);
        byte[]? expected = Tool.Run("7zz", "x", "-so", "-tVHD", folder["c.vhd"]);
        Skip.If(expected is null, "7zz is not here.");

        using OpenedDisk opened = DiskOpener.OpenRead(folder["c.vhd"]);
        byte[] all = new byte[opened.Disk.Capacity];
        opened.Disk.Read(0, all);

        Assert.True(expected.AsSpan().SequenceEqual(all));
        Assert.True(child.Model(parent.Model([])).AsSpan().SequenceEqual(all));
    }

    /// <summary>A fixed base, a middle that is shorter than it, and a tip that is longer than both.</summary>
    private static byte[] WriteChain(TempFolder folder, Random random, int block)
    {
        byte[] bytes = EngineImages.RandomBytes(random, 20 * 4096);
        File.WriteAllBytes(folder["base.vhd"], [.. bytes, .. VhdModel.Footer(2, (ulong)bytes.Length, id: s_base)]);
        VhdImage middle = new() { Size = (10 * 4096) + 512, BlockSize = block, Id = s_middle, ParentId = s_base, ParentName = "base.vhd" };
        VhdImage tip = new() { Size = (30 * 4096) + 1024, BlockSize = block, ParentId = s_middle, ParentName = @"C:\images\middle.vhd" };
        foreach (VhdImage image in new[] { middle, tip })
        {
            for (int i = 0; i < image.BlockCount; i += random.Next(1, 3))
            {
                int kind = random.Next(4);
                image.AddBlock(i, random, sector => kind == 0 || (kind == 1 ? random.Next(2) == 0 : kind == 2 && sector / 20 % 2 == 0));
            }
        }

        middle.Write(folder["middle.vhd"]);
        tip.Write(folder["tip.vhd"]);
        return tip.Model(middle.Model(bytes));
    }

    private static void Refused(Action action, string id, params string[] words)
    {
        VhdxException exception = Assert.Throws<VhdxException>(action);
        Assert.Equal((id, ErrorKind.InvalidData), (exception.Id, exception.Kind));
        Assert.All(words, word => Assert.Contains(word, exception.Message, StringComparison.Ordinal));
    }
}
