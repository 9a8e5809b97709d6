using System.Collections.Generic;
using System.Linq;
using VhdxTools.Checking;
using Xunit;
using static VhdxTools.Core.Tests.Checking.CheckingImage;
using static VhdxTools.Core.Tests.Checking.CheckingRuleCases;

namespace VhdxTools.Core.Tests.Checking;

/// <summary>The damages that users meet, most of which other checkers pass: what is found, and what the Boolean says.</summary>
public class CheckingAcceptanceTests
{
    private static readonly (bool IsSound, CheckingCase Case)[] s_table =
    [
        (true, new("header copy bad", folder => Good(folder).Write(Header1 + 100, 1u), "VX302 Warning")),
        (false, new("both headers bad", folder => Good(folder).Write(Header1 + 100, 1u).Write(Header2 + 100, 1u), "VX303 Error")),
        (true, new("region copy 1 bad", folder => Good(folder).Write(Table1 + 20, 1u), "VX402 Warning")),
        (true, new("region copy 2 bad", folder => Good(folder).Write(Table2 + 20, 1u), "VX402 Warning")),
        (false, new("two entries one block", folder => Good(folder).Entry(9, 6, 5), "VX609 Error")),
        (false, new("partly overlapping blocks", folder => Wide(folder).Entry(2, 6, 5), "VX609 Error")),
        (false, new("block in the header section", folder => Good(folder).Entry(9, 6, 0), "VX607 Error")),
        (false, new("block over the log", folder => Good(folder).Entry(9, 6, 1), "VX610 Error")),
        (false, new("block past the end", folder => Good(folder).Entry(9, 6, 8), "VX608 Error")),
        (true, new("reserved bits", folder => Good(folder).Entry(1, 6, 5, reserved: 0x1FFFF), "VX603 Note")),
        (false, new("state 4", folder => Good(folder).Entry(9, 4), "VX602 Error")),
        (false, new("state 5", folder => Good(folder).Entry(9, 5), "VX602 Error")),
        (false, new("state 7 without parent", folder => Good(folder).Entry(1, 7, 5), "VX604 Error")),
        (true, new("leaked block", folder => Good(folder).Entry(1, 0), "VX611 Note")),
        (true, new("disk identifier zero", folder => Good(folder).Write(DiskId, System.Guid.Empty), "VX714 Warning")),
        (false, new("size no multiple of the sector", folder => Good(folder).Write(DiskSize, (ulong)(16 * MiB) - 100), "VX711 Error")),
        (false, new("HasParent without locator", folder => Good(folder).Write(FileParameters + 4, 2u), "VX713 Error")),
        (false, new("LogGuid without entries", folder => Good(folder).Current(header => Set(header, LogGuid, Unknown)), "VX501 Error")),
        (false, new("truncated file", folder => With(Good(folder), image => image.Length = 6 * MiB), "VX608 Error")),
    ];

    public static TheoryData<int, string> Table
    {
        get
        {
            TheoryData<int, string> data = [];
            for (int i = 0; i < s_table.Length; i++)
            {
                data.Add(i, s_table[i].Case.Name);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Table))]
    public void A_damage_is_named(int index, string damage)
    {
        (bool isSound, CheckingCase test) = s_table[index];
        using CheckingFolder folder = new();
        string path = test.Build(folder).Path;

        List<VhdxFinding> findings = Check(path);

        Assert.Equal(damage, test.Name);
        Assert.Equal(test.Findings, findings.Select(finding => $"{finding.RuleId} {finding.Severity}"));
        Assert.Equal(isSound, !new Checker(skipParent: false).Check(path).Any(finding => finding.Severity == FindingSeverity.Error));
    }

    [Fact]
    public void The_undamaged_image_has_no_finding()
    {
        using CheckingFolder folder = new();

        Assert.Empty(Good(folder).Check());
    }

    [Fact]
    public void A_truncated_file_names_its_lost_blocks_and_their_range()
    {
        // Cut in the middle of block 2 of 4: half of it and block 3 are lost.
        using CheckingFolder folder = new();
        CheckingImage image = Good(folder);
        image.Length = (6 * MiB) + (512 * KiB);

        List<VhdxFinding> findings = image.Check();

        Assert.Equal(
            [
                "VX608 Error at 0x600000 long 0x100000 block 2 x1 disk 0x280000+0x80000 expected [the end at or before 0x680000] actual [0x600000 to 0x700000]",
                "VX608 Error at 0x700000 long 0x100000 block 3 x1 disk 0x300000+0x100000 expected [the end at or before 0x680000] actual [0x700000 to 0x800000]",
                "VX907 Note actual [6815744 bytes]",
            ],
            findings.Select(CheckingCase.Describe));
        Assert.Equal("Payload block 2 lies partly beyond the end of the file, so the last 524288 of its 1048576 bytes are lost; bytes 0x280000 to 0x300000 of the disk.", findings[0].Message);
        Assert.Equal("Payload block 3 lies beyond the end of the file, so its data is lost; bytes 0x300000 to 0x400000 of the disk.", findings[1].Message);
    }

    [Fact]
    public void Colliding_blocks_are_both_named()
    {
        using CheckingFolder folder = new();

        Assert.Equal(
            "Payload block 9 shares file space with payload block 1; bytes 0x900000 to 0xA00000 of the disk.",
            Assert.Single(Good(folder).Entry(9, 6, 5).Check()).Message);
    }

    /// <summary>Blocks 0 to 3 of 16 lie from 4 MiB on.</summary>
    private static CheckingImage Good(CheckingFolder folder) => New(folder).Map(4);

    /// <summary>Blocks of 2 MiB: 0 at 4 MiB, and room for one more.</summary>
    private static CheckingImage Wide(CheckingFolder folder)
    {
        CheckingImage image = Create(folder["image.vhdx"], blockSize: 2 * MiB).Map(1, 2 * MiB);
        image.Length += MiB;
        return image;
    }
}
