using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using VhdxTools.Disks;
using Xunit;
using static VhdxTools.Core.Tests.Disks.EngineImages;

namespace VhdxTools.Core.Tests.Disks;

/// <summary>Law 4: the power may go at any moment. More rounds: VHDXTOOLS_MODEL_ROUNDS.</summary>
public class EnginePowerCutTests
{
    private static int Rounds => int.TryParse(Environment.GetEnvironmentVariable("VHDXTOOLS_MODEL_ROUNDS"), out int rounds) ? rounds : 1;

    [Theory]
    [InlineData("dynamic", 512, 1, 1)]
    [InlineData("dynamic", 4096, 2, 4)]
    [InlineData("fixed", 512, 1, 1)]
    [InlineData("differencing", 512, 1, 1)]
    [InlineData("differencing", 512, 2, 4)]
    [InlineData("differencing", 4096, 1, 1)]
    public void Random_runs_survive_every_cut(string kind, int sector, int block, int log)
    {
        for (int round = 0; round < Rounds; round++)
        {
            using EngineFolder folder = new();
            Random random = new(StringComparer.Ordinal.Compare(kind, "e") + sector + block + (7919 * round));
            string path = CreateImage(folder, kind, sector, block, log, random);
            long capacity = Capacity(path);
            EngineOperation[] run = [.. EngineOperation.Run(random, 30, capacity, (int)(block * MiB), 200_000)];
            Survives(path, run, random, samples: 6, cutsReplay: true);
        }
    }

    [Theory]
    [InlineData("dynamic", 1)]
    [InlineData("fixed", 2)]
    [InlineData("differencing", 3)]
    [InlineData("differencing", 4)]
    public void Short_runs_survive_every_subset(string kind, int seed)
    {
        for (int round = 0; round < 3 * Rounds; round++)
        {
            using EngineFolder folder = new();
            Random random = new(seed + (101 * round));
            string path = CreateImage(folder, kind, 512, 1, 1, random);
            List<EngineOperation> run = [];
            for (int i = 0; i < 3; i++)
            {
                run.Add(new EngineOperation.Write(random.Next(8) * 512 * 1000, RandomBytes(random, random.Next(1, 3) * 512)));
                run.Add(random.Next(3) == 0 ? new EngineOperation.Trim(random.Next(3) * MiB, MiB) : new EngineOperation.Flush());
            }

            Survives(path, run, random, samples: 4, exhaustive: 7);
        }
    }

    [Theory]
    [InlineData("dynamic")]
    [InlineData("differencing")]
    public void Freed_space_that_is_used_again_survives(string kind)
    {
        using EngineFolder folder = new();
        Random random = new(5);
        string path = CreateImage(folder, kind, 512, 1, 1, random);
        List<EngineOperation> run = [];
        for (int i = 0; i < 4; i++)
        {
            run.Add(new EngineOperation.Write((i * MiB) + 5000, RandomBytes(random, 3000)));
        }

        run.Add(new EngineOperation.Flush());
        for (int i = 0; i < 8; i++)
        {
            // The space of one block goes to another one, with and without a flush between.
            run.Add(new EngineOperation.Trim(i % 4 * MiB, MiB));
            if (i % 2 == 0)
            {
                run.Add(new EngineOperation.Flush());
            }

            run.Add(new EngineOperation.Write(((i + 1) % 5 * MiB) + 70_000, RandomBytes(random, 1024)));
            run.Add(new EngineOperation.Write((i % 4 * MiB) + 90_000, RandomBytes(random, 1024)));
            run.Add(new EngineOperation.Flush());
        }

        Survives(path, run, random, samples: 12);
    }

    [Theory]
    [InlineData(false, 1)]
    [InlineData(true, 1)]
    [InlineData(true, 2)]
    public void More_changes_than_an_entry_holds_survive(bool isChild, int seed)
    {
        // One write each 512 MiB: each changes another sector of the BAT, in children a bitmap and its entry too.
        using EngineFolder folder = new();
        Random random = new(seed);
        long size = 140 * 512 * MiB;
        string? parent = isChild ? Create(folder["parent.vhdx"], size: size, block: 256 * MiB) : null;
        string path = Create(folder["a.vhdx"], size: size, block: MiB, parent: parent);
        List<EngineOperation> run = [];
        for (int i = 0; i < 135; i++)
        {
            long place = ((i * 512L) + random.Next(512)) * MiB;
            run.Add(new EngineOperation.Write(place + (random.Next(100) * 512), RandomBytes(random, 512)));
            if (i == seed)
            {
                run.Add(new EngineOperation.Flush());
            }
        }

        run.Add(new EngineOperation.Flush());
        run.Add(new EngineOperation.Trim(0, MiB));
        Survives(path, run, random, samples: 12);
    }

    [Fact]
    public void A_dirty_image_is_read_and_stays_as_it_is()
    {
        using EngineFolder folder = new();
        string path = CreateImage(folder, "differencing", 512, 1, 1, new(3));
        byte[] data = RandomBytes(new(4), 5000);
        EngineRecordingFile recording = EngineScenario.Record(path, Guids(1), [new EngineOperation.Write(MiB - 100, data), new EngineOperation.Flush()]);
        EngineMemoryFile before = EngineMemoryFile.Load(path);
        EngineMemoryFile dirty = before.Clone();
        foreach (EngineEvent happened in recording.Events.TakeWhile(happened => happened is not EngineEvent.Marked { Operation: EngineOperation.Close }))
        {
            if (happened is EngineEvent.Resized resized)
            {
                dirty.SetLength(resized.Length);
            }
            else if (happened is EngineEvent.Written written && written.Offset / MiB != 3)
            {
                // The BAT in its place is lost.
                dirty.Write(written.Offset, written.Sectors);
            }
        }

        using (FileStream stream = new(path, FileMode.Open))
        {
            dirty.Save(stream, before);
        }

        File.SetAttributes(path, FileAttributes.ReadOnly);
        string hash = Hash(path);
        using (DiskChain disk = DiskChain.OpenRead(path))
        {
            byte[] read = new byte[data.Length];
            disk.Read(MiB - 100, read);
            Assert.Equal(data, read);
            Assert.True(disk.Layers[0].Image.IsLogDirty);
        }

        Assert.Equal(hash, Hash(path));
        File.SetAttributes(path, FileAttributes.Normal);
    }

    [Theory]
    [InlineData("dynamic")]
    [InlineData("fixed")]
    public void Partial_trims_tear_no_sector(string kind)
    {
        using EngineFolder folder = new();
        Random random = new(12);
        string path = CreateImage(folder, kind, 512, 2, 1, random);
        EngineOperation[] run =
        [
            new EngineOperation.Write(0, RandomBytes(random, (int)(2 * MiB))),
            new EngineOperation.Flush(),
            new EngineOperation.Trim(100, MiB + 9000),
        ];
        Survives(path, run, random, samples: 20);
    }

    [Fact]
    public void The_ring_is_gone_round_several_times()
    {
        using EngineFolder folder = new();
        Random random = new(8);
        string parent = Create(folder["parent.vhdx"], size: 5 * MiB, block: MiB);
        string path = Create(folder["a.vhdx"], size: 5 * MiB, block: MiB, parent: parent);
        List<EngineOperation> run = [];
        for (int i = 0; i < 280; i++)
        {
            run.Add(new EngineOperation.Write((random.Next(5) * MiB) + (i * 1024), RandomBytes(random, 512)));
            run.Add(new EngineOperation.Flush());
        }

        EngineRecordingFile recording = Survives(path, run, random, samples: 2, exhaustive: 2, likelihood: 15);
        List<EngineEvent.Written> inLog = [.. recording.Events.OfType<EngineEvent.Written>().Where(write => write.Offset is >= (1 << 20) and < (2 << 20))];
        Assert.True(inLog.Count(write => write.Offset == MiB) >= 2, "The ring was not gone round.");
        Assert.True(inLog.Zip(inLog.Skip(1)).Count(pair => pair.Second.Offset < pair.First.Offset) >= 2);
    }

    [Theory]
    [InlineData(ulong.MaxValue - 3)]
    [InlineData(ulong.MaxValue - 2)]
    [InlineData(ulong.MaxValue - 1)]
    [InlineData(ulong.MaxValue)]
    public void Sequence_numbers_at_their_end_survive(ulong current)
    {
        using EngineFolder folder = new();
        Random random = new(9);
        string path = Create(folder["a.vhdx"], size: 5 * MiB, block: MiB, sequence: current - 1);
        Assert.Equal(current, Header(path).SequenceNumber);
        List<EngineOperation> run =
        [
            new EngineOperation.Write(100, RandomBytes(random, 1000)),
            new EngineOperation.Flush(),
            new EngineOperation.Write(MiB, RandomBytes(random, 1000)),
        ];
        Survives(path, run, random, samples: 30, exhaustive: 6, cutsReplay: true);
    }

    /// <summary>The test of the test: a device that ignores one of the flushes that matter is found out.</summary>
    [Theory]
    [InlineData("dynamic")]
    [InlineData("differencing")]
    public void A_flush_that_is_left_out_is_noticed(string kind)
    {
        using EngineFolder folder = new();
        Random random = new(10);
        string path = CreateWide(folder, kind);
        long far = 600 * MiB;
        List<EngineOperation> run =
        [
            new EngineOperation.Write(1024, RandomBytes(random, 2048)),
            new EngineOperation.Write(MiB + 1024, RandomBytes(random, 2048)),
            new EngineOperation.Flush(),
            new EngineOperation.Write(far + (5 * MiB), RandomBytes(random, 1024)),
            new EngineOperation.Flush(),
            new EngineOperation.Trim(0, MiB),
            new EngineOperation.Flush(),
            new EngineOperation.Write(far + 4096, RandomBytes(random, 5120)),
            new EngineOperation.Write(far + MiB, RandomBytes(random, 4096)),
            new EngineOperation.Flush(),
            new EngineOperation.Trim(MiB, MiB),
            new EngineOperation.Flush(),
            new EngineOperation.Write(far + (2 * MiB) + 4096, RandomBytes(random, 5120)),
            new EngineOperation.Flush(),
            new EngineOperation.Write(0, RandomBytes(random, 512)),
            new EngineOperation.Write(far + (3 * MiB) + 4096, RandomBytes(random, 1024)),
            new EngineOperation.Flush(),
        ];
        EngineRecordingFile recording = EngineScenario.Record(path, Guids(1), run);
        List<string> roles = RolesOfFlushes(recording.Events);
        List<string> unnoticed = [];
        for (int flush = 0; flush < roles.Count; flush++)
        {
            using EngineFolder copies = new();
            EngineCutWalker walker = new(CreateWide(copies, kind), new(flush)) { Samples = 16, ExhaustiveLimit = 4, Enough = 1 };
            walker.Walk(recording.Events, dropped: flush);
            if (walker.Problems.Count == 0)
            {
                unnoticed.Add(FormattableString.Invariant($"{flush}: {roles[flush]}"));
            }
        }

        // Before the first entry there is nothing to lose; one new header is enough; what is behind the last block is not needed.
        int closed = roles.IndexOf("header in Close");
        Assert.Equal(
            [0, 3, .. Enumerable.Range(closed + 1, roles.Count - closed - 1)],
            unnoticed.Select(flush => int.Parse(flush.Split(':')[0], CultureInfo.InvariantCulture)));
        Assert.Equal("header in Write", roles[3]);
    }

    /// <summary>The BAT has two sectors.</summary>
    private static string CreateWide(EngineFolder folder, string kind)
    {
        string? parent = kind == "dynamic" ? null : Create(folder["parent.vhdx"], size: 700 * MiB, block: 32 * MiB);
        return Create(folder["a.vhdx"], size: 700 * MiB, block: MiB, parent: parent);
    }

    /// <summary>What each flush makes durable, by what was written last before it.</summary>
    private static List<string> RolesOfFlushes(IEnumerable<EngineEvent> events)
    {
        List<string> roles = [];
        string last = "nothing";
        string operation = "";
        foreach (EngineEvent happened in events)
        {
            switch (happened)
            {
                case EngineEvent.Marked { Kind: EngineMark.Begun } marked:
                    operation = marked.Operation.GetType().Name;
                    break;
                case EngineEvent.Written written:
                    last = written.Offset switch
                    {
                        < 192 * 1024 => "header",
                        >= (int)MiB and < 2 * (int)MiB => "log",
                        >= 3 * (int)MiB and < 4 * (int)MiB => "BAT",
                        _ => "data",
                    };
                    break;
                case EngineEvent.Resized:
                    last = "length";
                    break;
                case EngineEvent.Flushed:
                    roles.Add($"{last} in {operation}");
                    last = "nothing";
                    break;
            }
        }

        return roles;
    }

    private static EngineRecordingFile Survives(string path, IEnumerable<EngineOperation> run, Random random, int samples, int exhaustive = 4, bool cutsReplay = false, int likelihood = 100)
    {
        EngineRecordingFile recording = EngineScenario.Record(path, Guids(random.Next()), run);
        EngineCutWalker walker = new(path, random) { Samples = samples, ExhaustiveLimit = exhaustive, CutsReplay = cutsReplay, Likelihood = likelihood };
        walker.Walk(recording.Events);
        Assert.True(walker.Problems.Count == 0, string.Join("\n", walker.Problems));
        Assert.True(walker.Cuts > 50, "Hardly anything was tried.");
        return recording;
    }

    private static string CreateImage(EngineFolder folder, string kind, int sector, int block, int log, Random random)
    {
        long size = (5 * MiB) + (3 * 4096);
        string? parent = null;
        if (kind == "differencing")
        {
            parent = Create(folder["parent.vhdx"], size: 4 * MiB, block: 2 * MiB, sector: sector);
            using DiskChain disk = DiskChain.OpenWrite(parent, Guids(3));
            disk.Write(0, RandomBytes(random, (int)((3 * MiB) + 700)));
        }

        return Create(folder["a.vhdx"], kind == "fixed" ? VhdType.Fixed : VhdType.Dynamic, size, block * MiB, sector, log * MiB, parent);
    }

    private static long Capacity(string path)
    {
        using DiskChain disk = DiskChain.OpenRead(path);
        return disk.Capacity;
    }
}
