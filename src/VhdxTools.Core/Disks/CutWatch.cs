using System;
using System.Collections.Generic;
using System.Linq;
using VhdxTools.IO;

namespace VhdxTools.Disks;

/// <summary>
/// Notices that somebody cuts files while they are read: what lies beyond the end of a file reads as zeros, and what a block table has lost
/// as blocks that are not there. Whoever has read asks at the end, before anybody relies on it.
/// </summary>
/// <param name="files">The files as they are in the file system, without an overlay.</param>
internal sealed class CutWatch(IEnumerable<IRandomAccessFile> files)
{
    private readonly (IRandomAccessFile File, long Length)[] _files = files.Select(file => (file, file.Length)).ToArray();

    /// <param name="layers">The files of a chain.</param>
    public CutWatch(IEnumerable<IDiskLayer> layers)
        : this(layers.Select(layer => layer is VhdxLayer vhdx ? vhdx.Image.Raw : layer.File))
    {
    }

    /// <exception cref="VhdxException">A file is shorter than it was at first (<see cref="ErrorIds.FileCut"/>).</exception>
    public void ThrowIfCut()
    {
        foreach ((IRandomAccessFile file, long length) in _files)
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
}
