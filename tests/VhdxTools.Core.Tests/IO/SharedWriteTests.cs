using System;
using VhdxTools.Core.Tests.Support;
using VhdxTools.IO;
using Xunit;

namespace VhdxTools.Core.Tests.IO;

/// <summary>Writing bytes that lie in another file, too.</summary>
public sealed class SharedWriteTests : IDisposable
{
    private const int KiB = 1024;

    private readonly byte[] _bytes = new byte[512 * KiB];
    private readonly MemoryFile _source = new("source");
    private readonly MemoryFile _inner = new("target");
    private readonly SharingFile _target;

    public SharedWriteTests()
    {
        new Random(1).NextBytes(_bytes);
        _source.Put(0, new byte[8192]);
        _source.Put(8192, _bytes);
        _inner.Resize(1024 * KiB);
        _target = new(_inner);
    }

    public void Dispose()
    {
        _target.Dispose();
        _source.Dispose();
        _inner.Dispose();
    }

    [Theory]
    [InlineData(0, 0, 512 * KiB, 512 * KiB)]
    [InlineData(4096, 0, 512 * KiB, 512 * KiB)]
    [InlineData(0, 1000, 300 * KiB, 296 * KiB)]
    [InlineData(0, 4096, (64 * KiB) + 100, 64 * KiB)]
    [InlineData(0, 4096, (64 * KiB) - 1, 0)]
    [InlineData(512, 0, 512 * KiB, 0)]
    public void WhatIsAlignedInBothFilesIsSharedAndTheRestIsWritten(long offset, int start, int length, long shared)
    {
        _target.Write(offset, _bytes, new DataOrigin(_source, 8192 + start, start, length));
        Assert.Equal(_bytes, _inner.Bytes(offset, _bytes.Length));
        Assert.Equal(shared, _target.SharedLength);
        Assert.Equal(_bytes.Length - shared, _target.WrittenLength);
    }

    [Fact]
    public void WhatIsNotSharedIsWrittenInOnePiece()
    {
        _inner.Write(4096, _bytes, new DataOrigin(_source, 8192, 0, _bytes.Length));
        Assert.Equal(("Write", 4096L, (long)_bytes.Length), Assert.Single(_inner.Calls));
        Assert.Equal(_bytes, _inner.Bytes(4096, _bytes.Length));
    }

    [Fact]
    public void APartOfTheBytesKeepsItsPlace()
    {
        DataOrigin origin = new(_source, 8192, 100, 1000);
        Assert.Equal(new DataOrigin(_source, 8192, 50, 150), origin.Slice(50, 200));
        Assert.Equal(new DataOrigin(_source, 8592, 0, 200), origin.Slice(500, 200));
        Assert.Equal(new DataOrigin(_source, 9092, 0, 100), origin.Slice(1000, 4000));
        Assert.Null(origin.Slice(0, 100));
        Assert.Null(origin.Slice(1100, 100));
    }
}
