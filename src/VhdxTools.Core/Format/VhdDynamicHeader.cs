using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Text;

namespace VhdxTools.Format;

/// <summary>The dynamic header of a dynamic or differencing VHD: 1024 bytes, big-endian.</summary>
internal sealed record VhdDynamicHeader
{
    public const int Length = 1024;

    /// <summary>A BAT entry with this value has no block.</summary>
    public const uint UnusedEntry = 0xFFFFFFFF;

    private const int ChecksumOffset = 36;
    private const int LocatorsOffset = 576;
    private const int LocatorCount = 8;

    public static ReadOnlySpan<byte> Signature => "cxsparse"u8;

    /// <summary>Where the BAT is in the file, in bytes.</summary>
    public required long TableOffset { get; init; }

    public required uint MaxTableEntries { get; init; }

    /// <summary>Length of a block in bytes, without its sector bitmap.</summary>
    public required uint BlockSize { get; init; }

    public required Guid ParentUniqueId { get; init; }

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
        ParentName = Encoding.BigEndianUnicode.GetString(bytes.Slice(64, 512).ToArray()).Split('\0')[0],
        Locators = ReadLocators(bytes.Slice(LocatorsOffset)),
        IsChecksumValid = VhdChecksum.IsValid(bytes, ChecksumOffset),
    };

    private static List<VhdLocatorEntry> ReadLocators(ReadOnlySpan<byte> bytes)
    {
        List<VhdLocatorEntry> entries = [];
        for (int i = 0; i < LocatorCount; i++)
        {
            ReadOnlySpan<byte> entry = bytes.Slice(i * VhdLocatorEntry.Length, VhdLocatorEntry.Length);
            if (BinaryPrimitives.ReadUInt32BigEndian(entry) != 0)
            {
                entries.Add(new(
                    Encoding.ASCII.GetString(entry.Slice(0, 4).ToArray()),
                    BinaryPrimitives.ReadUInt32BigEndian(entry.Slice(8)),
                    ByteFields.Clamp(BinaryPrimitives.ReadUInt64BigEndian(entry.Slice(16)))));
            }
        }

        return entries;
    }
}
