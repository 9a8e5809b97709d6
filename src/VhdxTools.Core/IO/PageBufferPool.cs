using System;
using System.Collections.Concurrent;
#if NET
using System.Runtime.CompilerServices;
using VhdxTools.Format;
#endif

namespace VhdxTools.IO;

/// <summary>Buffers that are used again without being cleared. Where the runtime can do that they begin at a page, so that a file may write them without a copy.</summary>
/// <param name="length">Length of each in bytes.</param>
internal sealed class PageBufferPool(int length)
{
    /// <summary>Pages of memory and sectors of disks are no larger than this on what .NET runs on, but for a few that just get copies.</summary>
    public const int Alignment = 4096;

#if NET
    /// <summary>
    /// Length of a huge page. A write past the cache hands the device one piece of memory for each page: 1 GiB in ordinary pages took
    /// 0.94 s, in huge ones 0.22 s (ext4 on a virtio disk, pieces of 1 MiB).
    /// </summary>
    private const int HugePage = (int)(2 * FormatConstants.MiB);

#endif
    private readonly ConcurrentBag<Memory<byte>> _free = [];

    /// <summary>A buffer with any content.</summary>
    public Memory<byte> Rent()
    {
        if (_free.TryTake(out Memory<byte> buffer))
        {
            return buffer;
        }

#if NET
        int chunk = (int)FormatConstants.AlignUp(length, HugePage);
        byte[] bytes = GC.AllocateUninitializedArray<byte>(chunk + HugePage, pinned: true);
        int start;
        unsafe
        {
            byte* address = (byte*)Unsafe.AsPointer(ref bytes[0]);
            start = (int)((HugePage - ((long)address % HugePage)) % HugePage);
            if (PosixNative.IsLinux)
            {
                PosixNative.PreferHugePages(address + start, chunk);
            }
        }

        for (int next = length; next + length <= chunk; next += length)
        {
            _free.Add(bytes.AsMemory(start + next, length));
        }

        return bytes.AsMemory(start, length);
#else
        return new byte[length];
#endif
    }

    public void Return(Memory<byte> buffer) => _free.Add(buffer);
}
