using System;
using System.IO;
#if !NET
using System.Buffers;
#endif
using Microsoft.Win32.SafeHandles;
using VhdxTools.Layout;

namespace VhdxTools.IO;

/// <summary>A file of the operating system. Reads and writes may come from several threads.</summary>
internal sealed partial class OsFile : IParallelFile
{
    private readonly SafeFileHandle _handle;
    private readonly ExtentSharer _sharer;
    private readonly Lazy<int> _shareUnit;

    /// <summary>Whether the system is asked for holes. On Windows only a sparse file has any, and only of a file that nobody writes here it is known what they are.</summary>
    private readonly bool _hasHoles;

    private readonly KnownData _known = new();
#if NET
    private readonly DirectWriter? _direct;
#else
    private readonly FileStream _stream;
    private readonly object _lock = new();
#endif

    private OsFile(string name, SafeFileHandle handle, bool isWritten = false)
    {
        Name = name;
        _handle = handle;
        _sharer = new(Share);
        _shareUnit = new(() => WindowsNative.ShareUnit(_handle));
        _hasHoles = PosixNative.IsLinux || PosixNative.IsMacOS || (WindowsNative.IsWindows && !isWritten && WindowsNative.IsSparse(handle));
#if NET
        // Never for a file that is read only: opened once more it could be written.
        _direct = isWritten && PosixNative.IsLinux ? new(handle, PosixNative.OpenDirect) : null;
#else
        _stream = new(handle, FileAccess.Read, bufferSize: 1);
#endif
    }

#if !NET
    private OsFile(string name, FileStream stream, bool isWritten)
    {
        Name = name;
        _stream = stream;
        _handle = stream.SafeFileHandle;
        _sharer = new(Share);
        _shareUnit = new(() => WindowsNative.ShareUnit(_handle));
        _hasHoles = PosixNative.IsLinux || PosixNative.IsMacOS || (WindowsNative.IsWindows && !isWritten && WindowsNative.IsSparse(_handle));
    }
#endif

    public string Name { get; }

    public long Length => Guarded("read", () =>
#if NET
        RandomAccess.GetLength(_handle)
#else
        _stream.Length
#endif
    );

    public int Read(long offset, Span<byte> buffer)
    {
        int total = 0;
        try
        {
            while (total < buffer.Length)
            {
                int read = ReadOnce(offset + total, buffer.Slice(total));
                if (read == 0)
                {
                    break;
                }

                total += read;
            }

            return total;
        }
        catch (Exception exception) when (SystemErrors.IsSystemError(exception))
        {
            throw SystemErrors.Translate(exception, Name, "read");
        }
    }

    public void Write(long offset, ReadOnlySpan<byte> data)
    {
        try
        {
#if NET
            if (_direct?.TryWrite(offset, data) != true)
            {
                RandomAccess.Write(_handle, data, offset);
            }
#else
            byte[] bytes = ArrayPool<byte>.Shared.Rent(data.Length);
            data.CopyTo(bytes);
            lock (_lock)
            {
                _stream.Position = offset;
                _stream.Write(bytes, 0, data.Length);
            }

            ArrayPool<byte>.Shared.Return(bytes);
#endif
        }
        catch (Exception exception) when (SystemErrors.IsSystemError(exception))
        {
            throw SystemErrors.Translate(exception, Name, "write");
        }
    }

    public bool TryShare(IRandomAccessFile source, long sourceOffset, long offset, long length) => _sharer.TryShare(source, sourceOffset, offset, length);

    public void SetLength(long length) => Guarded("lengthen", () =>
    {
#if NET
        RandomAccess.SetLength(_handle, length);
#else
        lock (_lock)
        {
            _stream.SetLength(length);
        }
#endif
        return 0;
    });

    public void Reserve(long length)
    {
        if (WindowsNative.IsWindows)
        {
            // A file without the sparse attribute gets its clusters when it is lengthened.
            SetLength(length);
            return;
        }

        long current = Length;
        int error = PosixNative.IsLinux ? PosixNative.Allocate(_handle, current, length - current) : PosixNative.NoSuchSystemCall;
        if (error is PosixNative.NotSupportedLinux or PosixNative.NoSuchSystemCall)
        {
            throw new VhdxException(
                ErrorIds.ReserveNotSupported,
                ErrorKind.NotSupported,
                $"The system cannot reserve space for '{Name}' without writing it. Use -Preallocation Full to write zeros, or None to leave holes.");
        }

        if (error != 0)
        {
            throw SystemErrors.OfErrno(error, Name, FormattableString.Invariant($"reserve {length} bytes for"));
        }
    }

    public void Flush() => Guarded("flush", () =>
    {
        if (!WindowsNative.IsWindows && PosixNative.Flush(_handle) is int error && error != 0)
        {
            throw SystemErrors.OfErrno(error, Name, "flush");
        }

        // Linux has no more to say; macOS has a call of its own that reaches behind the cache of the device.
        if (!PosixNative.IsLinux)
        {
#if NET
            RandomAccess.FlushToDisk(_handle);
#else
            _stream.Flush(flushToDisk: true);
#endif
        }

        return 0;
    });

    public FileRange? FindData(long offset, long end)
    {
        FileRange whole = new(offset, end - offset);
        if (whole.Length <= 0)
        {
            return null;
        }

        if (!_hasHoles)
        {
            return whole;
        }

        if (_known.EndAt(offset) is long knownEnd)
        {
            return new FileRange(offset, Math.Min(knownEnd, end) - offset);
        }

        bool known;
        long start;
        long dataEnd;
#if !NET
        lock (_lock)
#endif
        {
            known = WindowsNative.IsWindows
                ? WindowsNative.TryFindData(_handle, offset, end, out start, out dataEnd)
                : PosixNative.TryFindData(_handle, offset, _known, out start, out dataEnd);
        }

        if (!known)
        {
            return whole;
        }

        return start < 0 || start >= end ? null : new FileRange(start, Math.Min(dataEnd, end) - start);
    }

    public void Dispose()
    {
#if NET
        _direct?.Dispose();
        _handle.Dispose();
#else
        // It closes the handle. Mono throws when a handle is disposed a second time, and does not when a stream is.
        _stream.Dispose();
#endif
    }

    private ShareResult Share(IRandomAccessFile source, long sourceOffset, long offset, long length)
    {
        if (source is not OsFile file || (!PosixNative.IsLinux && !(WindowsNative.IsWindows && _shareUnit.Value > 0)))
        {
            return ShareResult.Refused;
        }

        // The system would lengthen this file or refuse that, and it refuses what the other does not have.
        if (sourceOffset > file.Length - length || offset > Length - length)
        {
            return ShareResult.Failed;
        }

        if (WindowsNative.IsWindows)
        {
            return (sourceOffset | offset | length) % _shareUnit.Value == 0 ? WindowsNative.Share(file._handle, sourceOffset, _handle, offset, length) : ShareResult.Failed;
        }

        return PosixNative.Share(file._handle, sourceOffset, _handle, offset, length);
    }

    private int ReadOnce(long offset, Span<byte> buffer)
    {
#if NET
        return RandomAccess.Read(_handle, buffer, offset);
#else
        byte[] bytes = ArrayPool<byte>.Shared.Rent(buffer.Length);
        int read;
        lock (_lock)
        {
            _stream.Position = offset;
            read = _stream.Read(bytes, 0, buffer.Length);
        }

        bytes.AsSpan(0, read).CopyTo(buffer);
        ArrayPool<byte>.Shared.Return(bytes);
        return read;
#endif
    }

    private T Guarded<T>(string verb, Func<T> work)
    {
        try
        {
            return work();
        }
        catch (Exception exception) when (SystemErrors.IsSystemError(exception))
        {
            throw SystemErrors.Translate(exception, Name, verb);
        }
    }
}
