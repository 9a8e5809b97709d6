using System;
using System.IO;
#if NET
using System.Runtime.InteropServices;
#else
using System.Buffers;
#endif
using Microsoft.Win32.SafeHandles;
using VhdxTools.Layout;

namespace VhdxTools.IO;

/// <summary>A file of the operating system. Reads and writes may come from several threads.</summary>
internal sealed class OsFile : IRandomAccessFile
{
    private readonly SafeFileHandle _handle;
    private readonly ExtentSharer _sharer;
    private readonly Lazy<int> _shareUnit;

    /// <summary>Whether the system is asked for holes. On Windows only a sparse file has any, and only of a file that nobody writes here it is known what they are.</summary>
    private readonly bool _hasHoles;
#if NET
    private static PosixSignalRegistration? s_fileSizeSignal;
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

    /// <summary>Opens for reading and leaves writers and deleters alone.</summary>
    /// <exception cref="VhdxException">There is no such file, it is no regular file, or it cannot be opened.</exception>
    public static OsFile OpenRead(string path)
    {
        FileKinds.ThrowIfNotRegular(path, "read");
        if (PosixNative.IsLinux && PosixNative.OpenWithoutTrace(path) is SafeFileHandle handle)
        {
            return new(path, handle);
        }

        return Open(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, "read");
    }

    /// <summary>Makes a new file that nobody else can open while it is written.</summary>
    /// <param name="path">Where the file is made.</param>
    /// <param name="name">The name that messages give it.</param>
    /// <exception cref="VhdxException">It exists already, or cannot be made.</exception>
    public static OsFile CreateNew(string path, string name)
    {
#if NET
        // A limit on the size of files (ulimit -f) kills the process by a signal, unless somebody takes it: then writing just fails.
        const PosixSignal fileSizeLimit = (PosixSignal)25;
        if (PosixNative.IsLinux && s_fileSizeSignal is null)
        {
            s_fileSizeSignal = PosixSignalRegistration.Create(fileSizeLimit, context => context.Cancel = true);
        }
#endif

        OsFile file = Open(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, "create", name);
        if (WindowsNative.IsWindows)
        {
            WindowsNative.Decompress(file._handle);
        }

        return file;
    }

    /// <summary>Opens for reading and writing; other writers are kept out, readers are let in.</summary>
    /// <exception cref="VhdxException">There is no such file, it is no regular file, it is in use, or it cannot be opened.</exception>
    public static OsFile OpenWrite(string path)
    {
        FileKinds.ThrowIfNotRegular(path, "write to");
        return OpenAlone(path, "write to");
    }

    /// <summary>Fails when another process has the file open in a way that the system can tell, or when it may not be written.</summary>
    public static void ThrowIfInUse(string path, string verb = "replace") => OpenAlone(path, verb).Dispose();

    /// <summary>Whether somebody may write to the file just now; Windows knows.</summary>
    public static bool IsOpenForWriting(string path)
    {
        try
        {
            Open(path, FileMode.Open, FileAccess.Read, FileShare.Read, "read").Dispose();
            return false;
        }
        catch (VhdxException exception)
        {
            return exception.Id == ErrorIds.FileInUse;
        }
    }

    /// <summary>Fails also when somebody only reads the file, where that keeps a new one from taking its place.</summary>
    public static void ThrowIfNotReplaceable(string path)
    {
        if (WindowsNative.IsWindows)
        {
            Open(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None, "replace").Dispose();
            return;
        }

        ThrowIfInUse(path);
    }

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

        bool known;
        long start;
        long dataEnd;
#if !NET
        lock (_lock)
#endif
        {
            known = WindowsNative.IsWindows
                ? WindowsNative.TryFindData(_handle, offset, end, out start, out dataEnd)
                : PosixNative.TryFindData(_handle, offset, out start, out dataEnd);
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

    private static OsFile OpenAlone(string path, string verb)
    {
        ThrowIfReadOnly(path, verb);
        if (LoopDevices.Over(path) is string device)
        {
            throw new VhdxException(ErrorIds.FileInUse, ErrorKind.InUse, $"Cannot {verb} '{path}': it is attached as {device}. Detach it first (losetup --detach {device}).");
        }

        return BriefUse.Outlast(() => TryOpenAlone(path, verb));
    }

    private static OsFile TryOpenAlone(string path, string verb)
    {
        // On Unix only FileShare.None takes a lock that other writers run into; our own readers do not ask for locks.
        bool sharesReading = WindowsNative.IsWindows;
#if !NET
        sharesReading |= PosixNative.IsMono;
#endif
        OsFile file = Open(path, FileMode.Open, FileAccess.ReadWrite, sharesReading ? FileShare.Read : FileShare.None, verb);
        if (PosixNative.IsLinux && !PosixNative.TryLockForWriting(file._handle))
        {
            file.Dispose();
            throw SystemErrors.OfErrno(PosixNative.Busy, path, verb);
        }

        return file;
    }

    /// <summary>The attribute of Windows; the system's own answer would leave open whether it is that or a missing right.</summary>
    private static void ThrowIfReadOnly(string path, string verb)
    {
        if (WindowsNative.IsWindows && File.Exists(path) && (File.GetAttributes(path) & FileAttributes.ReadOnly) != 0)
        {
            throw new VhdxException(ErrorIds.AccessDenied, ErrorKind.PermissionDenied, $"Cannot {verb} '{path}': it is read-only.");
        }
    }

    private static OsFile Open(string path, FileMode mode, FileAccess access, FileShare share, string verb, string? name = null)
    {
        try
        {
#if NET
            return new(name ?? path, File.OpenHandle(path, mode, access, share), access != FileAccess.Read);
#else
            return new(name ?? path, new FileStream(path, mode, access, share, bufferSize: 1), access != FileAccess.Read);
#endif
        }
        catch (Exception exception) when (SystemErrors.IsSystemError(exception))
        {
            throw SystemErrors.Translate(exception, name ?? path, verb);
        }
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
