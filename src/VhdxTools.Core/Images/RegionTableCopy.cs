using System;
using System.Collections.Generic;
using System.Linq;
using VhdxTools.Format;

namespace VhdxTools;

/// <summary>One of the two region table copies as the file has it, a dirty log replayed (MS-VHDX 2.2.3).</summary>
public sealed class RegionTableCopy
{
    internal RegionTableCopy(int number, long fileOffset, ReadOnlySpan<byte> bytes)
    {
        Number = number;
        FileOffset = fileOffset;
        IsSignatureValid = RegionTable.IsSignatureValid(bytes);
        StoredChecksum = RegionTable.StoredChecksum(bytes);
        ComputedChecksum = RegionTable.ComputeChecksum(bytes);
        IsBlank = ByteFields.IsZero(bytes);
        IsReservedZero = RegionTable.IsReservedZero(bytes);
        EntryCount = RegionTable.ReadEntryCount(bytes);
        Entries = IsSignatureValid ? RegionTable.ReadEntries(bytes) : [];
        Regions = Entries.Select((entry, index) => new VhdxRegion(entry, fileOffset + RegionTable.OffsetOfEntry(index))).ToArray();
    }

    /// <summary>1 or 2.</summary>
    public int Number { get; }

    /// <summary>Where the copy stands, in bytes.</summary>
    public long FileOffset { get; }

    /// <summary>Whether the copy is the one that counts.</summary>
    public bool IsCurrent { get; internal set; }

    /// <summary>Whether signature, checksum and entry count hold.</summary>
    public bool IsValid => IsSignatureValid && StoredChecksum == ComputedChecksum && EntryCount <= FormatConstants.MaximumTableEntries;

    /// <summary>Whether the copy starts with <c>regi</c>.</summary>
    public bool IsSignatureValid { get; }

    /// <summary>The CRC-32C that the copy holds.</summary>
    public uint StoredChecksum { get; }

    /// <summary>The CRC-32C that its 64 KiB have.</summary>
    public uint ComputedChecksum { get; }

    /// <summary>The number of entries that the copy announces; at most 2047 are legal.</summary>
    public uint EntryCount { get; }

    /// <summary>The entries.</summary>
    public IReadOnlyList<VhdxRegion> Regions { get; }

    internal IReadOnlyList<RegionEntry> Entries { get; }

    /// <summary>Whether all bytes are zero: never written, rather than damaged.</summary>
    internal bool IsBlank { get; }

    internal bool IsReservedZero { get; }

    /// <inheritdoc/>
    public override string ToString() => FormattableString.Invariant(
        $"Region table {Number}: {(IsValid ? "valid" : "damaged")}{(IsCurrent ? ", current" : "")}, {EntryCount} entries");
}
