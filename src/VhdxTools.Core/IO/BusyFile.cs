using System;
using System.IO;
using System.Threading;

namespace VhdxTools.IO;

/// <summary>
/// A file at one moment, for those who read it without a lock. Whoever writes to it leaves it sound at every moment, but what is read of it
/// at several moments need not fit together: it looks damaged then, and is read again.
/// </summary>
internal readonly struct BusyFile
{
    /// <summary>So often a file is read at the most.</summary>
    public const int MaximumReads = 4;

    private const int Wait = 10;
    private readonly string _path;
    private readonly (long Length, DateTime Written)? _state;

    private BusyFile(string path)
    {
        _path = path;
        _state = StateOf(path);
    }

    /// <summary>A file as it is now; to be called before it is read.</summary>
    public static BusyFile Now(string path) => new(path);

    /// <summary>Reads; what looks damaged because the file changed meanwhile is read again.</summary>
    /// <param name="path">Full path of the file.</param>
    /// <param name="read">The work; it changes nothing.</param>
    /// <param name="looksDamaged">Whether a result says that the file is damaged; work that ends in an error needs none.</param>
    /// <exception cref="VhdxException">What <paramref name="read"/> says the last time.</exception>
    public static T Read<T>(string path, Func<T> read, Func<T, bool>? looksDamaged = null)
    {
        for (int reads = 1; ; reads++)
        {
            BusyFile before = Now(path);
            try
            {
                T result = read();
                if (looksDamaged?.Invoke(result) != true || !before.IsToBeReadAgain(reads))
                {
                    return result;
                }
            }
            catch (VhdxException exception) when (exception.Finding is not null && before.IsToBeReadAgain(reads))
            {
                // The next read tells.
            }
        }
    }

    /// <summary>Whether somebody has written to the file since, or may have; when it is so, a moment passes before the answer.</summary>
    /// <param name="reads">How often the file was read.</param>
    public bool IsToBeReadAgain(int reads)
    {
        // Windows tells the time of a write only when the writer closes the file.
        if (reads >= MaximumReads || (StateOf(_path) == _state && !(WindowsNative.IsWindows && OsFile.IsOpenForWriting(_path))))
        {
            return false;
        }

        Thread.Sleep(Wait * reads);
        return true;
    }

    private static (long Length, DateTime Written)? StateOf(string path)
    {
        try
        {
            FileInfo file = new(path);
            return (file.Length, file.LastWriteTimeUtc);
        }
        catch (Exception exception) when (SystemErrors.IsSystemError(exception))
        {
            return null;
        }
    }
}
