using System;
using System.IO;
using System.Threading;

namespace VhdxTools.IO;

/// <summary>
/// A new file that gets its name when it is complete: written under a temporary name in the same folder, flushed, renamed. Disposed
/// without <see cref="Commit"/> it is gone, and what stood under the name stays.
/// </summary>
internal sealed class PendingFile : IDisposable
{
    private const string Prefix = ".vhdxtools-";
    private const string Suffix = ".tmp";

    private readonly string _destination;
    private readonly string _temporary;
    private readonly bool _replace;
    private bool _committed;

    private PendingFile(string destination, string temporary, bool replace, IRandomAccessFile file)
    {
        _destination = destination;
        _temporary = temporary;
        _replace = replace;
        File = file;
    }

    public IRandomAccessFile File { get; }

    /// <summary>Whether a path is the temporary name of such a file: one that is being made, or that a killed process left.</summary>
    public static bool IsTemporaryName(string path)
    {
        string name = Path.GetFileName(path);
        return name.StartsWith(Prefix, StringComparison.Ordinal) && name.EndsWith(Suffix, StringComparison.Ordinal);
    }

    /// <param name="destination">The full path that the file gets.</param>
    /// <param name="replace">Whether an existing file may be replaced.</param>
    /// <param name="uniqueName">A text that no other file of the folder has in its name.</param>
    /// <param name="wrap">For tests: puts another file over the one that is made.</param>
    /// <exception cref="VhdxException">The folder is missing, the destination exists or is in use, or the file cannot be made.</exception>
    public static PendingFile Create(string destination, bool replace, string uniqueName, Func<IRandomAccessFile, IRandomAccessFile>? wrap = null)
    {
        ThrowIfNotCreatable(destination, replace);

        // The temporary name does not contain the real one, which may already be as long as the file system allows.
        string temporary = Path.Combine(FolderOf(destination), Prefix + uniqueName + Suffix);
        OsFile file = OsFile.CreateNew(temporary, destination);
        return new(destination, temporary, replace, wrap is null ? file : wrap(file));
    }

    /// <summary>The checks that need no writing; they hold for -WhatIf too.</summary>
    public static void ThrowIfNotCreatable(string destination, bool replace)
    {
        FileKinds.ThrowIfNotRegular(destination, "create");
        string folder = FolderOf(destination);
        if (!Directory.Exists(folder))
        {
            throw new VhdxException(ErrorIds.FolderNotFound, ErrorKind.NotFound, $"Cannot create '{destination}': the folder '{folder}' does not exist.");
        }

        // The temporary name is short and plain; without this a bad one would be noticed when everything is written.
        if (WindowsNative.IsWindows && WindowsPaths.NameErrorOf(destination) is Exception error)
        {
            throw SystemErrors.Translate(error, destination, "create");
        }

        if (!System.IO.File.Exists(destination))
        {
            // The temporary name is short; without this a long one would be noticed when everything is written.
            if (PosixNative.IsLinux && PosixNative.IsTooLong(destination))
            {
                throw SystemErrors.Translate(new PathTooLongException(), destination, "create");
            }

            return;
        }

        if (!replace)
        {
            throw new VhdxException(ErrorIds.FileExists, ErrorKind.AlreadyExists, $"'{destination}' exists already. Use -Force to replace it.");
        }

        if ((System.IO.File.GetAttributes(destination) & FileAttributes.ReadOnly) != 0)
        {
            throw new VhdxException(ErrorIds.AccessDenied, ErrorKind.PermissionDenied, $"Cannot replace '{destination}': it is read-only.");
        }

        try
        {
            OsFile.ThrowIfNotReplaceable(destination);
        }
        catch (VhdxException exception) when (exception.Id == ErrorIds.FileNotFound)
        {
            // A link that leads nowhere: nobody can have open what is not there.
            return;
        }
    }

    /// <summary>Flushes the file and gives it its name. Afterwards it is durable.</summary>
    /// <param name="cancellation">Stops it. A flush that is under way is waited for, and the file then gets no name.</param>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    /// <exception cref="VhdxException">The file cannot be flushed or cannot get its name.</exception>
    public void Commit(CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        File.Flush();
        cancellation.ThrowIfCancellationRequested();
        File.Dispose();

        // All the work is done: a virus scanner that looks into one of the two files must not make it worth nothing.
        BriefUse.Outlast(() =>
        {
            try
            {
                Rename();
            }
            catch (Exception exception) when (SystemErrors.IsSystemError(exception))
            {
                throw Explain(SystemErrors.Translate(exception, _destination, "create"));
            }

            return true;
        });
        _committed = true;
        if (!WindowsNative.IsWindows)
        {
            PosixNative.FlushFolder(FolderOf(_destination));
        }
    }

    public void Dispose()
    {
        File.Dispose();
        if (_committed)
        {
            return;
        }

        try
        {
            System.IO.File.Delete(_temporary);
        }
        catch (Exception exception) when (SystemErrors.IsSystemError(exception))
        {
            // Disposal runs while the error that matters is on its way; this one would hide it.
            System.Diagnostics.Trace.WriteLine(exception.Message);
        }
    }

    private static string FolderOf(string path) => Path.GetDirectoryName(path) is { Length: > 0 } folder ? folder : Path.GetPathRoot(path)!;

    private void Rename()
    {
        if (WindowsNative.IsWindows)
        {
            WindowsNative.Move(_temporary, _destination, _replace);
            return;
        }

        if (!_replace || !System.IO.File.Exists(_destination))
        {
            System.IO.File.Move(_temporary, _destination);
            return;
        }

        PosixNative.CopyMode(_destination, _temporary);
#if NET
        System.IO.File.Move(_temporary, _destination, overwrite: true);
#else
        System.IO.File.Replace(_temporary, _destination, null);
#endif
    }

    /// <summary>Windows denies access to the name of a file that somebody opened since we looked, as it does for a missing right.</summary>
    private VhdxException Explain(VhdxException error)
    {
        if (WindowsNative.IsWindows && _replace && error.Id == ErrorIds.AccessDenied)
        {
            try
            {
                OsFile.ThrowIfNotReplaceable(_destination);
            }
            catch (VhdxException reason)
            {
                return reason;
            }
        }

        return error;
    }
}
