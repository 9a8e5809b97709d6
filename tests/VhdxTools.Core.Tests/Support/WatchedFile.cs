using System;
using VhdxTools.IO;
using VhdxTools.Layout;

namespace VhdxTools.Core.Tests.Support;

/// <summary>
/// Tells of every changing call before it is made: its number from 1, and its name; of every read and its offset, and every question for the
/// length or for where data is; and of the address in memory and the length of what is written.
/// </summary>
internal sealed class WatchedFile(
    IRandomAccessFile inner,
    Action<int> onCall,
    Action<string>? onName = null,
    Action? onLength = null,
    Action? onFindData = null,
    Action<long, int>? onMemory = null,
    Action<long>? onRead = null) : IRandomAccessFile
{
    private int _calls;

    public string Name => inner.Name;

    public long Length
    {
        get
        {
            onLength?.Invoke();
            return inner.Length;
        }
    }

    public int Read(long offset, Span<byte> buffer)
    {
        onRead?.Invoke(offset);
        return inner.Read(offset, buffer);
    }

    public unsafe void Write(long offset, ReadOnlySpan<byte> data)
    {
        Tell("Write");
        fixed (byte* start = data)
        {
            onMemory?.Invoke((long)start, data.Length);
        }

        inner.Write(offset, data);
    }

    public bool TryShare(IRandomAccessFile source, long sourceOffset, long offset, long length) => inner.TryShare(source == this ? inner : source, sourceOffset, offset, length);

    public void SetLength(long length)
    {
        Tell("SetLength");
        inner.SetLength(length);
    }

    public void Reserve(long length)
    {
        Tell("Reserve");
        inner.Reserve(length);
    }

    public void Flush()
    {
        Tell("Flush");
        inner.Flush();
    }

    public FileRange? FindData(long offset, long end)
    {
        onFindData?.Invoke();
        return inner.FindData(offset, end);
    }

    public void Dispose() => inner.Dispose();

    private void Tell(string name)
    {
        onCall(++_calls);
        onName?.Invoke(name);
    }
}
