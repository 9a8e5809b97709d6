using System;
using System.Buffers.Binary;

namespace VhdxTools.Format;

/// <summary>The checksum of VHD structures: the ones' complement of the sum of all bytes but its own four.</summary>
internal static class VhdChecksum
{
    public static bool IsValid(ReadOnlySpan<byte> bytes, int checksumOffset)
    {
        uint sum = 0;
        for (int i = 0; i < bytes.Length; i++)
        {
            sum += i >= checksumOffset && i < checksumOffset + sizeof(uint) ? 0u : bytes[i];
        }

        return BinaryPrimitives.ReadUInt32BigEndian(bytes.Slice(checksumOffset)) == ~sum;
    }
}
