using System;
using System.IO;
#if NET
using System.Runtime.InteropServices;
#endif
using Microsoft.Win32.SafeHandles;

namespace VhdxTools.IO;

/// <content>How a file is opened, for whom it is locked, and whether anybody else has it.</content>
internal sealed partial class OsFile
{
#if NET
    private static PosixSignalRegistration? s_fileSizeSignal;
#endif

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
}
