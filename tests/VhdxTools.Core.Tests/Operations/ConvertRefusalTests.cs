using System;
using System.Collections.Generic;
using System.IO;
using VhdxTools.Core.Tests.Disks;
using VhdxTools.Core.Tests.Support;
using VhdxTools.Operations;
using Xunit;
using static VhdxTools.Core.Tests.Operations.Conversions;

namespace VhdxTools.Core.Tests.Operations;

/// <summary>What cannot be done, or would destroy what it is made from, is refused before anything is written.</summary>
public class ConvertRefusalTests
{
    private const int Length = 8 * MiB;

    [Theory]
    [InlineData("a.vhdx", VhdFormat.VHDX, VhdFormat.VHDX)]
    [InlineData("a.AVHDX", null, VhdFormat.VHDX)]
    [InlineData("a.vhd", null, VhdFormat.VHD)]
    [InlineData("a.b.avhd", null, VhdFormat.VHD)]
    [InlineData("a.raw", null, VhdFormat.Raw)]
    [InlineData("a.img", null, VhdFormat.Raw)]
    [InlineData("a.ima", null, VhdFormat.Raw)]
    [InlineData("a.dd", null, VhdFormat.Raw)]
    [InlineData("a.bin", VhdFormat.Raw, VhdFormat.Raw)]
    [InlineData("a", VhdFormat.VHD, VhdFormat.VHD)]
    [InlineData("a.disk", VhdFormat.VHDX, VhdFormat.VHDX)]
    public void The_extension_or_the_wish_tells_the_format(string name, VhdFormat? wish, VhdFormat format) => Assert.Equal(format, DestinationFormats.Choose(name, wish));

    [Theory]
    [InlineData("a.vhdx", VhdFormat.VHD, ErrorIds.ContradictingParameters)]
    [InlineData("a.avhd", VhdFormat.VHDX, ErrorIds.ContradictingParameters)]
    [InlineData("a.img", VhdFormat.VHDX, ErrorIds.ContradictingParameters)]
    [InlineData("a", null, ErrorIds.FormatRequired)]
    [InlineData("a.qcow2", null, ErrorIds.FormatRequired)]
    public void Extensions_that_contradict_or_tell_nothing_are_refused(string name, VhdFormat? wish, string id) =>
        Assert.Equal(id, Assert.Throws<VhdxException>(() => DestinationFormats.Choose(name, wish)).Id);

    [Fact]
    public void Wishes_that_the_target_has_no_use_for_are_refused()
    {
        using TempFolder folder = Prepared();
        Dictionary<string, Func<ConvertOptions, ConvertOptions>[]> wrong = new()
        {
            ["b.img"] =
            [
                options => options with { Type = VhdType.Dynamic }, options => options with { Type = VhdType.Differencing }, options => options with { BlockSizeBytes = MiB },
                options => options with { LogSizeBytes = MiB }, options => options with { LogicalSectorSizeBytes = 512 }, options => options with { PhysicalSectorSizeBytes = 512 },
                options => options with { DiskIdentifier = TestIds.Fixed.DiskIdentifier }, options => options with { Creator = "x" }, options => options with { AzureCompatible = true },
                options => options with { ParentPath = folder["a.vhdx"] },
            ],
            ["b.vhd"] =
            [
                options => options with { LogSizeBytes = MiB }, options => options with { PhysicalSectorSizeBytes = 512 }, options => options with { Preallocation = Preallocation.Full },
                options => options with { AzureCompatible = true, Type = VhdType.Dynamic }, options => options with { Type = VhdType.Fixed, BlockSizeBytes = MiB },
                options => options with { ParentPath = folder["a.vhdx"] }, options => options with { Type = VhdType.Fixed, ParentPath = folder["a.vhdx"] },
            ],
            ["b.vhdx"] =
            [
                options => options with { AzureCompatible = true }, options => options with { Preallocation = Preallocation.Full }, options => options with { ParentPath = folder["a.img"] },
                options => options with { Type = VhdType.Dynamic, ParentPath = folder["a.vhdx"] },
            ],
        };
        foreach ((string name, Func<ConvertOptions, ConvertOptions>[] changes) in wrong)
        {
            Assert.All(changes, change => Assert.Equal(ErrorIds.ContradictingParameters, Refusal(folder["a.vhdx"], folder[name], change).Id));
        }

        Assert.Equal(ErrorIds.ParentRequired, Refusal(folder["a.vhdx"], folder["b.vhdx"], options => options with { Type = VhdType.Differencing }).Id);
        Assert.Equal(ErrorIds.InvalidCreator, Refusal(folder["a.vhdx"], folder["b.vhd"], options => options with { Creator = "five!" }).Id);
        Assert.Equal(ErrorIds.InvalidBlockSize, Refusal(folder["a.vhdx"], folder["b.vhdx"], options => options with { BlockSizeBytes = 3 * MiB }).Id);
        Assert.Equal(["a.img", "a.vhdx", "child.vhdx", "link.vhdx"], folder.Names);
    }

    [Fact]
    public void Nothing_that_the_disk_is_read_from_is_replaced()
    {
        using TempFolder folder = Prepared();
        Func<ConvertOptions, ConvertOptions> force = options => options with { Replace = true };

        Assert.Equal(ErrorIds.DestinationIsSource, Refusal(folder["a.vhdx"], folder["a.vhdx"], force).Id);
        Assert.Equal(ErrorIds.DestinationIsSource, Refusal(folder["a.vhdx"], folder["link.vhdx"], force).Id);
        Assert.Equal(ErrorIds.DestinationIsSource, Refusal(folder["child.vhdx"], folder["a.vhdx"], force).Id);
        Assert.Equal(ErrorIds.DestinationIsParent, Refusal(folder["a.img"], folder["child.vhdx"], options => force(options) with { ParentPath = folder["child.vhdx"] }).Id);
        Assert.Equal(ErrorIds.DestinationIsParent, Refusal(folder["a.img"], folder["a.vhdx"], options => force(options) with { ParentPath = folder["child.vhdx"] }).Id);
        Assert.Equal(ErrorIds.FileExists, Refusal(folder["a.img"], folder["child.vhdx"]).Id);
        Assert.Equal(ErrorIds.FolderNotFound, Refusal(folder["a.img"], folder["none/b.vhdx"]).Id);
    }

    [Theory]
    [InlineData("a.vhdx", "a.vhdx")]
    [InlineData("a.vhdx", "child.vhdx")]
    public void A_source_that_the_new_child_needs_is_not_deleted(string source, string parent)
    {
        using TempFolder folder = Prepared();
        Assert.Equal(ErrorIds.SourceIsNeeded, Refusal(folder[source], folder["b.vhdx"], options => options with { DeleteSource = true, ParentPath = folder[parent] }).Id);
    }

    [Fact]
    public void The_source_is_deleted_last_and_its_parents_stay()
    {
        using TempFolder folder = Prepared();
        using (ImageConverter converter = ImageConverter.Open(Options(folder["child.vhdx"], folder["b.vhdx"], options => options with { DeleteSource = true })))
        {
            Assert.Contains("deleted", converter.Describe(default), StringComparison.Ordinal);
            converter.Run("1");
            Assert.ThrowsAny<OperationCanceledException>(() => converter.DeleteSource(new(canceled: true)));
            Assert.True(File.Exists(folder["child.vhdx"]));
            converter.DeleteSource(default);
        }

        Assert.Equal(["a.img", "a.vhdx", "b.vhdx", "link.vhdx"], folder.Names);
        using ImageConverter changed = ImageConverter.Open(Options(folder["a.img"], folder["c.vhdx"], options => options with { DeleteSource = true }));
        changed.Run("1");
        File.AppendAllText(folder["a.img"], "more");
        Assert.Equal(ErrorIds.FileInUse, Assert.Throws<VhdxException>(() => changed.DeleteSource(default)).Id);
        Assert.True(File.Exists(folder["a.img"]));
    }

    [Fact]
    public void Disks_with_large_sectors_become_VHD_on_request_only()
    {
        using EngineFolder folder = new();
        byte[] model = Model(Length);
        string source = CompareDisks.Write(folder, "a.vhdx", "dynamic 4096", model, new(1));

        Assert.Contains("-LogicalSectorSizeBytes 512", Refusal(source, folder["b.vhd"]).Message, StringComparison.Ordinal);
        Assert.Equal(ErrorIds.InvalidLogicalSectorSize, Refusal(source, folder["b.vhd"]).Id);
        Assert.Equal(ErrorIds.InvalidLogicalSectorSize, Refusal(source, folder["b.vhd"], options => options with { LogicalSectorSizeBytes = 4096 }).Id);
        Convert(source, folder["b.vhd"], options => options with { LogicalSectorSizeBytes = 512 });
        Assert.True(model.AsSpan().SequenceEqual(ReadBack(VhdFormat.VHD, folder["b.vhd"])));
    }

    [Fact]
    public void Sizes_that_the_target_cannot_have_are_refused_with_the_nearest()
    {
        using EngineFolder folder = new();
        string odd = EngineImages.Create(folder["a.vhdx"], size: Length + 512, block: MiB);
        VhdxException refusal = Refusal(odd, folder["b.vhdx"], options => options with { LogicalSectorSizeBytes = 4096 });
        Assert.Equal(ErrorIds.InvalidSize, refusal.Id);
        Assert.Contains($"{Length} (8 MiB) and {Length + 4096}", refusal.Message, StringComparison.Ordinal);

        string large = EngineImages.Create(folder["large.vhdx"], size: (2040L << 30) + 512);
        refusal = Refusal(large, folder["b.vhd"]);
        Assert.Equal(ErrorIds.InvalidSize, refusal.Id);
        Assert.Contains("2040 GiB", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Azure_gets_a_fixed_disk_of_whole_MiB()
    {
        using EngineFolder folder = new();
        byte[] model = Model((21 * MiB) + 512);
        string source = WriteSparse(folder["a.img"], model);

        List<string> warnings = [];
        VhdxImageInfo info = Convert(source, folder["b.vhd"], options => options with { AzureCompatible = true, Preallocation = Preallocation.None }, warnings);

        Assert.Equal((VhdType.Fixed, 22L * MiB, (22L * MiB) + 512), (info.VhdType, info.Size, info.FileSize));
        Assert.Contains(warnings, warning => warning.Contains("Azure", StringComparison.Ordinal) && warning.Contains($"{22 * MiB}", StringComparison.Ordinal));
        Assert.True(ReadBack(VhdFormat.VHD, folder["b.vhd"]).AsSpan().SequenceEqual([.. model, .. new byte[MiB - 512]]));

        warnings.Clear();
        Convert(source, folder["c.vhd"], options => options with { Type = VhdType.Fixed, Preallocation = Preallocation.None }, warnings);
        Assert.Contains(warnings, warning => warning.Contains("-AzureCompatible", StringComparison.Ordinal));
        Assert.Equal(model.Length + 512, new FileInfo(folder["c.vhd"]).Length);
    }

    [Theory]
    [InlineData("b.vhdx", 1, "at most", 7 * MiB)]
    [InlineData("b.vhdx", 8, "at most", 20 * MiB)]
    [InlineData("b.img", 0, "", 1 << 30)]
    public void The_plan_tells_how_long_the_file_becomes_at_most(string name, int blockSize, string bound, long length)
    {
        using EngineFolder folder = new();
        string source = EngineImages.Create(folder["a.vhdx"], size: 1L << 30, block: MiB);
        using (VhdxTools.Disks.DiskChain disk = VhdxTools.Disks.DiskChain.OpenWrite(source, EngineImages.Guids(1)))
        {
            // Two of them apart in one block of 8 MiB.
            disk.Write(3L * MiB, [1]);
            disk.Write(5L * MiB, [1]);
            disk.Write(9L * MiB, [1]);
        }

        using ImageConverter converter = ImageConverter.Open(Options(source, folder[name], options => options with { BlockSizeBytes = blockSize == 0 ? null : (ulong)(blockSize * MiB) }));
        string text = converter.Describe(default);
        Assert.Contains($"({length} bytes) long", text, StringComparison.Ordinal);
        Assert.Contains(bound, text, StringComparison.Ordinal);
        Assert.False(File.Exists(folder[name]));
    }

    private static TempFolder Prepared()
    {
        TempFolder folder = new();
        File.WriteAllBytes(folder["a.img"], Model(Length));
        EngineImages.Create(folder["a.vhdx"], size: Length, block: MiB);
        EngineImages.Create(folder["child.vhdx"], parent: folder["a.vhdx"]);
        File.CreateSymbolicLink(folder["link.vhdx"], folder["a.vhdx"]);
        return folder;
    }
}
