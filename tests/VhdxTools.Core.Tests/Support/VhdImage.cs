using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using System.Text;

namespace VhdxTools.Core.Tests.Support;

/// <summary>A dynamic or differencing VHD put together from the specification of 2006, and the bytes that it adds to its parent's.</summary>
internal sealed class VhdImage
{
    public const int HeaderPlace = 512;
    public const int TablePlace = 1536;

    private readonly SortedDictionary<int, (bool[] Bits, byte[] Data)> _blocks = [];

    public required int Size { get; init; }

    public int BlockSize { get; init; } = 64 * 1024;

    public Guid Id { get; init; } = new("00112233-4455-6677-8899-aabbccddeeff");

    /// <summary>Makes it a differencing one.</summary>
    public Guid? ParentId { get; init; }

    public string ParentName { get; init; } = "";

    public List<(string Code, string Path)> Locators { get; } = [];

    /// <summary>Entries of the BAT that are not what they should be.</summary>
    public Dictionary<int, uint> WrongEntries { get; } = [];

    public Action<byte[]> ChangeHeader { get; init; } = _ => { };

    public byte[]? LastFooter { get; set; }

    public int BlockCount => (Size + BlockSize - 1) / BlockSize;

    public byte[] Footer => VhdModel.Footer(ParentId is null ? 3u : 4u, (ulong)Size, HeaderPlace, "test", Id);

    /// <summary>Fills sectors with random bytes, unless they shall be clean also where the bitmap says that they are not here.</summary>
    public void AddBlock(int block, Random random, Func<int, bool> isHere, bool isClean = false)
    {
        bool[] bits = new bool[BlockSize / 512];
        byte[] data = new byte[BlockSize];
        random.NextBytes(data);
        for (int i = 0; i < bits.Length; i++)
        {
            bits[i] = isHere(i);
            if (isClean && !bits[i])
            {
                data.AsSpan(i * 512, 512).Clear();
            }
        }

        _blocks[block] = (bits, data);
    }

    /// <summary>What the disk reads, from what its parent does.</summary>
    public byte[] Model(byte[] parent)
    {
        byte[] model = new byte[Size];
        parent.AsSpan(0, Math.Min(parent.Length, Size)).CopyTo(model);
        foreach ((int block, (bool[] bits, byte[] data)) in _blocks)
        {
            for (int i = 0; i < bits.Length; i++)
            {
                int offset = (block * BlockSize) + (i * 512);
                if (bits[i] && offset < Size)
                {
                    data.AsSpan(i * 512, 512).CopyTo(model.AsSpan(offset));
                }
            }
        }

        return model;
    }

    public string Write(string path)
    {
        using MemoryStream file = new();
        int bitmapLength = Up(((BlockSize / 512) + 7) / 8);
        byte[] table = new byte[Up(BlockCount * 4)];
        table.AsSpan().Fill(0xFF);
        int textPlace = TablePlace + table.Length;
        int place = textPlace + (Locators.Count * 1024);
        foreach ((int block, (bool[] bits, byte[] data)) in _blocks)
        {
            BinaryPrimitives.WriteUInt32BigEndian(table.AsSpan(block * 4), (uint)(place / 512));
            byte[] bitmap = new byte[bitmapLength];
            for (int i = 0; i < bits.Length; i++)
            {
                bitmap[i / 8] |= (byte)(bits[i] ? 0x80 >> (i % 8) : 0);
            }

            Put(place, bitmap);
            Put(place + bitmapLength, data);
            place += bitmapLength + data.Length;
        }

        foreach ((int block, uint entry) in WrongEntries)
        {
            BinaryPrimitives.WriteUInt32BigEndian(table.AsSpan(block * 4), entry);
        }

        Put(TablePlace, table);
        for (int i = 0; i < Locators.Count; i++)
        {
            Put(textPlace + (i * 1024), Encoding.Unicode.GetBytes(Locators[i].Path));
        }

        Put(0, Footer);
        Put(HeaderPlace, Header(textPlace));
        Put(place, LastFooter ?? Footer);
        File.WriteAllBytes(path, file.ToArray());
        return path;

        void Put(int offset, byte[] bytes)
        {
            file.Position = offset;
            file.Write(bytes);
        }
    }

    private byte[] Header(int textPlace)
    {
        byte[] header = new byte[1024];
        Bytes.Put(header, 0, "cxsparse"u8);
        header.AsSpan(8, 8).Fill(0xFF);
        BinaryPrimitives.WriteUInt64BigEndian(header.AsSpan(16), TablePlace);
        BinaryPrimitives.WriteUInt32BigEndian(header.AsSpan(24), 0x00010000);
        BinaryPrimitives.WriteUInt32BigEndian(header.AsSpan(28), (uint)BlockCount);
        BinaryPrimitives.WriteUInt32BigEndian(header.AsSpan(32), (uint)BlockSize);
        Bytes.Put(header, 40, Bytes.Guid((ParentId ?? Guid.Empty).ToString()));
        Bytes.Put(header, 64, Encoding.BigEndianUnicode.GetBytes(ParentName));
        for (int i = 0; i < Locators.Count; i++)
        {
            Span<byte> entry = header.AsSpan(576 + (i * 24));
            Encoding.ASCII.GetBytes(Locators[i].Code).CopyTo(entry);
            BinaryPrimitives.WriteUInt32BigEndian(entry.Slice(4), 1024);
            BinaryPrimitives.WriteUInt32BigEndian(entry.Slice(8), (uint)(Locators[i].Path.Length * 2));
            BinaryPrimitives.WriteUInt64BigEndian(entry.Slice(16), (ulong)(textPlace + (i * 1024)));
        }

        ChangeHeader(header);
        return VhdModel.Sealed(header, 36);
    }

    private static int Up(int length) => (length + 511) / 512 * 512;
}
