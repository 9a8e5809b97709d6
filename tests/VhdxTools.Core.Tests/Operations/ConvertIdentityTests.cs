using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using VhdxTools.Core.Tests.Disks;
using VhdxTools.Core.Tests.Support;
using VhdxTools.Format;
using VhdxTools.Images;
using VhdxTools.Layout;
using Xunit;
using static VhdxTools.Core.Tests.Operations.Conversions;

namespace VhdxTools.Core.Tests.Operations;

/// <summary>What of a disk is kept besides its bytes.</summary>
public class ConvertIdentityTests
{
    private static readonly Guid s_identifier = new("a1a2a3a4-b1b2-c1c2-d1d2-e1e2e3e4e5e6");

    [Theory]
    [InlineData(VhdType.Dynamic)]
    [InlineData(VhdType.Fixed)]
    [InlineData(VhdType.Differencing)]
    public void Identifier_physical_sectors_and_metadata_of_others_are_kept(VhdType type)
    {
        using TempFolder folder = new();
        ImageBuilder builder = new();
        byte[] user = Bytes.Pattern(1, 500);
        builder.Items.Add(new(ItemModel.Unknown, 0x20000, user, 1));
        builder.Items.Add(new("33333333-4444-5555-6666-777777777777", 0x21000, Bytes.Pattern(2, 20), 0));
        using (MemoryFile file = builder.Build())
        {
            File.WriteAllBytes(folder["a.vhdx"], file.Bytes(0, (int)file.Length));
        }

        using VhdxFile source = VhdxFile.OpenRead(folder["a.vhdx"]);
        EngineImages.Create(folder["p.vhdx"], size: source.Geometry!.VirtualDiskSize, sector: source.Geometry.LogicalSectorSize);

        Convert(folder["a.vhdx"], folder["b.vhdx"], options => options with
        {
            Type = type,
            Preallocation = type == VhdType.Fixed ? Preallocation.None : null,
            ParentPath = type == VhdType.Differencing ? folder["p.vhdx"] : null,
        });

        using VhdxFile made = VhdxFile.OpenRead(folder["b.vhdx"]);
        Assert.Equal((source.VirtualDiskId, source.PhysicalSectorSize), (made.VirtualDiskId, made.PhysicalSectorSize));
        Assert.Equal(TestIds.Fixed.DataWriteGuid, made.Header!.DataWriteGuid);
        (MetadataEntry Entry, byte[]? Content)[] kept = [.. made.Metadata.Skip(type == VhdType.Differencing ? 6 : 5)];
        Assert.Equal([(new Guid(ItemModel.Unknown), MetadataFlags.IsUser), (new("33333333-4444-5555-6666-777777777777"), MetadataFlags.None)], kept.Select(item => (item.Entry.Id, item.Entry.Flags)));
        Assert.Equal(user, kept[0].Content);
        Assert.Equal(Bytes.Pattern(2, 20), kept[1].Content);
    }

    [Fact]
    public void The_identifier_goes_from_VHD_to_VHDX_and_back_unless_another_is_wanted()
    {
        using TempFolder folder = new();
        File.WriteAllBytes(folder["a.vhd"], [.. Model(8 * MiB), .. VhdModel.Footer(2, 8 * MiB, id: s_identifier)]);

        Convert(folder["a.vhd"], folder["b.vhdx"], options => options with { Type = VhdType.Dynamic });
        Convert(folder["b.vhdx"], folder["c.vhd"]);
        Convert(folder["b.vhdx"], folder["d.vhd"], options => options with { DiskIdentifier = new Guid(ItemModel.Unknown) });

        using (VhdxFile made = VhdxFile.OpenRead(folder["b.vhdx"]))
        {
            Assert.Equal(s_identifier, made.VirtualDiskId);
            Assert.Equal(4096, made.PhysicalSectorSize);
        }

        Assert.Equal(Bytes.Guid(s_identifier.ToString()), File.ReadAllBytes(folder["c.vhd"]).AsSpan(68, 16).ToArray());
        Assert.Equal(Bytes.Guid(ItemModel.Unknown), File.ReadAllBytes(folder["d.vhd"]).AsSpan(68, 16).ToArray());
    }

    [Theory]
    [InlineData("b.vhdx", VhdType.Dynamic)]
    [InlineData("b.vhdx", VhdType.Fixed)]
    [InlineData("b.vhd", VhdType.Dynamic)]
    [InlineData("b.vhd", VhdType.Fixed)]
    public void The_same_command_makes_the_same_bytes(string name, VhdType type)
    {
        string[] hashes = [.. Enumerable.Range(0, 2).Select(_ =>
        {
            using TempFolder folder = new();
            File.WriteAllBytes(folder["a.img"], Model(8 * MiB));
            Convert(folder["a.img"], folder[name], options => options with
            {
                Type = type,
                Preallocation = type == VhdType.Fixed ? Preallocation.None : null,
                Identifiers = kind => ImageIdentifiers.FromSeed("seed", 0, kind),
            });
            return EngineImages.Hash(folder[name]);
        })];
        Assert.Equal(hashes[0], hashes[1]);
    }

    [Theory]
    [InlineData("GPT", 512, "a.img", 4096, true)]
    [InlineData("GPT", 512, "a.img", 512, false)]
    [InlineData("GPT", 4096, "a.img", 512, true)]
    [InlineData("GPT", 4096, "a.img", 4096, false)]
    [InlineData("MBR", 512, "a.img", 4096, true)]
    [InlineData("MBR", 512, "a.img", 512, false)]
    [InlineData("MBR", 512, "a.vhdx", 4096, true)]
    [InlineData("GPT", 512, "a.vhdx", 4096, true)]
    [InlineData("MBR", 4096, "a.vhdx", 512, true)]
    [InlineData("MBR", 4096, "a.vhdx", 4096, false)]
    [InlineData("none", 512, "a.vhdx", 4096, false)]
    public void Partition_tables_that_count_in_other_sectors_are_named(string kind, int sector, string source, int target, bool isNamed)
    {
        using TempFolder folder = new();
        byte[] model = new byte[8 * MiB];
        if (kind == "GPT")
        {
            PutGpt(model, sector);
        }
        else if (kind == "MBR")
        {
            // One partition of type 7 from sector 64 on, 1000 sectors long.
            Bytes.Put(model, 446, [0, 0, 0, 0, 7, 0, 0, 0, 64, 0, 0, 0, 0xE8, 3, 0, 0]);
            Bytes.Put(model, 510, [0x55, 0xAA]);
        }

        File.WriteAllBytes(folder["a.img"], model);
        if (source != "a.img")
        {
            Convert(folder["a.img"], folder[source], options => options with { LogicalSectorSizeBytes = (ulong)sector });
        }

        List<string> warnings = [];
        Convert(folder[source], folder["b.vhdx"], options => options with { LogicalSectorSizeBytes = (ulong)target }, warnings);

        Assert.Equal(isNamed, warnings.Exists(warning => warning.Contains(kind, StringComparison.Ordinal) && warning.Contains($"sectors of {sector} bytes", StringComparison.Ordinal)));
        Assert.Equal(isNamed ? 1 : 0, warnings.Count);
        Assert.True(model.AsSpan().SequenceEqual(ReadBack(VhdFormat.VHDX, folder["b.vhdx"])));
    }

    [Fact]
    public void A_raw_copy_of_a_disk_with_large_sectors_warns()
    {
        using TempFolder folder = new();
        byte[] model = new byte[8 * MiB];
        PutGpt(model, 4096);
        File.WriteAllBytes(folder["a.img"], model);
        Convert(folder["a.img"], folder["a.vhdx"], options => options with { LogicalSectorSizeBytes = 4096 });

        List<string> warnings = [];
        Convert(folder["a.vhdx"], folder["b.img"], warnings: warnings);

        Assert.Contains("4096", Assert.Single(warnings), StringComparison.Ordinal);
        Assert.Equal(model, File.ReadAllBytes(folder["b.img"]));
    }

    [Fact]
    public void A_source_that_may_be_in_use_is_named()
    {
        using EngineFolder folder = new();
        string source = CompareDisks.Write(folder, "a.vhdx", "dirty 512", Model(8 * MiB), new(1));
        List<string> warnings = [];
        Convert(source, folder["b.vhdx"], warnings: warnings);
        Assert.Contains("log", Assert.Single(warnings), StringComparison.Ordinal);
    }

    /// <summary>A primary GPT without partitions (UEFI 2.10, 5.3.2).</summary>
    private static void PutGpt(byte[] disk, int sector)
    {
        Bytes.Put(disk, 446, [0, 0, 2, 0, 0xEE, 0xFF, 0xFF, 0xFF, 1, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF]);
        Bytes.Put(disk, 510, [0x55, 0xAA]);
        byte[] header = new byte[92];
        Bytes.Put(header, 0, [.. "EFI PART"u8, 0, 0, 1, 0, 92]);
        ulong last = (ulong)(disk.Length / sector) - 1;
        (int Place, ulong Value)[] fields = [(24, 1), (32, last), (40, 34), (48, last - 33), (72, 2)];
        foreach ((int place, ulong value) in fields)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(header.AsSpan(place), value);
        }

        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(80), 128);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(84), 128);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(88), DiskModel.Crc32(new byte[128 * 128]));
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(16), DiskModel.Crc32(header));
        Bytes.Put(disk, sector, header);
    }
}
