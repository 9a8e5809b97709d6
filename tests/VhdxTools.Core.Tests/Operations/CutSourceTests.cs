using System;
using System.IO;
using System.Linq;
using VhdxTools.Core.Tests.Disks;
using VhdxTools.Operations;
using Xunit;

namespace VhdxTools.Core.Tests.Operations;

/// <summary>Beyond the end of a file all reads as zeros. What was cut while it was read is no disk of zeros.</summary>
public class CutSourceTests
{
    private const int Length = 12 << 20;

    public static TheoryData<string> Forms => new(CompareDisks.Forms);

    [Theory]
    [MemberData(nameof(Forms))]
    public void It_is_not_converted(string form)
    {
        using EngineFolder folder = new();
        string source = Write(folder, "source", form);
        string[] before = Names(folder);

        VhdxException failure = Assert.Throws<VhdxException>(() => Conversions.Convert(source, folder["to.img"], progress: (_, _) => Cut(source)));

        Assert.Contains(source, failure.Message, StringComparison.Ordinal);
        Assert.Equal(before, Names(folder));
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void It_is_not_compared(string form)
    {
        using EngineFolder folder = new();
        string left = Write(folder, "left", form);
        string right = Write(folder, "right", "raw");
        VhdxException failure = Assert.Throws<VhdxException>(() => DiskComparer.Compare(left, right, progress: (_, _) => Cut(left)).Count());
        Assert.Contains(left, failure.Message, StringComparison.Ordinal);
    }

    private static string Write(EngineFolder folder, string name, string form) =>
        CompareDisks.Write(folder, name, form, EngineImages.RandomBytes(new(1), Length), new(2));

    private static string[] Names(EngineFolder folder) => [.. Directory.GetFiles(Path.GetDirectoryName(folder["x"])!).Order(StringComparer.Ordinal)];

    private static void Cut(string path)
    {
        using FileStream stream = new(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        stream.SetLength(Math.Min(stream.Length, 5 << 20));
    }
}
