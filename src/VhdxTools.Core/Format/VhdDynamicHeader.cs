using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Text;

namespace VhdxTools.Format;

/// <summary>The dynamic header of a dynamic or differencing VHD: 1024 bytes, big-endian.</summary>
internal sealed record VhdDynamicHeader
{
    public const int Length = 1024;

    /// <summary>Room for the parent's name in UTF-16 code units.</summary>
    public const int MaximumNameChars = (LocatorsOffset - NameOffset) / 2;

    /// <summary>A BAT entry with this value has no block.</summary>
    public const uint UnusedEntry = 0xFFFFFFFF;

    private const int ChecksumOffset = 36;
    private const int NameOffset = 64;
    private const int LocatorsOffset = 576;
    private const int LocatorCount = 8;
    private const uint Version = 0x00010000;

    public static ReadOnlySpan<byte> Signature => "cxsparse"u8;

    /// <summary>Where the BAT is in the file, in bytes.</summary>
    public required long TableOffset { get; init; }

    public required uint MaxTableEntries { get; init; }

    /// <summary>Length of a block in bytes, without its sector bitmap.</summary>
    public required uint BlockSize { get; init; }

    public required Guid ParentUniqueId { get; init; }

    /// <summary>When the parent was last modified, see <see cref="VhdTime"/>.</summary>
    public required uint ParentTimestamp { get; init; }

    public required string ParentName { get; init; }

    /// <summary>The entries that are in use.</summary>
    public required IReadOnlyList<VhdLocatorEntry> Locators { get; init; }

    public required bool IsChecksumValid { get; init; }

    public static VhdDynamicHeader? Read(ReadOnlySpan<byte> bytes) => !bytes.StartsWith(Signature) ? null : new()
    {
        TableOffset = ByteFields.Clamp(BinaryPrimitives.ReadUInt64BigEndian(bytes.Slice(16))),
        MaxTableEntries = BinaryPrimitives.ReadUInt32BigEndian(bytes.Slice(28)),
        BlockSize = BinaryPrimitives.ReadUInt32BigEndian(bytes.Slice(32)),
        ParentUniqueId = ByteFields.Guid(bytes, 40),
        ParentTimestamp = BinaryPrimitives.ReadUInt32BigEndian(bytes.Slice(56)),
        ParentName = Encoding.BigEndianUnicode.GetString(bytes.Slice(NameOffset, LocatorsOffset - NameOffset).ToArray()).Split('\0')[0],
        Locators = ReadLocators(bytes.Slice(LocatorsOffset)),
        IsChecksumValid = VhdChecksum.IsValid(bytes, ChecksumOffset),
    };

    /// <summary>Fills the first <see cref="Length"/> bytes, the checksum included.</summary>
    public void Write(Span<byte> bytes)
    {
        bytes = bytes.Slice(0, Length);
        bytes.Clear();
        Signature.CopyTo(bytes);
        BinaryPrimitives.WriteUInt64BigEndian(bytes.Slice(8), ulong.MaxValue);
        BinaryPrimitives.WriteUInt64BigEndian(bytes.Slice(16), (ulong)TableOffset);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.Slice(24), Version);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.Slice(28), MaxTableEntries);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.Slice(32), BlockSize);
        ByteFields.Guid(bytes, 40, ParentUniqueId);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.Slice(56), ParentTimestamp);
        Encoding.BigEndianUnicode.GetBytes(ParentName).AsSpan().CopyTo(bytes.Slice(NameOffset));
        for (int i = 0; i < Locators.Count; i++)
        {
            Locators[i].Write(bytes.Slice(LocatorsOffset + (i * VhdLocatorEntry.Length)));
        }

        VhdChecksum.Write(bytes, ChecksumOffset);
    }

    private static List<VhdLocatorEntry> ReadLocators(ReadOnlySpan<byte> bytes)
    {
        List<VhdLocatorEntry> entries = [];
        for (int i = 0; i < LocatorCount; i++)
        {
            if (VhdLocatorEntry.Read(bytes.Slice(i * VhdLocatorEntry.Length, VhdLocatorEntry.Length)) is VhdLocatorEntry entry)
            {
                entries.Add(entry);
            }
        }

        return entries;
    }
}
