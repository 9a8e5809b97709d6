using System;
using System.Buffers.Binary;
using System.Text;

namespace VhdxTools.Format;

/// <summary>The dynamic header of a dynamic or differencing VHD: 1024 bytes, big-endian.</summary>
internal sealed record VhdDynamicHeader(long TableOffset, uint MaxTableEntries, uint BlockSize, Guid ParentUniqueId, string ParentName)
{
    public const int Length = 1024;

    /// <summary>A BAT entry with this value has no block.</summary>
    public const uint UnusedEntry = 0xFFFFFFFF;

    public static ReadOnlySpan<byte> Signature => "cxsparse"u8;

    public static VhdDynamicHeader? Read(ReadOnlySpan<byte> bytes) => !bytes.StartsWith(Signature) ? null : new(
        ByteFields.Clamp(BinaryPrimitives.ReadUInt64BigEndian(bytes.Slice(16))),
        BinaryPrimitives.ReadUInt32BigEndian(bytes.Slice(28)),
        BinaryPrimitives.ReadUInt32BigEndian(bytes.Slice(32)),
        ByteFields.Guid(bytes, 40),
        Encoding.BigEndianUnicode.GetString(bytes.Slice(64, 512).ToArray()).Split('\0')[0]);
}
