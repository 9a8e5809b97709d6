using System;

namespace VhdxTools.Images;

/// <summary>A plain field of bits; what lies outside is ignored and reads as not set.</summary>
internal sealed class BitField(long length)
{
    private readonly ulong[] _words = new ulong[(length + 63) / 64];

    public long Length => length;

    public bool this[long index] => index < length && (_words[index / 64] >> (int)(index % 64) & 1) != 0;

    public void Set(long first, long count)
    {
        long end = Math.Min(length, first + count);
        for (long index = first; index < end; index++)
        {
            _words[index / 64] |= 1UL << (int)(index % 64);
        }
    }
}
