using System;
using System.Collections.Generic;
using VhdxTools.IO;
using VhdxTools.Layout;

namespace VhdxTools.Core.Tests.Disks;

/// <summary>Tells in which order several recorded files were changed: after each call the list gets the name of the file.</summary>
internal sealed class EngineTapFile(EngineRecordingFile file, List<string> order) : IRandomAccessFile
{
    public string Name => file.Name;

    public long Length => file.Length;

    public int Read(long offset, Span<byte> buffer) => file.Read(offset, buffer);

    public void Write(long offset, ReadOnlySpan<byte> data)
    {
        file.Write(offset, data);
        order.Add(Name);
    }

    public void SetLength(long length)
    {
        file.SetLength(length);
        order.Add(Name);
    }

    public void Reserve(long length)
    {
        file.Reserve(length);
        order.Add(Name);
    }

    public void Flush()
    {
        file.Flush();
        order.Add(Name);
    }

    public FileRange? FindData(long offset, long end) => file.FindData(offset, end);

    public void Dispose() => file.Dispose();
}
