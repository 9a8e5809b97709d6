using System;
using VhdxTools.Core.Tests.Support;
using VhdxTools.Format;
using VhdxTools.Layout;
using Xunit;
using static VhdxTools.Core.Tests.Support.VhdPlans;

namespace VhdxTools.Core.Tests.Operations;

/// <summary>New VHD files byte by byte, against bytes put together by hand from the specification of 2006.</summary>
public class VhdImageBytesTests
{
    [Fact]
    public void A_fixed_image()
    {
        byte[] disk = new byte[288 * 4 * 17 * 512];
        disk[1_000_000] = 7;

        byte[] file = All(Write(Options(VhdType.Fixed, disk.Length), disk));

        byte[] footer = Footer(2, [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], [0, 0, 0, 0, 0, 0x99, 0, 0], [1, 32, 4, 17]);
        Assert.True(file.AsSpan().SequenceEqual([.. disk, .. footer]));
    }

    [Fact]
    public void A_dynamic_image()
    {
        // 129 blocks of 512 KiB and one sector: a BAT of two sectors.
        byte[] disk = new byte[(129 << 19) + 512];
        disk[(2 << 19) + 70_000] = 1;
        disk[^1] = 2;

        byte[] file = All(Write(Options(VhdType.Dynamic, disk.Length, 512 << 10), disk));

        byte[] footer = Footer(3, [0, 0, 0, 0, 0, 0, 2, 0], [0, 0, 0, 0, 4, 8, 2, 0], [0xFF, 0xFF, 16, 255]);
        byte[] table = new byte[1024];
        table.AsSpan().Fill(0xFF);
        const int FirstBitmap = 4096 - 512;
        const int SecondBitmap = 4096 + (512 << 10) + 4096 - 512;
        Bytes.Put(table, 2 * 4, [0, 0, FirstBitmap / 512 >> 8, FirstBitmap / 512]);
        Bytes.Put(table, 129 * 4, [0, 0, SecondBitmap / 512 >> 8, unchecked((byte)(SecondBitmap / 512))]);
        byte[] expected = new byte[SecondBitmap + 512 + (512 << 10) + 512];
        Bytes.Put(expected, 0, footer);
        Bytes.Put(expected, 512, Header([0, 0, 0, 130], [0, 8, 0, 0], _ => { }));
        Bytes.Put(expected, 1536, table);
        expected.AsSpan(FirstBitmap, 512).Fill(0xFF);
        expected[FirstBitmap + 512 + 70_000] = 1;
        expected.AsSpan(SecondBitmap, 512).Fill(0xFF);
        expected[SecondBitmap + 512 + 511] = 2;
        Bytes.Put(expected, expected.Length - 512, footer);
        Assert.True(file.AsSpan().SequenceEqual(expected));
    }

    [Fact]
    public void A_differencing_image()
    {
        byte[] disk = Bytes.Pattern(1, (int)(10 * MiB));
        string name = "ä" + new string('x', 140) + ".vhd";
        FileRange[] ranges = [new(3 * 512, 512), new((2 << 20) - 512, 1024), new((10 << 20) - 1024, 1024)];

        byte[] file = All(WriteDifferences(Options(size: null) with { Parent = Parent(name: name) }, disk, ranges));

        byte[] absolute = Bytes.Utf16(@"C:\images\" + name);
        byte[] relative = Bytes.Utf16(@".\" + name);
        Assert.Equal((310, 294), (absolute.Length, relative.Length));
        byte[] footer = Footer(4, [0, 0, 0, 0, 0, 0, 2, 0], [0, 0, 0, 0, 0, 0xA0, 0, 0], [0xFF, 0xFF, 16, 255]);
        byte[] header = Header([0, 0, 0, 5], [0, 0x20, 0, 0], header =>
        {
            Bytes.Put(header, 40, Bytes.Guid("ffeeddcc-bbaa-9988-7766-554433221100"));
            byte[] big = Bytes.Utf16(name);
            for (int i = 0; i < big.Length; i += 2)
            {
                Bytes.Put(header, 64 + i, [big[i + 1], big[i]]);
            }

            Bytes.Put(header, 576, [.. "W2ku"u8, 0, 0, 2, 0, 0, 0, 1, 54, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0]);
            Bytes.Put(header, 600, [.. "W2ru"u8, 0, 0, 2, 0, 0, 0, 1, 38, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 10, 0]);
        });
        byte[] table = new byte[512];
        table.AsSpan().Fill(0xFF);
        byte[] expected = new byte[(3 * (4096 + (2 << 20))) + 512];
        const int Stride = 4096 + (2 << 20);
        for (int i = 0; i < 3; i++)
        {
            int sector = ((i * Stride) + 4096 - 512) / 512;
            Bytes.Put(table, 4 * (i < 2 ? i : 4), [0, 0, (byte)(sector >> 8), (byte)sector]);
        }

        Bytes.Put(expected, 0, footer);
        Bytes.Put(expected, 512, header);
        Bytes.Put(expected, 1536, table);
        Bytes.Put(expected, 2048, absolute);
        Bytes.Put(expected, 2560, relative);
        Put(0, 3, 1);
        Put(0, 4095, 1);
        Put(1, 0, 1);
        Put(2, 4094, 2);
        Bytes.Put(expected, expected.Length - 512, footer);
        Assert.True(file.AsSpan().SequenceEqual(expected));

        void Put(int place, int sector, int count)
        {
            int data = (place * Stride) + 4096;
            int block = place < 2 ? place : 4;
            for (int i = sector; i < sector + count; i++)
            {
                expected[data - 512 + (i / 8)] |= (byte)(128 >> (i % 8));
                disk.AsSpan((block << 21) + (i * 512), 512).CopyTo(expected.AsSpan(data + (i * 512)));
            }
        }
    }

    [Fact]
    public void What_is_written_is_read_again()
    {
        VhdPlan plan = VhdPlanner.Plan(Options(size: null) with { Parent = Parent() });
        byte[] bytes = new byte[1024];
        plan.Footer.Write(bytes);
        Assert.Equal(plan.Footer, VhdFooter.Read(bytes.AsSpan(0, 512)));

        plan.DynamicHeader!.Write(bytes);
        VhdDynamicHeader header = VhdDynamicHeader.Read(bytes)!;
        Assert.Equal(plan.DynamicHeader.Locators, header.Locators);
        Assert.Equal(plan.DynamicHeader, header with { Locators = plan.DynamicHeader.Locators });
        Assert.Equal((ParentId, 0u, "p.vhd"), (header.ParentUniqueId, header.ParentTimestamp, header.ParentName));
    }

    private static byte[] Footer(byte type, byte[] dataOffset, byte[] size, byte[] geometry)
    {
        byte[] bytes = new byte[512];
        Bytes.Put(bytes, 0, "conectix"u8);
        Bytes.Put(bytes, 8, [0, 0, 0, 2, 0, 1, 0, 0]);
        Bytes.Put(bytes, 16, dataOffset);

        // A day and a second after the start of 2000.
        Bytes.Put(bytes, 24, [0, 1, 0x51, 0x81]);
        Bytes.Put(bytes, 28, "vhdt"u8);
        Bytes.Put(bytes, 32, [0, 1, 0, 2]);
        Bytes.Put(bytes, 36, "Wi2k"u8);
        Bytes.Put(bytes, 40, size);
        Bytes.Put(bytes, 48, size);
        Bytes.Put(bytes, 56, geometry);
        bytes[63] = type;
        Bytes.Put(bytes, 68, Bytes.Guid("00112233-4455-6677-8899-aabbccddeeff"));
        return VhdModel.Sealed(bytes);
    }

    private static byte[] Header(byte[] entries, byte[] blockSize, Action<byte[]> change)
    {
        byte[] bytes = new byte[1024];
        Bytes.Put(bytes, 0, "cxsparse"u8);
        bytes.AsSpan(8, 8).Fill(0xFF);
        Bytes.Put(bytes, 16, [0, 0, 0, 0, 0, 0, 6, 0]);
        Bytes.Put(bytes, 24, [0, 1, 0, 0]);
        Bytes.Put(bytes, 28, entries);
        Bytes.Put(bytes, 32, blockSize);
        change(bytes);
        return VhdModel.Sealed(bytes, 36);
    }
}
