using System;
using VhdxTools.IO;
using VhdxTools.Layout;

namespace VhdxTools.Core.Tests.Support;

/// <summary>Lets a number of changing calls through and fails the next one, as a volume does that is full.</summary>
internal sealed class FaultyFile(IRandomAccessFile inner, int failingCall) : IRandomAccessFile
{
    public string Name => inner.Name;

    public long Length => inner.Length;

    /// <summary>Changing calls so far, the failing one included.</summary>
    public int Calls { get; private set; }

    public int Read(long offset, Span<byte> buffer) => inner.Read(offset, buffer);

    public void Write(long offset, ReadOnlySpan<byte> data)
    {
        Count();
        inner.Write(offset, data);
    }

    public bool TryShare(IRandomAccessFile source, long sourceOffset, long offset, long length) => inner.TryShare(source == this ? inner : source, sourceOffset, offset, length);

    public void SetLength(long length)
    {
        Count();
        inner.SetLength(length);
    }

    public void Reserve(long length)
    {
        Count();
        inner.Reserve(length);
    }

    public void Flush()
    {
        Count();
        inner.Flush();
    }

    public FileRange? FindData(long offset, long end) => inner.FindData(offset, end);

    public void Dispose() => inner.Dispose();

    private void Count()
    {
        if (++Calls == failingCall)
        {
            throw new VhdxException(ErrorIds.DiskFull, ErrorKind.DiskFull, "No space, says the test.");
        }
    }
}
