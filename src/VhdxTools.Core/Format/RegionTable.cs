using System;
using System.Collections.Generic;

namespace VhdxTools.Format;

/// <summary>One copy of the region table (MS-VHDX 2.2.3.1).</summary>
internal static class RegionTable
{
    public const int Length = FormatConstants.HeaderSlotLength;
    public const int ChecksumOffset = 4;

    private const int EntryCountOffset = ChecksumOffset + 4;
    private const int ReservedOffset = EntryCountOffset + 4;
    private const int EntriesOffset = ReservedOffset + 4;

    public static ReadOnlySpan<byte> Signature => "regi"u8;

    public static bool IsSignatureValid(ReadOnlySpan<byte> bytes) => bytes.StartsWith(Signature);

    public static uint StoredChecksum(ReadOnlySpan<byte> bytes) => ByteFields.U32(bytes, ChecksumOffset);

    public static uint ComputeChecksum(ReadOnlySpan<byte> bytes) => Crc32C.OfStructure(bytes.Slice(0, Length), ChecksumOffset);

    public static uint ReadEntryCount(ReadOnlySpan<byte> bytes) => ByteFields.U32(bytes, EntryCountOffset);

    /// <summary>Whether the reserved field and the reserved bits of the entries are zero.</summary>
    public static bool IsReservedZero(ReadOnlySpan<byte> bytes)
    {
        bool isZero = ByteFields.U32(bytes, ReservedOffset) == 0;
        int count = (int)Math.Min(ReadEntryCount(bytes), FormatConstants.MaximumTableEntries);
        for (int i = 0; i < count && isZero; i++)
        {
            isZero = RegionEntry.IsReservedZero(bytes.Slice(OffsetOfEntry(i)));
        }

        return isZero;
    }

    /// <summary>The entries, at most as many as the table has room for.</summary>
    public static IReadOnlyList<RegionEntry> ReadEntries(ReadOnlySpan<byte> bytes)
    {
        int count = (int)Math.Min(ReadEntryCount(bytes), FormatConstants.MaximumTableEntries);
        List<RegionEntry> entries = new(count);
        for (int i = 0; i < count; i++)
        {
            entries.Add(RegionEntry.Read(bytes.Slice(OffsetOfEntry(i))));
        }

        return entries;
    }

    /// <summary>Fills a zeroed buffer of <see cref="Length"/> bytes, checksum included.</summary>
    public static void Write(IReadOnlyList<RegionEntry> entries, Span<byte> bytes)
    {
        Signature.CopyTo(bytes);
        ByteFields.U32(bytes, EntryCountOffset, (uint)entries.Count);
        for (int i = 0; i < entries.Count; i++)
        {
            entries[i].Write(bytes.Slice(OffsetOfEntry(i)));
        }

        ByteFields.U32(bytes, ChecksumOffset, ComputeChecksum(bytes));
    }

    /// <summary>Clears the reserved fields of a table and marks regions as required; all else stays, also what stands behind the entries.</summary>
    /// <param name="bytes">The whole table.</param>
    /// <param name="isRequired">Which regions have to be required; others stay as they are.</param>
    public static void Mend(Span<byte> bytes, Func<RegionEntry, bool> isRequired)
    {
        ByteFields.U32(bytes, ReservedOffset, 0);
        IReadOnlyList<RegionEntry> entries = ReadEntries(bytes);
        for (int i = 0; i < entries.Count; i++)
        {
            (entries[i] with { IsRequired = entries[i].IsRequired || isRequired(entries[i]) }).Write(bytes.Slice(OffsetOfEntry(i)));
        }

        ByteFields.U32(bytes, ChecksumOffset, ComputeChecksum(bytes));
    }

    public static int OffsetOfEntry(int index) => EntriesOffset + (index * RegionEntry.EntryLength);
}
