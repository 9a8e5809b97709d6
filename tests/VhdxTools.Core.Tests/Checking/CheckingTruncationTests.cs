using System.Collections.Generic;
using System.Linq;
using Xunit;
using static VhdxTools.Core.Tests.Checking.CheckingImage;

namespace VhdxTools.Core.Tests.Checking;

/// <summary>Files that end inside a structure: what is lost is told, and what is not there is not read as zeros.</summary>
public class CheckingTruncationTests
{
    [Fact]
    public void Inside_the_first_region_table()
    {
        VhdxFinding finding = Cut(Table1 + 20, ["VX102", "VX102", "VX907"])[0];

        Assert.Equal("Neither region table is valid: the file ends before table 1 does; the file ends before table 2 does.", finding.Message);
        Assert.Equal(RepairMethod.Salvage, finding.Repair);
    }

    [Fact]
    public void Inside_the_second_region_table()
    {
        VhdxFinding finding = Cut(Table2 + 8, ["VX102", "VX102", "VX102", "VX102", "VX907"])[0];

        Assert.Equal("VX102 Warning at 0x40000 long 0x10000 item [Region table 2]", CheckingCase.Describe(finding));
    }

    [Fact]
    public void Before_the_second_header()
    {
        Assert.Equal("Only header 1 is valid: the file ends before header 2 does.", Cut(Header2, ["VX308", "VX102", "VX102", "VX907"])[0].Message);
    }

    [Fact]
    public void Inside_the_head_of_the_metadata_table()
    {
        List<VhdxFinding> findings = Cut(Metadata + 20, ["VX102", "VX102", "VX907"]);

        Assert.Equal("The file ends before the Metadata region does: the last 1048556 of its 1048576 bytes are lost.", findings[0].Message);
        Assert.Equal("The file ends before the BAT region does: all of it is lost.", findings[1].Message);
    }

    [Fact]
    public void Inside_the_entries_of_the_metadata_table()
    {
        Assert.Equal(
            "The file ends inside the metadata table: 4 of its 5 entries are lost.",
            Cut(ItemEntry(1) + 31, ["VX102", "VX102", "VX102", "VX102", "VX907"])[1].Message);
    }

    [Fact]
    public void Inside_the_metadata_items()
    {
        // Half of the size is there, and all before it; a size of zero would be another finding.
        Assert.Equal(
            "The file ends before its metadata items do; lost are Virtual Disk Size, Logical Sector Size, Physical Sector Size, Virtual Disk ID.",
            Cut(DiskSize + 4, ["VX102", "VX102", "VX102", "VX907"])[1].Message);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    public void Inside_the_BAT(int extra)
    {
        // Three entries are there; what there is of the fourth is as good as nothing.
        VhdxFinding finding = Cut(Bat + 24 + extra, ["VX102", "VX608", "VX907"])[0];

        Assert.EndsWith("; lost are the entries of payload blocks 3-15, bytes 0x300000 to 0x1000000 of the disk.", finding.Message, System.StringComparison.Ordinal);
        Assert.Equal((3, 13, 3 * MiB, 13 * MiB), (finding.Block, finding.BlockCount, finding.VirtualOffset, finding.VirtualLength));
    }

    [Fact]
    public void Behind_the_entries_that_the_disk_needs()
    {
        Assert.EndsWith("; none of the entries that the disk needs is lost.", Cut(Bat + 128, ["VX102", "VX608", "VX907"])[0].Message, System.StringComparison.Ordinal);
    }

    [Fact]
    public void A_partial_block_whose_bitmaps_entry_is_cut_off_is_not_blamed()
    {
        using CheckingFolder folder = new();
        CheckingImage image = CheckingRuleCases.LargeChild(folder).Entry(0, 7, 4);
        image.Length = Bat + 8;

        Assert.Equal(["VX102", "VX608", "VX907"], image.Check(skipParent: true).Select(finding => finding.RuleId));
    }

    private static List<VhdxFinding> Cut(long length, string[] ids)
    {
        using CheckingFolder folder = new();
        CheckingImage image = CheckingRuleCases.New(folder).Map(16);
        image.Length = length;
        List<VhdxFinding> findings = image.Check();
        Assert.Equal(ids, findings.Select(finding => finding.RuleId));
        return findings;
    }
}
