using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;
using VhdxTools.Core.Tests.Disks;
using VhdxTools.Core.Tests.Support;
using VhdxTools.Disks;
using VhdxTools.Operations;
using Xunit;
using static VhdxTools.Core.Tests.Disks.EngineImages;

namespace VhdxTools.Core.Tests.Operations;

/// <summary>
/// A merge has writes under way while it takes space and commits. The disk is so large that the log is full several times before the end:
/// commits fall between pieces that wait, and what is later in the disk may be on the device earlier.
/// </summary>
public sealed class MergeUnderWayTests : IDisposable
{
    private const int Spots = 500;
    private const long Stride = 512 * MiB;
    private const int Length = 4096;
    private const long Flush = -1;

    private readonly EngineFolder _folder = new();
    private readonly List<(long Offset, byte[] Bytes)> _model = [];
    private readonly string _parent;
    private readonly string _child;

    public MergeUnderWayTests()
    {
        _parent = Create(_folder["parent.vhdx"], size: Spots * Stride, block: MiB);
        using (DiskChain disk = DiskChain.OpenWrite(_parent, Guids(1)))
        {
            for (int i = 0; i < Spots; i++)
            {
                // The last of these sectors is not covered by the child: it must never change.
                disk.Write(Present(i), Value("old", i));
                disk.Write(Present(i) + Length, Value("stays", i));
                _model.Add((Present(i) + Length, Value("stays", i)));
            }
        }

        _child = Create(_folder["child.vhdx"], block: MiB, parent: _parent);
        using (DiskChain disk = DiskChain.OpenWrite(_child, Guids(2)))
        {
            for (int i = 0; i < Spots; i++)
            {
                foreach (long place in new[] { Present(i), Absent(i) })
                {
                    disk.Write(place, Value("new", place));
                    _model.Add((place, Value("new", place)));
                }
            }
        }
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Whenever_the_power_goes_the_chain_reads_the_same_and_the_merge_can_be_finished()
    {
        string[] files = [_parent, _child];
        Dictionary<string, EngineMemoryFile> before = files.ToDictionary(file => file, EngineMemoryFile.Load);
        (Dictionary<string, EngineRecordingFile> recordings, List<string> order) = Record(before);

        // Which piece waits for how long is up to the threads: it is done again until one has waited through a commit, else this proves nothing.
        for (int attempt = 0; attempt < 9 && !IsOvertaken(recordings[_parent]); attempt++)
        {
            (recordings, order) = Record(before);
        }

        Assert.True(IsOvertaken(recordings[_parent]), "No piece waited through a commit.");
        Random random = new(7);
        for (int cut = order.Count; cut >= 0; cut -= random.Next(1, 140))
        {
            foreach (string file in files)
            {
                EngineCuts.At(before[file], [.. recordings[file].Events.Take(order.Take(cut).Count(name => name == file))], random).Save(file);
            }

            Verify(_child);
            if (cut == order.Count)
            {
                // The merge has returned: what it copied is on the device.
                Verify(_parent);
            }

            Assert.DoesNotContain(Faults(_child), finding => finding.Severity == FindingSeverity.Error);
            if (random.Next(6) == 0)
            {
                ImageMerger.Merge(Plan(), Guids(cut));
                Verify(_parent);
                Verify(_child);
                Assert.All(files, file => Assert.Empty(Faults(file)));
            }
        }
    }

    private static long Present(int spot) => (spot * Stride) + 8192;

    private static long Absent(int spot) => (spot * Stride) + (3 * MiB);

    private static byte[] Value(string what, long place) => Encoding.ASCII.GetBytes(FormattableString.Invariant($"{what} {place}").PadRight(Length));

    /// <summary>Whether a commit came before the write of a piece and after that of a later one.</summary>
    private static bool IsOvertaken(EngineRecordingFile recording)
    {
        List<long> places = [.. recording.Events.Select(happened => happened is EngineEvent.Flushed ? Flush : PlaceOf(happened)).OfType<long>()];
        Assert.Equal(Enumerable.Range(0, Spots).SelectMany(spot => new[] { Present(spot), Absent(spot) }), places.Where(place => place != Flush).Order());
        for (int i = 0; i < places.Count; i++)
        {
            if (places[i] == Flush && places.Take(i + 1).Max() is long last && places.Skip(i).Any(place => place != Flush && place < last))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The place on the disk whose new bytes were written.</summary>
    private static long? PlaceOf(EngineEvent happened) =>
        happened is EngineEvent.Written written && Encoding.ASCII.GetString(written.Sectors, 0, 32) is string text && text.StartsWith("new ", StringComparison.Ordinal)
            ? long.Parse(text.Split(' ')[1], CultureInfo.InvariantCulture)
            : null;

    private (Dictionary<string, EngineRecordingFile> Recordings, List<string> Order) Record(Dictionary<string, EngineMemoryFile> before)
    {
        Dictionary<string, EngineRecordingFile> recordings = before.Keys.ToDictionary(file => file, file => new EngineRecordingFile(before[file].Clone()));
        List<string> order = [];
        List<SlowFile> slow = [];
        ImageMerger.Merge(Plan(), Guids(3), wrap: file =>
        {
            file.Dispose();
            slow.Add(new(new EngineTapFile(recordings[file.Name], order), slow.Count));
            return slow[^1];
        });

        // The first piece does not wait: the length of the file is not known yet.
        Assert.Equal(Spots - 1, slow.Sum(file => file.WritesBehind));
        return (recordings, order);
    }

    private MergePlan Plan() => MergePlanner.Plan(_child, null, _ => { }, default);

    private void Verify(string path)
    {
        using DiskChain disk = DiskChain.OpenRead(path);
        byte[] bytes = new byte[Length];
        foreach ((long offset, byte[] expected) in _model)
        {
            disk.Read(offset, bytes);
            Assert.True(expected.AsSpan().SequenceEqual(bytes), FormattableString.Invariant($"'{path}' shows other bytes at {offset}."));
        }
    }
}
