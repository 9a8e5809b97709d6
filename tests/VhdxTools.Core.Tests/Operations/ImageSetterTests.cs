using System;
using System.Collections.Generic;
using System.IO;
using VhdxTools.Core.Tests.Disks;
using VhdxTools.Core.Tests.Support;
using VhdxTools.Operations;
using Xunit;
using static VhdxTools.Core.Tests.Disks.EngineImages;
using static VhdxTools.Core.Tests.Operations.SetterFiles;

namespace VhdxTools.Core.Tests.Operations;

/// <summary>Values change together, by the bytes at their places; links are judged by the parent's own GUID.</summary>
public class ImageSetterTests
{
    private static readonly Guid s_item = new("11111111-2222-3333-4444-555555555555");
    private static readonly Guid s_disk = new("AAAAAAAA-2222-3333-4444-555555555555");

    [Theory]
    [InlineData(VhdType.Fixed, 512)]
    [InlineData(VhdType.Dynamic, 4096)]
    [InlineData(VhdType.Differencing, 512)]
    public void All_values_change_in_one_call_and_a_second_call_changes_nothing(VhdType type, int sector)
    {
        using EngineFolder folder = new();
        string? parent = type == VhdType.Differencing ? Create(folder["p.vhdx"], size: 4 * MiB, block: MiB, sector: sector) : null;
        string path = Create(folder["a.vhdx"], type, parent is null ? 4 * MiB : null, MiB, sector, parent: parent);
        Guid before = Header(path).DataWriteGuid;
        SetOptions options = new() { PhysicalSectorSizeBytes = 512, DiskIdentifier = s_disk, Metadata = [new(s_item, [1, 2, 3])] };
        Assert.Equal(3, ImageSetter.Plan(path, options).Changes.Count);
        ImageSetter.Apply(path, options, Guids(1));

        byte[] file = File.ReadAllBytes(path);
        Assert.Equal(Bytes.U32(512), ItemBytes(file, ItemModel.PhysicalSectorSize, 6));
        Assert.Equal(Bytes.Guid(s_disk.ToString()), ItemBytes(file, ItemModel.VirtualDiskId, 6));
        Assert.Equal([1, 2, 3], ItemBytes(file, s_item.ToString(), 1)!);
        Assert.NotEqual(before, Header(path).DataWriteGuid);
        Assert.Empty(Faults(path));

        string hash = Hash(path);
        Assert.Empty(ImageSetter.Plan(path, options).Changes);
        ImageSetter.Apply(path, options, Guids(2));
        Assert.Equal(hash, Hash(path));
        ImageSetter.Apply(path, new() { Metadata = [new(s_item, null)] }, Guids(3));
        Assert.Null(ItemBytes(File.ReadAllBytes(path), s_item.ToString(), 1));
    }

    [Fact]
    public void A_moved_parent_is_linked_again_and_another_one_is_refused_with_the_evidence()
    {
        using EngineFolder folder = new();
        string parent = Create(folder["p [1] ü'.vhdx"], size: 4 * MiB, block: MiB);
        string other = Create(folder["other.vhdx"], size: 8 * MiB, block: MiB);
        string child = Create(folder["c.vhdx"], block: MiB, parent: parent);
        string moved = folder["q [2] é'.vhdx"];
        File.Move(parent, moved);
        Guid before = Header(child).DataWriteGuid;
        ImageSetter.Apply(child, new() { ParentPath = moved }, Guids(1));
        Assert.Equal(before, Header(child).DataWriteGuid);
        Assert.Empty(Faults(child));

        string hash = Hash(child);
        Assert.Empty(ImageSetter.Plan(child, new() { ParentPath = moved }).Changes);
        VhdxException error = Assert.Throws<VhdxException>(() => ImageSetter.Apply(child, new() { ParentPath = other }, Guids(2)));
        Assert.Equal("VX805", error.Id);
        foreach (string text in new[] { Header(moved).DataWriteGuid.ToString(), Header(other).DataWriteGuid.ToString(), "4194304", "8388608", "another disk" })
        {
            Assert.Contains(text, error.Message, StringComparison.Ordinal);
        }

        Assert.Equal("VX807", Assert.Throws<VhdxException>(() => ImageSetter.Plan(child, new() { ParentPath = child })).Id);
        Assert.Equal("ContradictingParameters", Assert.Throws<VhdxException>(() => ImageSetter.Plan(other, new() { ParentPath = moved })).Id);
        Assert.Equal(hash, Hash(child));

        ImageSetter.Apply(child, new() { ParentPath = other, IgnoreIdMismatch = true }, Guids(3));
        Assert.NotEqual(before, Header(child).DataWriteGuid);
        Assert.Empty(Faults(child));
        Assert.Contains(child, Assert.Single(ImageSetter.Plan(other, new() { DiskIdentifier = s_disk }).Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void A_cut_leaves_all_old_values_or_all_new_ones()
    {
        using EngineFolder folder = new();
        string path = Create(folder["a.vhdx"], size: 4 * MiB, block: MiB);
        EngineMemoryFile before = EngineMemoryFile.Load(path);
        EngineRecordingFile recording = null!;
        SetOptions options = new() { PhysicalSectorSizeBytes = 512, DiskIdentifier = s_disk, Metadata = [new(s_item, Bytes.Pattern(1, 20_000))] };
        ImageSetter.Apply(path, options, Guids(1), EngineScenario.Over(() => recording = new(before.Clone())));
        HashSet<int> seen = [];
        foreach (EngineMemoryFile cut in EngineCuts.Of(before, recording.Events, new(7), samples: 6))
        {
            cut.Save(path);
            int left = ImageSetter.Plan(path, options).Changes.Count;
            Assert.True(left is 0 or 3);
            seen.Add(left);
            Assert.Empty(Faults(path));
        }

        Assert.Equal(2, seen.Count);
    }
}
