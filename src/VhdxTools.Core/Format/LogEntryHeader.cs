using System;

namespace VhdxTools.Format;

/// <summary>The header of a log entry (MS-VHDX 2.3.1.1).</summary>
internal sealed record LogEntryHeader
{
    public const int Length = 64;
    public const int SectorLength = 4096;
    public const int ChecksumOffset = 4;

    private const int EntryLengthOffset = ChecksumOffset + 4;
    private const int TailOffset = EntryLengthOffset + 4;
    private const int SequenceNumberOffset = TailOffset + 4;
    private const int DescriptorCountOffset = SequenceNumberOffset + 8;
    private const int LogGuidOffset = DescriptorCountOffset + 8;
    private const int FlushedFileOffsetOffset = LogGuidOffset + 16;
    private const int LastFileOffsetOffset = FlushedFileOffsetOffset + 8;

    public static ReadOnlySpan<byte> Signature => "loge"u8;

    public uint Checksum { get; init; }

    /// <summary>Length in bytes of header, descriptors and data sectors.</summary>
    public uint EntryLength { get; init; }

    /// <summary>Offset in the log of the oldest entry that is still needed.</summary>
    public required uint Tail { get; init; }

    public required ulong SequenceNumber { get; init; }

    public uint DescriptorCount { get; init; }

    public required Guid LogGuid { get; init; }

    public required ulong FlushedFileOffset { get; init; }

    public required ulong LastFileOffset { get; init; }

    /// <summary>How many sectors the header and the descriptors take: 126 descriptors in the first, 128 in each further one.</summary>
    public long DescriptorSectors => FormatConstants.CeilingDivide(Length + ((long)DescriptorCount * LogDescriptor.Length), SectorLength);

    public static LogEntryHeader? Read(ReadOnlySpan<byte> bytes) => !bytes.StartsWith(Signature) ? null : new()
    {
        Checksum = ByteFields.U32(bytes, ChecksumOffset),
        EntryLength = ByteFields.U32(bytes, EntryLengthOffset),
        Tail = ByteFields.U32(bytes, TailOffset),
        SequenceNumber = ByteFields.U64(bytes, SequenceNumberOffset),
        DescriptorCount = ByteFields.U32(bytes, DescriptorCountOffset),
        LogGuid = ByteFields.Guid(bytes, LogGuidOffset),
        FlushedFileOffset = ByteFields.U64(bytes, FlushedFileOffsetOffset),
        LastFileOffset = ByteFields.U64(bytes, LastFileOffsetOffset),
    };

    /// <summary>Fills in the header of an entry whose descriptors and data sectors are there, checksum included.</summary>
    public void Write(Span<byte> entry)
    {
        Signature.CopyTo(entry);
        ByteFields.U32(entry, EntryLengthOffset, EntryLength);
        ByteFields.U32(entry, TailOffset, Tail);
        ByteFields.U64(entry, SequenceNumberOffset, SequenceNumber);
        ByteFields.U32(entry, DescriptorCountOffset, DescriptorCount);
        ByteFields.Guid(entry, LogGuidOffset, LogGuid);
        ByteFields.U64(entry, FlushedFileOffsetOffset, FlushedFileOffset);
        ByteFields.U64(entry, LastFileOffsetOffset, LastFileOffset);
        ByteFields.U32(entry, ChecksumOffset, Crc32C.OfStructure(entry.Slice(0, (int)EntryLength), ChecksumOffset));
    }
}
