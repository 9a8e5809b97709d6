using System;

namespace VhdxTools.Format;

/// <summary>A data sector of a log entry: the middle 4084 bytes of a 4 KiB update (MS-VHDX 2.3.1.4).</summary>
internal static class LogDataSector
{
    public const int DataOffset = 8;
    public const int DataLength = 4084;

    private const int SequenceHighOffset = 4;
    private const int SequenceLowOffset = DataOffset + DataLength;

    public static ReadOnlySpan<byte> Signature => "data"u8;

    /// <summary>Whether the sector belongs to the entry with the given sequence number: it is stored split, at both ends.</summary>
    public static bool IsValid(ReadOnlySpan<byte> sector, ulong sequenceNumber) =>
        sector.StartsWith(Signature)
        && ByteFields.U32(sector, SequenceHighOffset) == (uint)(sequenceNumber >> 32)
        && ByteFields.U32(sector, SequenceLowOffset) == (uint)sequenceNumber;

    /// <summary>Writes the middle of an update between the log's own fields.</summary>
    public static void Write(Span<byte> sector, ulong sequenceNumber, ReadOnlySpan<byte> update)
    {
        update.CopyTo(sector);
        Signature.CopyTo(sector);
        ByteFields.U32(sector, SequenceHighOffset, (uint)(sequenceNumber >> 32));
        ByteFields.U32(sector, SequenceLowOffset, (uint)sequenceNumber);
    }

    /// <summary>Puts the update's first 8 and last 4 bytes back where the log's own fields stand.</summary>
    public static void Restore(Span<byte> sector, ulong leadingBytes, uint trailingBytes)
    {
        ByteFields.U64(sector, 0, leadingBytes);
        ByteFields.U32(sector, SequenceLowOffset, trailingBytes);
    }
}
