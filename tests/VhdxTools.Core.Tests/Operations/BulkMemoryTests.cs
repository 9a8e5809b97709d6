#if !CORE_NETSTANDARD
using System;
using System.IO;
using VhdxTools.Core.Tests.Disks;
using VhdxTools.Core.Tests.Support;
using VhdxTools.Disks;
using VhdxTools.IO;
using VhdxTools.Operations;
using Xunit;
using static VhdxTools.Core.Tests.Disks.EngineImages;

namespace VhdxTools.Core.Tests.Operations;

/// <summary>What verbs copy lies at pages of memory: only from there a file of the system writes past the cache.</summary>
public class BulkMemoryTests
{
    private const int Length = (int)(8 * MiB);

    private long _inPages;
    private long _longest;
    private long _elsewhere;

    [Theory]
    [InlineData("b.vhdx", VhdType.Dynamic)]
    [InlineData("b.vhdx", VhdType.Fixed)]
    [InlineData("b.vhd", VhdType.Fixed)]
    [InlineData("b.img", VhdType.Fixed)]
    public void Convert_copies_from_pages(string name, VhdType type)
    {
        using TempFolder folder = new();
        File.WriteAllBytes(folder["a.img"], Bytes.Pattern(3, Length));
        Conversions.Convert(folder["a.img"], folder[name], options => options with { Type = type, Preallocation = type == VhdType.Fixed ? Preallocation.None : null }, wrap: Watch);
        Verify();
        Assert.Equal(2 * MiB, _longest);
    }

    [Fact]
    public void Convert_to_a_differencing_image_copies_from_pages()
    {
        using EngineFolder folder = new();
        string parent = Create(folder["parent.vhdx"], size: Length, block: MiB);
        File.WriteAllBytes(folder["a.img"], Bytes.Pattern(3, Length));
        Conversions.Convert(folder["a.img"], folder["b.vhdx"], options => options with { Type = VhdType.Differencing, ParentPath = parent }, wrap: Watch);
        Verify();
    }

    [Fact]
    public void Merge_copies_from_pages()
    {
        using EngineFolder folder = new();
        string parent = Create(folder["parent.vhdx"], size: Length, block: MiB);
        string child = Create(folder["child.vhdx"], block: MiB, parent: parent);
        Fill(child, 0, Length);
        ImageMerger.Merge(MergePlanner.Plan(child, null, _ => { }, default), Guids(1), wrap: Watch);
        Verify();
    }

    [Fact]
    public void Optimize_moves_from_pages()
    {
        using EngineFolder folder = new();
        string image = Create(folder["image.vhdx"], size: 2 * Length, block: MiB);
        Fill(image, 0, 2 * Length);
        using (DiskChain disk = DiskChain.OpenWrite(image, Guids(2)))
        {
            disk.Trim(0, Length);
        }

        ImageOptimizer.Optimize(image, Guids(3), wrap: Watch);
        Verify();
    }

    private static void Fill(string path, long offset, int length)
    {
        using DiskChain disk = DiskChain.OpenWrite(path, Guids(4));
        disk.Write(offset, Bytes.Pattern(5, length));
    }

    private WatchedFile Watch(IRandomAccessFile file) => new(file, _ => { }, onMemory: (address, length) =>
    {
        if (address % PageBufferPool.Alignment == 0)
        {
            _inPages += length;
            _longest = Math.Max(_longest, length);
        }
        else
        {
            _elsewhere += length;
        }
    });

    private void Verify()
    {
        Assert.InRange(_inPages, Length, 2 * Length);

        // Structures come from where they like.
        Assert.InRange(_elsewhere, 0, 2 * MiB);
    }
}
#endif
