using System;
using System.Collections.Generic;
using System.Threading;
using VhdxTools.Format;
using VhdxTools.IO;
using VhdxTools.Layout;

namespace VhdxTools.Disks;

/// <summary>A disk that lies in its file byte by byte: raw, or a fixed VHD. Holes of the file are ranges of zeros.</summary>
/// <param name="path">Full path of the file.</param>
/// <param name="file">The file; closed with the layer.</param>
/// <param name="size">Size of the disk in bytes, a multiple of 512; beyond the end of the file it is zero.</param>
internal sealed class FlatLayer(string path, IRandomAccessFile file, long size) : IDiskLayer
{
    public string Path => path;

    public long Size => size;

    public bool HasParent => false;

    public bool LeavesOutHoles => true;

    public bool TryRead(long offset, Span<byte> buffer)
    {
        file.ReadPadded(offset, buffer);
        return true;
    }

    public IEnumerable<LayerExtent> Extents(long offset, long length, CancellationToken cancellation = default)
    {
        long end = Math.Min(offset + length, size);
        while (offset < end)
        {
            cancellation.ThrowIfCancellationRequested();
            FileRange data = file.FindData(offset, end) ?? new(end, 0);
            long start = Math.Max(offset, data.Offset / VhdFooter.SectorLength * VhdFooter.SectorLength);
            if (start > offset)
            {
                yield return new(offset, start - offset, LayerSource.Zero, 0, null);
            }

            // A file whose length is no multiple of a sector ends inside one.
            offset = Math.Min(end, FormatConstants.AlignUp(data.End, VhdFooter.SectorLength));
            if (offset > start)
            {
                yield return new(start, offset - start, LayerSource.Data, start, null);
            }
        }
    }

    public IRandomAccessFile File => file;

    public void ReadData(long fileOffset, Span<byte> buffer) => file.ReadPadded(fileOffset, buffer);

    public FileRange? FindData(long fileOffset, long end) => file.FindData(fileOffset, Math.Min(end, file.Length));

    public void ShareMemory(int count)
    {
        // It keeps nothing.
    }

    public void Dispose() => file.Dispose();
}
