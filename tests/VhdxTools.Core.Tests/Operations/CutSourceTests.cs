using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using VhdxTools.Core.Tests.Disks;
using VhdxTools.Layout;
using VhdxTools.Operations;
using Xunit;

namespace VhdxTools.Core.Tests.Operations;

/// <summary>Beyond the end of a file all reads as zeros. What was cut while it was read is no disk of zeros.</summary>
public class CutSourceTests
{
    private const int MiB = 1 << 20;
    private const int Length = 12 * MiB;

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

    [Fact]
    public void What_lay_behind_the_end_of_the_shorter_disk_is_not_called_zero()
    {
        using EngineFolder folder = new();
        byte[] longer = new byte[Length];
        longer[^1] = 1;
        File.WriteAllBytes(folder["longer"], longer);
        File.WriteAllBytes(folder["shorter"], new byte[MiB]);
        VhdxException failure = Assert.Throws<VhdxException>(() => DiskComparer.Compare(folder["longer"], folder["shorter"], quick: true, progress: (_, _) => Cut(folder["longer"])).Count());
        Assert.Equal(ErrorIds.FileCut, failure.Id);
    }

    [Theory]
    [InlineData("dynamic 512")]
    [InlineData("fixed 4096")]
    [InlineData("chain 512")]
    [InlineData("dirty 512")]
    public void Its_blocks_are_not_listed_to_the_end(string form)
    {
        using EngineFolder folder = new();
        string path = Write(folder, "image", form);
        AssertCut(path, () => BlockLister.OfFile(path, coalesce: true, default));
        path = Write(folder, "again", form);
        AssertCut(path, () => BlockLister.OfChain(path, coalesce: true, default));
    }

    [Theory]
    [InlineData("chain 512")]
    [InlineData("vhd chain")]
    public void Its_changes_are_not_listed_to_the_end(string form)
    {
        using EngineFolder folder = new();
        string path = Write(folder, "image", form);
        AssertCut(path, () => ChangeLister.Changes(path, null));
    }

    [Fact]
    public void It_is_not_salvaged()
    {
        using EngineFolder folder = new();
        string path = Write(folder, "image", "dirty 512");
        Func<Guid> guids = EngineImages.Guids(1);
        ImageIdentifiers identifiers = new() { FileWriteGuid = guids(), DataWriteGuid = guids(), DiskIdentifier = guids(), SequenceNumber = 1 };
        using ImageSalvager salvager = new(path, folder["salvaged.vhdx"], "tests", identifiers);
        string[] before = Names(folder);
        Assert.Equal(ErrorIds.FileCut, Assert.Throws<VhdxException>(() => salvager.Salvage(replace: false, "x", (_, _) => Cut(path))).Id);
        Assert.Equal(before, Names(folder));
    }

    /// <summary>Cuts a file at the first result.</summary>
    private static void AssertCut<T>(string path, Func<IEnumerable<T>> list)
    {
        VhdxException failure = Assert.Throws<VhdxException>(() =>
        {
            foreach (T found in list())
            {
                Cut(path);
            }
        });
        Assert.Contains(path, failure.Message, StringComparison.Ordinal);
    }

    private static string Write(EngineFolder folder, string name, string form) =>
        CompareDisks.Write(folder, name, form, EngineImages.RandomBytes(new(1), Length), new(2));

    private static string[] Names(EngineFolder folder) => [.. Directory.GetFiles(Path.GetDirectoryName(folder["x"])!).Order(StringComparer.Ordinal)];

    private static void Cut(string path)
    {
        using FileStream stream = new(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        stream.SetLength(Math.Min(stream.Length, 5 * MiB));
    }
}
