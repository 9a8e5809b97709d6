using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using VhdxTools.Core.Tests.Disks;
using VhdxTools.Core.Tests.Support;
using VhdxTools.Disks;
using VhdxTools.Operations;
using Xunit;
using static VhdxTools.Core.Tests.Disks.EngineImages;
using static VhdxTools.Core.Tests.Operations.SetterFiles;

namespace VhdxTools.Core.Tests.Operations;

/// <summary>Links to parents: what of a locator stays, what a ring is, and power cuts and faults while a link changes.</summary>
public class ImageSetterLinkTests
{
    private static readonly Guid s_other = new("DDDDDDDD-0000-0000-0000-000000000001");

    [Theory]
    [InlineData(512, false)]
    [InlineData(4096, false)]
    [InlineData(512, true)]
    [InlineData(4096, true)]
    public void A_link_is_made_again_and_the_disk_reads_as_before(int sector, bool isDirty)
    {
        using EngineFolder folder = new();
        string child = Child(folder, sector, out string moved, out byte[] model);
        if (isDirty)
        {
            // The old place leads to the parent for as long as it takes.
            File.CreateSymbolicLink(folder["p.vhdx"], moved);
            LeaveDirty(child, model);
            File.Delete(folder["p.vhdx"]);
        }

        Guid guid = Header(child).DataWriteGuid;
        ImageSetter.Apply(child, new() { ParentPath = moved }, Guids(1));
        Assert.Equal(guid, Header(child).DataWriteGuid);
        Assert.Equal(@".\sub\q.vhdx", Locator(child)["relative_path"]);
        Assert.Equal(Guid.Empty, Header(child).LogGuid);
        Assert.Empty(Faults(child));
        Verify(child, model);
    }

    [Fact]
    public void The_second_linkage_and_unknown_keys_stay_while_the_parent_fits()
    {
        using EngineFolder folder = new();
        string child = Child(folder, 512, out string moved, out byte[] model);
        string fits = Header(moved).DataWriteGuid.ToString("B");
        PutLocator(child, ("parent_linkage", s_other.ToString("B")), ("vendor key", "ü 1"), ("parent_linkage2", fits), ("relative_path", @".\p.vhdx"), ("other", "x"));
        ImageSetter.Apply(child, new() { ParentPath = moved }, Guids(1));
        Dictionary<string, string> locator = Locator(child);
        Assert.Equal(s_other, new Guid(locator["parent_linkage"]));
        Assert.Equal(fits, locator["parent_linkage2"]);
        Assert.Equal("ü 1", locator["vendor key"]);
        Assert.Equal("x", locator["other"]);
        Assert.Equal(@".\sub\q.vhdx", locator["relative_path"]);
        Verify(child, model);

        // Another parent has one state only.
        string stranger = Create(folder["s.vhdx"], size: 4 * MiB, block: MiB);
        ImageSetter.Apply(child, new() { ParentPath = stranger, IgnoreIdMismatch = true }, Guids(2));
        locator = Locator(child);
        Assert.Equal(Header(stranger).DataWriteGuid, new Guid(locator["parent_linkage"]));
        Assert.DoesNotContain("parent_linkage2", locator.Keys);
        Assert.Equal("ü 1", locator["vendor key"]);
        Assert.Equal("x", locator["other"]);
    }

    [Fact]
    public void Rings_are_refused_whatever_the_names_are()
    {
        using EngineFolder folder = new();
        string root = Create(folder["0.vhdx"], size: 4 * MiB, block: MiB);
        string middle = Create(folder["1.vhdx"], block: MiB, parent: root);
        string tip = Create(folder["2.vhdx"], block: MiB, parent: middle);
        string symbolic = folder["symbolic.vhdx"];
        File.CreateSymbolicLink(symbolic, middle);
        string toTip = folder["to the tip.vhdx"];
        File.CreateSymbolicLink(toTip, tip);
        List<string> names = [middle, tip, symbolic, toTip];
        if (OperatingSystem.IsLinux())
        {
            Tool.Run("ln", middle, folder["hard.vhdx"]);
            names.Add(folder["hard.vhdx"]);
        }

        string hash = Hash(middle);
        foreach (string name in names)
        {
            foreach (bool ignores in new[] { false, true })
            {
                SetOptions options = new() { ParentPath = name, IgnoreIdMismatch = ignores };
                Assert.Equal("VX807", Assert.Throws<VhdxException>(() => ImageSetter.Plan(middle, options)).Id);
                Assert.Equal("VX807", Assert.Throws<VhdxException>(() => ImageSetter.Apply(middle, options, Guids(1))).Id);
            }
        }

        // By another name of the child itself.
        Assert.Equal("VX807", Assert.Throws<VhdxException>(() => ImageSetter.Plan(symbolic, new() { ParentPath = tip, IgnoreIdMismatch = true })).Id);
        Assert.Equal(hash, Hash(middle));

        // A ring of others, which the child is no part of.
        string outside = Create(folder["3.vhdx"], block: MiB, parent: root);
        File.Delete(root);
        File.CreateSymbolicLink(root, tip);
        VhdxException error = Assert.Throws<VhdxException>(() => ImageSetter.Plan(outside, new() { ParentPath = tip, IgnoreIdMismatch = true }));
        Assert.Equal("VX807", error.Id);
    }

    [Fact]
    public void Sectors_of_another_size_are_refused_even_when_asked_to_ignore()
    {
        using EngineFolder folder = new();
        string child = Child(folder, 512, out _, out _);
        string large = Create(folder["large.vhdx"], size: 4 * MiB, block: MiB, sector: 4096);
        string hash = Hash(child);
        foreach (bool ignores in new[] { false, true })
        {
            VhdxException error = Assert.Throws<VhdxException>(() => ImageSetter.Apply(child, new() { ParentPath = large, IgnoreIdMismatch = ignores }, Guids(1)));
            Assert.Equal("VX806", error.Id);
            Assert.Contains(large, error.Message, StringComparison.Ordinal);
        }

        Assert.Equal(hash, Hash(child));
    }

    [Fact]
    public void A_parent_in_another_state_is_told_from_another_disk()
    {
        using EngineFolder folder = new();
        string child = Child(folder, 512, out string moved, out _);
        ImageSetter.Apply(moved, new() { PhysicalSectorSizeBytes = 512 }, Guids(8));
        VhdxException error = Assert.Throws<VhdxException>(() => ImageSetter.Plan(child, new() { ParentPath = moved }));
        Assert.Equal("VX805", error.Id);
        Assert.Contains("in another state", error.Message, StringComparison.Ordinal);
        SetPlan plan = ImageSetter.Plan(child, new() { ParentPath = moved, IgnoreIdMismatch = true });
        Assert.NotNull(plan.Mismatch);
        Assert.True(plan.IsVisible);
    }

    [Fact]
    public void Links_above_the_parent_that_are_broken_are_told_and_a_damaged_parent_is_refused()
    {
        using EngineFolder folder = new();
        string child = Child(folder, 512, out string moved, out _);
        Patch(moved, 0x10000, new byte[0x20000]);
        Assert.StartsWith("The parent cannot be used.", Assert.Throws<VhdxException>(() => ImageSetter.Plan(child, new() { ParentPath = moved })).Message, StringComparison.Ordinal);
        Assert.Equal(ErrorIds.FileNotFound, Assert.Throws<VhdxException>(() => ImageSetter.Plan(child, new() { ParentPath = folder["nowhere.vhdx"] })).Id);

        string root = Create(folder["0.vhdx"], size: 4 * MiB, block: MiB);
        string middle = Create(folder["1.vhdx"], block: MiB, parent: root);
        string tip = Create(folder["2.vhdx"], block: MiB, parent: middle);
        File.Delete(root);
        Assert.Contains(@".\0.vhdx", Assert.Single(ImageSetter.Plan(tip, new() { ParentPath = middle }).Warnings), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_cut_or_a_fault_leaves_the_old_link_or_the_new_one(bool isOther)
    {
        using EngineFolder folder = new();
        string child = Child(folder, 512, out string moved, out byte[] model);

        // The old place leads to the old parent still.
        File.Copy(moved, folder["p.vhdx"]);
        string target = isOther ? Create(folder["s.vhdx"], size: 4 * MiB, block: MiB) : moved;
        byte[] changed = (byte[])model.Clone();
        if (isOther)
        {
            changed.AsSpan(2 << 20).Clear();
        }

        SetOptions options = new() { ParentPath = target, IgnoreIdMismatch = isOther };
        EngineMemoryFile before = EngineMemoryFile.Load(child);
        EngineRecordingFile recording = null!;
        ImageSetter.Apply(child, options, Guids(1), EngineScenario.Over(() => recording = new(before.Clone())));
        HashSet<int> seen = [];
        foreach (EngineMemoryFile cut in EngineCuts.Of(before, recording.Events, new(5), samples: 2))
        {
            cut.Save(child);
            seen.Add(CheckState());
        }

        Assert.Equal(2, seen.Count);
        bool hasFailed = true;
        for (int failing = 1; hasFailed; failing++)
        {
            before.Save(child);
            EngineFaultyFile faulty = null!;
            Exception? error = Record.Exception(() => ImageSetter.Apply(child, options, Guids(1), inner => faulty = new(inner, failing, partly: true)));
            hasFailed = faulty.HasFailed;
            Assert.Equal(hasFailed, error is VhdxException);
            CheckState();
        }

        int CheckState()
        {
            int left = ImageSetter.Plan(child, options).Changes.Count;
            Verify(child, left == 0 ? changed : model);
            Assert.Empty(Faults(child));
            ImageSetter.Apply(child, options, Guids(2));
            Assert.Empty(ImageSetter.Plan(child, options).Changes);
            Verify(child, changed);
            return left;
        }
    }

    [Fact]
    public void A_path_that_leaves_no_room_in_the_region_moves_it()
    {
        using EngineFolder folder = new();
        string child = Child(folder, 512, out string moved, out byte[] model);
        Guid item = new("11111111-2222-3333-4444-555555555555");
        int free = (int)MiB - 65536 - 4096 - 600;
        ImageSetter.Apply(child, new() { Metadata = [new(item, Bytes.Pattern(1, free))] }, Guids(4));
        string name = Path.Combine(Path.GetDirectoryName(moved)!, new string('n', 200), new string('m', 200), "r.vhdx");
        Directory.CreateDirectory(Path.GetDirectoryName(name)!);
        File.Move(moved, name);
        ImageSetter.Apply(child, new() { ParentPath = name, Metadata = [new(new("22222222-2222-3333-4444-555555555555"), Bytes.Pattern(2, 5000))] }, Guids(5));
        byte[] file = File.ReadAllBytes(child);
        Assert.Equal(Bytes.Pattern(1, free), ItemBytes(file, item.ToString(), 1)!);
        Assert.EndsWith(@"\r.vhdx", Locator(child)["relative_path"], StringComparison.Ordinal);
        Verify(child, model);
        Assert.Empty(Faults(child));
    }

    /// <summary>A child with two blocks of its own, whose parent was moved into a folder; and what the two show.</summary>
    private static string Child(EngineFolder folder, int sector, out string moved, out byte[] model)
    {
        string parent = Create(folder["p.vhdx"], size: 4 * MiB, block: MiB, sector: sector);
        model = Fill(parent, 3);
        string child = Create(folder["c.vhdx"], block: MiB, parent: parent);
        byte[] own = Bytes.Pattern(5, 2 << 20);
        using (DiskChain disk = DiskChain.OpenWrite(child, Guids(6)))
        {
            disk.Write(0, own);
        }

        own.CopyTo(model, 0);
        Directory.CreateDirectory(folder["sub"]);
        moved = folder[Path.Combine("sub", "q.vhdx")];
        File.Move(parent, moved);
        return child;
    }

    /// <summary>The pairs of a parent locator by the offsets of MS-VHDX 2.6.2.6.</summary>
    private static Dictionary<string, string> Locator(string path)
    {
        byte[] bytes = ItemBytes(File.ReadAllBytes(path), ItemModel.ParentLocator, 4)!;
        return Enumerable.Range(0, (int)Bytes.Read(bytes, 18, 2)).Select(i => 20 + (12 * i)).ToDictionary(
            entry => Text(Bytes.Read(bytes, entry, 4), Bytes.Read(bytes, entry + 8, 2)),
            entry => Text(Bytes.Read(bytes, entry + 4, 4), Bytes.Read(bytes, entry + 10, 2)));

        string Text(ulong offset, ulong length) => System.Text.Encoding.Unicode.GetString(bytes, (int)offset, (int)length);
    }
}
