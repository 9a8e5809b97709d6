using System;
using System.IO;
using VhdxTools.Core.Tests.Disks;
using VhdxTools.Core.Tests.Support;
using VhdxTools.Disks;
using VhdxTools.Operations;
using Xunit;
using static VhdxTools.Core.Tests.Disks.EngineImages;

namespace VhdxTools.Core.Tests.Operations;

/// <summary>Whoever changes an image looks at the whole BAT first: an entry without meaning may be that of somebody's data.</summary>
public class DamagedTableTests
{
    private const int Blocks = 12;
    private const long Bat = 3 * MiB;

    public static TheoryData<string, string, string> Cases()
    {
        TheoryData<string, string, string> cases = [];
        foreach (string verb in new[] { "optimize", "merge", "grow", "shrink", "set", "write" })
        {
            cases.Add(verb, "VX602", "state 4");
            cases.Add(verb, "VX602", "state 5 last");
            cases.Add(verb, "VX604", "partial");
            cases.Add(verb, "VX608", "beyond");
            cases.Add(verb, "VX608", "half beyond");
            cases.Add(verb, "VX607", "header");
            cases.Add(verb, "VX609", "twice");
        }

        foreach (string verb in new[] { "optimize", "grow", "shrink", "set", "write" })
        {
            cases.Add(verb, "VX606", "child without bitmap");
            cases.Add(verb, "VX606", "child with odd bitmap");
            cases.Add(verb, "VX602", "child with odd bitmap that nobody needs");
        }

        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_verb_that_writes_refuses_a_damaged_table_and_changes_nothing(string verb, string rule, string damage)
    {
        using EngineFolder folder = new();
        string? parent = damage.StartsWith("child", StringComparison.Ordinal) ? Create(folder["p.vhdx"], size: Blocks * MiB, block: MiB) : null;
        string path = Create(folder["a.vhdx"], size: parent is null ? Blocks * MiB : null, block: MiB, parent: parent);
        using (DiskChain disk = DiskChain.OpenWrite(path, Guids(1)))
        {
            // Zeros that could be given up at once, and data that must not go.
            disk.Write(0, Bytes.Pattern(3, (int)MiB));
            disk.Write(0, new byte[MiB - 512]);
            disk.Write(MiB - 512, new byte[512]);
            disk.Write(MiB, Bytes.Pattern(1, (int)(3 * MiB)));
            if (!damage.EndsWith("needs", StringComparison.Ordinal))
            {
                disk.Write(10 * MiB, Bytes.Pattern(1, parent is null ? (int)(2 * MiB) : 4096));
            }
        }

        string child = verb == "merge" ? Create(folder["c.vhdx"], block: MiB, parent: path) : path;
        if (verb == "merge")
        {
            using DiskChain disk = DiskChain.OpenWrite(child, Guids(2));
            disk.Write(5 * MiB, Bytes.Pattern(8, (int)MiB));
        }

        ulong entry = new EngineOracle(path).PayloadEntry(10);
        switch (damage)
        {
            case "state 4":
                Set(2, (new EngineOracle(path).PayloadEntry(2) & ~7UL) | 4);
                break;
            case "state 5 last":
                Set(11, (new EngineOracle(path).PayloadEntry(11) & ~7UL) | 5);
                break;
            case "partial":
                Set(10, (entry & ~7UL) | 7);
                break;
            case "beyond":
                Set(10, (5000UL << 20) | 6);
                break;
            case "half beyond":
                // The end of the file, if not that of its blocks, lies in the last one.
                ulong last = new EngineOracle(path).PayloadEntry(11);
                using (FileStream stream = new(path, FileMode.Open, FileAccess.Write))
                {
                    stream.SetLength((long)(last & ~7UL) + 4096);
                }

                break;
            case "header":
                Set(10, 6);
                break;
            case "twice":
                Set(10, new EngineOracle(path).PayloadEntry(1));
                break;
            case "child without bitmap":
                Set(4096, 0);
                break;
            default:
                Set(4096, 3);
                break;
        }

        string[] before = [Hash(path), Hash(child)];
        VhdxException exception = Assert.Throws<VhdxException>(() => Run(verb, child, path));
        Assert.Equal(rule, exception.Id);
        Assert.Contains(path, exception.Message, StringComparison.Ordinal);
        Assert.Equal(before, new[] { Hash(path), Hash(child) });

        void Set(int index, ulong value) => Patch(path, Bat + (8 * index), BitConverter.GetBytes(value));
    }

    [Theory]
    [InlineData("optimize")]
    [InlineData("set")]
    [InlineData("write")]
    public void A_sector_bitmap_without_a_parent_forbids_writing(string verb)
    {
        using EngineFolder folder = new();
        string path = Create(folder["a.vhdx"], size: 5000 * MiB, block: MiB);
        using (FileStream stream = new(path, FileMode.Open, FileAccess.Write))
        {
            stream.SetLength(5 * MiB);
        }

        Patch(path, Bat + (8 * 4096), BitConverter.GetBytes((4UL << 20) | 6));
        string before = Hash(path);
        Assert.Equal("VX605", Assert.Throws<VhdxException>(() => Run(verb, path, path)).Id);
        Assert.Equal(before, Hash(path));
    }

    private static void Run(string verb, string tip, string path)
    {
        switch (verb)
        {
            case "optimize":
                ImageOptimizer.Optimize(path, Guids(5));
                break;
            case "merge":
                ImageMerger.Merge(MergePlanner.Plan(tip, null, _ => { }, default), Guids(5));
                break;
            case "grow":
                ImageResizer.Resize(ResizePlanner.Plan(path, new() { SizeBytes = (ulong)(20 * MiB) }, _ => { }, default), Guids(5));
                break;
            case "shrink":
                ImageResizer.Resize(ResizePlanner.Plan(path, new() { SizeBytes = (ulong)(3 * MiB), Force = true }, _ => { }, default), Guids(5));
                break;
            case "set":
                ImageSetter.Apply(path, new() { DiskIdentifier = Guids(6)() }, Guids(5));
                break;
            default:
                using (DiskChain disk = DiskChain.OpenWrite(path, Guids(5)))
                {
                    disk.Write(6 * MiB, Bytes.Pattern(1, 4096));
                }

                break;
        }
    }
}
