using System;
using System.Buffers.Binary;
using VhdxTools.Format;

namespace VhdxTools.Images;

/// <summary>Entries of the BAT that follow one another.</summary>
/// <param name="FirstIndex">Index of the first entry.</param>
/// <param name="Bytes">The entries as they are in the file.</param>
internal readonly record struct BatPage(long FirstIndex, ReadOnlyMemory<byte> Bytes)
{
    public int Count => Bytes.Length / BatEntry.Length;

    public ulong this[int i] => BinaryPrimitives.ReadUInt64LittleEndian(Bytes.Span.Slice(i * BatEntry.Length));
}
