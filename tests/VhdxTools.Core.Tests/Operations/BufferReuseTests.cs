using System;
using System.IO;
using VhdxTools.Core.Tests.Disks;
using VhdxTools.Core.Tests.Support;
using VhdxTools.Disks;
using VhdxTools.Operations;
using Xunit;
using static VhdxTools.Core.Tests.Disks.EngineImages;

namespace VhdxTools.Core.Tests.Operations;

/// <summary>What an operation leaves, the next one uses: a session with many of them grows no larger than with one.</summary>
[Collection(nameof(EngineAloneCollection))]
public class BufferReuseTests
{
    private const int Length = (int)(16 * MiB);

    [SkippableTheory]
    [InlineData("b.vhdx", VhdType.Dynamic)]
    [InlineData("b.vhdx", VhdType.Fixed)]
    [InlineData("b.vhd", VhdType.Dynamic)]
    [InlineData("b.vhd", VhdType.Fixed)]
    [InlineData("b.img", VhdType.Fixed)]
    public void Convert_again_takes_no_new_buffers(string name, VhdType type)
    {
        using TempFolder folder = new();
        File.WriteAllBytes(folder["a.img"], Bytes.Pattern(3, Length));
        Verify(() => Conversions.Convert(folder["a.img"], folder[name], options => options with { Type = type, Preallocation = type == VhdType.Fixed ? Preallocation.None : null, Replace = true }));
    }

    [SkippableTheory]
    [InlineData("b.vhdx")]
    [InlineData("b.vhd")]
    public void Convert_to_a_differencing_image_takes_no_buffers_for_each_block(string name)
    {
        using EngineFolder folder = new();
        string parent = Create(folder["parent.vhdx"], size: 128 * MiB, block: MiB);
        for (int i = 0; i < 128; i += 2)
        {
            Fill(parent, Bytes.Pattern(2, 128 * 1024), i * MiB);
        }

        string child = Create(folder["child.vhdx"], block: MiB, parent: parent);
        for (int i = 0; i < 128; i += 2)
        {
            // Zeros, which a VHDX need not hold where the rest of the block is zero, too: the rest is looked at.
            Fill(child, new byte[4096], i * MiB);
        }

        string vhd = folder["parent.vhd"];
        if (name == "b.vhd")
        {
            Conversions.Convert(parent, vhd, options => options with { Type = VhdType.Dynamic });
        }

        // A block has its bitmap and its pages of tables, but no buffer of its own.
        Verify(() => Conversions.Convert(child, folder[name], options => options with { Type = VhdType.Differencing, ParentPath = name == "b.vhd" ? vhd : parent, Replace = true }), 96 * MiB);
    }

    [SkippableFact]
    public void Compare_again_takes_no_new_buffers()
    {
        using TempFolder folder = new();
        File.WriteAllBytes(folder["a.img"], Bytes.Pattern(3, Length));
        File.Copy(folder["a.img"], folder["b.img"]);
        Verify(() => Assert.Empty(DiskComparer.Compare(folder["a.img"], folder["b.img"])));
    }

    [SkippableFact]
    public void Merge_again_takes_no_new_buffers()
    {
        using EngineFolder folder = new();
        string parent = Create(folder["parent.vhdx"], size: Length, block: MiB);
        string child = Create(folder["child.vhdx"], block: MiB, parent: parent);
        SetterFiles.Fill(child, 5);
        int seed = 0;
        Verify(() => ImageMerger.Merge(MergePlanner.Plan(child, null, _ => { }, default), Guids(++seed)));
    }

    private static void Verify(Action work, long limit = 32 * MiB)
    {
        Skip.If(OnMono.Is, "Mono collects large arrays much oftener than .NET and .NET Framework do.");
        const int Rounds = 10;
        work();

        // Now there is nothing to be used again.
        GC.Collect();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < Rounds; i++)
        {
            work();
        }

        // Buffers once, of 4 MiB for two; logs and tables each time.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, MiB, limit);
    }

    private static void Fill(string path, byte[] bytes, long offset = 0)
    {
        using DiskChain disk = DiskChain.OpenWrite(path, Guids(4));
        disk.Write(offset, bytes);
    }
}
