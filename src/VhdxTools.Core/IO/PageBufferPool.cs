using System;
using System.Collections.Concurrent;
#if NET
using System.Runtime.CompilerServices;
#endif

namespace VhdxTools.IO;

/// <summary>Buffers that are used again without being cleared. Where the runtime can do that they begin at a page, so that a file may write them without a copy.</summary>
/// <param name="length">Length of each in bytes.</param>
internal sealed class PageBufferPool(int length)
{
    /// <summary>Pages of memory and sectors of disks are no larger than this on what .NET runs on, but for a few that just get copies.</summary>
    public const int Alignment = 4096;

    private readonly ConcurrentBag<Memory<byte>> _free = [];

    /// <summary>A buffer with any content.</summary>
    public Memory<byte> Rent()
    {
        if (_free.TryTake(out Memory<byte> buffer))
        {
            return buffer;
        }

#if NET
        byte[] bytes = GC.AllocateUninitializedArray<byte>(length + Alignment, pinned: true);
        long address;
        unsafe
        {
            address = (long)Unsafe.AsPointer(ref bytes[0]);
        }

        return bytes.AsMemory((int)((Alignment - (address % Alignment)) % Alignment), length);
#else
        return new byte[length];
#endif
    }

    public void Return(Memory<byte> buffer) => _free.Add(buffer);
}
