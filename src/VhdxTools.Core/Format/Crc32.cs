using System;

namespace VhdxTools.Format;

/// <summary>CRC-32 (IEEE 802.3), the checksum of a GPT (UEFI 2.10, 5.3.2). Its structures are small: a table of bytes is fast enough.</summary>
internal static class Crc32
{
    private const uint ReversedPolynomial = 0xEDB88320;

    private static readonly uint[] s_table = MakeTable();

    public static uint Of(ReadOnlySpan<byte> bytes)
    {
        uint state = uint.MaxValue;
        foreach (byte value in bytes)
        {
            state = (state >> 8) ^ s_table[(byte)state ^ value];
        }

        return ~state;
    }

    private static uint[] MakeTable()
    {
        uint[] table = new uint[byte.MaxValue + 1];
        for (uint i = 0; i < table.Length; i++)
        {
            uint state = i;
            for (int bit = 0; bit < 8; bit++)
            {
                state = (state & 1) == 0 ? state >> 1 : (state >> 1) ^ ReversedPolynomial;
            }

            table[i] = state;
        }

        return table;
    }
}
