using System;
using System.Threading;
using VhdxTools.IO;
using VhdxTools.Layout;

namespace VhdxTools.Core.Tests.Support;

/// <summary>
/// A file that takes several writes at once and lets those of other threads than its maker's wait for a while: they overtake each other,
/// and what the maker does meanwhile overtakes them. The file below gets one call at a time.
/// </summary>
internal sealed class SlowFile(IRandomAccessFile inner, int seed) : IParallelFile
{
    private readonly int _maker = Environment.CurrentManagedThreadId;
    private readonly Random _random = new(seed);

    public string Name => inner.Name;

    public long Length
    {
        get
        {
            lock (_random)
            {
                return inner.Length;
            }
        }
    }

    /// <summary>Writes of other threads so far.</summary>
    public int WritesBehind { get; private set; }

    /// <summary>Whether the bytes of a write became others while it waited: nothing must use their memory before its end.</summary>
    public bool HasLostBytes { get; private set; }

    public int Read(long offset, Span<byte> buffer)
    {
        lock (_random)
        {
            return inner.Read(offset, buffer);
        }
    }

    public void Write(long offset, ReadOnlySpan<byte> data)
    {
        bool isBehind = Environment.CurrentManagedThreadId != _maker;
        if (isBehind)
        {
            byte[] promised = data.ToArray();
            int delay;
            lock (_random)
            {
                delay = _random.Next(3);
            }

            Thread.Sleep(delay);
            bool isLost = !data.SequenceEqual(promised);
            lock (_random)
            {
                HasLostBytes |= isLost;
            }
        }

        lock (_random)
        {
            WritesBehind += isBehind ? 1 : 0;
            inner.Write(offset, data);
        }
    }

    public bool TryShare(IRandomAccessFile source, long sourceOffset, long offset, long length)
    {
        lock (_random)
        {
            return inner.TryShare(source == this ? inner : source, sourceOffset, offset, length);
        }
    }

    public void SetLength(long length)
    {
        lock (_random)
        {
            inner.SetLength(length);
        }
    }

    public void Reserve(long length)
    {
        lock (_random)
        {
            inner.Reserve(length);
        }
    }

    public void Flush()
    {
        lock (_random)
        {
            inner.Flush();
        }
    }

    public FileRange? FindData(long offset, long end)
    {
        lock (_random)
        {
            return inner.FindData(offset, end);
        }
    }

    public void Dispose() => inner.Dispose();
}
