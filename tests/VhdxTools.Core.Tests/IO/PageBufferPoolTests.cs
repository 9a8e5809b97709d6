using System;
using System.Collections.Generic;
#if !CORE_NETSTANDARD
using System.IO;
#endif
using System.Linq;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using VhdxTools.IO;
using Xunit;

namespace VhdxTools.Core.Tests.IO;

public class PageBufferPoolTests
{
    private const int MiB = 1 << 20;

    [Theory]
    [InlineData(64 << 10)]
    [InlineData(192 << 10)]
    [InlineData(MiB)]
    [InlineData(2 * MiB)]
    public void Buffers_have_their_length_begin_at_a_page_and_share_no_byte(int length)
    {
        using PageBufferPool pool = new(length);
        List<Memory<byte>> buffers = [.. Enumerable.Range(0, 40).Select(_ => pool.Rent())];
        for (int i = 0; i < buffers.Count; i++)
        {
            Assert.Equal(length, buffers[i].Length);
            buffers[i].Span.Fill((byte)i);
#if !CORE_NETSTANDARD
            Assert.Equal(0, AddressOf(buffers[i]) % PageBufferPool.Alignment);
#endif
        }

        for (int i = 0; i < buffers.Count; i++)
        {
            Assert.Equal(-1, buffers[i].Span.IndexOfAnyExcept((byte)i));
        }
    }

    [Fact]
    public void What_comes_back_is_given_out_again()
    {
        using PageBufferPool pool = new(MiB);
        Memory<byte> first = pool.Rent();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
        {
            pool.Return(first);
            first = pool.Rent();
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100_000);
    }

    [Fact]
    public void What_one_operation_had_is_for_the_next_one_also_what_did_not_come_back()
    {
        const int Rounds = 100;
        UseAll();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < Rounds; i++)
        {
            // Arrays of this size belong to the oldest generation, which Mono has one fewer of: these collections leave them.
            GC.Collect(i % GC.MaxGeneration);
            UseAll();
        }

        // Others that run meanwhile may take some away.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, Rounds * MiB);

        static void UseAll()
        {
            using PageBufferPool pool = new(MiB);
            for (int i = 0; i < 6; i++)
            {
                pool.Rent();
            }
        }
    }

    [Fact]
    public void What_nobody_uses_goes_with_a_collection_of_all_generations()
    {
        WeakReference[] unused = UseMany();
        GC.Collect();

        // Others that run meanwhile may have taken some.
        Assert.InRange(unused.Count(buffer => buffer.IsAlive), 0, unused.Length / 2);

        [MethodImpl(MethodImplOptions.NoInlining)]
        static WeakReference[] UseMany()
        {
            using PageBufferPool pool = new(2 * MiB);
            return [.. Enumerable.Range(0, 100).Select(_ => new WeakReference(MemoryMarshal.TryGetArray(pool.Rent(), out ArraySegment<byte> segment) ? segment.Array : null))];
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData((2 * MiB) + 1)]
    public void A_length_that_no_huge_page_holds_is_an_error(int length) => Assert.Throws<ArgumentOutOfRangeException>(() => new PageBufferPool(length));

#if !CORE_NETSTANDARD
    [SkippableFact]
    public void On_Linux_they_lie_in_memory_for_which_huge_pages_were_asked()
    {
        Skip.IfNot(OperatingSystem.IsLinux() && Directory.Exists("/sys/kernel/mm/transparent_hugepage"), "The system has no transparent huge pages.");
        using PageBufferPool pool = new(MiB);
        for (int i = 0; i < 6; i++)
        {
            Memory<byte> buffer = pool.Rent();
            Assert.True(IsAskedFor(AddressOf(buffer)) && IsAskedFor(AddressOf(buffer) + buffer.Length - 1));
        }

        // What /proc/self/smaps says of the mapping that an address lies in: "hg" among its flags.
        static bool IsAskedFor(long address)
        {
            bool isInside = false;
            foreach (string line in File.ReadLines("/proc/self/smaps"))
            {
                string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                string[] ends = words[0].Split('-');
                if (ends.Length == 2 && long.TryParse(ends[0], System.Globalization.NumberStyles.HexNumber, null, out long start))
                {
                    isInside = address >= start && address < long.Parse(ends[1], System.Globalization.NumberStyles.HexNumber, null);
                }
                else if (isInside && words[0] == "VmFlags:")
                {
                    return words.Contains("hg");
                }
            }

            return false;
        }
    }

    private static unsafe long AddressOf(Memory<byte> buffer)
    {
        fixed (byte* start = buffer.Span)
        {
            return (long)start;
        }
    }
#endif
}
