using System;
using System.Text;

namespace VhdxTools.Format;

/// <summary>The first structure of the file: signature and creator (MS-VHDX 2.2.1).</summary>
internal sealed record FileTypeIdentifier(bool IsSignatureValid, string Creator)
{
    public const int Length = CreatorOffset + CreatorLength;

    /// <summary>The creator field takes 256 UTF-16 units; one is left for the NUL.</summary>
    public const int MaximumCreatorChars = (CreatorLength / 2) - 1;

    private const int CreatorOffset = 8;
    private const int CreatorLength = 512;

    public static ReadOnlySpan<byte> Signature => "vhdxfile"u8;

    public static FileTypeIdentifier Read(ReadOnlySpan<byte> bytes)
    {
        string creator = ByteFields.Utf16(bytes.Slice(CreatorOffset, CreatorLength));
        int end = creator.IndexOf('\0');
        return new(bytes.StartsWith(Signature), end < 0 ? creator : creator.Substring(0, end));
    }

    public void Write(Span<byte> bytes)
    {
        Signature.CopyTo(bytes);
        Encoding.Unicode.GetBytes(Creator).AsSpan().CopyTo(bytes.Slice(CreatorOffset, CreatorLength));
    }
}
