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
