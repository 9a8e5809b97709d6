using System;
using System.ComponentModel;
using System.IO;

namespace VhdxTools.IO;

/// <summary>Gives the system's exceptions and codes a name, a kind and a sentence with the path.</summary>
internal static class SystemErrors
{
    /// <summary>With the code of an error of Windows in its lower half, the HResult of an exception.</summary>
    public const int WindowsFacility = unchecked((int)0x80070000);

    /// <summary>Whether an exception is one of those that <see cref="Translate"/> makes sense of.</summary>
    public static bool IsSystemError(Exception exception) =>
        exception is IOException or UnauthorizedAccessException or NotSupportedException or ArgumentException or System.Security.SecurityException;

    /// <param name="exception">What the system threw.</param>
    /// <param name="path">The file or folder at work.</param>
    /// <param name="verb">What was tried, as in "cannot VERB 'path'".</param>
    public static VhdxException Translate(Exception exception, string path, string verb)
    {
        int code = exception.HResult;
        (string id, ErrorKind kind, string reason) = exception switch
        {
            FileNotFoundException => (ErrorIds.FileNotFound, ErrorKind.NotFound, "it does not exist"),
            DirectoryNotFoundException => (ErrorIds.FolderNotFound, ErrorKind.NotFound, "a folder on the way does not exist"),
            PathTooLongException => (ErrorIds.PathTooLong, ErrorKind.InvalidArgument, "the path, or a name in it, is too long for the file system"),
            UnauthorizedAccessException or System.Security.SecurityException => (ErrorIds.AccessDenied, ErrorKind.PermissionDenied, "access is denied, or the file is read-only"),

            // .NET's own form of EFBIG in SetLength.
            ArgumentOutOfRangeException => (ErrorIds.FileSystemLimit, ErrorKind.LimitExceeded, "the file system cannot hold a file of that length"),
            ArgumentException or NotSupportedException => (ErrorIds.InvalidPath, ErrorKind.InvalidArgument, "the path is not valid"),
            _ => OfCode(code & ~0xFFFF, code & 0xFFFF, exception.Message),
        };
        return new(id, kind, $"Cannot {verb} '{path}': {reason}.", exception);
    }

    /// <summary>The same for an error number of a system call on Unix.</summary>
    public static VhdxException OfErrno(int errno, string path, string verb)
    {
        (string id, ErrorKind kind, string reason) = OfCode(0, errno, string.Empty);
        return new(id, kind, $"Cannot {verb} '{path}': {reason}.");
    }

    private static (string Id, ErrorKind Kind, string Reason) OfCode(int facility, int code, string otherwise) => (facility == 0 ? -code : facility == WindowsFacility ? code : 0) switch
    {
        // Windows codes are positive here, Unix ones (Linux and macOS numbers) negative.
        112 or 39 or 1295 or -28 or -122 or -69 => (ErrorIds.DiskFull, ErrorKind.DiskFull, "there is not enough space on the volume, or in the quota"),
        223 or 87 or -27 => (ErrorIds.FileSystemLimit, ErrorKind.LimitExceeded, "the file system cannot hold a file of that length"),
        32 or 33 or 108 or 170 or 1224 or -11 or -16 or -26 or -35 => (ErrorIds.FileInUse, ErrorKind.InUse, "another process has it open"),
        5 or 19 or 65 or -1 or -13 or -30 => (ErrorIds.AccessDenied, ErrorKind.PermissionDenied, "access is denied, or the medium is read-only"),
        80 or 183 or -17 => (ErrorIds.FileExists, ErrorKind.AlreadyExists, "a file of that name exists already"),
        2 or -2 => (ErrorIds.FileNotFound, ErrorKind.NotFound, "it does not exist"),
        3 or 15 => (ErrorIds.FolderNotFound, ErrorKind.NotFound, "a folder on the way does not exist"),
        206 or -36 or -63 => (ErrorIds.PathTooLong, ErrorKind.InvalidArgument, "the path, or a name in it, is too long for the file system"),
        123 or 161 => (ErrorIds.InvalidPath, ErrorKind.InvalidArgument, "the path is not valid"),
        0 => (ErrorIds.IOFailed, ErrorKind.DeviceError, otherwise.TrimEnd('.')),

        // The exception's own text names the file at work, which may be a temporary one that is gone when the user reads it.
        _ => (ErrorIds.IOFailed, ErrorKind.DeviceError, FormattableString.Invariant($"the system reports error {code} ({new Win32Exception(code).Message.TrimEnd('.')})")),
    };
}
