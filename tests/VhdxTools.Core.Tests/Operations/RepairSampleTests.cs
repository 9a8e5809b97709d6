using System.IO;
using VhdxTools.Core.Tests.Support;
using VhdxTools.Disks;
using Xunit;

namespace VhdxTools.Core.Tests.Operations;

/// <summary>Dirty logs of real programs: the repaired disk is the one that qemu-img makes of it.</summary>
public class RepairSampleTests
{
    [SkippableTheory]
    [InlineData("iotest-dirtylog-10G-4M.vhdx")]
    [InlineData("vhdx-log-replay.vhdx")]
    public void A_dirty_log_is_replayed_to_what_qemu_makes_of_it(string name)
    {
        using TempFolder folder = new();
        string path = Samples.Unpack(name, folder);
        string peer = folder["peer.vhdx"];
        File.Copy(path, peer);
        Skip.If(Tool.Run("qemu-img", "check", "-r", "all", peer) is null, "There is no qemu-img to compare with.");

        VhdxRepairResult result = RepairRun.Repair(path);

        Assert.True(result.Changed);
        Assert.Contains(result.Actions, action => action.RuleId == "VX503");
        Assert.DoesNotContain("VX503", RepairRun.Ids(result.After));
        Assert.True(result.IsSound);
        Assert.False(RepairRun.Repair(path).Changed);
        Assert.NotNull(Tool.Run("qemu-img", "check", path));
        Assert.NotNull(Tool.Run("qemu-img", "compare", path, peer));

        // BAT, metadata and blocks have the very same bytes where the repair had nothing of its own to do.
        using DiskChain ours = DiskChain.OpenRead(path);
        using DiskChain theirs = DiskChain.OpenRead(peer);
        VhdxTools.Layout.FileRange bat = ours.Layers[0].Image.BatRegion!.Value;
        Assert.Equal(theirs.Layers[0].Image.BatRegion, bat);
        byte[] one = new byte[bat.Length];
        byte[] two = new byte[bat.Length];
        ours.Layers[0].Image.Raw.Read(bat.Offset, one);
        theirs.Layers[0].Image.Raw.Read(bat.Offset, two);
        Assert.Equal(two, one);
    }
}
