using System;
using System.Collections.Generic;
using System.Threading;
using VhdxTools.IO;
using VhdxTools.Layout;

namespace VhdxTools.Disks;

/// <summary>One file of a chain and what it holds of the disk. All offsets and lengths in bytes; calls may come from several threads.</summary>
internal interface IDiskLayer : IDisposable
{
    /// <summary>Full path of the file.</summary>
    string Path { get; }

    /// <summary>Size of the disk as this file has it.</summary>
    long Size { get; }

    /// <summary>Whether another file decides about what this one leaves out.</summary>
    bool HasParent { get; }

    /// <summary>Whether <see cref="Extents"/> never calls a hole of the file data: nobody need ask <see cref="FindData"/> then.</summary>
    bool LeavesOutHoles { get; }

    /// <summary>Reads a range of the disk that lies in this file in one piece, without working out its extents.</summary>
    /// <returns>False when the range may be more than that; it has to be read by way of its extents then.</returns>
    bool TryRead(long offset, Span<byte> buffer);

    /// <summary>What the file says of a range of its disk, in order; what lies beyond the end of its disk is left out.</summary>
    /// <exception cref="VhdxException">The structures that tell it are damaged.</exception>
    IEnumerable<LayerExtent> Extents(long offset, long length, CancellationToken cancellation = default);

    /// <summary>The file, as it is read.</summary>
    IRandomAccessFile File { get; }

    /// <summary>Reads bytes of the file at a place that <see cref="Extents"/> gave.</summary>
    void ReadData(long fileOffset, Span<byte> buffer);

    /// <summary>The first range between two places of the file that may hold anything but zeros, or null when there is none.</summary>
    FileRange? FindData(long fileOffset, long end);

    /// <summary>Says that so many files are read together: what they keep in memory is not to grow with their number.</summary>
    void ShareMemory(int count);
}
