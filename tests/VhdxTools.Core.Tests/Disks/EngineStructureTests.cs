using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using VhdxTools.Core.Tests.Support;
using VhdxTools.Disks;
using VhdxTools.Images;
using VhdxTools.Layout;
using Xunit;
using static VhdxTools.Core.Tests.Disks.EngineImages;

namespace VhdxTools.Core.Tests.Disks;

/// <summary>Metadata items and regions change as a whole, in their places or in new ones.</summary>
public class EngineStructureTests
{
    private static readonly Guid s_first = new("11111111-2222-3333-4444-555555555555");
    private static readonly Guid s_second = new("22222222-2222-3333-4444-555555555555");

    [Theory]
    [InlineData(10, 20, false)]
    [InlineData(5000, 1, false)]
    [InlineData(300_000, 100, false)]

    // More than an entry of the log takes, and more than the region holds.
    [InlineData(700_000, 700_000, true)]
    [InlineData(600_000, 10, true)]
    public void Items_are_added_changed_and_removed_and_the_disk_stays(int first, int second, bool moves)
    {
        using EngineFolder folder = new();
        string path = Filled(folder["a.vhdx"], out byte[] model);
        FileRange before = Region(path);
        byte[] one = Bytes.Pattern(1, first);
        byte[] two = Bytes.Pattern(2, second);

        Set(path, items => [.. items, new(s_first, MetadataFlags.IsUser, 0, one), new(s_second, MetadataFlags.IsUser | MetadataFlags.IsVirtualDisk, 0, two), new(s_first, MetadataFlags.None, 0, [])]);

        Assert.Equal(moves, Region(path) != before);
        Assert.Equal(one, Item(path, s_first, isUser: true));
        Assert.Equal(two, Item(path, s_second, isUser: true));
        Assert.Empty(Item(path, s_first, isUser: false)!);
        Verify(path, model);

        // A shorter one goes into the gap, and of what went nothing is left in the file.
        Set(path, items => [.. items.Where(item => item.Id != s_first), new(s_first, MetadataFlags.IsUser, 0, [7, 8, 9])]);
        Assert.Equal([7, 8, 9], Item(path, s_first, isUser: true));
        Assert.Null(Item(path, s_first, isUser: false));
        Assert.Equal(two, Item(path, s_second, isUser: true));
        byte[] region = Range(path, Region(path));
        Assert.True(first < 100 || region.AsSpan().IndexOf(one.AsSpan(first / 2, 50)) < 0);
        Verify(path, model);
    }

    [Theory]
    [InlineData(20_000, false)]
    [InlineData(700_000, true)]
    public void A_cut_leaves_all_old_items_or_all_new_ones(int length, bool moves)
    {
        using EngineFolder folder = new();
        string path = Filled(folder["a.vhdx"], out byte[] model);
        Set(path, items => [.. items, new(s_first, MetadataFlags.IsUser, 0, Bytes.Pattern(1, 5000))]);
        FileRange region = Region(path);
        EngineMemoryFile before = EngineMemoryFile.Load(path);
        EngineRecordingFile recording = null!;
        using (ImageEditor editor = ImageEditor.Open(path, Guids(1), EngineScenario.Over(() => recording = new(before.Clone()))))
        {
            Change(editor, items => [.. items.Where(item => item.Id != s_first), new(s_first, MetadataFlags.IsUser, 0, Bytes.Pattern(2, length)), new(s_second, MetadataFlags.IsUser, 0, [1])]);
        }

        int old = 0;
        int changed = 0;
        foreach (EngineMemoryFile cut in EngineCuts.Of(before, recording.Events, new(length), samples: 12))
        {
            cut.Save(path);
            bool isOld = Item(path, s_second, isUser: true) is null;
            Assert.Equal(Bytes.Pattern(isOld ? 1 : 2, isOld ? 5000 : length), Item(path, s_first, isUser: true));
            Assert.Equal(isOld || !moves, Region(path) == region);
            Verify(path, model);
            old += isOld ? 1 : 0;
            changed += isOld ? 0 : 1;
        }

        Assert.True(old > 10 && changed > 10);
    }

    [Fact]
    public void A_damaged_copy_of_the_region_table_is_whole_again_when_a_region_moves()
    {
        using EngineFolder folder = new();
        string path = Filled(folder["a.vhdx"], out byte[] model);
        Patch(path, 192 * 1024, Bytes.Pattern(3, 65_536));
        Set(path, items => [.. items, new(s_first, MetadataFlags.IsUser, 0, Bytes.Pattern(1, 700_000))]);
        byte[] tables = Range(path, new(192 * 1024, 128 * 1024));
        Assert.True(tables.AsSpan(0, 65_536).SequenceEqual(tables.AsSpan(65_536)));
        Verify(path, model);
    }

    [Fact]
    public void More_user_items_than_the_format_allows_are_refused_and_nothing_changes()
    {
        using EngineFolder folder = new();
        string path = Filled(folder["a.vhdx"], out byte[] model);
        VhdxException error = Assert.Throws<VhdxException>(() => Set(path, items =>
            [.. items, .. Enumerable.Range(1, 1025).Select(i => new MetadataItem(new(i, 1, 1, new byte[8]), MetadataFlags.IsUser, 0, [1]))]));
        Assert.Equal("VX702", error.Id);
        Assert.Null(Item(path, new(1, 1, 1, new byte[8]), isUser: true));
        Verify(path, model);
    }

    [Fact]
    public void A_tail_that_nothing_uses_is_cut_when_that_is_wanted_and_only_then()
    {
        using EngineFolder folder = new();
        string path = Filled(folder["a.vhdx"], out byte[] model);
        long used = new FileInfo(path).Length;
        using (FileStream stream = new(path, FileMode.Open, FileAccess.Write))
        {
            stream.SetLength(used + (9 * MiB) + 77);
        }

        using (ImageEditor editor = ImageEditor.Open(path, Guids(1)))
        {
            editor.Session.Begin(isVisible: false);
        }

        Assert.Equal(used + (9 * MiB) + 77, new FileInfo(path).Length);
        Guid dataWriteGuid = Header(path).DataWriteGuid;
        using (ImageEditor editor = ImageEditor.Open(path, Guids(2)))
        {
            editor.Session.CutsTail = true;
            editor.Session.Begin(isVisible: false);
        }

        Assert.Equal(used, new FileInfo(path).Length);
        Assert.Equal(dataWriteGuid, Header(path).DataWriteGuid);
        Verify(path, model);
    }

    private static string Filled(string path, out byte[] model)
    {
        Create(path, size: 5 * MiB, block: MiB);
        model = Bytes.Pattern(9, (int)(5 * MiB));
        using DiskChain disk = DiskChain.OpenWrite(path, Guids(7));
        disk.Write(0, model);
        return path;
    }

    private static void Set(string path, Func<IReadOnlyList<MetadataItem>, IReadOnlyList<MetadataItem>> change)
    {
        using ImageEditor editor = ImageEditor.Open(path, Guids(1));
        Change(editor, change);
    }

    private static void Change(ImageEditor editor, Func<IReadOnlyList<MetadataItem>, IReadOnlyList<MetadataItem>> change)
    {
        editor.Session.Begin();
        StructureWriter.SetItems(editor.Session, change(StructureWriter.ItemsOf(editor.Layer.Image)));
        editor.Session.Commit();
    }

    private static FileRange Region(string path)
    {
        using VhdxFile image = VhdxFile.OpenRead(path);
        return image.MetadataRegion!.Value;
    }

    private static byte[] Range(string path, FileRange range) => File.ReadAllBytes(path).AsSpan((int)range.Offset, (int)range.Length).ToArray();

    private static byte[]? Item(string path, Guid id, bool isUser)
    {
        using VhdxFile image = VhdxFile.OpenRead(path);
        return image.Metadata.FirstOrDefault(item => item.Entry.Id == id && item.Entry.Flags.HasFlag(MetadataFlags.IsUser) == isUser).Content;
    }

    private static void Verify(string path, byte[] model)
    {
        Assert.Empty(Faults(path));
        using DiskChain disk = DiskChain.OpenRead(path);
        byte[] bytes = new byte[disk.Capacity];
        disk.Read(0, bytes);
        Assert.True(model.AsSpan().SequenceEqual(bytes));
    }
}
