using System;
using System.Collections.Generic;
#if !CORE_NETSTANDARD
using System.IO;
#endif
using System.Linq;
using VhdxTools.IO;
using Xunit;

namespace VhdxTools.Core.Tests.IO;

public class PageBufferPoolTests
{
    [Theory]
    [InlineData(64 << 10)]
    [InlineData(192 << 10)]
    [InlineData(1 << 20)]
    [InlineData(2 << 20)]
    [InlineData(3 << 20)]
    public void Buffers_have_their_length_begin_at_a_page_and_share_no_byte(int length)
    {
        PageBufferPool pool = new(length);
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
        PageBufferPool pool = new(1 << 20);
        Memory<byte> first = pool.Rent();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
        {
            pool.Return(first);
            first = pool.Rent();
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100_000);
    }

#if !CORE_NETSTANDARD
    [SkippableFact]
    public void On_Linux_they_lie_in_memory_for_which_huge_pages_were_asked()
    {
        Skip.IfNot(OperatingSystem.IsLinux() && Directory.Exists("/sys/kernel/mm/transparent_hugepage"), "The system has no transparent huge pages.");
        PageBufferPool pool = new(1 << 20);
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
