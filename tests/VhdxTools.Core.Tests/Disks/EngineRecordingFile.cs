using System;
using System.Collections.Generic;
using VhdxTools.Core.Tests.Support;
using VhdxTools.IO;
using VhdxTools.Layout;

namespace VhdxTools.Core.Tests.Disks;

/// <summary>
/// A file in memory that keeps every write, length change and flush in order. A device knows whole sectors only: each write is kept as
/// the sectors of 512 bytes that it makes, so that a lost earlier write of other bytes of the same sector cannot come back.
/// </summary>
internal sealed class EngineRecordingFile(EngineMemoryFile file) : IRandomAccessFile
{
    public const int SectorLength = 512;

    private readonly object _lock = new();

    /// <summary>The calls, and the marks of the test between them.</summary>
    public List<EngineEvent> Events { get; } = [];

    public EngineMemoryFile Content => file;

    public string Name => file.Name;

    public long Length => file.Length;

    public void Mark(EngineOperation operation, EngineMark kind)
    {
        lock (_lock)
        {
            Events.Add(new EngineEvent.Marked(operation, kind));
        }
    }

    public int Read(long offset, Span<byte> buffer) => file.Read(offset, buffer);

    public void Write(long offset, ReadOnlySpan<byte> data)
    {
        lock (_lock)
        {
            file.Write(offset, data);
            long start = offset / SectorLength * SectorLength;
            byte[] sectors = file.ReadPadded(start, (int)((offset + data.Length - start + SectorLength - 1) / SectorLength * SectorLength));
            Events.Add(new EngineEvent.Written(start, sectors));
        }
    }

    public bool TryShare(IRandomAccessFile source, long sourceOffset, long offset, long length)
    {
        if (!Sharing.IsInside(this, source, sourceOffset, offset, length))
        {
            return false;
        }

        Write(offset, source.ReadPadded(sourceOffset, (int)length));
        return true;
    }

    public void SetLength(long length)
    {
        lock (_lock)
        {
            file.SetLength(length);
            Events.Add(new EngineEvent.Resized(length));
        }
    }

    public void Reserve(long length) => SetLength(length);

    public void Flush()
    {
        lock (_lock)
        {
            Events.Add(new EngineEvent.Flushed());
        }
    }

    public FileRange? FindData(long offset, long end) => file.FindData(offset, end);

    public void Dispose()
    {
    }
}
