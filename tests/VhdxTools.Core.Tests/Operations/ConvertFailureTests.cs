using System;
using System.IO;
using System.Linq;
using System.Threading;
using VhdxTools.Core.Tests.Disks;
using VhdxTools.Core.Tests.Support;
using VhdxTools.IO;
using Xunit;
using static VhdxTools.Core.Tests.Operations.Conversions;

namespace VhdxTools.Core.Tests.Operations;

/// <summary>A conversion that fails or is stopped leaves nothing new behind and changes nothing.</summary>
public class ConvertFailureTests
{
    private const int Length = 6 * MiB;

    public static TheoryData<string, VhdType, Preallocation?, bool> Targets => new()
    {
        { "b.vhdx", VhdType.Dynamic, null, false },
        { "b.vhdx", VhdType.Dynamic, null, true },
        { "b.vhdx", VhdType.Fixed, Preallocation.None, false },
        { "b.vhdx", VhdType.Fixed, Preallocation.Full, true },
        { "b.vhdx", VhdType.Differencing, null, true },
        { "b.vhd", VhdType.Dynamic, null, false },
        { "b.vhd", VhdType.Fixed, Preallocation.Full, true },
        { "b.img", VhdType.Fixed, null, true },
        { "b.img", VhdType.Fixed, Preallocation.Full, false },
    };

    [Theory]
    [MemberData(nameof(Targets))]
    public void Whichever_call_fails_the_folder_stays_as_it_was(string name, VhdType type, Preallocation? preallocation, bool exists) =>
        Fail(name, type, preallocation, exists, isParallel: false);

    [Theory]
    [InlineData("b.vhdx", VhdType.Dynamic)]
    [InlineData("b.vhdx", VhdType.Fixed)]
    [InlineData("b.vhd", VhdType.Fixed)]
    [InlineData("b.img", VhdType.Fixed)]
    public void Whichever_call_fails_of_several_under_way_the_folder_stays_as_it_was(string name, VhdType type) =>
        Fail(name, type, preallocation: null, exists: true, isParallel: true);

    [Theory]
    [MemberData(nameof(Targets))]
    public void Whenever_it_is_stopped_the_folder_stays_as_it_was(string name, VhdType type, Preallocation? preallocation, bool exists)
    {
        for (int stop = 0; stop <= 3; stop++)
        {
            using TempFolder folder = Prepared(name, exists);
            string[] before = State(folder);
            using CancellationTokenSource source = new();
            int left = stop;
            if (left == 0)
            {
                source.Cancel();
            }

            Assert.ThrowsAny<OperationCanceledException>(() => Run(folder, name, type, preallocation, exists, progress: (_, _) =>
            {
                if (--left == 0)
                {
                    source.Cancel();
                }
            }, cancellation: source.Token));
            Assert.Equal(before, State(folder));
        }
    }

    [Theory]
    [MemberData(nameof(Targets))]
    public void Whichever_call_is_under_way_when_it_is_stopped_the_folder_stays_as_it_was(string name, VhdType type, Preallocation? preallocation, bool exists)
    {
        int calls = CountCalls(name, type, preallocation);
        for (int last = 1; last <= calls; last++)
        {
            using TempFolder folder = Prepared(name, exists);
            string[] before = State(folder);
            using CancellationTokenSource source = new();
            int at = last;
            Assert.ThrowsAny<OperationCanceledException>(() => Run(folder, name, type, preallocation, exists, cancellation: source.Token, wrap: file => new WatchedFile(file, call =>
            {
                if (call == at)
                {
                    source.Cancel();
                }
            })));
            Assert.Equal(before, State(folder));
        }
    }

    [Fact]
    public void A_damaged_block_of_the_source_is_an_error_and_leaves_nothing()
    {
        using TempFolder folder = new();
        string source = EngineImages.Create(folder["a.vhdx"], size: 8 * MiB, block: MiB);
        EngineImages.Patch(source, (3 * MiB) + 8, Bytes.U64((500UL << 20) | 6));

        VhdxException failure = Assert.Throws<VhdxException>(() => Convert(source, folder["b.vhdx"]));

        Assert.StartsWith("VX6", failure.Id, StringComparison.Ordinal);
        Assert.Equal(["a.vhdx"], folder.Names);
    }

    [Fact]
    public void Progress_counts_to_the_end_of_the_disk()
    {
        using TempFolder folder = Prepared("b.vhdx", exists: false);
        long last = 0;
        Convert(folder["a.img"], folder["b.vhdx"], progress: (done, total) =>
        {
            Assert.Equal(Length, total);
            Assert.InRange(done, last, total);
            last = done;
        });
        Assert.Equal(Length, last);
    }

    private static void Fail(string name, VhdType type, Preallocation? preallocation, bool exists, bool isParallel)
    {
        int calls = CountCalls(name, type, preallocation);
        for (int failing = 1; failing <= calls; failing++)
        {
            using TempFolder folder = Prepared(name, exists);
            string[] before = State(folder);
            int at = failing;
            VhdxException failure = Assert.Throws<VhdxException>(() => Run(folder, name, type, preallocation, exists, wrap: file =>
            {
                FaultyFile faulty = new(file, at);
                return isParallel ? new SlowFile(faulty, at) : faulty;
            }));
            Assert.Equal(ErrorIds.DiskFull, failure.Id);
            Assert.Equal(before, State(folder));
        }
    }

    private static int CountCalls(string name, VhdType type, Preallocation? preallocation)
    {
        FaultyFile? counter = null;
        using TempFolder folder = Prepared(name, exists: false);
        Run(folder, name, type, preallocation, replace: false, wrap: file => counter = new(file, failingCall: 0));
        Assert.True(counter!.Calls >= 3);
        return counter.Calls;
    }

    private static TempFolder Prepared(string name, bool exists)
    {
        TempFolder folder = new();
        File.WriteAllBytes(folder["a.img"], Model(Length));
        EngineImages.Create(folder["parent.vhdx"], size: Length, block: MiB);
        if (exists)
        {
            File.WriteAllText(folder[name], "old");
        }

        return folder;
    }

    private static string[] State(TempFolder folder) => [.. folder.Names.Select(name => $"{name} {EngineImages.Hash(folder[name])} {File.GetLastWriteTimeUtc(folder[name]).Ticks}")];

    private static void Run(
        TempFolder folder,
        string name,
        VhdType type,
        Preallocation? preallocation,
        bool replace,
        Func<IRandomAccessFile, IRandomAccessFile>? wrap = null,
        Action<long, long>? progress = null,
        CancellationToken cancellation = default) => Convert(
            folder["a.img"],
            folder[name],
            options => options with
            {
                Type = type,
                Preallocation = preallocation ?? (type == VhdType.Fixed ? Preallocation.None : null),
                Replace = replace,
                ParentPath = type == VhdType.Differencing ? folder["parent.vhdx"] : null,
            },
            wrap: wrap,
            progress: progress,
            cancellation: cancellation);
}
