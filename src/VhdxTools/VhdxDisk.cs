using System;
using System.Diagnostics.CodeAnalysis;
using System.IO;
using VhdxTools.Disks;
using VhdxTools.IO;

namespace VhdxTools;

/// <summary>
/// The virtual disk of a VHDX file, its parents included, as a stream of bytes. What is written is durable after <see cref="Flush"/>
/// or <see cref="Stream.Dispose()"/>; a power cut at any moment loses nothing that was flushed. The methods that take a position, and
/// <see cref="Flush"/>, may be called from several threads at once; the others share <see cref="Position"/> and may not.
/// </summary>
[SuppressMessage("Naming", "CA1710:Identifiers should have correct suffix", Justification = "It is a disk first; that it is a stream is how one uses it.")]
public sealed class VhdxDisk : Stream
{
    private readonly DiskChain _disk;
    private long _position;
    private bool _isDisposed;

    private VhdxDisk(DiskChain disk) => _disk = disk;

    /// <summary>Size of the virtual disk in bytes.</summary>
    public override long Length => _disk.Capacity;

    /// <summary>512 or 4096.</summary>
    public int LogicalSectorSize => _disk.LogicalSectorSize;

    /// <summary>512 or 4096.</summary>
    public int PhysicalSectorSize => _disk.PhysicalSectorSize;

    /// <inheritdoc/>
    public override bool CanRead => !_isDisposed;

    /// <inheritdoc/>
    public override bool CanSeek => !_isDisposed;

    /// <inheritdoc/>
    public override bool CanWrite => !_isDisposed && _disk.CanWrite;

    /// <inheritdoc/>
    public override long Position
    {
        get => _position;
        set => _position = value >= 0 ? value : throw new ArgumentOutOfRangeException(nameof(value), "A position is not negative.");
    }

    /// <summary>Opens a disk.</summary>
    /// <param name="path">Path of the VHDX file, relative to the process's current directory when it is not full.</param>
    /// <param name="access">
    /// Read, or ReadWrite. For writing no other writer may have the file open, and a dirty log is replayed into it first; parents are
    /// opened for reading only, and are not locked.
    /// </param>
    /// <exception cref="VhdxException">A file of the chain cannot be opened or is damaged, the file is in use, or a parent does not fit its child.</exception>
    public static VhdxDisk Open(string path, FileAccess access = FileAccess.Read)
    {
        if (access is not (FileAccess.Read or FileAccess.ReadWrite))
        {
            throw new ArgumentOutOfRangeException(nameof(access), "A disk is opened for Read or for ReadWrite.");
        }

        string full = WindowsPaths.Plain(Path.GetFullPath(path ?? throw new ArgumentNullException(nameof(path))));
        return new(access == FileAccess.Read ? DiskChain.OpenRead(full) : DiskChain.OpenWrite(full, Guid.NewGuid));
    }

    /// <summary>Reads at a place of the disk.</summary>
    /// <param name="position">Where, in bytes.</param>
    /// <param name="buffer">Gets the bytes.</param>
    /// <param name="offset">Where in the buffer they start.</param>
    /// <param name="count">How many bytes are wanted.</param>
    /// <returns>How many bytes were read: fewer than wanted at the end of the disk only.</returns>
    public int ReadAt(long position, byte[] buffer, int offset, int count)
    {
        Span<byte> target = Checked(buffer, offset, count);
        int length = (int)Math.Max(0, Math.Min(target.Length, Length - position));
        _disk.Read(length == 0 ? 0 : position, target.Slice(0, length));
        return length;
    }

    /// <summary>Writes at a place of the disk; all bytes must lie on it. Durable after the next <see cref="Flush"/>.</summary>
    /// <param name="position">Where, in bytes.</param>
    /// <param name="buffer">Has the bytes.</param>
    /// <param name="offset">Where in the buffer they start.</param>
    /// <param name="count">How many bytes are written.</param>
    public void WriteAt(long position, byte[] buffer, int offset, int count)
    {
        ThrowIfReadOnly();
        _disk.Write(position, Checked(buffer, offset, count));
    }

    /// <summary>Makes a range read as zeros and gives up the file space of its whole blocks, unless the image is fixed. Durable after the next <see cref="Flush"/>.</summary>
    /// <param name="position">Where, in bytes.</param>
    /// <param name="count">How many bytes; all must lie on the disk.</param>
    public void Trim(long position, long count)
    {
        ThrowIfReadOnly();
        _disk.Trim(position, count);
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count)
    {
        int read = ReadAt(_position, buffer, offset, count);
        _position += read;
        return read;
    }

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count)
    {
        WriteAt(_position, buffer, offset, count);
        _position += count;
    }

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin)
    {
        ThrowIfDisposed();
        return Position = origin switch
        {
            SeekOrigin.Begin => offset,
            SeekOrigin.Current => _position + offset,
            SeekOrigin.End => Length + offset,
            _ => throw new ArgumentOutOfRangeException(nameof(origin), "A place is sought from the beginning, the current position or the end."),
        };
    }

    /// <summary>Returns when everything written is on the device; does nothing when the disk is open for reading.</summary>
    public override void Flush()
    {
        ThrowIfDisposed();
        _disk.Flush();
    }

    /// <summary>Not supported: the size of a disk is not changed by writing to it.</summary>
    /// <param name="value">Not used.</param>
    public override void SetLength(long value) => throw new NotSupportedException("The size of a virtual disk is not changed by writing to it.");

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing && !_isDisposed)
        {
            _isDisposed = true;
            _disk.Dispose();
        }

        base.Dispose(disposing);
    }

    private Span<byte> Checked(byte[] buffer, int offset, int count)
    {
        ThrowIfDisposed();
        return (buffer ?? throw new ArgumentNullException(nameof(buffer))).AsSpan(offset, count);
    }

    private void ThrowIfReadOnly()
    {
        ThrowIfDisposed();
        if (!_disk.CanWrite)
        {
            throw new NotSupportedException("The disk is open for reading only.");
        }
    }

    private void ThrowIfDisposed()
    {
        if (_isDisposed)
        {
            throw new ObjectDisposedException(nameof(VhdxDisk));
        }
    }
}
