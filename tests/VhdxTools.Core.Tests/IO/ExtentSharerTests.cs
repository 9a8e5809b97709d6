using System;
using System.Collections.Generic;
using System.IO;
using VhdxTools.Core.Tests.Support;
using VhdxTools.IO;
using Xunit;

namespace VhdxTools.Core.Tests.IO;

public sealed class ExtentSharerTests
{
    private readonly List<(IRandomAccessFile Source, long SourceOffset, long Offset, long Length)> _asked = [];

    [Fact]
    public void WhatTheSystemSharesIsShared()
    {
        ExtentSharer sharer = Answering(ShareResult.Shared);
        MemoryFile source = new();
        Assert.True(sharer.TryShare(source, 8192, 4096, 65536));
        Assert.True(sharer.TryShare(source, 0, 0, 4096));
        Assert.Equal([(source, 8192, 4096, 65536), (source, 0, 0, 4096)], _asked);
    }

    [Theory]
    [InlineData(512, 0, 4096)]
    [InlineData(0, 512, 4096)]
    [InlineData(0, 0, 4608)]
    [InlineData(0, 0, 0)]
    public void WhatIsNotAlignedIsNotAskedFor(long sourceOffset, long offset, long length)
    {
        Assert.False(Answering(ShareResult.Shared).TryShare(new MemoryFile(), sourceOffset, offset, length));
        Assert.Empty(_asked);
    }

    [Fact]
    public void ARefusalHoldsForThatPairOfFilesOnly()
    {
        ExtentSharer sharer = Answering(ShareResult.Refused);
        MemoryFile first = new();
        MemoryFile second = new();
        Assert.False(sharer.TryShare(first, 0, 0, 4096));
        Assert.False(sharer.TryShare(first, 4096, 4096, 4096));
        Assert.False(sharer.TryShare(second, 0, 0, 4096));
        Assert.Equal([first, second], _asked.ConvertAll(call => call.Source));
    }

    [Fact]
    public void AFailureIsForgotten()
    {
        ExtentSharer sharer = Answering(ShareResult.Failed);
        MemoryFile source = new();
        Assert.False(sharer.TryShare(source, 0, 0, 4096));
        Assert.False(sharer.TryShare(source, 0, 0, 4096));
        Assert.Equal(2, _asked.Count);
    }

    [Fact]
    public void FilesOfTheSystemAnswerForAnyRangeAndWhatIsSharedIsEqual()
    {
        using TempFolder folder = new();
        string sourcePath = Path.Combine(folder.Path, "source");
        byte[] bytes = new byte[(1 << 20) + 100];
        new Random(1).NextBytes(bytes);
        File.WriteAllBytes(sourcePath, bytes);
        using OsFile source = OsFile.OpenRead(sourcePath);
        using OsFile target = OsFile.CreateNew(Path.Combine(folder.Path, "target"), "target");
        target.SetLength(1 << 20);

        // Most file systems share nothing, and then all these answers are false; those that do never lengthen a file by it.
        Assert.False(target.TryShare(source, 1 << 20, 0, 4096));
        Assert.False(target.TryShare(source, 0, 1 << 20, 4096));
        Assert.False(target.TryShare(new MemoryFile(), 0, 0, 4096));
        bool isShared = target.TryShare(source, 65536, 4096, 131072);
        byte[] expected = new byte[131072];
        if (isShared)
        {
            bytes.AsSpan(65536, expected.Length).CopyTo(expected);
        }

        Assert.Equal(1 << 20, target.Length);
        Assert.Equal(expected, target.ReadPadded(4096, expected.Length));
    }

    private ExtentSharer Answering(ShareResult result) => new((source, sourceOffset, offset, length) =>
    {
        _asked.Add((source, sourceOffset, offset, length));
        return result;
    });
}
