using System;
using System.Collections.Concurrent;
#if NET
using System.Runtime.CompilerServices;
#endif
using VhdxTools.Format;

namespace VhdxTools.IO;

/// <summary>
/// Buffers that are used again without being cleared, by one operation after the other. Where the runtime can do that they begin at a
/// page, so that a file may write them without a copy.
/// </summary>
internal sealed class PageBufferPool : IDisposable
{
    /// <summary>Pages of memory and sectors of disks are no larger than this on what .NET runs on, but for a few that just get copies.</summary>
    public const int Alignment = 4096;

    /// <summary>
    /// Bytes of the longest buffer: a huge page; shorter ones are cut from it. A write past the cache hands the device one piece of memory
    /// for each page: 1 GiB in ordinary pages took 0.94 s, in huge ones 0.22 s (ext4 on a virtio disk, pieces of 1 MiB).
    /// </summary>
    public const int MaximumLength = (int)(2 * FormatConstants.MiB);

    /// <summary>
    /// What no operation uses, for the next one: arrays of this size wait for a collection of all generations, which comes seldom, and
    /// each operation would leave some. That collection still takes them.
    /// </summary>
    private static readonly ConcurrentStack<WeakReference<byte[]>> Idle = new();

    private readonly int _length;
    private readonly ConcurrentBag<Memory<byte>> _free = [];
    private readonly ConcurrentStack<byte[]> _chunks = new();

    /// <param name="length">Length of each buffer in bytes: 1 to <see cref="MaximumLength"/>.</param>
    public PageBufferPool(int length)
    {
        if (length is < 1 or > MaximumLength)
        {
            throw new ArgumentOutOfRangeException(nameof(length));
        }

        _length = length;
    }

    /// <summary>A buffer with any content.</summary>
    public Memory<byte> Rent()
    {
        if (_free.TryTake(out Memory<byte> buffer))
        {
            return buffer;
        }

        byte[] bytes = TakeIdle() ?? Allocate();
        _chunks.Push(bytes);
        Memory<byte> chunk = ChunkOf(bytes);
        for (int next = _length; next + _length <= MaximumLength; next += _length)
        {
            _free.Add(chunk.Slice(next, _length));
        }

        return chunk.Slice(0, _length);
    }

    public void Return(Memory<byte> buffer) => _free.Add(buffer);

    /// <summary>Gives all memory to others, also that of buffers that did not come back: nobody may read or write any of them now.</summary>
    public void Dispose()
    {
        while (_free.TryTake(out _))
        {
        }

        while (_chunks.TryPop(out byte[]? bytes))
        {
            Idle.Push(new(bytes));
        }
    }

    private static byte[]? TakeIdle()
    {
        while (Idle.TryPop(out WeakReference<byte[]>? idle))
        {
            if (idle.TryGetTarget(out byte[]? bytes))
            {
                return bytes;
            }
        }

        return null;
    }

#if NET
    private static unsafe byte[] Allocate()
    {
        // Longer, so that a huge page lies inside wherever it begins.
        byte[] bytes = GC.AllocateUninitializedArray<byte>(2 * MaximumLength, pinned: true);
        if (PosixNative.IsLinux)
        {
            PosixNative.PreferHugePages((byte*)Unsafe.AsPointer(ref bytes[StartOf(bytes)]), MaximumLength);
        }

        return bytes;
    }

    private static Memory<byte> ChunkOf(byte[] bytes) => bytes.AsMemory(StartOf(bytes), MaximumLength);

    private static unsafe int StartOf(byte[] bytes) => (int)((MaximumLength - ((long)Unsafe.AsPointer(ref bytes[0]) % MaximumLength)) % MaximumLength);
#else
    private static byte[] Allocate() => new byte[MaximumLength];

    private static Memory<byte> ChunkOf(byte[] bytes) => bytes;
#endif
}
