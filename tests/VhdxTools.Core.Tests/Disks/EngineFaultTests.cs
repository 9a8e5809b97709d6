using System;
using System.Collections.Generic;
using System.Linq;
using VhdxTools.Disks;
using Xunit;
using static VhdxTools.Core.Tests.Disks.EngineImages;

namespace VhdxTools.Core.Tests.Disks;

/// <summary>Every write, flush and length change fails in turn.</summary>
public class EngineFaultTests
{
    [Theory]
    [InlineData("dynamic", false)]
    [InlineData("dynamic", true)]
    [InlineData("fixed", true)]
    [InlineData("differencing", false)]
    [InlineData("differencing", true)]
    public void Any_failing_call_is_reported_and_leaves_what_was_flushed(string kind, bool partly)
    {
        int failing = 1;
        for (bool hasFailed = true; hasFailed; failing++)
        {
            using EngineFolder folder = new();
            string path = CreateImage(folder, kind);
            (EngineRecordingFile recording, EngineFaultyFile faulty, List<VhdxException> failures) = Play(path, failing, partly);
            hasFailed = faulty.HasFailed;
            Assert.True(faulty.IsDisposed);
            Assert.Equal(hasFailed, failures.Count > 0);
            Assert.All(failures, failure => Assert.Contains(failure.Id, (string[])[ErrorIds.DiskFull, ErrorIds.IOFailed]));
            Assert.All(failures, failure => Assert.Contains(path, failure.Message, StringComparison.Ordinal));
            VerifyOrder(recording.Events);

            EngineCutWalker walker = new(path, new(failing)) { Samples = 2, ExhaustiveLimit = 1, Likelihood = 0 };
            walker.Walk(recording.Events);
            Assert.True(walker.Problems.Count == 0, FormattableString.Invariant($"Call {failing}: ") + string.Join("\n", walker.Problems));
        }

        Assert.True(failing > 20, "Hardly anything was tried.");
    }

    [Fact]
    public void After_a_failed_flush_nothing_is_promised_any_more()
    {
        using EngineFolder folder = new();
        string path = CreateImage(folder, "dynamic");
        byte[] data = RandomBytes(new(1), 512);
        EngineFaultyFile? faulty = null;
        using DiskChain disk = DiskChain.OpenWrite(path, Guids(1), EngineScenario.Over(() => faulty = new(EngineMemoryFile.Load(path), failing: 10, partly: false)));
        disk.Write(0, data);
        Assert.Equal(ErrorIds.DiskFull, Assert.Throws<VhdxException>(disk.Flush).Id);
        Assert.True(faulty!.HasFailed);

        // A second flush would succeed at the system, which has told of the loss already.
        VhdxException again = Assert.Throws<VhdxException>(disk.Flush);
        Assert.Equal(ErrorIds.IOFailed, again.Id);
        Assert.Contains("takes no more writes", again.Message, StringComparison.Ordinal);
        Assert.Equal(ErrorIds.IOFailed, Assert.Throws<VhdxException>(() => disk.Write(0, data)).Id);
        Assert.Equal(ErrorIds.IOFailed, Assert.Throws<VhdxException>(() => disk.Write(4 * MiB, data)).Id);
        Assert.Equal(ErrorIds.IOFailed, Assert.Throws<VhdxException>(() => disk.Trim(0, MiB)).Id);
        byte[] read = new byte[512];
        disk.Read(0, read);
        Assert.Equal(data, read);
    }

    [Fact]
    public void A_failing_open_lets_the_file_go()
    {
        using EngineFolder folder = new();
        Create(folder["parent.vhdx"], size: 5 * MiB);
        string path = Create(folder["a.vhdx"], parent: folder["parent.vhdx"]);
        System.IO.File.Move(folder["parent.vhdx"], folder["gone.vhdx"]);
        Assert.Equal("VX804", Assert.Throws<VhdxException>(() => DiskChain.OpenWrite(path, Guids(1))).Id);
        System.IO.File.Move(folder["gone.vhdx"], folder["parent.vhdx"]);
        DiskChain.OpenWrite(path, Guids(1)).Dispose();
    }

    [Fact]
    public void Any_failing_call_of_a_replay_is_reported_and_leaves_the_log()
    {
        using EngineFolder folder = new();
        string path = CreateImage(folder, "differencing");
        EngineRecordingFile recording = EngineScenario.Record(path, Guids(1), Operations(new(1)).TakeWhile(operation => operation is not EngineOperation.Flush).Append(new EngineOperation.Flush()));

        // The image as it is before it is closed.
        EngineMemoryFile dirty = EngineMemoryFile.Load(path);
        foreach (EngineEvent happened in recording.Events.TakeWhile(happened => happened is not EngineEvent.Marked { Operation: EngineOperation.Close }))
        {
            if (happened is EngineEvent.Written written)
            {
                // Metadata in its place is lost: the log has it.
                if (written.Offset < 2 * MiB || written.Offset >= 4 * MiB)
                {
                    dirty.Write(written.Offset, written.Sectors);
                }
            }
            else if (happened is EngineEvent.Resized resized)
            {
                dirty.SetLength(resized.Length);
            }
        }

        int calls = 0;
        for (bool hasFailed = true; hasFailed; calls++)
        {
            EngineMemoryFile copy = dirty.Clone();
            EngineFaultyFile faulty = new(copy, calls + 1, partly: true);
            VhdxException? failure = (VhdxException?)Record.Exception(() => DiskChain.OpenWrite(path, Guids(2), EngineScenario.Over(() => faulty)).Dispose());
            hasFailed = faulty.HasFailed;
            Assert.Equal(hasFailed, failure is not null);
            Assert.True(faulty.IsDisposed);
            using DiskChain disk = DiskChain.OpenWrite(path, Guids(2), EngineScenario.Over(() => copy));
            foreach (EngineOperation.Write write in Operations(new(1)).TakeWhile(operation => operation is not EngineOperation.Flush).Cast<EngineOperation.Write>())
            {
                byte[] read = new byte[write.Data.Length];
                disk.Read(write.Offset, read);
                Assert.Equal(write.Data, read);
            }
        }

        Assert.True(calls > 4);
    }

    private static (EngineRecordingFile Recording, EngineFaultyFile Faulty, List<VhdxException> Failures) Play(string path, int failing, bool partly)
    {
        EngineRecordingFile recording = new(EngineMemoryFile.Load(path));
        EngineFaultyFile faulty = new(recording, failing, partly);
        DiskChain disk = DiskChain.OpenWrite(path, Guids(failing), EngineScenario.Over(() => faulty));
        return (recording, faulty, EngineScenario.Play(disk, recording, Operations(new(1)), mayFail: true));
    }

    /// <summary>Once a flush has failed, none succeeds, and nothing is written.</summary>
    private static void VerifyOrder(List<EngineEvent> events)
    {
        int failed = events.FindIndex(happened => happened is EngineEvent.Marked { Kind: EngineMark.Failed, Operation: EngineOperation.Flush or EngineOperation.Close });
        if (failed >= 0)
        {
            IEnumerable<EngineEvent> after = events.Skip(failed + 1);
            Assert.DoesNotContain(after, happened => happened is EngineEvent.Written or EngineEvent.Resized or EngineEvent.Flushed);
            Assert.DoesNotContain(after, happened => happened is EngineEvent.Marked { Kind: EngineMark.Done, Operation: EngineOperation.Flush or EngineOperation.Write });
        }
    }

    private static List<EngineOperation> Operations(Random random)
    {
        List<EngineOperation> run = [];
        for (int round = 0; round < 3; round++)
        {
            run.Add(new EngineOperation.Write(round * 512 * 3000, RandomBytes(random, 1024)));
            run.Add(new EngineOperation.Write((4 - round) * MiB, RandomBytes(random, 1536)));
            run.Add(new EngineOperation.Write((round * MiB) + 100 * 512, RandomBytes(random, 2048)));
            run.Add(new EngineOperation.Flush());
            run.Add(new EngineOperation.Trim(round * MiB, MiB));
        }

        return run;
    }

    private static string CreateImage(EngineFolder folder, string kind)
    {
        string? parent = null;
        if (kind == "differencing")
        {
            parent = Create(folder["parent.vhdx"], size: 6 * MiB, block: 2 * MiB);
            using DiskChain disk = DiskChain.OpenWrite(parent, Guids(5));
            disk.Write(MiB, RandomBytes(new(5), (int)(2 * MiB)));
        }

        return Create(folder["a.vhdx"], kind == "fixed" ? VhdType.Fixed : VhdType.Dynamic, 6 * MiB, MiB, parent: parent);
    }
}
