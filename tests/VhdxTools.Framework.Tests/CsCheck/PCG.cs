namespace CsCheck;

/// <summary>A source of random bits: the same ones for the same seed and case.</summary>
internal sealed class PCG(uint seed, ulong stream)
{
    private ulong _state = (seed * 0x9E37_79B9_7F4A_7C15UL) ^ (stream * 0xD134_2543_DE82_EF95UL);

    /// <summary>SplitMix64.</summary>
    public ulong Next()
    {
        _state += 0x9E37_79B9_7F4A_7C15UL;
        ulong bits = _state;
        bits = (bits ^ (bits >> 30)) * 0xBF58_476D_1CE4_E5B9UL;
        bits = (bits ^ (bits >> 27)) * 0x94D0_49BB_1331_11EBUL;
        return bits ^ (bits >> 31);
    }

    /// <summary>A value from 0 up to and with <paramref name="maximum"/>.</summary>
    public ulong Next(ulong maximum) => maximum == ulong.MaxValue ? Next() : Next() % (maximum + 1);
}
