using System;
using System.Buffers.Binary;

namespace VhdxTools.Format;

/// <summary>The footer of a VHD (version 1) file: 512 bytes, big-endian (Virtual Hard Disk Image Format Specification, 2006).</summary>
internal sealed record VhdFooter
{
    public const int Length = 512;

    /// <summary>VHD counts in sectors of this many bytes, always.</summary>
    public const int SectorLength = 512;

    public const uint TypeFixed = 2;
    public const uint TypeDynamic = 3;
    public const uint TypeDifferencing = 4;

    /// <summary>65535 cylinders, 16 heads, 255 sectors: what larger disks are capped to, so it says nothing of their size.</summary>
    private const long MaximumGeometrySize = 65535L * 16 * 255 * 512;

    private const int ChecksumOffset = 64;

    public static ReadOnlySpan<byte> Signature => "conectix"u8;

    public required ulong DataOffset { get; init; }

    public required string CreatorApplication { get; init; }

    public required ulong CurrentSize { get; init; }

    /// <summary>Cylinders x heads x sectors x 512: the size as the geometry has it.</summary>
    public required long GeometrySize { get; init; }

    public required uint DiskType { get; init; }

    /// <summary>In the Windows binary form, although the numbers around it are big-endian: those of Windows-made files are version 4 that way.</summary>
    public required Guid UniqueId { get; init; }

    public required bool IsChecksumValid { get; init; }

    /// <summary>
    /// The disk's size in bytes. Virtual PC, Virtual Server and QEMU made disks whose visible size is that of the geometry;
    /// everyone else's is CurrentSize.
    /// </summary>
    public long Size => CreatorApplication is "vpc " or "vs  " or "qemu" && GeometrySize is > 0 and < MaximumGeometrySize
        ? GeometrySize
        : ByteFields.Clamp(CurrentSize);

    /// <summary>Reads a footer, or gives null without the signature. The last byte may be missing: old writers made 511 bytes.</summary>
    public static VhdFooter? Read(ReadOnlySpan<byte> bytes)
    {
        if (!bytes.StartsWith(Signature))
        {
            return null;
        }

        return new()
        {
            DataOffset = BinaryPrimitives.ReadUInt64BigEndian(bytes.Slice(16)),
            CreatorApplication = System.Text.Encoding.ASCII.GetString(bytes.Slice(28, 4).ToArray()),
            CurrentSize = BinaryPrimitives.ReadUInt64BigEndian(bytes.Slice(48)),
            GeometrySize = (long)BinaryPrimitives.ReadUInt16BigEndian(bytes.Slice(56)) * bytes[58] * bytes[59] * 512,
            DiskType = BinaryPrimitives.ReadUInt32BigEndian(bytes.Slice(60)),
            UniqueId = ByteFields.Guid(bytes, 68),
            IsChecksumValid = VhdChecksum.IsValid(bytes, ChecksumOffset),
        };
    }
}
