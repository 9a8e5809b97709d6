using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using VhdxTools.Core.Tests.Checking;
using VhdxTools.Core.Tests.Disks;
using VhdxTools.IO;
using VhdxTools.Operations;
using Xunit;
using static VhdxTools.Core.Tests.Checking.CheckingImage;
using static VhdxTools.Core.Tests.Checking.CheckingRuleCases;

namespace VhdxTools.Core.Tests.Operations;

/// <summary>A power cut or a failing device at any moment of a repair leaves a file that the same command mends, and that holds the same data.</summary>
public class RepairCutTests
{
    public static TheoryData<int, string> Cases
    {
        get
        {
            TheoryData<int, string> data = [];
            for (int i = 0; i < CheckingRuleCases.All.Count; i++)
            {
                data.Add(i, CheckingRuleCases.All[i].Name);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_power_cut_leaves_what_the_same_command_mends(int index, string id)
    {
        using CheckingFolder folder = new();
        CheckingImage image = CheckingRuleCases.All[index].Build(folder);
        VhdxFinding first = image.Check()[0];
        if (first.Repairable)
        {
            Cut(image.Path, id, RepairRun.OptionsOf(first.Repair), samples: 3);
        }
    }

    [Fact]
    public void A_power_cut_amid_everything_at_once()
    {
        using CheckingFolder folder = new();
        Cut(Everything(folder).Path, "VX608", RepairRun.All, samples: 12);
    }

    [Fact]
    public void A_power_cut_while_gaps_are_closed()
    {
        using CheckingFolder folder = new();
        (CheckingImage image, _) = RepairImages.Filled(folder, VhdType.Dynamic, 512);
        image.Entry(1, 0).Entry(2, 0).Write(Header1 + 100, 1u);
        Cut(image.Path, "VX611", RepairRun.Leaks, samples: 8);
        Assert.Equal(7 * MiB, image.Length);
    }

    [Fact]
    public void A_power_cut_while_a_region_moves_into_a_gap()
    {
        using CheckingFolder folder = new();
        (CheckingImage image, _) = RepairImages.WithBatAtEnd(folder);
        Cut(image.Path, "VX611", RepairRun.Leaks, samples: 8);
        Assert.Equal(9 * MiB, image.Length);
    }

    [Fact]
    public void A_power_cut_while_the_log_moves_away_from_a_block()
    {
        using CheckingFolder folder = new();
        (CheckingImage image, byte[] model) = RepairImages.Filled(folder, VhdType.Dynamic, 512);
        image.Current(header => Set(header, LogOffset, (ulong)(6 * MiB)));
        Cut(image.Path, "VX610", RepairRun.Discard, samples: 8);
        Assert.True(model.AsSpan().SequenceEqual(RepairImages.Read(image.Path)));
    }

    [Fact]
    public void What_is_metadata_is_durable_in_the_log_before_it_is_written_in_its_place_and_data_before_that()
    {
        using CheckingFolder folder = new();
        CheckingImage image = Everything(folder);
        EngineRecordingFile? recording = null;
        RepairRun.Repair(image.Path, RepairRun.Drop, file => recording is null
            ? new WritingBack(recording = new(EngineMemoryFile.Load(image.Path)), file, image.Path)
            : file);

        List<EngineEvent> events = recording!.Events;
        int place = events.FindIndex(happened => happened is EngineEvent.Written { Offset: >= Bat and < Payload });
        int log = events.FindLastIndex(place, happened => happened is EngineEvent.Written { Offset: >= Log and < Metadata, Count: > 8 });
        int data = events.FindLastIndex(log, happened => happened is EngineEvent.Written { Offset: >= Payload });
        Assert.True(data >= 0 && log >= 0 && place >= 0);
        Assert.Contains(events.GetRange(data, log - data), happened => happened is EngineEvent.Flushed);
        Assert.Contains(events.GetRange(log, place - log), happened => happened is EngineEvent.Flushed);

        // The entry has the sector that then goes into the BAT: its bytes 8 to 4091 stand in the log as they are.
        byte[] entry = ((EngineEvent.Written)events[log]).Sectors;
        byte[] bat = ((EngineEvent.Written)events[place]).Sectors;
        Assert.True(entry.AsSpan().IndexOf(bat.AsSpan(8, 400)) > 0);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_device_that_fails_at_any_call_leaves_what_the_same_command_mends(bool partly)
    {
        using CheckingFolder folder = new();
        CheckingImage image = Everything(folder);
        byte[] bytes = RepairRun.Bytes(image.Path);
        string[] sectors = Sectors(image.Path);
        int failed = 0;
        for (int call = 1; call < 100; call++)
        {
            File.WriteAllBytes(image.Path, bytes);
            EngineFaultyFile? faulty = null;
            try
            {
                RepairRun.Repair(image.Path, RepairRun.All, file => faulty = new(file, call, partly));
            }
            catch (VhdxException error)
            {
                Assert.Equal(ErrorIds.DiskFull, error.Id);
                Assert.True(faulty!.IsDisposed);
                failed++;
            }

            AssertKept(sectors, Sectors(image.Path));
            VhdxRepairResult result = RepairRun.Repair(image.Path, RepairRun.All, seed: 3);
            Assert.True(result.IsSound, string.Join("\n", result.After));
        }

        Assert.InRange(failed, 12, 98);
    }

    private static void Cut(string path, string id, RepairOptions options, int samples)
    {
        EngineMemoryFile before = EngineMemoryFile.Load(path);
        string[] sectors = Sectors(path);
        List<(EngineMemoryFile Before, EngineRecordingFile Recording)> rounds = [];
        EngineMemoryFile current = before;
        RepairRun.Repair(path, options, file =>
        {
            // Each round opens the file anew; what the recording holds goes back into the real file when it is closed.
            EngineRecordingFile recording = new(current.Clone());
            rounds.Add((current, recording));
            current = recording.Content;
            return new WritingBack(recording, file, path);
        });
        Assert.NotEmpty(rounds);
        Random random = new(7);
        int count = 0;
        foreach ((EngineMemoryFile start, EngineRecordingFile recording) in rounds)
        {
            foreach (EngineMemoryFile cut in EngineCuts.Of(start, recording.Events, random, samples))
            {
                cut.Save(path);
                AssertKept(sectors, Sectors(path));
                VhdxRepairResult result = RepairRun.Repair(path, options, seed: 2);
                Assert.True(result.IsSound, string.Join("\n", result.After));
                Assert.DoesNotContain(id, RepairRun.Ids(result.After));
                AssertKept(sectors, Sectors(path));
                count++;
            }
        }

        Assert.True(count > 2);
    }

    /// <summary>Bad blocks of all kinds, reserved bits, flags, a damaged header and a damaged region table.</summary>
    private static CheckingImage Everything(CheckingFolder folder)
    {
        CheckingImage image = New(folder).Map(5);
        for (int block = 0; block < 5; block++)
        {
            image.Write(Payload + (block * MiB), Enumerable.Repeat((byte)(block + 1), (int)MiB).ToArray());
        }

        return image.Entry(1, 6, 5, reserved: 3).Entry(9, 6, 5).Entry(10, 6, 60).Entry(11, 4).Entry(12, 6, 2).Entry(13, 2, 77)
            .Write(ItemEntry(0) + 24, 0u).Write(Header1 + 100, 1u).Write(Table2 + 20, 7u);
    }

    /// <summary>What can be read of the disk; blocks that lie over a structure read its bytes, which is nothing to keep.</summary>
    private static string[] Sectors(string path)
    {
        string[] pieces = RepairReading.Pieces(path);
        if (pieces.Length > 0)
        {
            foreach (VhdxFinding finding in Check(path, skipParent: true).Where(finding => finding is { RuleId: "VX610", VirtualOffset: not null }))
            {
                for (long offset = finding.VirtualOffset!.Value; offset < finding.VirtualOffset + finding.VirtualLength; offset += RepairReading.PieceLength)
                {
                    pieces[offset / RepairReading.PieceLength] = "";
                }
            }
        }

        return pieces;
    }

    private static void AssertKept(string[] before, string[] after)
    {
        // What could not be opened before has nothing to lose; what could, stays open.
        Assert.True(before.Length == 0 || before.Length == after.Length);
        for (int i = 0; i < before.Length; i++)
        {
            Assert.True(before[i].Length == 0 || before[i] == after[i], $"Piece {i} has changed.");
        }
    }

    /// <summary>Changes go to a recording; the real file gets them when it is closed, so that the next round sees them.</summary>
    private sealed class WritingBack(EngineRecordingFile recording, IRandomAccessFile real, string path) : IRandomAccessFile
    {
        public string Name => recording.Name;

        public long Length => recording.Length;

        public int Read(long offset, Span<byte> buffer) => recording.Read(offset, buffer);

        public void Write(long offset, ReadOnlySpan<byte> data) => recording.Write(offset, data);

        public bool TryShare(IRandomAccessFile source, long sourceOffset, long offset, long length) => recording.TryShare(source == this ? recording : source, sourceOffset, offset, length);

        public void SetLength(long length) => recording.SetLength(length);

        public void Reserve(long length) => recording.Reserve(length);

        public void Flush() => recording.Flush();

        public VhdxTools.Layout.FileRange? FindData(long offset, long end) => recording.FindData(offset, end);

        public void Dispose()
        {
            real.Dispose();
            recording.Content.Save(path);
        }
    }
}
