using System;
using System.Collections.Generic;
using VhdxTools.IO;
using VhdxTools.Layout;

namespace VhdxTools.Core.Tests.Disks;

/// <summary>Tells in which order several recorded files were changed: after each call one list gets the name of the file, and another what happened.</summary>
internal sealed class EngineTapFile(EngineRecordingFile file, List<string> order, List<EngineEvent>? all = null) : IRandomAccessFile
{
    public string Name => file.Name;

    public long Length => file.Length;

    public int Read(long offset, Span<byte> buffer) => file.Read(offset, buffer);

    public void Write(long offset, ReadOnlySpan<byte> data)
    {
        file.Write(offset, data);
        Tell();
    }

    public bool TryShare(IRandomAccessFile source, long sourceOffset, long offset, long length)
    {
        bool isShared = file.TryShare(source == this ? file : source, sourceOffset, offset, length);
        if (isShared)
        {
            Tell();
        }

        return isShared;
    }

    public void SetLength(long length)
    {
        file.SetLength(length);
        Tell();
    }

    public void Reserve(long length)
    {
        file.Reserve(length);
        Tell();
    }

    public void Flush()
    {
        file.Flush();
        Tell();
    }

    public FileRange? FindData(long offset, long end) => file.FindData(offset, end);

    public void Dispose() => file.Dispose();

    private void Tell()
    {
        order.Add(Name);
        all?.Add(file.Events[file.Events.Count - 1]);
    }
}
