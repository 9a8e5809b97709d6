using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Xunit;

namespace VhdxTools.Core.Tests.Support;

/// <summary>Reads a VHD by the specification of 2006, independently of the product, and insists on all that it says.</summary>
internal sealed class VhdReading
{
    private readonly byte[] _file;
    private readonly Dictionary<int, int> _blocks = [];

    public VhdReading(byte[] file)
    {
        _file = file;
        ReadOnlySpan<byte> footer = file.AsSpan(file.Length - 512);
        CheckStructure(footer, "conectix", 64);
        Size = (int)BinaryPrimitives.ReadUInt64BigEndian(footer.Slice(48));
        Type = footer[63];
        if (Type == 2)
        {
            Assert.Equal(Size + 512, file.Length);
            return;
        }

        Assert.True(footer.SequenceEqual(file.AsSpan(0, 512)), "The copy of the footer differs.");
        Assert.Equal(512UL, BinaryPrimitives.ReadUInt64BigEndian(footer.Slice(16)));
        ReadOnlySpan<byte> header = file.AsSpan(512, 1024);
        CheckStructure(header, "cxsparse", 36);
        BlockSize = (int)BinaryPrimitives.ReadUInt32BigEndian(header.Slice(32));
        BitmapLength = Up(BlockSize / 512 / 8, 512);
        ReadBlocks(header);
    }

    public int Size { get; }

    public int Type { get; }

    public int BlockSize { get; }

    public int BitmapLength { get; }

    /// <summary>The path behind each locator code.</summary>
    public Dictionary<string, string> Paths { get; } = [];

    /// <summary>Blocks that have space, in the order of the disk.</summary>
    public IEnumerable<int> Blocks => _blocks.Keys.Order();

    public bool IsHeld(int sector) =>
        _blocks.TryGetValue(sector * 512 / BlockSize, out int place)
        && (_file[place + (sector % (BlockSize / 512) / 8)] & (0x80 >> (sector % 8))) != 0;

    /// <summary>The disk over its parent's bytes.</summary>
    public byte[] Disk(byte[]? parent = null)
    {
        if (Type == 2)
        {
            return _file[..Size];
        }

        byte[] disk = parent is null ? new byte[Size] : (byte[])parent.Clone();
        for (int sector = 0; sector < Size / 512; sector++)
        {
            if (IsHeld(sector))
            {
                int place = _blocks[sector * 512 / BlockSize] + BitmapLength + (sector * 512 % BlockSize);
                _file.AsSpan(place, 512).CopyTo(disk.AsSpan(sector * 512));
            }
        }

        return disk;
    }

    private void ReadBlocks(ReadOnlySpan<byte> header)
    {
        int table = (int)BinaryPrimitives.ReadUInt64BigEndian(header.Slice(16));
        int count = (int)BinaryPrimitives.ReadUInt32BigEndian(header.Slice(28));
        Assert.Equal((Size + BlockSize - 1) / BlockSize, count);
        int tableEnd = Up(table + (4 * count), 512);
        Assert.False(_file.AsSpan(table + (4 * count), tableEnd - table - (4 * count)).ContainsAnyExcept((byte)0xFF), "The BAT is not padded with ones.");
        List<(int Start, int End)> taken = [(0, 1536), (table, tableEnd)];
        for (int place = 576; place < 768; place += 24)
        {
            ReadOnlySpan<byte> entry = header.Slice(place, 24);
            if (entry[0] == 0)
            {
                Assert.False(entry.ContainsAnyExcept((byte)0));
                continue;
            }

            int space = (int)BinaryPrimitives.ReadUInt32BigEndian(entry.Slice(4));
            int length = (int)BinaryPrimitives.ReadUInt32BigEndian(entry.Slice(8));
            int offset = (int)BinaryPrimitives.ReadUInt64BigEndian(entry.Slice(16));
            Assert.True(space % 512 == 0 && length <= space && offset % 512 == 0);
            taken.Add((offset, offset + space));
            Paths.Add(Encoding.ASCII.GetString(entry.Slice(0, 4)), Encoding.Unicode.GetString(_file, offset, length));
        }

        for (int block = 0; block < count; block++)
        {
            uint entry = BinaryPrimitives.ReadUInt32BigEndian(_file.AsSpan(table + (4 * block)));
            if (entry != uint.MaxValue)
            {
                int place = checked((int)entry * 512);
                Assert.Equal(0, (place + BitmapLength) % 4096);
                taken.Add((place, place + BitmapLength + BlockSize));
                _blocks.Add(block, place);
            }
        }

        taken.Sort();
        Assert.All(taken.Skip(1).Zip(taken), pair => Assert.True(pair.First.Start >= pair.Second.End, $"{pair.First} lies over {pair.Second}."));
        Assert.Equal(_file.Length - 512, taken[^1].End);
    }

    private static void CheckStructure(ReadOnlySpan<byte> bytes, string signature, int checksumPlace)
    {
        Assert.Equal(signature, Encoding.ASCII.GetString(bytes.Slice(0, 8)));
        Assert.True(VhdModel.Sealed(bytes.ToArray(), checksumPlace).AsSpan().SequenceEqual(bytes), $"The checksum of {signature} is wrong.");
    }

    private static int Up(int value, int step) => (value + step - 1) / step * step;
}
