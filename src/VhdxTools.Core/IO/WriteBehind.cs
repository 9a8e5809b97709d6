using System;

namespace VhdxTools.IO;

/// <summary>
/// Writes pieces of a file in other threads, a few at once and in any order: for what nobody reads before all is complete. The first
/// failure comes out of a later call.
/// </summary>
/// <param name="file">Where it ends up; only files of the system take several writes at once, all others get each from the caller's thread.</param>
/// <param name="write">What writes a piece; several threads call it at once.</param>
internal sealed class WriteBehind(IRandomAccessFile file, WriteBehind.Writer write) : IDisposable
{
    /// <summary>So many writes are under way at the most.</summary>
    public const int Depth = 4;

    private readonly WorkQueue<int> _queue = new();
    private readonly bool _isShared = file is OsFile;

    /// <param name="file">The file that all is written to.</param>
    public WriteBehind(IRandomAccessFile file)
        : this(file, file.Write)
    {
    }

    /// <summary>Writes bytes, or shares with another file what lies there.</summary>
    public delegate void Writer(long offset, ReadOnlySpan<byte> data, DataOrigin? origin);

    /// <summary>Begins to write.</summary>
    /// <param name="offset">The place.</param>
    /// <param name="data">The bytes; they stay as they are until <see cref="Depth"/> further writes have begun, or all are complete.</param>
    /// <param name="origin">Where they lie in another file, whose extents may be shared: the place lies inside the file then.</param>
    public void Write(long offset, ReadOnlyMemory<byte> data, DataOrigin? origin = null)
    {
        if (!_isShared)
        {
            write(offset, data.Span, origin);
            return;
        }

        if (_queue.Count == Depth)
        {
            _queue.Take();
        }

        _queue.Add(() =>
        {
            write(offset, data.Span, origin);
            return data.Length;
        });
    }

    /// <summary>Returns when everything is in the file.</summary>
    public void Complete()
    {
        while (_queue.Count > 0)
        {
            _queue.Take();
        }
    }

    /// <summary>Waits for what is being written; without <see cref="Complete"/> the rest is not written.</summary>
    public void Dispose() => _queue.Dispose();
}
