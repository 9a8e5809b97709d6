using System;
using VhdxTools.Layout;

namespace VhdxTools.IO;

/// <summary>
/// Asks a file where its data is, and remembers the answer: a hole below a million blocks is one question. For walks during which nothing
/// is written to what they ask for.
/// </summary>
internal sealed class DataFinder(IRandomAccessFile file)
{
    // Known is a hole and the data behind it.
    private long _holeStart;
    private long _dataStart;
    private long _dataEnd;

    /// <summary>The first data of a range, cut to it; null when the range is a hole.</summary>
    public FileRange? FindData(long offset, long end)
    {
        if (offset < _holeStart || offset >= _dataEnd)
        {
            long limit = Math.Max(end, file.Length);
            FileRange data = file.FindData(offset, limit) ?? new(limit, 0);
            (_holeStart, _dataStart, _dataEnd) = (offset, data.Offset, data.Length > 0 ? data.End : limit);
        }

        long start = Math.Max(offset, _dataStart);
        long stop = Math.Min(end, _dataEnd);
        return start < stop ? new(start, stop - start) : null;
    }
}
