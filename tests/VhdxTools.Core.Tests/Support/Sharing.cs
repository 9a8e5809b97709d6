using VhdxTools.IO;
using Xunit;

namespace VhdxTools.Core.Tests.Support;

/// <summary>What whoever shares extents has to keep.</summary>
internal static class Sharing
{
    public static void ThrowIfWrong(IRandomAccessFile file, IRandomAccessFile source, long sourceOffset, long offset, long length)
    {
        Assert.True(length > 0);
        Assert.Equal(0, (sourceOffset | offset | length) % 4096);
        Assert.InRange(sourceOffset, 0, source.Length - length);
        Assert.InRange(offset, 0, file.Length - length);
        Assert.True(source != file || sourceOffset + length <= offset || offset + length <= sourceOffset, "The ranges overlap.");
    }
}
