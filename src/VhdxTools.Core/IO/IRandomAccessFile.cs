using System;
using VhdxTools.Layout;

namespace VhdxTools.IO;

/// <summary>
/// A file without a position. Offsets and lengths are in bytes. Failures of the system come as <see cref="VhdxException"/> that names
/// the file.
/// </summary>
internal interface IRandomAccessFile : IDisposable
{
    /// <summary>The path, for messages.</summary>
    string Name { get; }

    long Length { get; }

    /// <summary>Fills the buffer; fewer bytes only when the file ends.</summary>
    /// <returns>The number of bytes read.</returns>
    int Read(long offset, Span<byte> buffer);

    /// <summary>Writes all bytes; the file grows when they reach beyond its end.</summary>
    void Write(long offset, ReadOnlySpan<byte> data);

    /// <summary>
    /// Makes a range of this file the same extents of the volume as a range of a file, which may be this one: no byte is copied, and who
    /// changes one of the two leaves the other as it is. The ranges do not overlap.
    /// </summary>
    /// <param name="source">The file that holds the bytes.</param>
    /// <param name="sourceOffset">Where they start in it.</param>
    /// <param name="offset">Where they start in this one.</param>
    /// <param name="length">How many they are.</param>
    /// <returns>
    /// False when the system does not do that, for whatever reason, or when a range does not lie inside its file: the bytes are to be
    /// written then, over whatever is there.
    /// </returns>
    bool TryShare(IRandomAccessFile source, long sourceOffset, long offset, long length);

    /// <summary>Cuts the file, or lengthens it by zeros that the file system need not store.</summary>
    void SetLength(long length);

    /// <summary>Lengthens the file to <paramref name="length"/> and has the system reserve the space without writing it.</summary>
    /// <exception cref="VhdxException">There is no space, or the system cannot do this (<see cref="ErrorIds.ReserveNotSupported"/>).</exception>
    void Reserve(long length);

    /// <summary>Returns when everything written is on the device.</summary>
    void Flush();

    /// <summary>
    /// The first range between <paramref name="offset"/> and <paramref name="end"/> that may hold anything but zeros, or null when
    /// there is none. A system that does not know its holes answers with the whole.
    /// </summary>
    FileRange? FindData(long offset, long end);
}
