using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using VhdxTools.Core.Tests.Support;
using VhdxTools.Layout;
using VhdxTools.Operations;
using Xunit;

namespace VhdxTools.Core.Tests.Operations;

/// <summary>Law 5: a failed or stopped creation leaves nothing new behind and nothing old changed.</summary>
public class CreationFailureTests
{
    private const string Name = "a.vhdx";

    public static TheoryData<VhdType, Preallocation?, bool> Kinds => new()
    {
        { VhdType.Dynamic, null, false },
        { VhdType.Dynamic, null, true },
        { VhdType.Fixed, Preallocation.Reserve, false },
        { VhdType.Fixed, Preallocation.None, true },
        { VhdType.Fixed, Preallocation.Full, true },
    };

    [SkippableTheory]
    [MemberData(nameof(Kinds))]
    public void Whichever_call_fails_the_folder_stays_as_it_was(VhdType type, Preallocation? preallocation, bool exists)
    {
        LayoutPlan plan = Plan(type, preallocation);
        int calls = CountCalls(plan);
        Assert.True(calls >= 8);
        for (int failing = 1; failing <= calls; failing++)
        {
            using TempFolder folder = Prepared(exists);
            VhdxException exception = Assert.Throws<VhdxException>(() => ImageCreator.Create(plan, folder[Name], exists, "1", wrap: file => new FaultyFile(file, failing)));

            Assert.Equal(ErrorIds.DiskFull, exception.Id);
            CheckUnchanged(folder, exists);
        }
    }

    [SkippableTheory]
    [MemberData(nameof(Kinds))]
    public void Whenever_it_is_stopped_the_folder_stays_as_it_was(VhdType type, Preallocation? preallocation, bool exists)
    {
        LayoutPlan plan = Plan(type, preallocation);
        CountCalls(plan);
        int reports = 0;
        using (TempFolder folder = new())
        {
            ImageCreator.Create(plan, folder[Name], false, "1", (_, _) => reports++);
        }

        for (int stop = 0; stop <= reports; stop++)
        {
            using TempFolder folder = Prepared(exists);
            using CancellationTokenSource source = new();
            int seen = 0;
            if (stop == 0)
            {
                source.Cancel();
            }

            Assert.ThrowsAny<OperationCanceledException>(() => ImageCreator.Create(
                plan,
                folder[Name],
                exists,
                "1",
                (_, _) =>
                {
                    if (++seen == stop)
                    {
                        source.Cancel();
                    }
                },
                cancellation: source.Token));
            CheckUnchanged(folder, exists);
        }
    }

    [SkippableTheory]
    [MemberData(nameof(Kinds))]
    public void Whichever_call_is_under_way_when_it_is_stopped_the_folder_stays_as_it_was(VhdType type, Preallocation? preallocation, bool exists)
    {
        LayoutPlan plan = Plan(type, preallocation);
        int calls = CountCalls(plan);
        for (int last = 1; last <= calls; last++)
        {
            using TempFolder folder = Prepared(exists);
            using CancellationTokenSource source = new();
            int at = last;
            Assert.ThrowsAny<OperationCanceledException>(() => ImageCreator.Create(
                plan,
                folder[Name],
                exists,
                "1",
                wrap: file => new WatchedFile(file, call =>
                {
                    if (call == at)
                    {
                        source.Cancel();
                    }
                }),
                cancellation: source.Token));
            CheckUnchanged(folder, exists);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    public void A_file_that_another_makes_meanwhile_stays(int atCall)
    {
        using TempFolder folder = new();
        VhdxException exception = Assert.Throws<VhdxException>(() => ImageCreator.Create(
            Plan(VhdType.Dynamic, null), folder[Name], false, "1", wrap: file => new WatchedFile(file, call =>
            {
                if (call == atCall)
                {
                    File.WriteAllText(folder[Name], "theirs");
                }
            })));

        Assert.Equal((ErrorIds.FileExists, ErrorKind.AlreadyExists), (exception.Id, exception.Kind));
        Assert.Equal("theirs", File.ReadAllText(folder[Name]));
        Assert.Equal([Name], folder.Names);
    }

    [Fact]
    public void A_folder_that_takes_the_name_meanwhile_stays()
    {
        using TempFolder folder = new();
        Assert.Throws<VhdxException>(() => ImageCreator.Create(
            Plan(VhdType.Dynamic, null), folder[Name], true, "1", wrap: file => new WatchedFile(file, call => Directory.CreateDirectory(folder[Name]))));

        Assert.Equal([Name], folder.Names);
        Assert.True(Directory.Exists(folder[Name]));
    }

    [Fact]
    public void What_is_there_under_the_temporary_name_stays()
    {
        using TempFolder folder = new();
        File.WriteAllText(folder[".vhdxtools-1.tmp"], "theirs");
        VhdxException exception = Assert.Throws<VhdxException>(() => ImageCreator.Create(Plan(VhdType.Dynamic, null), folder[Name], false, "1"));

        Assert.Equal(ErrorIds.FileExists, exception.Id);
        Assert.Equal("theirs", File.ReadAllText(folder[".vhdxtools-1.tmp"]));
    }

    [Fact]
    public void Success_is_flushed_before_the_name_appears()
    {
        using TempFolder folder = new();
        List<string> events = [];
        ImageCreator.Create(
            Plan(VhdType.Dynamic, null), folder[Name], false, "1", wrap: file => new WatchedFile(file, _ => { }, name => events.Add($"{name} {File.Exists(folder[Name])}")));

        Assert.Equal("Flush False", events[^1]);
        Assert.Equal([Name], folder.Names);
    }

    private static LayoutPlan Plan(VhdType type, Preallocation? preallocation) => LayoutPlanner.Plan(TestIds.Options(type, 9 << 20) with
    {
        BlockSizeBytes = 1 << 20,
        Preallocation = preallocation,
        BlockState = type == VhdType.Dynamic ? InitialBlockState.Zero : null,
    });

    private static int CountCalls(LayoutPlan plan)
    {
        using TempFolder folder = new();
        FaultyFile? counter = null;
        try
        {
            ImageCreator.Create(plan, folder[Name], false, "1", wrap: file => counter = new FaultyFile(file, -1));
        }
        catch (VhdxException exception) when (exception.Id == ErrorIds.ReserveNotSupported)
        {
            Skip.If(true, "The file system of the temporary folder cannot reserve space.");
        }

        return counter!.Calls;
    }

    private static TempFolder Prepared(bool exists)
    {
        TempFolder folder = new();
        File.WriteAllText(folder["other"], "other");
        if (exists)
        {
            File.WriteAllText(folder[Name], "old");
        }

        return folder;
    }

    private static void CheckUnchanged(TempFolder folder, bool exists)
    {
        Assert.Equal(exists ? [Name, "other"] : ["other"], folder.Names.AsEnumerable());
        Assert.True(!exists || File.ReadAllText(folder[Name]) == "old");
        Assert.Equal("other", File.ReadAllText(folder["other"]));
    }
}
