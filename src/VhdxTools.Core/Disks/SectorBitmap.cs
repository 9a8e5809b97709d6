namespace VhdxTools.Disks;

/// <summary>A field of bits in a file, one for each sector; a part of it is in memory. For one thread.</summary>
/// <param name="metadata">Where the bits are read from.</param>
/// <param name="offset">Where the field starts in the file, in bytes.</param>
/// <param name="isMostSignificantFirst">Whether bit 0 is the most significant one of its byte (VHD) or the least (VHDX).</param>
internal sealed class SectorBitmap(MetadataCache metadata, long offset, bool isMostSignificantFirst)
{
    private const int WindowLength = MetadataCache.SectorLength;

    private readonly byte[] _window = new byte[WindowLength];
    private long _windowStart = -1;

    public bool this[long bit] => (Byte(bit / 8) >> (int)(isMostSignificantFirst ? 7 - (bit % 8) : bit % 8) & 1) != 0;

    /// <summary>The first bit behind a run of equal ones.</summary>
    /// <param name="bit">A bit of the run.</param>
    /// <param name="limit">The first bit that is not looked at.</param>
    public long EndOfRun(long bit, long limit)
    {
        bool value = this[bit];
        byte whole = value ? byte.MaxValue : byte.MinValue;
        while (bit < limit)
        {
            if (bit % 8 == 0 && limit - bit >= 8 && Byte(bit / 8) == whole)
            {
                bit += 8;
            }
            else if (this[bit] == value)
            {
                bit++;
            }
            else
            {
                break;
            }
        }

        return bit;
    }

    private byte Byte(long index)
    {
        if (_windowStart < 0 || index < _windowStart || index >= _windowStart + WindowLength)
        {
            _windowStart = index / WindowLength * WindowLength;
            metadata.Read(offset + _windowStart, _window);
        }

        return _window[index - _windowStart];
    }
}
