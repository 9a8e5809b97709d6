using System;

namespace VhdxTools.Core.Tests.Support;

/// <summary>Little-endian fields and CRC-32C, written down a second time so that the product is not its own witness.</summary>
internal static class Bytes
{
    public static byte[] U16(int value) => [(byte)value, (byte)(value >> 8)];

    public static byte[] U32(ulong value) => [(byte)value, (byte)(value >> 8), (byte)(value >> 16), (byte)(value >> 24)];

    public static byte[] U64(ulong value) => [.. U32(value), .. U32(value >> 32)];

    public static ulong Read(ReadOnlySpan<byte> bytes, int offset, int length)
    {
        ulong value = 0;
        for (int i = length - 1; i >= 0; i--)
        {
            value = (value << 8) | bytes[offset + i];
        }

        return value;
    }

    public static byte[] Utf16(string text)
    {
        byte[] bytes = new byte[text.Length * 2];
        for (int i = 0; i < text.Length; i++)
        {
            bytes[2 * i] = (byte)text[i];
            bytes[(2 * i) + 1] = (byte)(text[i] >> 8);
        }

        return bytes;
    }

    /// <summary>The Windows binary form from the text: the first three groups reversed.</summary>
    public static byte[] Guid(string text)
    {
        byte[] raw = Convert.FromHexString(text.Replace("-", ""));
        Array.Reverse(raw, 0, 4);
        Array.Reverse(raw, 4, 2);
        Array.Reverse(raw, 6, 2);
        return raw;
    }

    public static void Put(byte[] target, int offset, ReadOnlySpan<byte> bytes) => bytes.CopyTo(target.AsSpan(offset));

    /// <summary>CRC-32C bit by bit: polynomial 1EDC6F41 reflected, start and end inverted.</summary>
    public static uint Crc32C(ReadOnlySpan<byte> bytes)
    {
        uint crc = 0xFFFFFFFF;
        foreach (byte value in bytes)
        {
            crc ^= value;
            for (int bit = 0; bit < 8; bit++)
            {
                crc = (crc & 1) != 0 ? (crc >> 1) ^ 0x82F63B78 : crc >> 1;
            }
        }

        return ~crc;
    }

    /// <summary>Sets the checksum at offset 4 of a structure.</summary>
    public static byte[] Sealed(byte[] structure)
    {
        Put(structure, 4, U32(0));
        Put(structure, 4, U32(Crc32C(structure)));
        return structure;
    }

    public static byte[] Pattern(int seed, int length)
    {
        byte[] bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }
}
