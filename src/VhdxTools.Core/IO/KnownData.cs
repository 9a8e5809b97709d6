using System;
using System.Collections.Generic;
using VhdxTools.Format;
using VhdxTools.Layout;

namespace VhdxTools.IO;

/// <summary>
/// Remembers where a file has data. That stays true enough for ever: whoever reads such a range finds what is there by then. Some file
/// systems (tmpfs) look at page after page for the next hole, so blocks that do not lie in the order of the disk would cost the rest of
/// the file each.
/// </summary>
internal sealed class KnownData
{
    /// <summary>
    /// So many bytes of known data are looked at again before it costs too much: then what lies a <see cref="Gap"/> before known data is
    /// taken for data up to it. Where holes lie between, that does not happen.
    /// </summary>
    private const long Patience = FormatConstants.GiB;

    /// <summary>In bytes; a block that is large takes few looks anyway.</summary>
    private const long Gap = 2 * FormatConstants.MiB;

    /// <summary>A file with many holes needs no long looks.</summary>
    private const int MaximumCount = 64;

    private readonly object _lock = new();
    private readonly List<FileRange> _ranges = [];
    private long _lookedAgain;

    /// <summary>The end of the known range that a place lies in, or null.</summary>
    public long? EndAt(long offset)
    {
        lock (_lock)
        {
            int index = _ranges.FindIndex(range => range.Offset <= offset && offset < range.End);
            return index < 0 ? null : _ranges[index].End;
        }
    }

    /// <summary>The end of the data that starts at a place; the file is asked only when nothing is known.</summary>
    /// <param name="start">Where data is.</param>
    /// <param name="findHole">Gives the first hole from a place on; no greater number when that cannot be told.</param>
    public long EndOf(long start, Func<long, long> findHole)
    {
        lock (_lock)
        {
            if ((EndAt(start) ?? EndBehind(start)) is long known)
            {
                Add(new(start, known - start));
                return known;
            }

            long end = findHole(start);
            if (end > start)
            {
                _lookedAgain += Add(new(start, end - start));
            }

            return end;
        }
    }

    private long? EndBehind(long start)
    {
        if (_lookedAgain < Patience)
        {
            return null;
        }

        int index = _ranges.FindIndex(range => range.Offset > start && range.Offset <= start + Gap);
        return index < 0 ? null : _ranges[index].End;
    }

    /// <returns>How much of it was known.</returns>
    private long Add(FileRange range)
    {
        long known = 0;
        for (int i = _ranges.Count - 1; i >= 0; i--)
        {
            if (_ranges[i].Offset <= range.End && range.Offset <= _ranges[i].End)
            {
                known += Math.Min(range.End, _ranges[i].End) - Math.Max(range.Offset, _ranges[i].Offset);
                long start = Math.Min(range.Offset, _ranges[i].Offset);
                range = new(start, Math.Max(range.End, _ranges[i].End) - start);
                _ranges.RemoveAt(i);
            }
        }

        if (_ranges.Count == MaximumCount)
        {
            _ranges.RemoveAt(0);
        }

        _ranges.Add(range);
        return known;
    }
}
