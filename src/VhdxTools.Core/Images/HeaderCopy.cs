using System;
using VhdxTools.Format;

namespace VhdxTools;

/// <summary>One of the two header copies as the file has it (MS-VHDX 2.2.2).</summary>
public sealed class HeaderCopy
{
    internal HeaderCopy(int number, long fileOffset, ReadOnlySpan<byte> bytes)
    {
        Number = number;
        FileOffset = fileOffset;
        Header = VhdxHeader.Read(bytes);
        IsSignatureValid = VhdxHeader.IsSignatureValid(bytes);
        StoredChecksum = VhdxHeader.StoredChecksum(bytes);
        ComputedChecksum = VhdxHeader.ComputeChecksum(bytes);
        IsBlank = ByteFields.IsZero(bytes.Slice(0, VhdxHeader.Length));
        IsReservedZero = VhdxHeader.IsReservedZero(bytes);
    }

    /// <summary>1 or 2.</summary>
    public int Number { get; }

    /// <summary>Where the copy stands, in bytes.</summary>
    public long FileOffset { get; }

    /// <summary>Whether the copy is the one that counts.</summary>
    public bool IsCurrent { get; internal set; }

    /// <summary>Whether signature and checksum hold.</summary>
    public bool IsValid => IsSignatureValid && StoredChecksum == ComputedChecksum;

    /// <summary>Whether the copy starts with <c>head</c>.</summary>
    public bool IsSignatureValid { get; }

    /// <summary>The CRC-32C that the copy holds.</summary>
    public uint StoredChecksum { get; }

    /// <summary>The CRC-32C that its 4096 bytes have.</summary>
    public uint ComputedChecksum { get; }

    /// <summary>The valid copy with the greater number is current.</summary>
    public ulong SequenceNumber => Header.SequenceNumber;

    /// <summary>Changed whenever the file was opened for writing.</summary>
    public Guid FileWriteGuid => Header.FileWriteGuid;

    /// <summary>Changed whenever what a reader of the disk sees was changed.</summary>
    public Guid DataWriteGuid => Header.DataWriteGuid;

    /// <summary>All zeros when there is nothing in the log to replay.</summary>
    public Guid LogGuid => Header.LogGuid;

    /// <summary>0 in every file so far.</summary>
    public int LogVersion => Header.LogVersion;

    /// <summary>1 in every file so far.</summary>
    public int Version => Header.Version;

    /// <summary>Length of the log in bytes.</summary>
    public long LogLength => Header.LogLength;

    /// <summary>Offset of the log in bytes, as the file has it.</summary>
    public ulong LogOffset => Header.LogOffset;

    internal VhdxHeader Header { get; }

    /// <summary>Whether all bytes are zero: never written, rather than damaged.</summary>
    internal bool IsBlank { get; }

    internal bool IsReservedZero { get; }

    /// <inheritdoc/>
    public override string ToString() => FormattableString.Invariant(
        $"Header {Number}: {(IsValid ? "valid" : "damaged")}{(IsCurrent ? ", current" : "")}, sequence number {SequenceNumber}");
}
