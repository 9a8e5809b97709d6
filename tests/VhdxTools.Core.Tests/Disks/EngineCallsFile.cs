using System;
using System.Collections.Generic;
using VhdxTools.IO;
using VhdxTools.Layout;

namespace VhdxTools.Core.Tests.Disks;

/// <summary>A real file that keeps the changing calls in order, written as the trace of the system is read.</summary>
internal sealed class EngineCallsFile(IRandomAccessFile file) : IRandomAccessFile
{
    public List<string> Calls { get; } = [];

    public string Name => file.Name;

    public long Length => file.Length;

    public static string Write(long offset, long length) => FormattableString.Invariant($"write {length} at {offset}");

    public static string Resize(long length) => FormattableString.Invariant($"length {length}");

    public int Read(long offset, Span<byte> buffer) => file.Read(offset, buffer);

    public void Write(long offset, ReadOnlySpan<byte> data)
    {
        Calls.Add(Write(offset, data.Length));
        file.Write(offset, data);
    }

    public bool TryShare(IRandomAccessFile source, long sourceOffset, long offset, long length) => file.TryShare(source == this ? file : source, sourceOffset, offset, length);

    public void SetLength(long length)
    {
        Calls.Add(Resize(length));
        file.SetLength(length);
    }

    public void Reserve(long length) => file.Reserve(length);

    public void Flush()
    {
        Calls.Add("flush");
        file.Flush();
    }

    public FileRange? FindData(long offset, long end) => file.FindData(offset, end);

    public void Dispose() => file.Dispose();
}
