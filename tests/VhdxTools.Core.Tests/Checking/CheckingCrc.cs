using System;

namespace VhdxTools.Core.Tests.Checking;

/// <summary>CRC-32C, bit after bit from the reflected polynomial; shares nothing with the product.</summary>
internal static class CheckingCrc
{
    private const uint Polynomial = 0x82F6_3B78;

    private static readonly uint[] s_table = MakeTable();

    public static uint Of(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte value in bytes)
        {
            crc = s_table[(byte)(crc ^ value)] ^ (crc >> 8);
        }

        return ~crc;
    }

    /// <summary>Puts the checksum of a structure into its bytes 4 to 7, which count as zero.</summary>
    public static void Repair(Span<byte> structure)
    {
        structure.Slice(4, 4).Clear();
        BitConverter.TryWriteBytes(structure.Slice(4), Of(structure));
    }

    private static uint[] MakeTable()
    {
        uint[] table = new uint[256];
        for (uint i = 0; i < table.Length; i++)
        {
            uint value = i;
            for (int bit = 0; bit < 8; bit++)
            {
                value = (value & 1) == 0 ? value >> 1 : (value >> 1) ^ Polynomial;
            }

            table[i] = value;
        }

        return table;
    }
}
