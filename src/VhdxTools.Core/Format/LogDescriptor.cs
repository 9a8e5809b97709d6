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
}
