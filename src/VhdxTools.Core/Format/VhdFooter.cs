using System;
using System.Buffers.Binary;
using System.Text;

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

    /// <summary>The host of everything that Windows makes, and of nearly everything else.</summary>
    public const string WindowsHost = "Wi2k";

    /// <summary>Nothing temporary; the bit is always set.</summary>
    private const uint Features = 2;

    private const uint Version = 0x00010000;
    private const int ChecksumOffset = 64;

    public static ReadOnlySpan<byte> Signature => "conectix"u8;

    /// <summary>Where the dynamic header is, in bytes; all ones in fixed images.</summary>
    public required ulong DataOffset { get; init; }

    /// <summary>When the image was made, see <see cref="VhdTime"/>.</summary>
    public required uint Timestamp { get; init; }

    /// <summary>Four letters of the program that made the image.</summary>
    public required string CreatorApplication { get; init; }

    /// <summary>The program's version: major in the upper half, minor in the lower.</summary>
    public required uint CreatorVersion { get; init; }

    /// <summary>Four letters of the system that it ran on.</summary>
    public required string CreatorHost { get; init; }

    /// <summary>Size of the disk when it was made, in bytes.</summary>
    public required ulong OriginalSize { get; init; }

    /// <summary>Size of the disk, in bytes.</summary>
    public required ulong CurrentSize { get; init; }

    public required ChsGeometry Geometry { get; init; }

    public required uint DiskType { get; init; }

    /// <summary>In the Windows binary form, although the numbers around it are big-endian: those of Windows-made files are version 4 that way.</summary>
    public required Guid UniqueId { get; init; }

    public required bool IsChecksumValid { get; init; }

    /// <summary>
    /// The disk's size in bytes. Virtual PC, Virtual Server and QEMU made disks whose visible size is that of the geometry;
    /// everyone else's is CurrentSize.
    /// </summary>
    public long Size => CreatorApplication is "vpc " or "vs  " or "qemu" && Geometry.Size > 0 && Geometry.Size < ChsGeometry.Maximum.Size
        ? Geometry.Size
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
            Timestamp = BinaryPrimitives.ReadUInt32BigEndian(bytes.Slice(24)),
            CreatorApplication = Encoding.ASCII.GetString(bytes.Slice(28, 4).ToArray()),
            CreatorVersion = BinaryPrimitives.ReadUInt32BigEndian(bytes.Slice(32)),
            CreatorHost = Encoding.ASCII.GetString(bytes.Slice(36, 4).ToArray()),
            OriginalSize = BinaryPrimitives.ReadUInt64BigEndian(bytes.Slice(40)),
            CurrentSize = BinaryPrimitives.ReadUInt64BigEndian(bytes.Slice(48)),
            Geometry = new(BinaryPrimitives.ReadUInt16BigEndian(bytes.Slice(56)), bytes[58], bytes[59]),
            DiskType = BinaryPrimitives.ReadUInt32BigEndian(bytes.Slice(60)),
            UniqueId = ByteFields.Guid(bytes, 68),
            IsChecksumValid = VhdChecksum.IsValid(bytes, ChecksumOffset),
        };
    }

    /// <summary>Fills the first <see cref="Length"/> bytes, the checksum included.</summary>
    public void Write(Span<byte> bytes)
    {
        bytes = bytes.Slice(0, Length);
        bytes.Clear();
        Signature.CopyTo(bytes);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.Slice(8), Features);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.Slice(12), Version);
        BinaryPrimitives.WriteUInt64BigEndian(bytes.Slice(16), DataOffset);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.Slice(24), Timestamp);
        Encoding.ASCII.GetBytes(CreatorApplication).AsSpan().CopyTo(bytes.Slice(28));
        BinaryPrimitives.WriteUInt32BigEndian(bytes.Slice(32), CreatorVersion);
        Encoding.ASCII.GetBytes(CreatorHost).AsSpan().CopyTo(bytes.Slice(36));
        BinaryPrimitives.WriteUInt64BigEndian(bytes.Slice(40), OriginalSize);
        BinaryPrimitives.WriteUInt64BigEndian(bytes.Slice(48), CurrentSize);
        BinaryPrimitives.WriteUInt16BigEndian(bytes.Slice(56), Geometry.Cylinders);
        bytes[58] = Geometry.Heads;
        bytes[59] = Geometry.SectorsPerTrack;
        BinaryPrimitives.WriteUInt32BigEndian(bytes.Slice(60), DiskType);
        ByteFields.Guid(bytes, 68, UniqueId);
        VhdChecksum.Write(bytes, ChecksumOffset);
    }
}
