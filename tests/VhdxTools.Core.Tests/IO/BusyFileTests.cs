using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using VhdxTools.Checking;
using VhdxTools.Core.Tests.Support;
using VhdxTools.Disks;
using VhdxTools.Images;
using VhdxTools.IO;
using VhdxTools.Operations;
using Xunit;
using static VhdxTools.Core.Tests.Disks.EngineImages;

namespace VhdxTools.Core.Tests.IO;

public class BusyFileTests
{
    private static readonly VhdxException s_damaged = new(VhdxFinding.Of(VhdxRules.LogDirty, "a", "It looks damaged."));

    public static TheoryData<string> Readers => [.. s_readers.Keys];

    // What a reader makes of an image, as a text; 'sound' or what is wrong.
    private static readonly Dictionary<string, Func<string, string>> s_readers = new()
    {
        ["VhdxFile"] = path =>
        {
            using VhdxFile image = VhdxFile.OpenRead(path);
            return "sound";
        },
        ["ImageInspector"] = path => ImageInspector.Inspect(path).VhdType == VhdType.Dynamic ? "sound" : "no dynamic image",
        ["LayoutInspector"] = path => Worst(LayoutInspector.Inspect(path).Problems),
        ["Checker"] = path => Worst(new Checker(skipParent: false).Check(path)),
        ["DiskOpener"] = path =>
        {
            using OpenedDisk disk = DiskOpener.OpenRead(path);
            return "sound";
        },
        ["LayerOpener"] = path =>
        {
            using IDiskLayer layer = LayerOpener.Open(path);
            return "sound";
        },
    };

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 2)]
    [InlineData(2, 3)]
    [InlineData(int.MaxValue, BusyFile.MaximumReads)]
    public void What_looks_damaged_is_read_again_as_long_as_the_file_changes(int changes, int expected)
    {
        using TempFolder folder = new();
        File.WriteAllBytes(folder["a"], []);
        int reads = 0;
        foreach (bool throws in new[] { true, false })
        {
            reads = 0;
            Func<int> read = () =>
            {
                if (reads++ < changes)
                {
                    using FileStream file = new(folder["a"], FileMode.Append);
                    file.WriteByte(1);
                }

                return throws ? throw s_damaged : reads;
            };
            if (throws)
            {
                Assert.Same(s_damaged, Assert.Throws<VhdxException>(() => BusyFile.Read(folder["a"], read)));
            }
            else
            {
                Assert.Equal(expected, BusyFile.Read(folder["a"], read, _ => true));
            }

            Assert.Equal(expected, reads);
        }
    }

    [Fact]
    public void What_looks_sound_or_fails_for_another_reason_is_not_read_again()
    {
        using TempFolder folder = new();
        int reads = 0;
        Assert.Equal(1, BusyFile.Read(folder["a"], () => Change(), _ => false));
        Assert.Equal(2, BusyFile.Read(folder["a"], () => Change()));
        Assert.Throws<VhdxException>(() => BusyFile.Read<int>(folder["a"], () => throw new VhdxException(ErrorIds.FileInUse, ErrorKind.InUse, $"{Change()}")));
        Assert.Equal(3, reads);

        int Change()
        {
            File.AppendAllText(folder["a"], "x");
            return ++reads;
        }
    }

    [SkippableTheory]
    [MemberData(nameof(Readers))]
    public async Task Readers_wait_for_somebody_who_is_just_writing(string reader)
    {
        Skip.If(OnMono.Is, "On Mono the writer changes the file too slowly for a reader to notice.");
        const int half = 100_000;
        using TempFolder folder = new();
        string path = Create(folder["a.vhdx"], size: 64 * MiB, block: MiB);
        byte[] sound = File.ReadAllBytes(path);

        // On a busy machine the writer may rest whenever the reader reads; so the reader has many tries, but each begins with half a file.
        for (int tries = 0; tries < 100; tries++)
        {
            File.WriteAllBytes(path, sound.AsSpan(0, half).ToArray());
            Assert.NotEqual("sound", Result(reader, path));
            using ManualResetEventSlim begun = new();
            bool isLate = false;
            Task writer = Task.Run(() =>
            {
                using FileStream file = new(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
                Change(8);

                // The last that a reader begins while this is false has read the half long before there is a whole.
                Volatile.Write(ref isLate, true);
                Change(12);
                file.Write(sound);

                void Change(int milliseconds)
                {
                    Stopwatch watch = Stopwatch.StartNew();
                    for (int i = 0; watch.ElapsedMilliseconds < milliseconds; i++)
                    {
                        file.SetLength(half + (i % 1000));
                        begun.Set();
                    }
                }
            });
            begun.Wait();
            bool hasWaited = false;
            while (!hasWaited && !Volatile.Read(ref isLate))
            {
                hasWaited = Result(reader, path) == "sound";
            }

            await writer;
            if (hasWaited)
            {
                return;
            }
        }

        Assert.Fail("The reader never waited.");
    }

    [Fact]
    public async Task Readers_see_no_damage_while_somebody_writes()
    {
        using TempFolder folder = new();
        string path = Create(folder["a.vhdx"], size: 64 * MiB, block: MiB);
        HashSet<string> seen = [];
        using CancellationTokenSource stop = new(TimeSpan.FromSeconds(3));

        // Blocks come and go at the end of the file, and so does the end of the file. With GUIDs that are new each time: an old log must not
        // look like one of today.
        Task writer = Task.Factory.StartNew(
            () =>
            {
                byte[] data = RandomBytes(new(1), (int)(4 * MiB));
                while (!stop.IsCancellationRequested)
                {
                    using (DiskChain disk = DiskChain.OpenWrite(path, Guid.NewGuid))
                    {
                        disk.Write(8 * MiB, data);
                        disk.Flush();
                        disk.Trim(8 * MiB, data.Length);
                    }

                    ImageOptimizer.Optimize(path, Guid.NewGuid);
                }
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default);
        while (!stop.IsCancellationRequested)
        {
            foreach (string reader in s_readers.Keys)
            {
                seen.Add(Result(reader, path));
            }
        }

        await writer;
        Assert.Equal(["sound"], seen);
        Assert.Empty(Faults(path));
    }

    private static string Result(string reader, string path)
    {
        try
        {
            return s_readers[reader](path);
        }
        catch (VhdxException exception)
        {
            return exception.Message;
        }
    }

    private static string Worst(IEnumerable<VhdxFinding> findings) =>
        findings.FirstOrDefault(finding => finding.Severity == FindingSeverity.Error)?.ToString() ?? "sound";
}
