using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using VhdxTools.Core.Tests.Disks;
using VhdxTools.Core.Tests.Support;
using VhdxTools.Operations;
using Xunit;
using static VhdxTools.Core.Tests.Disks.EngineImages;
using static VhdxTools.Core.Tests.Operations.SetterFiles;

namespace VhdxTools.Core.Tests.Operations;

/// <summary>Items of all kinds in images of all kinds; power cuts and faults; what is not asked for stays.</summary>
public class ImageSetterItemTests
{
    private static readonly Guid s_item = new("11111111-2222-3333-4444-555555555555");
    private static readonly Guid s_disk = new("AAAAAAAA-2222-3333-4444-555555555555");

    public static TheoryData<VhdType, int, bool> Shapes()
    {
        TheoryData<VhdType, int, bool> shapes = [];
        foreach (VhdType type in new[] { VhdType.Dynamic, VhdType.Fixed, VhdType.Differencing })
        {
            foreach (int sector in new[] { 512, 4096 })
            {
                shapes.Add(type, sector, false);
                shapes.Add(type, sector, true);
            }
        }

        return shapes;
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Values_change_and_the_bytes_of_the_disk_stay(VhdType type, int sector, bool isDirty)
    {
        using EngineFolder folder = new();
        string path = Image(folder, type, sector, out byte[] model);
        if (isDirty)
        {
            LeaveDirty(path, model);
        }

        Guid before = Header(path).DataWriteGuid;
        byte[] old = File.ReadAllBytes(path);
        SetOptions options = new() { PhysicalSectorSizeBytes = 512, DiskIdentifier = s_disk, Metadata = [new(s_item, Bytes.Pattern(4, 3000))], MetadataIsVirtualDisk = true };
        ImageSetter.Apply(path, options, Guids(1));

        byte[] file = File.ReadAllBytes(path);
        Assert.Equal(Bytes.U32(512), ItemBytes(file, ItemModel.PhysicalSectorSize, 6));
        Assert.Equal(Bytes.Guid(s_disk.ToString()), ItemBytes(file, ItemModel.VirtualDiskId, 6));
        Assert.Equal(Bytes.Pattern(4, 3000), ItemBytes(file, s_item.ToString(), 3)!);
        foreach ((string id, uint flags) in new[] { (ItemModel.FileParameters, 4u), (ItemModel.VirtualDiskSize, 6u), (ItemModel.LogicalSectorSize, 6u), (ItemModel.ParentLocator, 4u) })
        {
            Assert.Equal(ItemBytes(old, id, flags), ItemBytes(file, id, flags));
        }

        Assert.NotEqual(before, Header(path).DataWriteGuid);
        Assert.Equal(Guid.Empty, Header(path).LogGuid);
        Assert.Empty(Faults(path));
        Verify(path, model);
    }

    [Fact]
    public void A_plan_for_a_dirty_image_changes_nothing_and_nothing_to_set_only_replays()
    {
        using EngineFolder folder = new();
        string path = Image(folder, VhdType.Dynamic, 512, out byte[] model);
        LeaveDirty(path, model);
        string hash = Hash(path);
        Guid guid = Header(path).DataWriteGuid;
        Assert.Single(ImageSetter.Plan(path, new() { DiskIdentifier = s_disk }).Changes);
        Assert.Equal(hash, Hash(path));
        ImageSetter.Apply(path, new() { Metadata = [new(s_item, null)] }, Guids(1));
        Assert.Equal(Guid.Empty, Header(path).LogGuid);
        Assert.Equal(guid, Header(path).DataWriteGuid);
        Verify(path, model);
    }

    [Theory]
    [InlineData(20_000, false)]
    [InlineData(700_000, true)]
    public void A_cut_leaves_all_old_or_all_new_also_when_the_region_moves(int length, bool moves)
    {
        using EngineFolder folder = new();
        string path = Image(folder, VhdType.Dynamic, 512, out byte[] model);
        byte[] content = Bytes.Pattern(2, length);
        ImageSetter.Apply(path, new() { Metadata = [new(s_item, Bytes.Pattern(1, 600_000))] }, Guids(5));
        int region = RegionOffset(File.ReadAllBytes(path), RegionModel.Metadata);
        EngineMemoryFile before = EngineMemoryFile.Load(path);
        EngineRecordingFile recording = null!;
        SetOptions options = new() { PhysicalSectorSizeBytes = 512, DiskIdentifier = s_disk, Metadata = [new(s_disk, content)] };
        ImageSetter.Apply(path, options, Guids(1), EngineScenario.Over(() => recording = new(before.Clone())));
        Dictionary<int, int> seen = [];
        foreach (EngineMemoryFile cut in EngineCuts.Of(before, recording.Events, new(length), samples: 2))
        {
            cut.Save(path);
            int left = ImageSetter.Plan(path, options).Changes.Count;
            Assert.True(left is 0 or 3);
            seen[left] = seen.GetValueOrDefault(left) + 1;
            Assert.Empty(Faults(path));
            Verify(path, model);
            ImageSetter.Apply(path, options, Guids(3));
            byte[] file = File.ReadAllBytes(path);
            Assert.Equal(moves, RegionOffset(file, RegionModel.Metadata) != region);
            Assert.Equal(content, ItemBytes(file, s_disk.ToString(), 1)!);
            Assert.Equal(Bytes.Pattern(1, 600_000), ItemBytes(file, s_item.ToString(), 1)!);
        }

        Assert.True(seen[0] > 3 && seen[3] > 3);
    }

    [Theory]
    [InlineData(20_000, false)]
    [InlineData(20_000, true)]
    [InlineData(1_000_000, false)]
    [InlineData(1_000_000, true)]
    public void Any_failing_call_is_told_and_leaves_all_old_or_all_new(int length, bool partly)
    {
        using EngineFolder folder = new();
        string path = Image(folder, VhdType.Dynamic, 512, out byte[] model);
        EngineMemoryFile before = EngineMemoryFile.Load(path);
        SetOptions options = new() { PhysicalSectorSizeBytes = 512, Metadata = [new(s_item, Bytes.Pattern(1, length)), new(s_disk, [])] };
        int failures = 0;
        for (bool hasFailed = true; hasFailed;)
        {
            before.Save(path);
            EngineFaultyFile faulty = null!;
            VhdxException? error = Record.Exception(() => ImageSetter.Apply(path, options, Guids(1), inner => faulty = new(inner, failures + 1, partly))) as VhdxException;
            hasFailed = faulty.HasFailed;
            Assert.Equal(hasFailed, error is not null);
            Assert.True(faulty.IsDisposed);
            Assert.True(ImageSetter.Plan(path, options).Changes.Count is 0 or 3);
            Assert.Empty(Faults(path));
            Verify(path, model);
            ImageSetter.Apply(path, options, Guids(2));
            byte[] file = File.ReadAllBytes(path);
            Assert.Equal(Bytes.Pattern(1, length), ItemBytes(file, s_item.ToString(), 1)!);
            Assert.Equal((0, 0), ItemPlace(file, s_disk.ToString(), 1));
            failures += hasFailed ? 1 : 0;
        }

        Assert.True(failures > 5);
    }

    [Fact]
    public void Unknown_items_and_regions_stay_when_the_region_moves()
    {
        using EngineFolder folder = new();
        string path = Image(folder, VhdType.Dynamic, 512, out byte[] model);
        byte[] unknown = Bytes.Pattern(8, (int)MiB);
        AddUnknownRegion(path, unknown);
        byte[] file = File.ReadAllBytes(path);
        AddItem(path, new(ItemModel.Unknown, 0x20000, Bytes.Pattern(6, 100), 2));
        ulong place = Regions(file).Single(region => region.Id == RegionModel.Unknown).Offset;

        // An item of a user with the id of one of the system is another item.
        ImageSetter.Apply(path, new() { Metadata = [new(s_item, Bytes.Pattern(1, 1 << 20)), new(new(ItemModel.Unknown), [5])] }, Guids(1));
        byte[] after = File.ReadAllBytes(path);
        Assert.NotEqual(RegionOffset(file, RegionModel.Metadata), RegionOffset(after, RegionModel.Metadata));
        Assert.Equal(Bytes.Pattern(6, 100), ItemBytes(after, ItemModel.Unknown, 2)!);
        Assert.Equal([5], ItemBytes(after, ItemModel.Unknown, 1)!);
        Assert.Equal(ItemBytes(file, ItemModel.VirtualDiskId, 6)!, ItemBytes(after, ItemModel.VirtualDiskId, 6)!);
        Assert.Equal(new RegionModel(RegionModel.Unknown, place, (ulong)unknown.Length, false), Regions(after).Single(region => region.Id == RegionModel.Unknown));
        Assert.True(unknown.AsSpan().SequenceEqual(after.AsSpan((int)place, unknown.Length)));
        Assert.True(after.AsSpan(0x30000, 0x10000).SequenceEqual(after.AsSpan(0x40000, 0x10000)));
        Verify(path, model);

        // And they cannot be removed by the name of a user's item.
        ImageSetter.Apply(path, new() { Metadata = [new(new(ItemModel.VirtualDiskId), null), new(new(ItemModel.Unknown), null)] }, Guids(2));
        after = File.ReadAllBytes(path);
        Assert.Null(ItemPlace(after, ItemModel.Unknown, 1));
        Assert.Equal(Bytes.Pattern(6, 100), ItemBytes(after, ItemModel.Unknown, 2)!);
        Assert.Equal(ItemBytes(file, ItemModel.VirtualDiskId, 6)!, ItemBytes(after, ItemModel.VirtualDiskId, 6)!);
    }

    [Fact]
    public void An_item_that_is_there_keeps_its_flags()
    {
        using EngineFolder folder = new();
        string path = Image(folder, VhdType.Dynamic, 512, out _);
        ImageSetter.Apply(path, new() { Metadata = [new(s_item, [1])] }, Guids(1));
        ImageSetter.Apply(path, new() { Metadata = [new(s_item, [2]), new(s_disk, [3])], MetadataIsVirtualDisk = true }, Guids(2));
        byte[] file = File.ReadAllBytes(path);
        Assert.Equal([2], ItemBytes(file, s_item.ToString(), 1)!);
        Assert.Equal([3], ItemBytes(file, s_disk.ToString(), 3)!);
    }

    [Fact]
    public void The_longest_item_and_the_most_items_fit_and_one_more_does_not()
    {
        using EngineFolder folder = new();
        string path = Image(folder, VhdType.Dynamic, 512, out byte[] model);
        ImageSetter.Apply(path, new() { Metadata = [new(s_item, Bytes.Pattern(3, 1 << 20))] }, Guids(1));
        ImageSetter.Apply(path, new() { Metadata = [.. Enumerable.Range(1, 1023).Select(i => new KeyValuePair<Guid, byte[]?>(Id(i), Bytes.U32((ulong)i)))] }, Guids(2));
        byte[] file = File.ReadAllBytes(path);
        Assert.Equal(Bytes.Pattern(3, 1 << 20), ItemBytes(file, s_item.ToString(), 1)!);
        Assert.All(Enumerable.Range(1, 1023), i => Assert.Equal(Bytes.U32((ulong)i), ItemBytes(file, Id(i).ToString(), 1)!));
        Verify(path, model);
        Assert.Empty(Faults(path));

        string hash = Hash(path);
        Refuse(new() { Metadata = [new(Id(1024), [1])] }, "1025");
        Refuse(new() { Metadata = [new(s_item, new byte[(1 << 20) + 1])] }, "1048577");
        Refuse(new() { Metadata = [.. Enumerable.Range(1, 16).Select(i => new KeyValuePair<Guid, byte[]?>(Id(i), new byte[1 << 20]))] }, "16 MiB");
        Refuse(new() { Metadata = [new(Guid.Empty, [1])] }, "zeros");
        Refuse(new() { Metadata = [new(s_item, [1]), new(s_item, null)] }, "twice");
        Refuse(new() { PhysicalSectorSizeBytes = 1024 }, "512", ErrorIds.InvalidPhysicalSectorSize);
        Refuse(new() { DiskIdentifier = Guid.Empty }, "zeros", ErrorIds.InvalidDiskIdentifier);
        Assert.Equal(hash, Hash(path));

        // One out, one in: never more than there may be.
        ImageSetter.Apply(path, new() { Metadata = [new(Id(1), null), new(Id(1024), [1])] }, Guids(3));
        Assert.Equal([1], ItemBytes(File.ReadAllBytes(path), Id(1024).ToString(), 1)!);

        void Refuse(SetOptions options, string text, string id = ErrorIds.InvalidMetadata)
        {
            foreach (Action act in new Action[] { () => ImageSetter.Plan(path, options), () => ImageSetter.Apply(path, options, Guids(9)) })
            {
                VhdxException error = Assert.Throws<VhdxException>(act);
                Assert.Equal(id, error.Id);
                Assert.Contains(text, error.Message, StringComparison.Ordinal);
            }
        }

        static Guid Id(int i) => new(i, 7, 7, new byte[8]);
    }

    private static string Image(EngineFolder folder, VhdType type, int sector, out byte[] model)
    {
        string? parent = type == VhdType.Differencing ? Create(folder["p.vhdx"], size: 4 * MiB, block: MiB, sector: sector) : null;
        string path = Create(folder["a.vhdx"], type, parent is null ? 4 * MiB : null, MiB, sector, parent: parent);
        model = Fill(path, 3);
        return path;
    }

    /// <summary>Adds an item by hand, behind the entries and contents that are there.</summary>
    private static void AddItem(string path, ItemModel item)
    {
        byte[] file = File.ReadAllBytes(path);
        int region = RegionOffset(file, RegionModel.Metadata);
        int count = (int)Bytes.Read(file, region + 10, 2);
        Patch(path, region + 32 + (32 * count), ItemModel.Table([item]).AsSpan(32, 32).ToArray());
        Patch(path, region + item.Offset, item.Content);
        Patch(path, region + 10, Bytes.U16(count + 1));
    }
}
