using System;

namespace VhdxTools.Images;

/// <summary>A plain field of bits; what lies outside is ignored and reads as not set.</summary>
internal sealed class BitField(long length)
{
    private const int WordBits = 64;

    private ulong[] _words = new ulong[(length + WordBits - 1) / WordBits];
    private long _length = length;

    public long Length => _length;

    public bool this[long index] => index < _length && ((_words[index / WordBits] >> (int)(index % WordBits)) & 1) != 0;

    /// <summary>Sets a range.</summary>
    /// <returns>Whether a bit of it was set before.</returns>
    public bool Set(long first, long count) => Visit(first, count, set: true);

    public void Clear(long first, long count)
    {
        long end = Math.Min(_length, first + count);
        for (long index = first; index < end; index++)
        {
            _words[index / WordBits] &= ~(1UL << (int)(index % WordBits));
        }
    }

    /// <summary>Makes the field longer; new bits are not set.</summary>
    public void Extend(long newLength)
    {
        if (newLength <= _length)
        {
            return;
        }

        long words = (newLength + WordBits - 1) / WordBits;
        if (words > _words.Length)
        {
            Array.Resize(ref _words, (int)Math.Max(words, Math.Min(2L * _words.Length, int.MaxValue / 2)));
        }

        _length = newLength;
    }

    /// <summary>Sets every bit that another field of this length has set.</summary>
    public void SetAll(BitField other)
    {
        for (int i = 0; i < Math.Min(_words.Length, other._words.Length); i++)
        {
            _words[i] |= other._words[i];
        }
    }

    /// <summary>Sets a range when no bit of it is set.</summary>
    /// <returns>False, and nothing is changed, when a bit of the range is set already.</returns>
    public bool TrySet(long first, long count)
    {
        if (count == 1 && first < _length)
        {
            // Unsigned: a division by a power of two is a plain shift then.
            ref ulong word = ref _words[(ulong)first / WordBits];
            ulong bit = 1UL << (int)((ulong)first % WordBits);
            bool isFree = (word & bit) == 0;
            word |= bit;
            return isFree;
        }

        if (Visit(first, count, set: false))
        {
            return false;
        }

        Visit(first, count, set: true);
        return true;
    }

    /// <summary>The first index at or after a place whose bit has the given value, or Length.</summary>
    public long Find(bool value, long from)
    {
        for (long index = from; index < _length; index++)
        {
            ulong word = value ? _words[index / WordBits] : ~_words[index / WordBits];
            if (word >> (int)(index % WordBits) == 0)
            {
                index |= WordBits - 1;
            }
            else if (((word >> (int)(index % WordBits)) & 1) != 0)
            {
                return index;
            }
        }

        return _length;
    }

    /// <summary>How many bits of a range are not set.</summary>
    public long CountClear(long first, long end)
    {
        long count = 0;
        for (long start = Find(value: false, first); start < end;)
        {
            long stop = Math.Min(end, Find(value: true, start));
            count += stop - start;
            start = Find(value: false, stop);
        }

        return count;
    }

    /// <summary>The index of the last bit that is set, or -1.</summary>
    public long FindLast()
    {
        for (long word = (_length - 1) / WordBits; word >= 0; word--)
        {
            if (_words[word] != 0)
            {
                long index = ((word + 1) * WordBits) - 1;
                while (!this[index])
                {
                    index--;
                }

                return index;
            }
        }

        return -1;
    }

    /// <summary>Whether a bit of the range is set (before it is set, when that is wanted).</summary>
    private bool Visit(long first, long count, bool set)
    {
        bool any = false;
        long end = Math.Min(_length, first + count);
        while (first < end)
        {
            int bit = (int)(first % WordBits);
            int bits = (int)Math.Min(WordBits - bit, end - first);
            ulong mask = (bits == WordBits ? ulong.MaxValue : (1UL << bits) - 1) << bit;
            ref ulong word = ref _words[first / WordBits];
            any |= (word & mask) != 0;
            if (set)
            {
                word |= mask;
            }

            first += bits;
        }

        return any;
    }
}
