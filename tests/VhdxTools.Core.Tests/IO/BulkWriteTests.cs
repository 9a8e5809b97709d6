using System;
using System.IO;
using VhdxTools.Core.Tests.Support;
using VhdxTools.IO;
using Xunit;

namespace VhdxTools.Core.Tests.IO;

public sealed class BulkWriteTests : IDisposable
{
    private const int Length = 1 << 20;

    private readonly string _folder = Directory.CreateTempSubdirectory("vhdxtools-bulk-").FullName;
    private readonly Memory<byte> _data = new PageBufferPool(Length).Rent();

    public BulkWriteTests() => Bytes.Pattern(3, Length).CopyTo(_data);

    private string FilePath => Path.Combine(_folder, "file");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(0, Length)]
    [InlineData(8192, Length - 4096)]
    [InlineData(512, Length)]
    [InlineData(4096, Length - 512)]
    [InlineData(1 << 22, 100)]
    public void Large_and_small_writes_of_any_alignment_land_where_they_belong(int offset, int length)
    {
        byte[] expected = new byte[offset + length + 10];
        using (OsFile file = OsFile.CreateNew(FilePath, FilePath))
        {
            // What is in the cache must not hide or outlive what goes past it.
            byte[] cached = Bytes.Pattern(4, expected.Length);
            file.Write(0, cached);
            file.Write(offset, _data.Span.Slice(0, length));
            cached.CopyTo(expected, 0);
            _data.Span.Slice(0, length).CopyTo(expected.AsSpan(offset));
            file.Write(offset + 50, new byte[20]);
            expected.AsSpan(offset + 50, 20).Clear();
            byte[] read = new byte[expected.Length];
            Assert.Equal(read.Length, file.Read(0, read));
            Assert.True(expected.AsSpan().SequenceEqual(read));
            file.Flush();
        }

        Assert.True(expected.AsSpan().SequenceEqual(File.ReadAllBytes(FilePath)));
    }

#if !CORE_NETSTANDARD
    [Fact]
    public void The_write_is_left_to_the_cache_where_the_file_system_cannot_do_it()
    {
        using Microsoft.Win32.SafeHandles.SafeFileHandle handle = File.OpenHandle(FilePath, FileMode.CreateNew, FileAccess.ReadWrite);
        using DirectWriter cannotOpen = new(handle, _ => null);
        Assert.False(cannotOpen.TryWrite(0, _data.Span));

        // Opened, and then each write is refused: so do some that only pretend to have it.
        using DirectWriter cannotWrite = new(handle, _ => File.OpenHandle(FilePath, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        Assert.False(cannotWrite.TryWrite(0, _data.Span));
        Assert.Equal(0, RandomAccess.GetLength(handle));
    }
#endif

    [Fact]
    public void A_file_that_is_open_for_reading_stays_so()
    {
        File.WriteAllBytes(FilePath, new byte[Length]);
        using OsFile file = OsFile.OpenRead(FilePath);
        Assert.Throws<VhdxException>(() => file.Write(0, _data.Span));
        Assert.True(new byte[Length].AsSpan().SequenceEqual(File.ReadAllBytes(FilePath)));
    }

    [Fact]
    public void A_failure_behind_comes_out_of_a_later_call()
    {
        File.WriteAllBytes(FilePath, []);
        using OsFile file = OsFile.OpenRead(FilePath);
        using WriteBehind writes = new(file);
        writes.Write(0, _data);
        Assert.Throws<VhdxException>(writes.Complete);
    }

    [Fact]
    public void Writes_behind_are_all_in_the_file_when_they_are_complete()
    {
        using OsFile file = OsFile.CreateNew(FilePath, FilePath);
        using WriteBehind writes = new(file);
        for (int i = 0; i < 30; i++)
        {
            writes.Write(i * 3 % 30 * 65536L, _data.Slice(i * 4096, 65536));
        }

        writes.Complete();
        byte[] read = new byte[65536];
        for (int place = 0; place < 30; place += 3)
        {
            // Three writes to each place, ten apart: the last one stays.
            Assert.Equal(read.Length, file.Read(place * 65536L, read));
            Assert.True(_data.Span.Slice(((place / 3) + 20) * 4096, read.Length).SequenceEqual(read));
        }
    }
}
