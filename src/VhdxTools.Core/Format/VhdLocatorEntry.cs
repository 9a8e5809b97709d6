using System;
using System.Buffers.Binary;
using System.Text;

namespace VhdxTools.Format;

/// <summary>One of the eight places of a VHD's dynamic header that tell where the parent is.</summary>
/// <param name="Code">What kind of path it is, see the constants.</param>
/// <param name="DataLength">Length of the text in bytes.</param>
/// <param name="DataOffset">Where the text is in the file, in bytes.</param>
internal readonly record struct VhdLocatorEntry(string Code, uint DataLength, long DataOffset)
{
    public const int Length = 24;

    /// <summary>A path relative to the child's folder, UTF-16 little-endian.</summary>
    public const string RelativeCode = "W2ru";

    /// <summary>An absolute path, UTF-16 little-endian.</summary>
    public const string AbsoluteCode = "W2ku";

    /// <summary>Bytes of the file that are kept for the text, in whole sectors. The specification counts sectors here, Windows and all others count bytes.</summary>
    public uint DataSpace => (uint)FormatConstants.AlignUp(DataLength, VhdFooter.SectorLength);

    /// <summary>The entry, or null when it is not in use.</summary>
    public static VhdLocatorEntry? Read(ReadOnlySpan<byte> bytes) => BinaryPrimitives.ReadUInt32BigEndian(bytes) == 0 ? null : new(
        Encoding.ASCII.GetString(bytes.Slice(0, 4).ToArray()),
        BinaryPrimitives.ReadUInt32BigEndian(bytes.Slice(8)),
        ByteFields.Clamp(BinaryPrimitives.ReadUInt64BigEndian(bytes.Slice(16))));

    public void Write(Span<byte> bytes)
    {
        bytes.Slice(0, Length).Clear();
        Encoding.ASCII.GetBytes(Code).AsSpan().CopyTo(bytes);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.Slice(4), DataSpace);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.Slice(8), DataLength);
        BinaryPrimitives.WriteUInt64BigEndian(bytes.Slice(16), (ulong)DataOffset);
    }
}
