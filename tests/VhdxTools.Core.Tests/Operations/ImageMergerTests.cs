using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using VhdxTools.Core.Tests.Disks;
using VhdxTools.Core.Tests.Support;
using VhdxTools.Disks;
using VhdxTools.Format;
using VhdxTools.Images;
using VhdxTools.Layout;
using VhdxTools.Operations;
using Xunit;
using static VhdxTools.Core.Tests.Disks.EngineImages;

namespace VhdxTools.Core.Tests.Operations;

public class ImageMergerTests
{
    private const int Blocks = 6;

    [Theory]
    [InlineData(VhdType.Dynamic, 512, 2, 1, 1)]
    [InlineData(VhdType.Dynamic, 4096, 2, 1, 2)]
    [InlineData(VhdType.Fixed, 512, 2, 1, 3)]
    [InlineData(VhdType.Fixed, 4096, 3, 2, 4)]
    [InlineData(VhdType.Dynamic, 512, 3, 1, 5)]
    [InlineData(VhdType.Dynamic, 4096, 3, 1, 6)]
    [InlineData(VhdType.Dynamic, 512, 4, 3, 7)]
    [InlineData(VhdType.Dynamic, 512, 4, 2, 8)]
    public void The_ancestor_shows_what_the_tip_showed_and_the_chain_stays(VhdType type, int sector, int length, int target, int seed)
    {
        using EngineFolder folder = new();
        Random random = new(seed);
        byte[] model = Chain(folder, type, sector, length, random);
        string tip = folder[Name(length - 1)];
        string ancestor = folder[Name(length - 1 - target)];
        MakeDirty(tip, model, random);
        MakeDirty(ancestor, null, random);
        MergePlan plan = MergePlanner.Plan(tip, target == 1 ? null : ancestor, _ => { }, default);
        Assert.Equal(target, plan.Sources.Count);
        long before = new FileInfo(ancestor).Length;

        List<(long Done, long Total)> progress = [];
        ImageMerger.Merge(plan, Guids(seed), (done, total) => progress.Add((done, total)));

        Verify(ancestor, model);
        Verify(tip, model);
        Assert.True(new FileInfo(ancestor).Length <= before + plan.GrowthAtMost + MiB);
        Assert.All(progress, step => Assert.True(step.Done <= step.Total && step.Total == plan.BytesToMerge));
        for (int i = 0; i < length; i++)
        {
            Assert.Empty(Faults(folder[Name(i)]));
            Assert.Equal(Guid.Empty, Header(folder[Name(i)]).LogGuid);
        }

        // Nothing else is accepted once the merge is over.
        Assert.All(Enumerable.Range(length - target, target), i => Assert.Null(Locator(folder[Name(i)])[ParentLocator.ParentLinkage2Key]));
        Assert.Equal(type, Type(folder[Name(0)]));

        // Doing it again changes nothing that is seen, and the sources may go.
        ImageMerger.Merge(MergePlanner.Plan(tip, ancestor, _ => { }, default), Guids(seed + 100));
        Verify(ancestor, model);
        Assert.ThrowsAny<OperationCanceledException>(() => ImageMerger.DeleteSources(plan, new(canceled: true)));
        Assert.All(plan.Sources, source => Assert.True(File.Exists(source)));
        ImageMerger.DeleteSources(plan, default);
        Assert.All(plan.Sources, source => Assert.False(File.Exists(source)));
        Verify(ancestor, model);
    }

    [Theory]
    [InlineData(VhdType.Dynamic, 512, 20)]
    [InlineData(VhdType.Dynamic, 4096, 12)]
    [InlineData(VhdType.Fixed, 4096, 20)]
    [InlineData(VhdType.Fixed, 512, 24)]
    [InlineData(VhdType.Differencing, 512, 20)]
    public void What_a_shorter_image_between_hides_does_not_come_back(VhdType type, int sector, int sizeAfter)
    {
        using EngineFolder folder = new();
        string? below = type == VhdType.Differencing ? Create(folder["below.vhdx"], size: 20 * MiB, block: MiB, sector: sector) : null;
        string @base = Create(folder["base.vhdx"], type == VhdType.Differencing ? VhdType.Dynamic : type, below is null ? 20 * MiB : null, MiB, sector, parent: below);
        Fill(below ?? @base, 0, 20 * MiB);
        if (below is not null)
        {
            Fill(@base, 14 * MiB, 2 * MiB);
        }

        // Its end lies inside a block, so that a part of one is hidden.
        string middle = Create(folder["middle.vhdx"], block: MiB, parent: @base);
        Size(middle, (10 * MiB) + 8192);
        string tip = Create(folder["tip.vhdx"], block: MiB, parent: middle);
        Size(tip, sizeAfter * MiB);
        Fill(tip, (11 * MiB) + 4096, 4096);
        byte[] model = Conversions.ReadBack(VhdFormat.VHDX, below is null ? [tip, middle, @base] : [tip, middle, @base, below]);

        MergePlan plan = MergePlanner.Plan(tip, @base, _ => { }, default);
        long length = new FileInfo(@base).Length;
        ImageMerger.Merge(plan, Guids(1));

        Verify(@base, model);
        Verify(tip, model);
        Assert.True(new FileInfo(@base).Length <= length + plan.GrowthAtMost + MiB);
        Assert.Empty(Faults(@base));

        static void Fill(string path, long offset, long count)
        {
            using DiskChain disk = DiskChain.OpenWrite(path, Guids(2), dataWriteGuid: Header(path).DataWriteGuid);
            disk.Write(offset, Bytes.Pattern(9, (int)count));
        }

        static void Size(string path, long size) =>
            ImageResizer.Resize(ResizePlanner.Plan(path, new() { SizeBytes = (ulong)size, Force = true }, _ => { }, default), Guids(3), dataWriteGuid: Header(path).DataWriteGuid);
    }

    [Fact]
    public void Holes_of_the_target_count_as_space_that_is_needed()
    {
        using EngineFolder folder = new();
        string parent = Create(folder["p.vhdx"], VhdType.Fixed, 8 * MiB, MiB);
        string child = Create(folder["c.vhdx"], block: MiB, parent: parent);
        using (DiskChain disk = DiskChain.OpenWrite(child, Guids(1)))
        {
            disk.Write(MiB, Bytes.Pattern(9, (int)(3 * MiB)));
        }

        MergePlan plan = MergePlanner.Plan(child, null, _ => { }, default);
        Assert.Equal(0, plan.GrowthAtMost);
        Assert.Equal(SparseSpace.Of(parent) < 8 * MiB ? 3 * MiB : 0, plan.SpaceAtMost);
        Assert.Equal(ErrorIds.DiskFull, Assert.Throws<VhdxException>(() => MergePlanner.ThrowIfNoSpace(plan with { SpaceAtMost = 3 * MiB }, (3 * MiB) - 1)).Id);
    }

    [Fact]
    public void What_describes_the_disk_comes_from_the_tip_and_the_rest_stays()
    {
        using EngineFolder folder = new();
        Guid disk = new("aaaaaaaa-0000-0000-0000-000000000001");
        Guid file = new("aaaaaaaa-0000-0000-0000-000000000002");
        string parent = Create(folder["p.vhdx"], size: 4 * MiB, block: MiB);
        SetItems(parent, items => [.. items, new(disk, MetadataFlags.IsUser | MetadataFlags.IsVirtualDisk, 0, [1]), new(file, MetadataFlags.IsUser, 0, [2])]);
        string child = Create(folder["c.vhdx"], block: MiB, parent: parent);
        SetItems(child, items => [.. items.Select(item => item.Id == WellKnownGuids.PhysicalSectorSize ? item with { Content = Bytes.U32(512) }
            : item.Id == WellKnownGuids.VirtualDiskId ? item with { Content = Bytes.Pattern(5, 16) }
            : item.Id == disk ? item with { Content = [3, 4] } : item), new(file, MetadataFlags.IsUser, 0, [9])]);

        ImageMerger.Merge(MergePlanner.Plan(child, null, _ => { }, default), Guids(1));

        using VhdxFile image = VhdxFile.OpenRead(parent);
        Assert.Equal(512, image.PhysicalSectorSize);
        Assert.Equal(new Guid(Bytes.Pattern(5, 16)), image.VirtualDiskId);
        Assert.Equal([3, 4], image.Metadata.Single(item => item.Entry.Id == disk).Content);
        Assert.Equal([2], image.Metadata.Single(item => item.Entry.Id == file).Content);
        Assert.False(image.FileParameters!.HasParent);
        Assert.Empty(Faults(child));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Pieces_for_blocks_that_are_there_and_for_others_all_reach_their_places(int seed)
    {
        const int pieces = 96;
        using EngineFolder folder = new();
        Random random = new(seed);
        byte[] model = new byte[pieces * MiB];
        Create(folder[Name(0)], size: model.Length, block: 2 * MiB);
        Create(folder[Name(1)], block: 2 * MiB, parent: folder[Name(0)]);
        for (int i = 0; i < 2; i++)
        {
            using DiskChain disk = DiskChain.OpenWrite(folder[Name(i)], Guids(seed + i), dataWriteGuid: Header(folder[Name(i)]).DataWriteGuid);
            for (int piece = 0; piece < pieces; piece++)
            {
                // In the base some blocks are there and some are not; in the child nearly all is data, some of it in part, and a little is zero.
                int kind = random.Next(10);
                if (i == 0 ? kind < 4 : kind == 0)
                {
                    continue;
                }

                int length = kind == 1 ? 5000 : (int)MiB;
                byte[] data = kind == 2 ? new byte[length] : RandomBytes(random, length);
                disk.Write(piece * MiB, data);
                data.CopyTo(model.AsSpan(piece << 20));
            }
        }

        ImageMerger.Merge(MergePlanner.Plan(folder[Name(1)], null, _ => { }, default), Guids(seed));

        Verify(folder[Name(0)], model);
        Verify(folder[Name(1)], model);
        Assert.Empty(Faults(folder[Name(0)]));
    }

    [Theory]
    [InlineData(2, 1, 11, false)]
    [InlineData(3, 2, 12, false)]
    [InlineData(3, 2, 13, true)]
    public void Whenever_the_power_goes_the_chain_reads_the_same_and_the_merge_can_be_finished(int length, int target, int seed, bool isParallel)
    {
        using EngineFolder folder = new();
        Random random = new(seed);
        byte[] model = Chain(folder, VhdType.Dynamic, 512, length, random);
        string[] files = [.. Enumerable.Range(0, length).Select(i => folder[Name(i)])];
        MergePlan plan = MergePlanner.Plan(files[^1], files[length - 1 - target], _ => { }, default);
        Dictionary<string, EngineMemoryFile> before = files.ToDictionary(file => file, EngineMemoryFile.Load);
        Dictionary<string, EngineRecordingFile> recordings = [];
        List<string> order = [];
        ImageMerger.Merge(plan, Guids(seed), wrap: file =>
        {
            file.Dispose();
            if (!recordings.TryGetValue(file.Name, out EngineRecordingFile? recording))
            {
                recordings.Add(file.Name, recording = new(before[file.Name].Clone()));
            }

            return isParallel ? new SlowFile(new EngineTapFile(recording, order), seed) : new EngineTapFile(recording, order);
        });
        Assert.Equal(target + 1, recordings.Count);

        int finished = 0;
        for (int cut = 0; cut <= order.Count; cut++)
        {
            foreach (string file in files)
            {
                EngineMemoryFile state = recordings.TryGetValue(file, out EngineRecordingFile? recording)
                    ? EngineCuts.At(before[file], [.. recording.Events.Take(order.Take(cut).Count(name => name == file))], random)
                    : before[file];
                state.Save(file);
            }

            Verify(files[^1], model);
            Assert.DoesNotContain(Faults(files[^1]), finding => finding.Severity == FindingSeverity.Error);
            if (random.Next(4) == 0)
            {
                ImageMerger.Merge(MergePlanner.Plan(files[^1], plan.Target, _ => { }, default), Guids(cut));
                Verify(plan.Target, model);
                Verify(files[^1], model);
                Assert.All(files, file => Assert.Empty(Faults(file)));
                finished++;
            }
        }

        Assert.True(finished > 3 && order.Count > 30);
    }

    [Theory]
    [InlineData(2, 1, false)]
    [InlineData(3, 2, false)]
    [InlineData(2, 1, true)]
    public void Any_failing_call_is_told_and_the_merge_can_be_finished(int length, int target, bool isParallel)
    {
        bool hasFailed = true;
        for (int failing = 1; hasFailed; failing++)
        {
            using EngineFolder folder = new();
            byte[] model = Chain(folder, VhdType.Dynamic, 512, length, new(21));
            string tip = folder[Name(length - 1)];
            string ancestor = folder[Name(length - 1 - target)];
            MergePlan plan = MergePlanner.Plan(tip, ancestor, _ => { }, default);
            hasFailed = false;
            foreach (string file in plan.Sources.Append(plan.Target))
            {
                EngineFaultyFile? faulty = null;
                try
                {
                    ImageMerger.Merge(plan, Guids(1), wrap: inner =>
                    {
                        if (inner.Name != file)
                        {
                            return inner;
                        }

                        faulty = new(inner, failing, partly: false);
                        return isParallel ? new SlowFile(faulty, failing) : faulty;
                    });
                    Assert.False(faulty!.HasFailed);
                }
                catch (VhdxException exception)
                {
                    Assert.Contains(file, exception.Message, StringComparison.Ordinal);
                    hasFailed = true;
                }

                Verify(tip, model);
            }

            ImageMerger.Merge(MergePlanner.Plan(tip, ancestor, _ => { }, default), Guids(2));
            Verify(ancestor, model);
            Verify(tip, model);
        }
    }

    [Fact]
    public void A_stopped_merge_leaves_a_chain_that_reads_the_same()
    {
        using EngineFolder folder = new();
        byte[] model = Chain(folder, VhdType.Dynamic, 512, 2, new(31));
        using CancellationTokenSource stop = new();
        MergePlan plan = MergePlanner.Plan(folder[Name(1)], null, _ => { }, default);
        Assert.Throws<OperationCanceledException>(() => ImageMerger.Merge(plan, Guids(1), (_, _) => stop.Cancel(), cancellation: stop.Token));
        Verify(folder[Name(1)], model);
        Assert.Empty(Faults(folder[Name(1)]));
        ImageMerger.Merge(plan, Guids(2));
        Verify(folder[Name(0)], model);
    }

    [Fact]
    public void A_merge_that_zeroes_a_large_range_is_stopped_inside_it()
    {
        const long size = 32L << 30;
        const int block = 256 << 20;
        using EngineFolder folder = new();
        string parent = Create(folder["0.vhdx"], size: size, block: block);
        long[] places = [0, 9L << 30, 20L << 30, size - block];
        long second;
        using (DiskChain disk = DiskChain.OpenWrite(parent, Guids(1)))
        {
            foreach (long place in places)
            {
                disk.Write(place, [1]);
            }

            second = disk.Extents(places[1], 1).Single().FileOffset;
        }

        string tip = Create(folder["1.vhdx"], block: block, parent: parent);
        using (DiskChain disk = DiskChain.OpenWrite(tip, Guids(2)))
        {
            // One run of zeros from the start of the disk to its end.
            disk.Edit(session =>
            {
                session.Begin();
                for (int i = 0; i < size / block; i++)
                {
                    session.SetEntry(session.Layer.Geometry.EntryOfPayloadBlock(i), BlockState.Zero, 0);
                    session.MakeRoom(1);
                }
            });
        }

        // A block that is given up is looked at first, because it may be zero already.
        using CancellationTokenSource stop = new();
        MergePlan plan = MergePlanner.Plan(tip, null, _ => { }, default);
        Assert.Throws<OperationCanceledException>(() => ImageMerger.Merge(plan, Guids(3), wrap: file => new WatchedFile(file, _ => { }, onRead: Stop), cancellation: stop.Token));

        using (DiskChain disk = DiskChain.OpenRead(parent))
        {
            byte[] last = new byte[1];
            disk.Read(places[^1], last);
            Assert.Equal(1, last[0]);
        }

        ImageMerger.Merge(plan, Guids(4));
        Assert.Empty(Faults(parent));
        using DiskChain merged = DiskChain.OpenRead(parent);
        Assert.DoesNotContain(merged.Extents(0, size), extent => extent.Kind == DiskExtentKind.Data);

        void Stop(long offset)
        {
            if (offset == second)
            {
                stop.Cancel();
            }
        }
    }

    [Fact]
    public void Others_that_build_on_the_chain_are_named_and_no_longer_fit()
    {
        using EngineFolder folder = new();
        Chain(folder, VhdType.Dynamic, 512, 3, new(41));
        string ofBase = Create(folder["o1.vhdx"], block: MiB, parent: folder[Name(0)]);
        string ofMiddle = Create(folder["o2.vhdx"], block: MiB, parent: folder[Name(1)]);
        string ofOther = Create(folder["o3.vhdx"], block: MiB, parent: ofMiddle);
        string ofTip = Create(folder["o4.vhdx"], block: MiB, parent: folder[Name(2)]);
        MergePlan plan = MergePlanner.Plan(folder[Name(2)], folder[Name(0)], _ => { }, default);
        Assert.Equal(new[] { ofBase, ofMiddle, ofOther }.Order(), plan.Spoiled.Order());
        Assert.Equal([ofTip], plan.Orphaned);
        Assert.Contains(ofMiddle, plan.Describe(), StringComparison.Ordinal);

        ImageMerger.Merge(plan, Guids(1));

        Assert.Empty(Faults(ofTip));
        Assert.Contains(Faults(ofBase), finding => finding.RuleId == "VX805");
        Assert.Contains(Faults(ofMiddle), finding => finding.RuleId == "VX805");
        Assert.Contains(Faults(ofOther), finding => finding.RuleId == "VX805");
    }

    [Fact]
    public void Wrong_destinations_are_refused_and_nothing_changes()
    {
        using EngineFolder folder = new();
        Chain(folder, VhdType.Dynamic, 512, 2, new(51));
        string stranger = Create(folder["s.vhdx"], size: 6 * MiB, block: MiB);
        string[] hashes = [.. new[] { folder[Name(0)], folder[Name(1)], stranger }.Select(Hash)];
        Assert.Equal(ErrorIds.NotDifferencing, Error(folder[Name(0)], null).Id);
        Assert.Equal(ErrorIds.NotAnAncestor, Error(folder[Name(1)], stranger).Id);
        Assert.Contains(folder[Name(0)], Error(folder[Name(1)], stranger).Message, StringComparison.Ordinal);
        Assert.Equal(ErrorIds.NotAnAncestor, Error(folder[Name(1)], folder[Name(1)]).Id);
        MergePlan plan = MergePlanner.Plan(folder[Name(1)], null, _ => { }, default);
        Assert.Equal(ErrorIds.DiskFull, Assert.Throws<VhdxException>(() => MergePlanner.ThrowIfNoSpace(plan with { SpaceAtMost = 10 }, 9)).Id);
        MergePlanner.ThrowIfNoSpace(plan with { SpaceAtMost = 10 }, 10);
        MergePlanner.ThrowIfNoSpace(plan, null);
        Assert.Equal(hashes, new[] { folder[Name(0)], folder[Name(1)], stranger }.Select(Hash));

        VhdxException Error(string path, string? destination) => Assert.Throws<VhdxException>(() => MergePlanner.Plan(path, destination, _ => { }, default));
    }

    private static string Name(int index) => FormattableString.Invariant($"{index}.vhdx");

    /// <summary>A base and its descendants, each with writes of its own; gives what the tip shows.</summary>
    private static byte[] Chain(EngineFolder folder, VhdType type, int sector, int length, Random random)
    {
        byte[] model = new byte[(Blocks * MiB) - (3 * 4096)];
        for (int i = 0; i < length; i++)
        {
            string path = Create(folder[Name(i)], type, model.Length, (i % 2 == 0 ? 1 : 2) * MiB, sector, parent: i == 0 ? null : folder[Name(i - 1)]);
            using DiskChain disk = DiskChain.OpenWrite(path, Guids(i + 50));
            for (int n = 0; n < 7; n++)
            {
                if (random.Next(3) == 0)
                {
                    int start = random.Next(Blocks - 1);
                    int count = Math.Min(2 << 20, model.Length - (start << 20));
                    disk.Trim(start * MiB, count);
                    model.AsSpan(start << 20, count).Clear();
                    continue;
                }

                byte[] data = random.Next(4) == 0 ? new byte[300_000] : RandomBytes(random, random.Next(1, 700_000));
                int offset = random.Next(model.Length - data.Length);
                disk.Write(offset, data);
                data.CopyTo(model.AsSpan(offset));
            }
        }

        return model;
    }

    /// <summary>Leaves an image as a power cut right after a flush would; the model gets what was flushed.</summary>
    private static void MakeDirty(string path, byte[]? model, Random random)
    {
        byte[] data = RandomBytes(random, 5000);
        int offset = (2 << 20) + 1000;
        EngineScenario.LeaveDirty(path, Guids(9), Change, Header(path).DataWriteGuid);
        Assert.NotEqual(Guid.Empty, Header(path).LogGuid);

        void Change(DiskChain disk)
        {
            if (model is not null)
            {
                disk.Write(offset, data);
                data.CopyTo(model.AsSpan(offset));
                return;
            }

            // What the ancestor holds under the others is not to change: the same bytes again.
            byte[] same = new byte[512];
            for (long place = 0; Array.TrueForAll(same, value => value == 0); place += same.Length)
            {
                disk.Read(place, same);
                offset = (int)place;
            }

            disk.Write(offset, same);
        }
    }

    private static void Verify(string path, byte[] model)
    {
        using DiskChain disk = DiskChain.OpenRead(path);
        Assert.Equal(model.Length, disk.Capacity);
        byte[] bytes = new byte[model.Length];
        disk.Read(0, bytes);
        Assert.True(model.AsSpan().SequenceEqual(bytes), $"'{Path.GetFileName(path)}' shows other bytes from {model.AsSpan().CommonPrefixLength(bytes)} on.");
    }

    private static void SetItems(string path, Func<IReadOnlyList<MetadataItem>, IReadOnlyList<MetadataItem>> change)
    {
        using ImageEditor editor = ImageEditor.Open(path, Guids(3), dataWriteGuid: Header(path).DataWriteGuid);
        editor.Session.Begin(isVisible: false);
        StructureWriter.SetItems(editor.Session, change(StructureWriter.ItemsOf(editor.Layer.Image)));
    }

    private static ParentLocator Locator(string path)
    {
        using VhdxFile image = VhdxFile.OpenRead(path);
        return image.ParentLocator!;
    }

    private static VhdType Type(string path)
    {
        using VhdxFile image = VhdxFile.OpenRead(path);
        return image.Type;
    }
}
