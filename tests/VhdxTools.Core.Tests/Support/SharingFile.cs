using System;
using System.Collections.Generic;
using System.Linq;
using VhdxTools.IO;
using VhdxTools.Layout;

namespace VhdxTools.Core.Tests.Support;

/// <summary>A file that shares extents wherever it is asked to; in truth it copies the bytes.</summary>
internal sealed class SharingFile(IRandomAccessFile inner) : IRandomAccessFile
{
    public string Name => inner.Name;

    public long Length => inner.Length;

    /// <summary>What was shared: the source's name, its offset, offset and length.</summary>
    public List<(string Source, long SourceOffset, long Offset, long Length)> Shared { get; } = [];

    public long SharedLength => Shared.Sum(range => range.Length);

    /// <summary>Bytes written by ordinary calls.</summary>
    public long WrittenLength { get; private set; }

    public int Read(long offset, Span<byte> buffer) => inner.Read(offset, buffer);

    public void Write(long offset, ReadOnlySpan<byte> data)
    {
        WrittenLength += data.Length;
        inner.Write(offset, data);
    }

    public bool TryShare(IRandomAccessFile source, long sourceOffset, long offset, long length)
    {
        if (!Sharing.IsInside(this, source, sourceOffset, offset, length))
        {
            return false;
        }

        Shared.Add((source.Name, sourceOffset, offset, length));
        byte[] buffer = new byte[1 << 20];
        for (long done = 0; done < length;)
        {
            Span<byte> part = buffer.AsSpan(0, (int)Math.Min(buffer.Length, length - done));
            source.ReadPadded(sourceOffset + done, part);
            inner.Write(offset + done, part);
            done += part.Length;
        }

        return true;
    }

    public void SetLength(long length) => inner.SetLength(length);

    public void Reserve(long length) => inner.Reserve(length);

    public void Flush() => inner.Flush();

    public FileRange? FindData(long offset, long end) => inner.FindData(offset, end);

    public void Dispose() => inner.Dispose();
}
