using System;

namespace VhdxTools.Format;

/// <summary>One entry of the region table (MS-VHDX 2.2.3.2).</summary>
internal sealed record RegionEntry(Guid Id, ulong FileOffset, uint Length, bool IsRequired)
{
    public const int EntryLength = 32;

    private const int FileOffsetOffset = 16;
    private const int LengthOffset = FileOffsetOffset + 8;
    private const int RequiredOffset = LengthOffset + 4;

    public static RegionEntry Read(ReadOnlySpan<byte> bytes) => new(
        ByteFields.Guid(bytes, 0),
        ByteFields.U64(bytes, FileOffsetOffset),
        ByteFields.U32(bytes, LengthOffset),
        (ByteFields.U32(bytes, RequiredOffset) & 1) != 0);

    public static bool IsReservedZero(ReadOnlySpan<byte> bytes) => ByteFields.U32(bytes, RequiredOffset) <= 1;

    public void Write(Span<byte> bytes)
    {
        ByteFields.Guid(bytes, 0, Id);
        ByteFields.U64(bytes, FileOffsetOffset, FileOffset);
        ByteFields.U32(bytes, LengthOffset, Length);
        ByteFields.U32(bytes, RequiredOffset, IsRequired ? 1u : 0u);
    }
}
