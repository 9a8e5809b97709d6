using System;
using System.Buffers.Binary;
using System.Globalization;
using System.IO;
using VhdxTools.Core.Tests.Support;
using VhdxTools.Format;
using Xunit;

namespace VhdxTools.Core.Tests.Format;

public class ChsGeometryTests
{
    /// <summary>By hand from the appendix of the specification; those marked are what qemu-img writes.</summary>
    [Theory]
    [InlineData(512L, 0, 4, 17)]
    [InlineData(68 * 512L, 1, 4, 17)]
    [InlineData(0x107800L, 31, 4, 17)] // qemu-img
    [InlineData(0x305800L, 91, 4, 17)] // qemu-img
    [InlineData(0x990000L, 288, 4, 17)] // qemu-img
    [InlineData(17L * 512 * 4095, 1023, 4, 17)]
    [InlineData(17L * 512 * 4096, 140, 16, 31)] // 4 x 1024 cylinders x heads are too many
    [InlineData(17L * 512 * 4097, 819, 5, 17)]
    [InlineData(0x2208800L, 820, 5, 17)] // qemu-img
    [InlineData(0x6402000L, 1004, 12, 17)] // qemu-img
    [InlineData(17L * 512 * 16383, 1023, 16, 17)]
    [InlineData(17L * 512 * 16384, 561, 16, 31)]
    [InlineData(31L * 512 * 16383, 1023, 16, 31)]
    [InlineData(31L * 512 * 16384, 503, 16, 63)]
    [InlineData(0x4003e000L, 2081, 16, 63)] // qemu-img
    [InlineData(0x14003a000L, 10403, 16, 63)] // qemu-img
    [InlineData((65535L * 16 * 63 * 512) - 512, 65534, 16, 63)]
    [InlineData(65535L * 16 * 63 * 512, 16191, 16, 255)]
    [InlineData(0x190006e000L, 51401, 16, 255)] // qemu-img
    [InlineData(0x1fc0002000L, 65279, 16, 255)] // qemu-img
    [InlineData((65535L * 16 * 255 * 512) - 512, 65534, 16, 255)]
    [InlineData(65535L * 16 * 255 * 512, 65535, 16, 255)]
    [InlineData(2040L << 30, 65535, 16, 255)]
    [InlineData(long.MaxValue, 65535, 16, 255)]
    public void The_table_of_the_specification(long size, ushort cylinders, byte heads, byte sectors) =>
        Assert.Equal(new ChsGeometry(cylinders, heads, sectors), ChsGeometry.Of(size));

    [SkippableTheory]
    [InlineData(3L << 20)]
    [InlineData(50L << 20)]
    [InlineData(130L << 20)]
    [InlineData(300L << 20)]
    [InlineData(777_777_664L)]
    [InlineData(40L << 30)]
    [InlineData(120L << 30)]
    public void Disks_of_qemu_img_have_the_geometry_that_it_gave_them(long size)
    {
        using TempFolder folder = new();
        Skip.If(
            Tool.Run("qemu-img", "create", "-f", "vpc", folder["a.vhd"], size.ToString(CultureInfo.InvariantCulture)) is null, "qemu-img is not here.");
        byte[] footer = File.ReadAllBytes(folder["a.vhd"])[..512];

        long made = (long)BinaryPrimitives.ReadUInt64BigEndian(footer.AsSpan(48));
        Assert.Equal(new ChsGeometry(BinaryPrimitives.ReadUInt16BigEndian(footer.AsSpan(56)), footer[58], footer[59]), ChsGeometry.Of(made));
    }
}
