using System;
using System.Collections.Generic;
using VhdxTools.Layout;

namespace VhdxTools.IO;

/// <summary>A set of byte ranges. Additions are sorted and merged together when the set is next asked.</summary>
internal sealed class RangeSet
{
    private List<FileRange> _ranges = [];
    private bool _isSorted = true;

    public bool IsEmpty => _ranges.Count == 0;

    public void Add(FileRange range)
    {
        if (range.Length > 0)
        {
            _ranges.Add(range);
            _isSorted = false;
        }
    }

    public void AddAll(RangeSet other)
    {
        _ranges.AddRange(other._ranges);
        _isSorted = false;
    }

    public void Clear() => _ranges.Clear();

    public bool Contains(long offset)
    {
        Sort();
        int index = FirstEndingAfter(offset);
        return index < _ranges.Count && _ranges[index].Offset <= offset;
    }

    /// <summary>The parts of the set that lie in a window, in order.</summary>
    public IEnumerable<FileRange> Within(FileRange window)
    {
        Sort();
        for (int i = FirstEndingAfter(window.Offset); i < _ranges.Count && _ranges[i].Offset < window.End; i++)
        {
            long start = Math.Max(window.Offset, _ranges[i].Offset);
            yield return new(start, Math.Min(window.End, _ranges[i].End) - start);
        }
    }

    private void Sort()
    {
        if (_isSorted)
        {
            return;
        }

        _ranges.Sort((left, right) => left.Offset.CompareTo(right.Offset));
        List<FileRange> merged = [];
        foreach (FileRange range in _ranges)
        {
            if (merged.Count > 0 && merged[merged.Count - 1] is FileRange last && range.Offset <= last.End)
            {
                merged[merged.Count - 1] = new(last.Offset, Math.Max(last.End, range.End) - last.Offset);
            }
            else
            {
                merged.Add(range);
            }
        }

        _ranges = merged;
        _isSorted = true;
    }

    private int FirstEndingAfter(long offset)
    {
        int low = 0;
        int high = _ranges.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (_ranges[middle].End <= offset)
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
}
