using System;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace VhdxTools.IO;

/// <summary>The few system calls of Linux and macOS that .NET does not offer. 64-bit processes only, because of off_t.</summary>
internal static class PosixNative
{
    public const int NotSupportedLinux = 95;
    public const int NoSuchSystemCall = 38;
    public const int Busy = 16;

    private const int Interrupted = 4;
    private const int DeviceFailed = 5;
    private const int NoSpaceLinux = 28;
    private const int NoQuotaLinux = 122;
    private const int InvalidLinux = 22;

    // Linux, the same on x86-64 and arm64.
    private const int OpenNoAccessTime = 0x40000;
    private const int OpenCloseOnExec = 0x80000;
    private const int OpenReadWrite = 2;
    private const uint CloneRange = 0x4020940D;

    private const int AdviseHugePages = 14;

    private const int WorkingFolder = -100;
#if !NET
    private const int SeekSet = 0;
    private const int SeekCurrent = 1;
#endif
    private const int StatxBasic = 0x7FF;
    private const int GetOpenFileLock = 36;
    private const int SetOpenFileLock = 37;
    private const short ReadLock = 0;
    private const short WriteLock = 1;
    private const short NoLock = 2;

    public static bool IsLinux { get; } = RuntimeInformation.IsOSPlatform(OSPlatform.Linux) && IntPtr.Size == 8;

    public static bool IsMacOS { get; } = RuntimeInformation.IsOSPlatform(OSPlatform.OSX);

#if !NET
    /// <summary>
    /// Whether this is Mono. It knows only the descriptors that it has opened itself, and among these it refuses what is not shared, as
    /// Windows does.
    /// </summary>
    public static bool IsMono { get; } = Type.GetType("Mono.Runtime") is not null;
#endif

    private static int SeekData => IsMacOS ? 4 : 3;

    private static int SeekHole => IsMacOS ? 3 : 4;

    /// <summary>
    /// Opens for reading so that the read leaves no trace in the access time, where the account may do that: it has to own the file.
    /// Also takes no lock, which .NET would, and which a writer's lock would refuse.
    /// </summary>
    /// <returns>Null when the system refuses, for whatever reason: the ordinary way of opening will tell it.</returns>
    public static SafeFileHandle? OpenWithoutTrace(string path)
    {
#if !NET
        if (IsMono)
        {
            return null;
        }

#endif
        int descriptor = Open(Text(path), OpenNoAccessTime | OpenCloseOnExec);
        if (descriptor < 0)
        {
            descriptor = Open(Text(path), OpenCloseOnExec);
        }

        return descriptor < 0 ? null : new SafeFileHandle((IntPtr)descriptor, ownsHandle: true);
    }

    /// <summary>Opens a file that is open already once more, so that writes go from memory to the device without a copy in the cache. Linux only.</summary>
    /// <returns>Null when the file system cannot do that.</returns>
    public static SafeFileHandle? OpenDirect(SafeFileHandle handle)
    {
        // O_DIRECT has another number on ARM.
        int direct = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 0x10000 : 0x4000;
        int descriptor = Open(Text(FormattableString.Invariant($"/proc/self/fd/{handle.DangerousGetHandle()}")), OpenReadWrite | direct | OpenCloseOnExec);
        return descriptor < 0 ? null : new SafeFileHandle((IntPtr)descriptor, ownsHandle: true);
    }

    /// <summary>Writes from memory at a place (pwrite).</summary>
    /// <returns>The number of bytes written, or -1.</returns>
    public static unsafe long Write(SafeFileHandle handle, byte* data, int length, long offset) => WriteAt(handle, data, (IntPtr)length, offset).ToInt64();

    /// <summary>Asks for huge pages of memory that was not touched yet (madvise); what the system makes of it shows in nothing but speed. Linux only.</summary>
    public static unsafe void PreferHugePages(byte* start, int length) => _ = AdviseMemory(start, (IntPtr)length, AdviseHugePages);

    /// <summary>What a path leads to, symbolic links followed; null when it leads nowhere or the system call is not there.</summary>
    public static LinuxFileStatus? Status(string path)
    {
        byte[] buffer = new byte[256];
        try
        {
            return Statx(WorkingFolder, Text(path), 0, StatxBasic, buffer) == 0 ? new(buffer) : null;
        }
        catch (EntryPointNotFoundException)
        {
            return null;
        }
    }

    /// <summary>
    /// Takes the locks by which QEMU's programs tell one another who writes to an image; ours are seen by them, too. They last as long
    /// as the file is open. Linux only.
    /// </summary>
    /// <returns>False when such a program has the file open and does not let others write.</returns>
    public static bool TryLockForWriting(SafeFileHandle handle)
    {
        // A byte at 100 and up for what one does, at 200 and up for what others may not do: 0 read, 1 write, 3 resize.
        foreach (long place in new long[] { 100, 101, 103, 201, 203 })
        {
            FileLock mine = new() { Type = ReadLock, Start = place, Length = 1 };
            _ = FileControl(handle, SetOpenFileLock, ref mine);
        }

        foreach (long place in new long[] { 200, 201, 203, 101, 103 })
        {
            FileLock others = new() { Type = WriteLock, Start = place, Length = 1 };
            if (FileControl(handle, GetOpenFileLock, ref others) == 0 && others.Type != NoLock)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Whether the file system says that a path, or a name in it, is longer than it takes.</summary>
    public static bool IsTooLong(string path)
    {
        const int nameTooLong = 36;
        try
        {
            return Statx(WorkingFolder, Text(path), 0, StatxBasic, new byte[256]) != 0 && Marshal.GetLastWin32Error() == nameTooLong;
        }
        catch (EntryPointNotFoundException)
        {
            return false;
        }
    }

    /// <summary>Reserves space and lengthens the file (fallocate). Linux only.</summary>
    /// <returns>0, or the error number.</returns>
    public static int Allocate(SafeFileHandle handle, long offset, long length)
    {
        int error;
        do
        {
            error = FileAllocate(handle, 0, offset, length) == 0 ? 0 : Marshal.GetLastWin32Error();
        }
        while (error == Interrupted);
        return error;
    }

    /// <summary>Has two files share extents (FICLONERANGE). Linux only.</summary>
    public static ShareResult Share(SafeFileHandle source, long sourceOffset, SafeFileHandle target, long offset, long length)
    {
        // The descriptor goes into a structure, where nobody keeps it from being closed.
        bool isHeld = false;
        try
        {
            source.DangerousAddRef(ref isHeld);
            FileCloneRange range = new() { Source = source.DangerousGetHandle().ToInt64(), SourceOffset = sourceOffset, Length = length, Offset = offset };
            while (DeviceControl(target, new UIntPtr(CloneRange), ref range) != 0)
            {
                int error = Marshal.GetLastWin32Error();
                if (error != Interrupted)
                {
                    return error is NoSpaceLinux or NoQuotaLinux or DeviceFailed ? ShareResult.Failed : ShareResult.Refused;
                }
            }

            return ShareResult.Shared;
        }
        finally
        {
            if (isHeld)
            {
                source.DangerousRelease();
            }
        }
    }

    /// <summary>Finds the next data range by lseek. The position of the descriptor is put back where streams use it.</summary>
    /// <returns>False when the file system does not know.</returns>
    public static bool TryFindData(SafeFileHandle handle, long offset, KnownData known, out long start, out long end)
    {
        const int noSuchAddress = 6;
#if !NET
        long position = Seek(handle, 0, SeekCurrent);
#endif
        end = -1;
        start = Seek(handle, offset, SeekData);
        bool isKnown = start < 0 && Marshal.GetLastWin32Error() == noSuchAddress;
        if (start >= 0)
        {
            end = known.EndOf(start, place => Seek(handle, place, SeekHole));
            isKnown = end > start;
        }

#if !NET
        _ = Seek(handle, position, SeekSet);
#endif
        return isKnown;
    }

    /// <summary>
    /// Returns when everything written is on the device. .NET's own call passes over a device that says that it has lost something, and
    /// who asks again is told that all is well.
    /// </summary>
    /// <returns>0, or the system's error number.</returns>
    public static int Flush(SafeFileHandle handle)
    {
        while (FileSynchronize(handle) != 0)
        {
            int error = Marshal.GetLastWin32Error();
            if (error != Interrupted)
            {
                // A file system that has no such call promises what it promises without it.
                return error is InvalidLinux or NotSupportedLinux ? 0 : error;
            }
        }

        return 0;
    }

    /// <summary>Makes a renamed or new name in a folder durable. Failure is no error: some file systems cannot do it, and need not.</summary>
    public static void FlushFolder(string path)
    {
        int descriptor = Open(Text(path), 0);
        if (descriptor >= 0)
        {
            using SafeFileHandle handle = new((IntPtr)descriptor, ownsHandle: true);
            _ = FileSynchronize(handle);
        }
    }

    /// <summary>A path with all symbolic links in it followed; the path itself where that cannot be done.</summary>
    public static string RealPath(string path)
    {
        IntPtr result = ResolvePath(Text(path), IntPtr.Zero);
        if (result == IntPtr.Zero)
        {
            return path;
        }

        try
        {
            int length = 0;
            while (Marshal.ReadByte(result, length) != 0)
            {
                length++;
            }

            byte[] bytes = new byte[length];
            Marshal.Copy(result, bytes, 0, length);
            return Encoding.UTF8.GetString(bytes);
        }
        finally
        {
            Free(result);
        }
    }

    /// <summary>Gives a file the permission bits and, where the account may do that, the owner of another.</summary>
    public static void CopyMode(string from, string to)
    {
        if (Status(from) is LinuxFileStatus status)
        {
            // Owner first: changing it clears some of the bits.
            _ = ChangeOwner(Text(to), status.Owner, status.Group);
            _ = ChangeMode(Text(to), status.Mode & 0xFFF);
        }
    }

    private static byte[] Text(string path) => Encoding.UTF8.GetBytes(path + "\0");

    [DllImport("libc", EntryPoint = "open", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Open(byte[] path, int flags);

    [DllImport("libc", EntryPoint = "statx", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Statx(int folder, byte[] path, int flags, uint mask, byte[] buffer);

    [DllImport("libc", EntryPoint = "fallocate", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int FileAllocate(SafeFileHandle handle, int mode, long offset, long length);

    [DllImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int FileControl(SafeFileHandle handle, int command, ref FileLock fileLock);

    [DllImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int DeviceControl(SafeFileHandle handle, UIntPtr request, ref FileCloneRange range);

    [DllImport("libc", EntryPoint = "lseek", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern long Seek(SafeFileHandle handle, long offset, int whence);

    [DllImport("libc", EntryPoint = "pwrite", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern unsafe IntPtr WriteAt(SafeFileHandle handle, byte* data, IntPtr length, long offset);

    [DllImport("libc", EntryPoint = "madvise", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern unsafe int AdviseMemory(byte* start, IntPtr length, int advice);

    [DllImport("libc", EntryPoint = "fsync", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int FileSynchronize(SafeFileHandle handle);

    [DllImport("libc", EntryPoint = "realpath", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern IntPtr ResolvePath(byte[] path, IntPtr buffer);

    [DllImport("libc", EntryPoint = "free")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern void Free(IntPtr memory);

    [DllImport("libc", EntryPoint = "chown", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int ChangeOwner(byte[] path, uint owner, uint group);

    [DllImport("libc", EntryPoint = "chmod", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int ChangeMode(byte[] path, int mode);

    /// <summary>The system's struct file_clone_range.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct FileCloneRange
    {
        public long Source;
        public long SourceOffset;
        public long Length;
        public long Offset;
    }

    /// <summary>The system's struct flock; offsets count from the start of the file.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct FileLock
    {
        public short Type;
        public short Whence;
        public long Start;
        public long Length;
        public int Process;
    }
}
