using System;
using System.Threading;
using VhdxTools.IO;
using VhdxTools.Layout;

namespace VhdxTools.Core.Tests.Disks;

/// <summary>A file whose n-th changing call fails, after part of the write is done when that is wanted.</summary>
internal sealed class EngineFaultyFile(IRandomAccessFile inner, int failing, bool partly) : IRandomAccessFile
{
    private int _calls;

    public bool HasFailed { get; private set; }

    public bool IsDisposed { get; private set; }

    public string Name => inner.Name;

    public long Length => inner.Length;

    public int Read(long offset, Span<byte> buffer) => inner.Read(offset, buffer);

    public void Write(long offset, ReadOnlySpan<byte> data)
    {
        if (IsFailing())
        {
            if (partly)
            {
                inner.Write(offset, data.Slice(0, data.Length / 2 / 512 * 512));
            }

            throw Failure("write to");
        }

        inner.Write(offset, data);
    }

    public bool TryShare(IRandomAccessFile source, long sourceOffset, long offset, long length) => inner.TryShare(source == this ? inner : source, sourceOffset, offset, length);

    public void SetLength(long length)
    {
        ThrowIfFailing("lengthen");
        inner.SetLength(length);
    }

    public void Reserve(long length) => SetLength(length);

    public void Flush()
    {
        ThrowIfFailing("flush");
        inner.Flush();
    }

    public FileRange? FindData(long offset, long end) => inner.FindData(offset, end);

    public void Dispose()
    {
        IsDisposed = true;
        inner.Dispose();
    }

    private bool IsFailing()
    {
        bool isFailing = Interlocked.Increment(ref _calls) == failing;
        HasFailed |= isFailing;
        return isFailing;
    }

    private void ThrowIfFailing(string verb)
    {
        if (IsFailing())
        {
            throw Failure(verb);
        }
    }

    private VhdxException Failure(string verb) => new(ErrorIds.DiskFull, ErrorKind.DiskFull, $"Cannot {verb} '{Name}': the test wants it so.");
}
