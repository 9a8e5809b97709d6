using VhdxTools.IO;
using Xunit;

namespace VhdxTools.Core.Tests.Support;

/// <summary>What whoever shares extents has to keep.</summary>
internal static class Sharing
{
    /// <summary>Whether both ranges lie inside their files.</summary>
    public static bool IsInside(IRandomAccessFile file, IRandomAccessFile source, long sourceOffset, long offset, long length)
    {
        Assert.True(length > 0);
        Assert.Equal(0, (sourceOffset | offset | length) % 4096);
        Assert.True(source != file || sourceOffset + length <= offset || offset + length <= sourceOffset, "The ranges overlap.");
        return sourceOffset <= source.Length - length && offset <= file.Length - length;
    }
}
