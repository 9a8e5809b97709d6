using System;

namespace VhdxTools.Format;

/// <summary>A zero or data descriptor of a log entry (MS-VHDX 2.3.1.2, 2.3.1.3).</summary>
internal sealed record LogDescriptor(bool IsZero, ulong FileOffset, ulong ZeroLength, ulong SequenceNumber, ulong LeadingBytes, uint TrailingBytes)
{
    public const int Length = 32;

    private const int TrailingBytesOffset = 4;
    private const int LeadingBytesOffset = 8;
    private const int FileOffsetOffset = 16;
    private const int SequenceNumberOffset = 24;

    /// <summary>How many bytes of the file the descriptor sets.</summary>
    public ulong UpdateLength => IsZero ? ZeroLength : LogEntryHeader.SectorLength;

    /// <summary>Reads a descriptor, or gives null when the signature is neither <c>zero</c> nor <c>desc</c>.</summary>
    public static LogDescriptor? Read(ReadOnlySpan<byte> bytes)
    {
        bool isZero = bytes.StartsWith("zero"u8);
        return !isZero && !bytes.StartsWith("desc"u8) ? null : new(
            isZero,
            ByteFields.U64(bytes, FileOffsetOffset),
            isZero ? ByteFields.U64(bytes, LeadingBytesOffset) : 0,
            ByteFields.U64(bytes, SequenceNumberOffset),
            isZero ? 0 : ByteFields.U64(bytes, LeadingBytesOffset),
            isZero ? 0 : ByteFields.U32(bytes, TrailingBytesOffset));
    }

    /// <summary>Writes a data descriptor; the update's first 8 and last 4 bytes live in it.</summary>
    public static void WriteData(Span<byte> bytes, long fileOffset, ulong sequenceNumber, ReadOnlySpan<byte> update)
    {
        "desc"u8.CopyTo(bytes);
        ByteFields.U32(bytes, TrailingBytesOffset, ByteFields.U32(update, update.Length - sizeof(uint)));
        ByteFields.U64(bytes, LeadingBytesOffset, ByteFields.U64(update, 0));
        ByteFields.U64(bytes, FileOffsetOffset, (ulong)fileOffset);
        ByteFields.U64(bytes, SequenceNumberOffset, sequenceNumber);
    }
}
