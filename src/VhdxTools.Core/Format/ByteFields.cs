using System;
using System.Buffers.Binary;

namespace VhdxTools.Format;

/// <summary>Little-endian fields of a structure (MS-VHDX 2: all integers are little-endian).</summary>
internal static class ByteFields
{
    public static ushort U16(ReadOnlySpan<byte> bytes, int offset) => BinaryPrimitives.ReadUInt16LittleEndian(bytes.Slice(offset));

    public static uint U32(ReadOnlySpan<byte> bytes, int offset) => BinaryPrimitives.ReadUInt32LittleEndian(bytes.Slice(offset));

    public static ulong U64(ReadOnlySpan<byte> bytes, int offset) => BinaryPrimitives.ReadUInt64LittleEndian(bytes.Slice(offset));

    /// <summary>A GUID in the Windows binary form: the first three fields little-endian.</summary>
    public static Guid Guid(ReadOnlySpan<byte> bytes, int offset) =>
#if NET
        new(bytes.Slice(offset, 16));
#else
        new(bytes.Slice(offset, 16).ToArray());
#endif

    public static void U16(Span<byte> bytes, int offset, ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(bytes.Slice(offset), value);

    public static void U32(Span<byte> bytes, int offset, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(bytes.Slice(offset), value);

    public static void U64(Span<byte> bytes, int offset, ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(bytes.Slice(offset), value);

    public static void Guid(Span<byte> bytes, int offset, Guid value) => value.ToByteArray().AsSpan().CopyTo(bytes.Slice(offset));

    public static bool IsZero(ReadOnlySpan<byte> bytes)
    {
#if NET
        return !bytes.ContainsAnyExcept((byte)0);
#else
        ReadOnlySpan<ulong> words = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, ulong>(bytes);
        foreach (ulong word in words)
        {
            if (word != 0)
            {
                return false;
            }
        }

        foreach (byte value in bytes.Slice(words.Length * sizeof(ulong)))
        {
            if (value != 0)
            {
                return false;
            }
        }

        return true;
#endif
    }

    /// <summary>UTF-16LE text; the caller makes sure that the length is even.</summary>
    public static string Utf16(ReadOnlySpan<byte> bytes) => System.Text.Encoding.Unicode.GetString(bytes.ToArray());

    /// <summary>A length or offset of the file as a signed number, or the greatest one when the field is beyond it.</summary>
    public static long Clamp(ulong value) => value > long.MaxValue ? long.MaxValue : (long)value;
}
