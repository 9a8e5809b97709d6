using System;

namespace VhdxTools.IO;

/// <summary>
/// Writes pieces of a file in other threads, a few at once and in any order: for what nobody reads before all is complete. The first
/// failure comes out of a later call.
/// </summary>
/// <param name="file">The file; one that does not take several writes at once gets each from the caller's thread.</param>
internal sealed class WriteBehind(IRandomAccessFile file) : IDisposable
{
    /// <summary>So many writes are under way at the most.</summary>
    public const int Depth = 4;

    private readonly WorkQueue<int> _queue = new();
    private readonly bool _isParallel = file is IParallelFile;

    /// <summary>Begins to write.</summary>
    /// <param name="offset">The place in the file.</param>
    /// <param name="data">The bytes; they stay as they are until <see cref="Depth"/> further writes have begun, or all are complete.</param>
    /// <param name="origin">Where they lie in another file, whose extents may be shared: the place lies inside this one then.</param>
    public void Write(long offset, ReadOnlyMemory<byte> data, DataOrigin? origin = null) => Do(() => file.Write(offset, data.Span, origin));

    /// <summary>The same for a write that the caller makes itself.</summary>
    public void Do(Action write)
    {
        if (!_isParallel)
        {
            write();
            return;
        }

        if (_queue.Count == Depth)
        {
            _queue.Take();
        }

        _queue.Add(() =>
        {
            write();
            return 0;
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
