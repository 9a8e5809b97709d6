using System;
using System.Collections.Generic;

namespace VhdxTools.Format;

/// <summary>The table at the start of the metadata region (MS-VHDX 2.6.1).</summary>
internal static class MetadataTable
{
    public const int Length = (int)(64 * FormatConstants.KiB);

    private const int ReservedOffset = 8;
    private const int EntryCountOffset = ReservedOffset + 2;
    private const int Reserved2Offset = EntryCountOffset + 2;
    private const int EntriesOffset = Reserved2Offset + 20;

    public static ReadOnlySpan<byte> Signature => "metadata"u8;

    public static bool IsSignatureValid(ReadOnlySpan<byte> bytes) => bytes.StartsWith(Signature);

    public static ushort ReadEntryCount(ReadOnlySpan<byte> bytes) => ByteFields.U16(bytes, EntryCountOffset);

    /// <summary>Whether the reserved fields of the header and of the entries are zero.</summary>
    public static bool IsReservedZero(ReadOnlySpan<byte> bytes)
    {
        bool isZero = ByteFields.U16(bytes, ReservedOffset) == 0 && ByteFields.IsZero(bytes.Slice(Reserved2Offset, EntriesOffset - Reserved2Offset));
        int count = Math.Min((int)ReadEntryCount(bytes), FormatConstants.MaximumTableEntries);
        for (int i = 0; i < count && isZero; i++)
        {
            isZero = MetadataEntry.IsReservedZero(bytes.Slice(OffsetOfEntry(i)));
        }

        return isZero;
    }

    /// <summary>The entries, at most as many as the table has room for.</summary>
    public static IReadOnlyList<MetadataEntry> ReadEntries(ReadOnlySpan<byte> bytes)
    {
        int count = Math.Min((int)ReadEntryCount(bytes), FormatConstants.MaximumTableEntries);
        List<MetadataEntry> entries = new(count);
        for (int i = 0; i < count; i++)
        {
            entries.Add(MetadataEntry.Read(bytes.Slice(OffsetOfEntry(i))));
        }

        return entries;
    }

    /// <summary>Fills a zeroed buffer; it may be shorter than the table when the entries fit.</summary>
    public static void Write(IReadOnlyList<MetadataEntry> entries, Span<byte> bytes)
    {
        Signature.CopyTo(bytes);
        ByteFields.U16(bytes, EntryCountOffset, (ushort)entries.Count);
        for (int i = 0; i < entries.Count; i++)
        {
            entries[i].Write(bytes.Slice(OffsetOfEntry(i)));
        }
    }

    /// <summary>Clears the reserved fields of a table and sets the flags of its entries; all else stays.</summary>
    /// <param name="bytes">The whole table.</param>
    /// <param name="flagsOf">The flags that an entry gets.</param>
    public static void Mend(Span<byte> bytes, Func<MetadataEntry, MetadataFlags> flagsOf)
    {
        ByteFields.U16(bytes, ReservedOffset, 0);
        bytes.Slice(Reserved2Offset, EntriesOffset - Reserved2Offset).Clear();
        IReadOnlyList<MetadataEntry> entries = ReadEntries(bytes);
        for (int i = 0; i < entries.Count; i++)
        {
            MetadataEntry.Write(bytes.Slice(OffsetOfEntry(i)), flagsOf(entries[i]));
        }
    }

    public static int OffsetOfEntry(int index) => EntriesOffset + (index * MetadataEntry.EntryLength);
}
