using System;
using System.IO;
using System.Linq;
using VhdxTools.Core.Tests.Disks;
using VhdxTools.Core.Tests.Support;
using VhdxTools.Operations;
using Xunit;
using static VhdxTools.Core.Tests.Disks.EngineImages;

namespace VhdxTools.Core.Tests.Operations;

/// <summary>Operations have their buffers from each other, but never at once.</summary>
public class BufferUseTests
{
    private const int Length = (int)(16 * MiB);

    [Theory]
    [InlineData("b.vhdx", VhdType.Dynamic)]
    [InlineData("b.vhdx", VhdType.Fixed)]
    [InlineData("b.vhd", VhdType.Fixed)]
    [InlineData("b.img", VhdType.Fixed)]
    public void Whatever_fails_nobody_gets_the_memory_of_a_write_that_is_under_way(string name, VhdType type)
    {
        byte[] model = Bytes.Pattern(7, Length);
        using TempFolder folder = new();
        using Scribbler scribbler = new();
        File.WriteAllBytes(folder["a.img"], model);
        int behind = 0;
        bool hasFailed = true;
        for (int failing = 5; hasFailed; failing += 3)
        {
            SlowFile? slow = null;
            hasFailed = Fails(() => Conversions.Convert(
                folder["a.img"],
                folder[name],
                options => options with { Type = type, Preallocation = type == VhdType.Fixed ? Preallocation.None : null },
                wrap: file => slow = new(new FaultyFile(file, failing), failing)));
            Assert.False(slow!.HasLostBytes);
            behind += slow.WritesBehind;
        }

        Assert.True(behind > 20);
        Assert.True(model.AsSpan().SequenceEqual(Conversions.ReadBack(Path.GetExtension(name) switch { ".vhdx" => VhdFormat.VHDX, ".vhd" => VhdFormat.VHD, _ => VhdFormat.Raw }, folder[name])));
    }

    [Fact]
    public void Whatever_fails_of_a_merge_nobody_gets_the_memory_of_a_write_that_is_under_way()
    {
        using EngineFolder folder = new();
        using Scribbler scribbler = new();
        string parent = Create(folder["parent.vhdx"], VhdType.Fixed, size: Length, block: MiB);
        string child = Create(folder["child.vhdx"], block: MiB, parent: parent);
        byte[] model = SetterFiles.Fill(child, 5);
        int behind = 0;
        bool hasFailed = true;
        for (int failing = 5; hasFailed; failing += 3)
        {
            SlowFile? slow = null;
            hasFailed = Fails(() => ImageMerger.Merge(MergePlanner.Plan(child, null, _ => { }, default), Guids(failing), wrap: file =>
            {
                if (file.Name != parent)
                {
                    return file;
                }

                return slow = new(new EngineFaultyFile(file, failing, partly: false), failing);
            }));
            Assert.False(slow!.HasLostBytes);
            behind += slow.WritesBehind;
        }

        Assert.True(behind > 20);
        SetterFiles.Verify(parent, model);
    }

    private static bool Fails(Action work)
    {
        try
        {
            work();
            return false;
        }
        catch (VhdxException)
        {
            return true;
        }
    }
}
