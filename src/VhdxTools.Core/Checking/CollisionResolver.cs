using System;
using System.Collections.Generic;
using System.Linq;
using VhdxTools.Format;
using VhdxTools.Layout;

namespace VhdxTools.Checking;

/// <summary>
/// Finds out which entries share the space of those that collided: it is shown every entry once. The first partners are kept for each
/// place, and all of them are counted, so memory and time stay bounded however many entries claim one place.
/// </summary>
internal sealed class CollisionResolver
{
    /// <summary>Partners that a finding names; beyond, they are counted.</summary>
    public const int MaximumNames = 8;

    private readonly Dictionary<FileRange, Place> _places = [];
    private readonly List<Place> _open;
    private readonly long _maximumLength;

    // The union of all places, in order.
    private readonly long[] _unionStarts;
    private readonly long[] _unionEnds;

    // Entries that start before an end and those that end before a start: their difference is the number that overlap a place.
    private readonly long[] _ends;
    private readonly long[] _starts;
    private readonly long[] _startsBefore;
    private readonly long[] _endsBefore;

    /// <summary>Begins a search.</summary>
    /// <param name="ranges">The space of the entries that collided.</param>
    public CollisionResolver(IEnumerable<FileRange> ranges)
    {
        foreach (FileRange range in ranges)
        {
            if (!_places.ContainsKey(range))
            {
                _places.Add(range, new(range));
            }
        }

        _open = _places.Values.OrderBy(place => place.Range.Offset).ToList();
        _maximumLength = _open.Max(place => place.Range.Length);
        _ends = _open.Select(place => place.Range.End).Distinct().OrderBy(end => end).ToArray();
        _starts = _open.Select(place => place.Range.Offset).Distinct().ToArray();
        _startsBefore = new long[_ends.Length + 1];
        _endsBefore = new long[_starts.Length + 1];
        List<FileRange> union = [];
        foreach (Place place in _open)
        {
            FileRange last = union.Count > 0 ? union[union.Count - 1] : new(-1, 0);
            if (place.Range.Offset <= last.End)
            {
                union[union.Count - 1] = new(last.Offset, Math.Max(last.End, place.Range.End) - last.Offset);
            }
            else
            {
                union.Add(place.Range);
            }
        }

        _unionStarts = union.Select(range => range.Offset).ToArray();
        _unionEnds = union.Select(range => range.End).ToArray();
    }

    /// <summary>Whether something in that place may be of interest: a quick answer for the many that are not.</summary>
    /// <param name="offset">Its file offset.</param>
    public bool MayTouch(long offset) => offset > _unionStarts[0] - FormatConstants.MaximumBlockSize && offset < _unionEnds[_unionEnds.Length - 1];

    /// <summary>Takes an entry.</summary>
    /// <param name="index">Its index.</param>
    /// <param name="range">Its space.</param>
    public void Visit(long index, FileRange range)
    {
        int union = FirstGreater(_unionEnds, range.Offset);
        if (union == _unionEnds.Length || _unionStarts[union] >= range.End)
        {
            return;
        }

        _startsBefore[FirstGreater(_ends, range.Offset)]++;
        _endsBefore[FirstGreater(_starts, range.End - 1)]++;
        int low = 0;
        int high = _open.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (_open[middle].Range.Offset <= range.Offset - _maximumLength)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        for (; low < _open.Count && _open[low].Range.Offset < range.End; low++)
        {
            Place place = _open[low];
            if (!place.IsFull && place.Range.Overlaps(range))
            {
                place.Partners.Add((index, range));
            }
        }
    }

    /// <summary>Places with enough partners are not looked at again: many blocks in one place would cost a square of their number.</summary>
    public void Prune() => _open.RemoveAll(place => place.IsFull);

    /// <summary>All entries have been shown.</summary>
    public void Complete()
    {
        Sum(_startsBefore);
        Sum(_endsBefore);
        foreach (Place place in _places.Values)
        {
            place.Count = _startsBefore[Array.BinarySearch(_ends, place.Range.End)] - _endsBefore[Array.BinarySearch(_starts, place.Range.Offset)];
        }

        static void Sum(long[] counts)
        {
            for (int i = 1; i < counts.Length; i++)
            {
                counts[i] += counts[i - 1];
            }
        }
    }

    /// <summary>Who shares a place with an entry: the first partners, how many more there are, and the space that is shared with the first.</summary>
    /// <param name="index">The entry.</param>
    /// <param name="range">Its space.</param>
    public (IReadOnlyList<long> Partners, long MoreCount, FileRange Shared) PartnersOf(long index, FileRange range)
    {
        Place place = _places[range];
        List<long> partners = [];
        long start = range.End;
        long end = range.Offset;
        foreach ((long partner, FileRange other) in place.Partners)
        {
            if (partner != index && partners.Count < MaximumNames)
            {
                partners.Add(partner);
                start = Math.Min(start, Math.Max(other.Offset, range.Offset));
                end = Math.Max(end, Math.Min(other.End, range.End));
            }
        }

        return (partners, Math.Max(0, place.Count - 1 - partners.Count), partners.Count == 0 ? range : new(start, end - start));
    }

    private static int FirstGreater(long[] values, long value)
    {
        int low = 0;
        int high = values.Length;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (values[middle] <= value)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }

    /// <summary>A space that at least two entries claim.</summary>
    private sealed class Place(FileRange range)
    {
        public FileRange Range => range;

        /// <summary>The first entries that overlap it, the one that lies there among them.</summary>
        public List<(long Index, FileRange Range)> Partners { get; } = [];

        public bool IsFull => Partners.Count > MaximumNames;

        /// <summary>How many entries overlap it.</summary>
        public long Count { get; set; }
    }
}
