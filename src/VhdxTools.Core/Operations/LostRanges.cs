using System.Collections.Generic;

namespace VhdxTools.Operations;

/// <summary>Collects ranges of a disk that cannot be read, in order; neighbours become one.</summary>
internal sealed class LostRanges
{
    /// <summary>Beyond, the last range takes what follows and what lies between: too much is called lost, never too little.</summary>
    private const int MaximumCount = 1_000_000;

    private readonly List<VhdxLostRange> _ranges = [];

    public IReadOnlyList<VhdxLostRange> Ranges => _ranges;

    /// <summary>Bytes that are lost.</summary>
    public long Length { get; private set; }

    public void Add(long offset, long length, string id, string reason)
    {
        Length += length;
        VhdxLostRange? last = _ranges.Count > 0 ? _ranges[_ranges.Count - 1] : null;
        bool continues = last is not null && last.VirtualOffset + last.VirtualLength == offset && last.RuleId == id;
        if (last is not null && (continues || _ranges.Count >= MaximumCount))
        {
            _ranges[_ranges.Count - 1] = last with { VirtualLength = offset + length - last.VirtualOffset };
            return;
        }

        _ranges.Add(new() { VirtualOffset = offset, VirtualLength = length, RuleId = id, Reason = reason });
    }
}
