using System;
using System.Collections.Generic;
using VhdxTools.Layout;

namespace VhdxTools.IO;

/// <summary>
/// Sectors of 4 KiB and zeroed ranges laid over a file that stays as it is: how a log is replayed without writing. Later calls win over
/// earlier ones. Data is fetched when it is read, so the overlay holds no copies.
/// </summary>
internal sealed class OverlayFile(IRandomAccessFile inner) : IRandomAccessFile
{
    public const int SectorLength = 4096;

    private readonly Dictionary<long, SectorSource> _sectors = [];
    private readonly RangeSet _zeros = new();

    // Zeroed ranges since the last sector: taken together, a hostile log of a million of them costs no more than a few passes.
    private readonly RangeSet _pendingZeros = new();
    private long _length = inner.Length;

    // The sectors in order; null when they have changed since.
    private long[]? _order;

    /// <summary>Fills a buffer of 4096 bytes with a sector's content.</summary>
    public delegate void SectorSource(Span<byte> sector);

    public string Name => inner.Name;

    public long Length => _length;

    /// <summary>Lays one sector over the file; it grows when the sector lies beyond its end.</summary>
    /// <param name="offset">A multiple of 4096.</param>
    /// <param name="source">Where the content comes from.</param>
    public void SetSector(long offset, SectorSource source)
    {
        ApplyPendingZeros();
        _sectors[offset / SectorLength] = source;
        _order = null;
        _length = Math.Max(_length, offset + SectorLength);
    }

    /// <summary>Makes a range read as zeros; both ends are multiples of 4096.</summary>
    public void SetZeros(FileRange range)
    {
        _pendingZeros.Add(range);
        _length = Math.Max(_length, range.End);
    }

    /// <summary>Makes the file appear at least this long.</summary>
    public void Extend(long length) => _length = Math.Max(_length, length);

    public int Read(long offset, Span<byte> buffer)
    {
        ApplyPendingZeros();
        int count = (int)Math.Max(0, Math.Min(buffer.Length, _length - offset));
        Span<byte> target = buffer.Slice(0, count);
        int read = offset < inner.Length ? inner.Read(offset, target) : 0;
        target.Slice(read).Clear();
        foreach (FileRange zero in _zeros.Within(new(offset, count)))
        {
            target.Slice((int)(zero.Offset - offset), (int)zero.Length).Clear();
        }

        if (_sectors.Count > 0 && count > 0)
        {
            ReadSectors(offset, target);
        }

        return count;
    }

    /// <summary>Every range that differs from the file below, in no order, without overlap.</summary>
    public IEnumerable<FileRange> ChangedRanges()
    {
        ApplyPendingZeros();
        RangeSet changed = new();
        changed.AddAll(_zeros);
        foreach (long sector in _sectors.Keys)
        {
            changed.Add(new(sector * SectorLength, SectorLength));
        }

        return changed.Within(new(0, _length));
    }

    public void Write(long offset, ReadOnlySpan<byte> data) => throw ReadOnly();

    public bool TryShare(IRandomAccessFile source, long sourceOffset, long offset, long length) => throw ReadOnly();

    public void SetLength(long length) => throw ReadOnly();

    public void Reserve(long length) => throw ReadOnly();

    public void Flush()
    {
    }

    public FileRange? FindData(long offset, long end)
    {
        ApplyPendingZeros();

        // Overlaid sectors lie anywhere; holes of the file below may be covered by them.
        FileRange? data = offset < inner.Length ? inner.FindData(offset, Math.Min(end, inner.Length)) : null;
        long first = data?.Offset ?? end;
        long stop = data is FileRange found ? found.End : end;
        long[] sectors = Order();
        int index = Array.BinarySearch(sectors, offset / SectorLength);
        index = index < 0 ? ~index : index;
        if (index < sectors.Length && sectors[index] * SectorLength < first)
        {
            long start = sectors[index] * SectorLength;
            first = Math.Max(offset, start);
            stop = Math.Min(end, start + SectorLength);
        }

        return first < end ? new FileRange(first, stop - first) : null;
    }

    public void Dispose() => inner.Dispose();

    private static InvalidOperationException ReadOnly() => new("An overlay is for reading only.");

    private long[] Order()
    {
        if (_order is { } known)
        {
            return known;
        }

        long[] order = [.. _sectors.Keys];
        Array.Sort(order);
        _order = order;
        return order;
    }

    private void ApplyPendingZeros()
    {
        if (_pendingZeros.IsEmpty)
        {
            return;
        }

        List<long> covered = [];
        foreach (long sector in _sectors.Keys)
        {
            if (_pendingZeros.Contains(sector * SectorLength))
            {
                covered.Add(sector);
            }
        }

        foreach (long sector in covered)
        {
            _sectors.Remove(sector);
        }

        _order = null;
        _zeros.AddAll(_pendingZeros);
        _pendingZeros.Clear();
    }

    private void ReadSectors(long offset, Span<byte> target)
    {
        Span<byte> sector = stackalloc byte[SectorLength];
        long end = offset + target.Length;
        for (long index = offset / SectorLength; index * SectorLength < end; index++)
        {
            if (_sectors.TryGetValue(index, out SectorSource? source))
            {
                source(sector);
                long start = index * SectorLength;
                long from = Math.Max(start, offset);
                long to = Math.Min(start + SectorLength, end);
                sector.Slice((int)(from - start), (int)(to - from)).CopyTo(target.Slice((int)(from - offset)));
            }
        }
    }
}
