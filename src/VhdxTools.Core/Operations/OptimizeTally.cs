namespace VhdxTools.Operations;

/// <summary>Counts what compacting does.</summary>
internal sealed class OptimizeTally
{
    private readonly long[] _changes = new long[5];

    public long Moved { get; set; }

    public bool IsAny { get; private set; }

    public void Add(BlockChangeReason reason)
    {
        _changes[(int)reason]++;
        IsAny = true;
    }

    /// <summary>Entries beyond the end of the disk.</summary>
    public void AddCleared(long count)
    {
        _changes[(int)BlockChangeReason.Cleared] += count;
        IsAny |= count > 0;
    }

    public void AddMoves(long count)
    {
        Moved += count;
        IsAny |= count > 0;
    }

    /// <param name="path">Full path of the file.</param>
    /// <param name="before">Length of the file before, in bytes.</param>
    /// <param name="after">Length of the file afterwards, in bytes.</param>
    /// <param name="unused">Bytes of the gaps that stay.</param>
    /// <param name="wasDirty">Whether a log was, or is, replayed.</param>
    /// <param name="obstacle">What could not be moved in the end.</param>
    public VhdxOptimizeResult ToResult(string path, long before, long after, long unused, bool wasDirty, string? obstacle) => new()
    {
        Path = path,
        BytesBefore = before,
        BytesAfter = after,
        ZeroBlocksFreed = _changes[(int)BlockChangeReason.Zero],
        EmptyBlocksFreed = _changes[(int)BlockChangeReason.Empty],
        BitmapBlocksFreed = _changes[(int)BlockChangeReason.Bitmap],
        EntriesCleared = _changes[(int)BlockChangeReason.Cleared],
        BlocksMoved = Moved,
        BytesUnused = unused,
        Remark = unused > 0 ? obstacle : null,
        Changed = IsAny || wasDirty || before != after,
    };
}
