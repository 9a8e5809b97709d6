using System;

namespace VhdxTools.Format;

/// <summary>One entry of the metadata table (MS-VHDX 2.6.1.2). Offset counts from the start of the metadata region.</summary>
internal sealed record MetadataEntry(Guid Id, uint Offset, uint Length, MetadataFlags Flags)
{
    public const int EntryLength = 32;

    private const int OffsetOffset = 16;
    private const int LengthOffset = OffsetOffset + 4;
    private const int FlagsOffset = LengthOffset + 4;
    private const int ReservedOffset = FlagsOffset + 4;

    public static MetadataEntry Read(ReadOnlySpan<byte> bytes) => new(
        ByteFields.Guid(bytes, 0),
        ByteFields.U32(bytes, OffsetOffset),
        ByteFields.U32(bytes, LengthOffset),
        (MetadataFlags)(ByteFields.U32(bytes, FlagsOffset) & 7));

    public static bool IsReservedZero(ReadOnlySpan<byte> bytes) =>
        (ByteFields.U32(bytes, FlagsOffset) & ~7u) == 0 && ByteFields.U32(bytes, ReservedOffset) == 0;

    /// <summary>Sets the flags of an entry, and clears its reserved fields.</summary>
    public static void Write(Span<byte> bytes, MetadataFlags flags)
    {
        ByteFields.U32(bytes, FlagsOffset, (uint)flags);
        ByteFields.U32(bytes, ReservedOffset, 0);
    }

    public void Write(Span<byte> bytes)
    {
        ByteFields.Guid(bytes, 0, Id);
        ByteFields.U32(bytes, OffsetOffset, Offset);
        ByteFields.U32(bytes, LengthOffset, Length);
        ByteFields.U32(bytes, FlagsOffset, (uint)Flags);
    }
}
