using System;
using System.Collections.Generic;
using VhdxTools.IO;
using VhdxTools.Layout;

namespace VhdxTools.Core.Tests.Support;

/// <summary>A sparse file in memory: it stores the 4 KiB pages that were written, and tells what was done to it.</summary>
internal sealed class MemoryFile(string name = "image.vhdx") : IRandomAccessFile
{
    public const int PageLength = 4096;

    private readonly Dictionary<long, byte[]> _pages = [];
    private readonly SortedSet<long> _numbers = [];
    private long _length;

    public string Name => name;

    public long Length => _length;

    /// <summary>Whether every call that could change the file throws.</summary>
    public bool IsFrozen { get; set; }

    public bool IsDisposed { get; private set; }

    public long BytesRead { get; private set; }

    public long BytesWritten { get; private set; }

    /// <summary>The changing calls in order: the name of the call, with offset and length.</summary>
    public List<(string Call, long Offset, long Length)> Calls { get; } = [];

    public int Read(long offset, Span<byte> buffer)
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        int count = (int)Math.Max(0, Math.Min(buffer.Length, _length - offset));
        BytesRead += count;
        for (int done = 0; done < count;)
        {
            int within = (int)((offset + done) % PageLength);
            int part = Math.Min(count - done, PageLength - within);
            Span<byte> target = buffer.Slice(done, part);
            if (_pages.TryGetValue((offset + done) / PageLength, out byte[]? page))
            {
                page.AsSpan(within, part).CopyTo(target);
            }
            else
            {
                target.Clear();
            }

            done += part;
        }

        return count;
    }

    public void Write(long offset, ReadOnlySpan<byte> data)
    {
        Note("Write", offset, data.Length);
        BytesWritten += data.Length;
        Put(offset, data);
    }

    public bool TryShare(IRandomAccessFile source, long sourceOffset, long offset, long length) => false;

    public void SetLength(long length)
    {
        Note("SetLength", 0, length);
        Resize(length);
    }

    public void Reserve(long length)
    {
        Note("Reserve", 0, length);
        Resize(Math.Max(length, _length));
    }

    public void Flush() => Note("Flush", 0, 0);

    public FileRange? FindData(long offset, long end)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        long limit = Math.Min(end, _length);
        if (offset >= limit)
        {
            return null;
        }

        SortedSet<long> window = _numbers.GetViewBetween(offset / PageLength, (limit - 1) / PageLength);
        foreach (long first in window)
        {
            long last = first;
            while (_pages.ContainsKey(last + 1))
            {
                last++;
            }

            long start = Math.Max(offset, first * PageLength);
            return new(start, Math.Min(limit, (last + 1) * PageLength) - start);
        }

        return null;
    }

    public void Dispose() => IsDisposed = true;

    /// <summary>Puts bytes into the file without being noted as a call; for tests that build their input.</summary>
    public void Put(long offset, ReadOnlySpan<byte> data)
    {
        _length = Math.Max(_length, offset + data.Length);
        while (data.Length > 0)
        {
            long number = offset / PageLength;
            int within = (int)(offset % PageLength);
            int part = Math.Min(data.Length, PageLength - within);
            if (!_pages.TryGetValue(number, out byte[]? page))
            {
                page = new byte[PageLength];
                _pages.Add(number, page);
                _numbers.Add(number);
            }

            data.Slice(0, part).CopyTo(page.AsSpan(within));
            data = data.Slice(part);
            offset += part;
        }
    }

    public void Resize(long length)
    {
        if (length < _length)
        {
            long firstGone = (length + PageLength - 1) / PageLength;
            foreach (long number in new List<long>(_numbers))
            {
                if (number >= firstGone)
                {
                    _pages.Remove(number);
                    _numbers.Remove(number);
                }
            }

            if (_pages.TryGetValue(length / PageLength, out byte[]? page))
            {
                page.AsSpan((int)(length % PageLength)).Clear();
            }
        }

        _length = length;
    }

    public byte[] Bytes(long offset, int count)
    {
        byte[] bytes = new byte[count];
        bool wasDisposed = IsDisposed;
        IsDisposed = false;
        Read(offset, bytes);
        IsDisposed = wasDisposed;
        return bytes;
    }

    public MemoryFile Clone()
    {
        MemoryFile clone = new(name);
        foreach (KeyValuePair<long, byte[]> page in _pages)
        {
            clone._pages.Add(page.Key, (byte[])page.Value.Clone());
            clone._numbers.Add(page.Key);
        }

        clone._length = _length;
        return clone;
    }

    /// <summary>Whether two files have the same length and the same bytes.</summary>
    public bool HasSameBytes(MemoryFile other)
    {
        if (_length != other._length)
        {
            return false;
        }

        SortedSet<long> all = [.. _numbers, .. other._numbers];
        foreach (long number in all)
        {
            ReadOnlySpan<byte> mine = _pages.TryGetValue(number, out byte[]? page) ? page : new byte[PageLength];
            ReadOnlySpan<byte> theirs = other._pages.TryGetValue(number, out byte[]? otherPage) ? otherPage : new byte[PageLength];
            if (!mine.SequenceEqual(theirs))
            {
                return false;
            }
        }

        return true;
    }

    private void Note(string call, long offset, long length)
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        if (IsFrozen)
        {
            throw new InvalidOperationException($"{call} at {offset} of a file that is only to be read.");
        }

        Calls.Add((call, offset, length));
    }
}
