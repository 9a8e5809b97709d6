using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using VhdxTools.IO;
using VhdxTools.Layout;

namespace VhdxTools.Core.Tests.Disks;

/// <summary>
/// A file in memory, in pages that are replaced and never changed: a copy of the whole costs a copy of the table of pages. Pages of
/// zeros are holes.
/// </summary>
internal sealed class EngineMemoryFile : IRandomAccessFile
{
    private const int PageLength = 4096;

    private readonly object _lock = new();
    private readonly Dictionary<long, byte[]> _pages;
    private long _length;

    private EngineMemoryFile(string name, Dictionary<long, byte[]> pages, long length)
    {
        Name = name;
        _pages = pages;
        _length = length;
    }

    public string Name { get; }

    public long Length
    {
        get
        {
            lock (_lock)
            {
                return _length;
            }
        }
    }

    public static EngineMemoryFile Load(string path)
    {
        using OsFile file = OsFile.OpenRead(path);
        EngineMemoryFile memory = new(path, [], file.Length);
        byte[] buffer = new byte[1 << 20];
        for (long offset = 0; offset < file.Length && file.FindData(offset, file.Length) is FileRange data; offset = data.End)
        {
            for (offset = data.Offset; offset < data.End; offset += buffer.Length)
            {
                Span<byte> part = buffer.AsSpan(0, (int)Math.Min(buffer.Length, data.End - offset));
                file.ReadPadded(offset, part);
                memory.Write(offset, part);
            }
        }

        return memory;
    }

    public EngineMemoryFile Clone()
    {
        lock (_lock)
        {
            return new(Name, new(_pages), _length);
        }
    }

    /// <summary>Writes the whole to a path.</summary>
    public void Save(string path)
    {
        using FileStream stream = new(path, FileMode.Create, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 1);
        Save(stream, new(Name, [], 0));
    }

    /// <summary>Makes a file of the system hold the same bytes; only what differs from what it is known to hold is written.</summary>
    public void Save(FileStream stream, EngineMemoryFile known)
    {
        stream.SetLength(Math.Min(known._length, _length));
        stream.SetLength(_length);
        byte[] zeros = new byte[PageLength];
        foreach (KeyValuePair<long, byte[]> page in _pages.OrderBy(page => page.Key))
        {
            if (!known._pages.TryGetValue(page.Key, out byte[]? before) || !ReferenceEquals(before, page.Value))
            {
                Put(page.Key, page.Value);
            }
        }

        foreach (long page in known._pages.Keys)
        {
            if (!_pages.ContainsKey(page) && page * PageLength < _length)
            {
                Put(page, zeros);
            }
        }

        void Put(long page, byte[] bytes)
        {
            stream.Position = page * PageLength;
            stream.Write(bytes, 0, (int)Math.Min(PageLength, _length - (page * PageLength)));
        }
    }

    public int Read(long offset, Span<byte> buffer)
    {
        lock (_lock)
        {
            int count = (int)Math.Max(0, Math.Min(buffer.Length, _length - offset));
            for (int done = 0; done < count;)
            {
                int within = (int)((offset + done) % PageLength);
                int part = Math.Min(PageLength - within, count - done);
                if (_pages.TryGetValue((offset + done) / PageLength, out byte[]? page))
                {
                    page.AsSpan(within, part).CopyTo(buffer.Slice(done));
                }
                else
                {
                    buffer.Slice(done, part).Clear();
                }

                done += part;
            }

            return count;
        }
    }

    public void Write(long offset, ReadOnlySpan<byte> data)
    {
        lock (_lock)
        {
            _length = Math.Max(_length, offset + data.Length);
            while (data.Length > 0)
            {
                int within = (int)(offset % PageLength);
                ReadOnlySpan<byte> part = data.Slice(0, Math.Min(PageLength - within, data.Length));
                Put(offset / PageLength, within, part);
                data = data.Slice(part.Length);
                offset += part.Length;
            }
        }
    }

    public bool TryShare(IRandomAccessFile source, long sourceOffset, long offset, long length) => false;

    public void SetLength(long length)
    {
        lock (_lock)
        {
            if (length < _length)
            {
                long last = length / PageLength;
                foreach (long page in _pages.Keys.Where(page => page > last || page * PageLength >= length).ToList())
                {
                    _pages.Remove(page);
                }

                if (length % PageLength != 0)
                {
                    Put(last, (int)(length % PageLength), new byte[PageLength - (length % PageLength)]);
                }
            }

            _length = length;
        }
    }

    public void Reserve(long length) => SetLength(length);

    public void Flush()
    {
    }

    public FileRange? FindData(long offset, long end)
    {
        lock (_lock)
        {
            end = Math.Min(end, _length);
            for (long page = offset / PageLength; offset < end && page * PageLength < end; page++)
            {
                if (_pages.ContainsKey(page))
                {
                    long start = Math.Max(offset, page * PageLength);
                    while (page * PageLength < end && _pages.ContainsKey(page))
                    {
                        page++;
                    }

                    return new(start, Math.Min(end, page * PageLength) - start);
                }
            }

            return null;
        }
    }

    public void Dispose()
    {
    }

    private void Put(long page, int within, ReadOnlySpan<byte> data)
    {
        bool isThere = _pages.TryGetValue(page, out byte[]? before);
        if (!isThere && data.IndexOfAnyExcept((byte)0) < 0)
        {
            return;
        }

        byte[] after = new byte[PageLength];
        before?.CopyTo(after, 0);
        data.CopyTo(after.AsSpan(within));
        if (after.AsSpan().IndexOfAnyExcept((byte)0) < 0)
        {
            _pages.Remove(page);
        }
        else
        {
            _pages[page] = after;
        }
    }
}
