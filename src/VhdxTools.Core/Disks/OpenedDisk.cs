using System;
using System.Collections.Generic;
using System.Linq;
using VhdxTools.IO;

namespace VhdxTools.Disks;

/// <summary>A disk that is open for reading, and what its files tell of it.</summary>
internal sealed record OpenedDisk : IDisposable
{
    /// <summary>Full path of the file that was named.</summary>
    public required string Path { get; init; }

    /// <summary>The format, by content.</summary>
    public required VhdFormat Format { get; init; }

    /// <summary>Fixed for raw disks.</summary>
    public required VhdType Type { get; init; }

    public required IVirtualDisk Disk { get; init; }

    /// <summary>All files that the disk is read from, the named one first, with their lengths in bytes as they were when they were opened.</summary>
    public required IReadOnlyList<(IRandomAccessFile File, long Length)> Opened { get; init; }

    /// <summary>The full paths of these files.</summary>
    public IReadOnlyList<string> Files => Opened.Select(opened => opened.File.Name).ToArray();

    /// <summary>The disk's identity (SCSI page 83; UniqueId of a VHD); null for raw disks.</summary>
    public Guid? DiskIdentifier { get; init; }

    /// <summary>Size of a payload block in bytes; null without blocks.</summary>
    public int? BlockSize { get; init; }

    /// <summary>The chain when the file is a VHDX, else null.</summary>
    public DiskChain? Chain => Disk as DiskChain;

    /// <summary>
    /// Says no when a file is shorter than it was when it was opened: what lay behind its end came as zeros. Whoever has read the disk asks
    /// at the end, before anybody relies on it.
    /// </summary>
    /// <exception cref="VhdxException">A file was cut (<see cref="ErrorIds.FileCut"/>).</exception>
    public void ThrowIfCut()
    {
        foreach ((IRandomAccessFile file, long length) in Opened)
        {
            if (file.Length is long now && now < length)
            {
                throw new VhdxException(
                    ErrorIds.FileCut,
                    ErrorKind.InUse,
                    FormattableString.Invariant($"'{file.Name}' was cut from {length} to {now} bytes while it was read, so what was read is not to be trusted. Do it again when nobody changes the file."));
            }
        }
    }

    public void Dispose() => Disk.Dispose();
}
