using System;
using VhdxTools.Format;
using VhdxTools.IO;

namespace VhdxTools.Images;

/// <summary>Tells what a file is by its bytes; its name never counts.</summary>
internal static class ContentSniffer
{
    private const int LookLength = 1024;

    /// <summary>The format, or Unknown for everything that is no virtual disk image of ours.</summary>
    public static VhdFormat Sniff(IRandomAccessFile file)
    {
        byte[] start = file.ReadPadded(0, LookLength);
        if (start.AsSpan().StartsWith(FileTypeIdentifier.Signature))
        {
            return VhdFormat.VHDX;
        }

        // A VHDX whose first sector is lost is still one when a header and a region table stand in their places.
        if (HasSignature(file, FormatConstants.Header1Offset, VhdxHeader.Signature) || HasSignature(file, FormatConstants.Header2Offset, VhdxHeader.Signature))
        {
            if (HasSignature(file, FormatConstants.RegionTable1Offset, RegionTable.Signature) || HasSignature(file, FormatConstants.RegionTable2Offset, RegionTable.Signature))
            {
                return VhdFormat.VHDX;
            }
        }

        return VhdFile.HasFooter(file) ? VhdFormat.VHD : VhdFormat.Unknown;
    }

    /// <summary>The error for a file that is no VHDX, with what it is instead.</summary>
    public static VhdxException NotVhdx(IRandomAccessFile file, VhdFormat format)
    {
        if (format == VhdFormat.VHD)
        {
            return new(ErrorIds.FileIsVhd, ErrorKind.InvalidData, $"'{file.Name}' is a VHD (version 1) by its content, whatever its name says; this command takes VHDX.");
        }

        if (NotRaw(file) is VhdxException other)
        {
            return other;
        }

        string what = IsPartitioned(file.ReadPadded(0, LookLength)) ? "it is a raw disk image" : "neither VHDX nor VHD structures are in it";
        return new(ErrorIds.NotAVirtualDisk, ErrorKind.InvalidData, $"'{file.Name}' is no VHDX file: {what}.");
    }

    /// <summary>The error for a file that is neither VHDX nor VHD and cannot be the bytes of a disk either, or null.</summary>
    public static VhdxException? NotRaw(IRandomAccessFile file)
    {
        if (file.Length == 0)
        {
            return new(ErrorIds.FileEmpty, ErrorKind.InvalidData, $"'{file.Name}' is empty.");
        }

        byte[] start = file.ReadPadded(0, LookLength);
        if (CompressionOf(start) is string compression)
        {
            return new(ErrorIds.FileCompressed, ErrorKind.InvalidData, $"'{file.Name}' is a {compression} file: unpack it first.");
        }

        return OtherDiskOf(start) is string other
            ? new(ErrorIds.NotAVirtualDisk, ErrorKind.InvalidData, $"'{file.Name}' is a {other} image; it can be neither read nor changed here.")
            : null;
    }

    private static string? CompressionOf(ReadOnlySpan<byte> start) =>
        start.StartsWith((ReadOnlySpan<byte>)[0x1F, 0x8B]) ? "gzip"
        : start.StartsWith((ReadOnlySpan<byte>)[0xFD, (byte)'7', (byte)'z', (byte)'X', (byte)'Z', 0]) ? "xz"
        : start.StartsWith("PK\u0003\u0004"u8) || start.StartsWith("PK\u0005\u0006"u8) ? "zip"
        : start.StartsWith("BZh"u8) ? "bzip2"
        : start.StartsWith((ReadOnlySpan<byte>)[(byte)'7', (byte)'z', 0xBC, 0xAF, 0x27, 0x1C]) ? "7z"
        : start.StartsWith((ReadOnlySpan<byte>)[0x28, 0xB5, 0x2F, 0xFD]) ? "zstd"
        : start.StartsWith("Rar!"u8) ? "rar"
        : start.StartsWith("MSCF"u8) ? "cabinet"
        : null;

    private static string? OtherDiskOf(ReadOnlySpan<byte> start) =>
        start.StartsWith((ReadOnlySpan<byte>)[(byte)'Q', (byte)'F', (byte)'I', 0xFB]) ? "QCOW"
        : start.StartsWith("KDMV"u8) || start.StartsWith("COWD"u8) || start.StartsWith("# Disk DescriptorFile"u8) ? "VMDK"
        : start.StartsWith((ReadOnlySpan<byte>)[(byte)'Q', (byte)'E', (byte)'D', 0]) ? "QED"
        : start.StartsWith("WithoutFreeSpace"u8) || start.StartsWith("WithouFreSpacExt"u8) ? "Parallels"
        : start.StartsWith((ReadOnlySpan<byte>)[(byte)'E', (byte)'V', (byte)'F', 9, 13, 10, 0xFF, 0]) ? "EWF (EnCase)"
        : start.Slice(64).StartsWith((ReadOnlySpan<byte>)[0x7F, 0x10, 0xDA, 0xBE]) ? "VDI"
        : null;

    private static bool IsPartitioned(ReadOnlySpan<byte> start) => start.Slice(512).StartsWith("EFI PART"u8) || (start[510] == 0x55 && start[511] == 0xAA);

    private static bool HasSignature(IRandomAccessFile file, long offset, ReadOnlySpan<byte> signature) =>
        file.ReadPadded(offset, signature.Length).AsSpan().SequenceEqual(signature);
}
