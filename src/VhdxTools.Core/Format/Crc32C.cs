using System;
using System.IO.Hashing;

namespace VhdxTools.Format;

/// <summary>CRC-32C (Castagnoli), the checksum of headers, region tables and log entries (MS-VHDX 2.2.2).</summary>
internal static class Crc32C
{
    private static readonly byte[] s_zeroField = new byte[4];

    /// <summary>The checksum of a structure with its own 4-byte checksum field taken as zero.</summary>
    /// <param name="structure">The whole structure.</param>
    /// <param name="checksumOffset">Where its checksum field is.</param>
    public static uint OfStructure(ReadOnlySpan<byte> structure, int checksumOffset)
    {
        Crc32 crc = Begin();
        AppendStructure(crc, structure, checksumOffset);
        return crc.GetCurrentHashAsUInt32();
    }

    public static Crc32 Begin() => new(Crc32ParameterSet.Crc32C);

    /// <summary>Appends the first part of a structure, which holds the checksum field; more may follow.</summary>
    public static void AppendStructure(Crc32 crc, ReadOnlySpan<byte> structure, int checksumOffset)
    {
        crc.Append(structure.Slice(0, checksumOffset));
        crc.Append(s_zeroField);
        crc.Append(structure.Slice(checksumOffset + s_zeroField.Length));
    }
}
