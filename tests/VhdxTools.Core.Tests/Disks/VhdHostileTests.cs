using System;
using System.Buffers.Binary;
using System.IO;
using System.Linq;
using VhdxTools.Core.Tests.Support;
using VhdxTools.Disks;
using VhdxTools.Operations;
using Xunit;

namespace VhdxTools.Core.Tests.Disks;

/// <summary>Law 6 for VHD: any bytes at all give a result or one clear error.</summary>
public class VhdHostileTests
{
    private const int Block = 4096;

    private static readonly uint[] s_values = [0, 1, 2, 3, 4, 5, 7, 0x1FF, 0x200, 0x600, 0x1000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Wrong_fields_with_right_checksums_give_a_result_or_one_clear_error(int seed)
    {
        using TempFolder folder = new();
        Random random = new(seed);
        VhdImage parent = new() { Size = 10 * Block, BlockSize = Block, Id = new(1, 2, 3, new byte[8]) };
        parent.AddBlock(1, random, _ => true);
        parent.Write(folder["p.vhd"]);
        int results = 0;
        for (int i = 0; i < 300; i++)
        {
            VhdImage child = new()
            {
                Size = 10 * Block,
                BlockSize = Block,
                ParentId = new(1, 2, 3, new byte[8]),
                ParentName = "p.vhd",
                ChangeHeader = header => Spoil(header, random, random.Next(3) == 0 ? 2 : 0),
            };
            child.Locators.Add(("W2ru", @".\p.vhd"));
            child.AddBlock(0, random, _ => true);
            child.AddBlock(4, random, _ => random.Next(2) == 0);
            byte[] footer = child.Footer;
            Spoil(footer, random, random.Next(3) == 0 ? 1 : 0);
            child.LastFooter = VhdModel.Sealed(footer);
            if (random.Next(3) == 0)
            {
                child.WrongEntries[random.Next(10)] = Value(random);
            }

            string path = child.Write(folder["c.vhd"]);
            if (random.Next(4) == 0)
            {
                using FileStream file = File.OpenWrite(path);
                file.SetLength(random.NextInt64(file.Length));
            }

            results += Use(path) ? 1 : 0;
            File.Delete(path);
        }

        Assert.InRange(results, 20, 280);
    }

    private static bool Use(string path)
    {
        try
        {
            ImageInspector.Inspect(path);
            using OpenedDisk opened = DiskOpener.OpenRead(path);
            int length = (int)Math.Min(opened.Disk.Capacity, 1 << 20);
            byte[] bytes = new byte[length];
            opened.Disk.Read(0, bytes);
            opened.Disk.Read(opened.Disk.Capacity - length, bytes);
            Assert.NotEmpty(opened.Disk.Extents(0, length).ToList());
            return true;
        }
        catch (VhdxException exception)
        {
            Assert.NotEqual(ErrorIds.UnexpectedError, exception.Id);
            return false;
        }
    }

    private static void Spoil(byte[] bytes, Random random, int count)
    {
        for (int i = 0; i < count; i++)
        {
            BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(random.Next(bytes.Length / 8) * 4), Value(random));
        }
    }

    private static uint Value(Random random) => random.Next(3) == 0 ? (uint)random.NextInt64(1L << 32) : s_values[random.Next(s_values.Length)];
}
