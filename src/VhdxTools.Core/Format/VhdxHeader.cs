using System;

namespace VhdxTools.Format;

/// <summary>The values of one header copy (MS-VHDX 2.2.2).</summary>
internal sealed record VhdxHeader
{
    public const int Length = 4096;
    public const int ChecksumOffset = 4;

    private const int SequenceNumberOffset = ChecksumOffset + 4;
    private const int FileWriteGuidOffset = SequenceNumberOffset + 8;
    private const int DataWriteGuidOffset = FileWriteGuidOffset + 16;
    private const int LogGuidOffset = DataWriteGuidOffset + 16;
    private const int LogVersionOffset = LogGuidOffset + 16;
    private const int VersionOffset = LogVersionOffset + 2;
    private const int LogLengthOffset = VersionOffset + 2;
    private const int LogOffsetOffset = LogLengthOffset + 4;
    private const int ReservedOffset = LogOffsetOffset + 8;

    public static ReadOnlySpan<byte> Signature => "head"u8;

    public ulong SequenceNumber { get; init; }

    public Guid FileWriteGuid { get; init; }

    public Guid DataWriteGuid { get; init; }

    public Guid LogGuid { get; init; }

    public ushort LogVersion { get; init; }

    public ushort Version { get; init; } = 1;

    public uint LogLength { get; init; }

    public ulong LogOffset { get; init; }

    public static bool IsSignatureValid(ReadOnlySpan<byte> bytes) => bytes.StartsWith(Signature);

    public static uint StoredChecksum(ReadOnlySpan<byte> bytes) => ByteFields.U32(bytes, ChecksumOffset);

    public static uint ComputeChecksum(ReadOnlySpan<byte> bytes) => Crc32C.OfStructure(bytes.Slice(0, Length), ChecksumOffset);

    public static bool IsReservedZero(ReadOnlySpan<byte> bytes) => ByteFields.IsZero(bytes.Slice(ReservedOffset, Length - ReservedOffset));

    public static VhdxHeader Read(ReadOnlySpan<byte> bytes) => new()
    {
        SequenceNumber = ByteFields.U64(bytes, SequenceNumberOffset),
        FileWriteGuid = ByteFields.Guid(bytes, FileWriteGuidOffset),
        DataWriteGuid = ByteFields.Guid(bytes, DataWriteGuidOffset),
        LogGuid = ByteFields.Guid(bytes, LogGuidOffset),
        LogVersion = ByteFields.U16(bytes, LogVersionOffset),
        Version = ByteFields.U16(bytes, VersionOffset),
        LogLength = ByteFields.U32(bytes, LogLengthOffset),
        LogOffset = ByteFields.U64(bytes, LogOffsetOffset),
    };

    /// <summary>Fills a zeroed buffer of <see cref="Length"/> bytes, checksum included.</summary>
    public void Write(Span<byte> bytes)
    {
        Signature.CopyTo(bytes);
        ByteFields.U64(bytes, SequenceNumberOffset, SequenceNumber);
        ByteFields.Guid(bytes, FileWriteGuidOffset, FileWriteGuid);
        ByteFields.Guid(bytes, DataWriteGuidOffset, DataWriteGuid);
        ByteFields.Guid(bytes, LogGuidOffset, LogGuid);
        ByteFields.U16(bytes, LogVersionOffset, LogVersion);
        ByteFields.U16(bytes, VersionOffset, Version);
        ByteFields.U32(bytes, LogLengthOffset, LogLength);
        ByteFields.U64(bytes, LogOffsetOffset, LogOffset);
        ByteFields.U32(bytes, ChecksumOffset, ComputeChecksum(bytes));
    }
}
