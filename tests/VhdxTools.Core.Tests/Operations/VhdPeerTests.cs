using System;
using System.Collections.Generic;
using System.IO;
using System.Text;
using VhdxTools.Core.Tests.Support;
using VhdxTools.Layout;
using Xunit;
using static VhdxTools.Core.Tests.Support.VhdPlans;

namespace VhdxTools.Core.Tests.Operations;

/// <summary>Other programs read the VHD files of the writer as it meant them.</summary>
public class VhdPeerTests
{
    public static TheoryData<VhdType, int?, int> Images => new()
    {
        { VhdType.Fixed, null, 9_000_448 },
        { VhdType.Fixed, null, 288 * 4 * 17 * 512 },
        { VhdType.Dynamic, 2 << 20, 9_000_448 },
        { VhdType.Dynamic, 512 << 10, 9_000_448 },
        { VhdType.Dynamic, 8 << 20, 20 << 20 },
        { VhdType.Dynamic, 2 << 20, 288 * 4 * 17 * 512 },
    };

    [SkippableTheory]
    [MemberData(nameof(Images))]
    public void QEMU_sees_the_whole_disk(VhdType type, int? blockSize, int size)
    {
        using TempFolder folder = new();
        byte[] disk = Save(folder, type, blockSize, size);
        Skip.If(Tool.Run("qemu-img", "convert", "-f", "vpc", "-O", "raw", folder["a.vhd"], folder["a.img"]) is null && Tool.Run("qemu-img", "--version") is null, "qemu-img is not here.");

        Assert.True(disk.AsSpan().SequenceEqual(File.ReadAllBytes(folder["a.img"])));
        File.WriteAllBytes(folder["b.img"], disk);
        Assert.NotNull(Tool.Run("qemu-img", "compare", "-f", "vpc", "-F", "raw", folder["a.vhd"], folder["b.img"]));
    }

    [SkippableTheory]
    [MemberData(nameof(Images))]
    public void Seven_Zip_sees_the_whole_disk(VhdType type, int? blockSize, int size)
    {
        using TempFolder folder = new();
        byte[] disk = Save(folder, type, blockSize, size);
        Skip.If(Tool.Run("7zz") is null, "7zz is not here.");

        Assert.True(disk.AsSpan().SequenceEqual(Tool.Run("7zz", "x", "-so", "-tVHD", folder["a.vhd"])));
    }

    [SkippableTheory]
    [MemberData(nameof(Images))]
    public void Libvhdi_tells_type_size_and_identifier(VhdType type, int? blockSize, int size)
    {
        using TempFolder folder = new();
        Save(folder, type, blockSize, size);
        Skip.If(Tool.Run("vhdiinfo", "-V") is null, "vhdiinfo is not here.");
        string text = Encoding.UTF8.GetString(Tool.Run("vhdiinfo", folder["a.vhd"])!);

        Assert.Contains($"({size} bytes)", text, StringComparison.Ordinal);
        Assert.Contains(type.ToString(), text, StringComparison.OrdinalIgnoreCase);
    }

    [SkippableTheory]
    [InlineData(2 << 20)]
    [InlineData(512 << 10)]
    public void Seven_Zip_and_libvhdi_find_the_parent(int blockSize)
    {
        using TempFolder folder = new();
        Random random = new(5);
        byte[] parent = new byte[9 << 20];
        Scribble(parent, random, 10);
        byte[] disk = (byte[])parent.Clone();
        Scribble(disk, random, 10);
        IReadOnlyList<FileRange> ranges = Differences(parent, disk, random);
        File.WriteAllBytes(folder["p.vhd"], All(Write(Options(VhdType.Dynamic, parent.Length) with { UniqueId = ParentId }, parent)));
        File.WriteAllBytes(folder["c.vhd"], All(WriteDifferences(Options(size: null, blockSize: blockSize) with { Parent = Parent(parent.Length) }, disk, ranges)));
        Skip.If(Tool.Run("7zz") is null, "7zz is not here.");

        Assert.True(disk.AsSpan().SequenceEqual(Tool.Run("7zz", "x", "-so", "-tVHD", folder["c.vhd"])));
        Skip.If(Tool.Run("vhdiinfo", "-V") is null, "vhdiinfo is not here.");
        string text = Encoding.UTF8.GetString(Tool.Run("vhdiinfo", folder["c.vhd"])!);

        // It shows the bytes of an identifier in their order.
        Assert.Contains(Guid.ParseExact(Convert.ToHexString(ParentId.ToByteArray()), "N").ToString(), text, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("p.vhd", text, StringComparison.Ordinal);
    }

    private static byte[] Save(TempFolder folder, VhdType type, int? blockSize, int size)
    {
        byte[] disk = new byte[size];
        Scribble(disk, new(size), 6);
        disk[^1] = 1;
        File.WriteAllBytes(folder["a.vhd"], All(Write(Options(type, size, blockSize), disk)));
        return disk;
    }
}
