using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Xunit;
using static VhdxTools.Core.Tests.Checking.CheckingImage;

namespace VhdxTools.Core.Tests.Checking;

/// <summary>Links between children and parents.</summary>
[Collection(CheckingMeasure.Name)]
public class CheckingChainTests
{
    private const string RelativePath = "relative_path";
    private const string Linkage1 = "parent_linkage";

    [Fact]
    public void A_missing_parent_names_every_path_that_was_tried()
    {
        using CheckingFolder folder = new();
        CheckingImage child = CheckingRuleCases.Child(folder).SetLocator(
            (Linkage1, Unknown.ToString("B")),
            ("absolute_win32_path", @"Q:\images\base.vhdx"),
            (RelativePath, @"..\gone\base 'one'.vhdx"),
            ("volume_path", @"\\?\Volume{26a21bda-a627-11d7-9931-806e6f6e6963}\base.vhdx"));

        VhdxFinding finding = Assert.Single(child.Check());

        Assert.Equal("VX804", finding.RuleId);
        Assert.Equal(child.Path, finding.File);
        string tried = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(child.Path)!, "..", "gone", "base 'one'.vhdx"));
        int relative = finding.Message.IndexOf($@"relative_path '..\gone\base 'one'.vhdx' (tried '{tried}')", StringComparison.Ordinal);
        int volume = finding.Message.IndexOf(@"volume_path '\\?\Volume{26a21bda-a627-11d7-9931-806e6f6e6963}\base.vhdx'", StringComparison.Ordinal);
        int absolute = finding.Message.IndexOf(@"absolute_win32_path 'Q:\images\base.vhdx'", StringComparison.Ordinal);
        Assert.True(relative > 0 && relative < volume && volume < absolute, finding.Message);
    }

    [Fact]
    public void A_mismatch_gives_both_GUIDs()
    {
        using CheckingFolder folder = new();
        CheckingImage child = CheckingRuleCases.Child(folder);
        string before = CheckingRuleCases.Parent(folder).Linkage.Trim('{', '}');
        CheckingRuleCases.Parent(folder).Current(header => Set(header, DataWriteGuid, Unknown));

        VhdxFinding finding = Assert.Single(child.Check());

        Assert.Equal("VX805", finding.RuleId);
        Assert.Equal($"DataWriteGuid {before}", finding.Expected);
        Assert.Equal($"DataWriteGuid {Unknown}", finding.Actual);
    }

    [Fact]
    public void A_second_linkage_is_accepted()
    {
        using CheckingFolder folder = new();
        CheckingImage child = CheckingRuleCases.Child(folder);
        string linkage = CheckingRuleCases.Parent(folder).Linkage;

        Assert.Empty(child.SetLocator((Linkage1, Unknown.ToString("B")), ("parent_linkage2", linkage), (RelativePath, @".\parent.vhdx")).Check());
        Assert.Empty(child.SetLocator((Linkage1, linkage), ("parent_linkage2", Unknown.ToString("B")), (RelativePath, @".\parent.vhdx")).Check());
        Assert.Equal(
            $"DataWriteGuid {LocatorType} or {Unknown}",
            Assert.Single(child.SetLocator((Linkage1, LocatorType.ToString("B")), ("parent_linkage2", Unknown.ToString("B")), (RelativePath, @".\parent.vhdx")).Check()).Expected);
    }

    [Fact]
    public void A_second_linkage_of_zeros_is_as_good_as_none()
    {
        using CheckingFolder folder = new();
        CheckingImage child = CheckingRuleCases.Child(folder);
        CheckingRuleCases.Parent(folder).Current(header => Set(header, DataWriteGuid, Guid.Empty));

        Assert.Equal(
            ["VX310", "VX805"],
            child.SetLocator((Linkage1, Unknown.ToString("B")), ("parent_linkage2", Guid.Empty.ToString("B")), (RelativePath, @".\parent.vhdx")).Check().Select(finding => finding.RuleId));
    }

    [Theory]
    [InlineData("{11111111-2222-3333-4444-55555555555G}")]
    [InlineData("11111111-2222-3333-4444-555555555555")]
    public void A_linkage_that_is_no_GUID_in_braces_is_found(string linkage)
    {
        using CheckingFolder folder = new();

        VhdxFinding finding = Assert.Single(CheckingRuleCases.Child(folder).SetLocator((Linkage1, linkage), (RelativePath, @".\parent.vhdx")).Check());

        Assert.Equal(("VX802", linkage), (finding.RuleId, finding.Actual));
    }

    [Theory]
    [InlineData(@"C:\images\parent.vhdx")]
    [InlineData(@"\\?\UNC\server\share\parent.vhdx")]
    [InlineData("/images/parent.vhdx")]
    public void A_path_of_another_system_with_the_parents_name_is_not_called_stale(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        using CheckingFolder folder = new();
        CheckingImage child = CheckingRuleCases.Child(folder);

        Assert.Empty(child.SetLocator((Linkage1, CheckingRuleCases.Parent(folder).Linkage), (RelativePath, @".\parent.vhdx"), ("absolute_win32_path", path)).Check());
    }

    [Fact]
    public void An_upper_case_linkage_is_accepted()
    {
        using CheckingFolder folder = new();
        CheckingImage child = CheckingRuleCases.Child(folder);

        Assert.Empty(child.SetLocator((Linkage1, CheckingRuleCases.Parent(folder).Linkage.ToUpperInvariant()), (RelativePath, @".\parent.vhdx")).Check());
    }

    [Fact]
    public void A_path_without_dot_and_one_through_the_parent_folder_are_followed()
    {
        using CheckingFolder folder = new();
        CheckingImage child = CheckingRuleCases.Child(folder);
        string linkage = CheckingRuleCases.Parent(folder).Linkage;
        string name = Path.GetFileName(Path.GetDirectoryName(child.Path)!);

        Assert.Empty(child.SetLocator((Linkage1, linkage), (RelativePath, "parent.vhdx")).Check());
        Assert.Empty(child.SetLocator((Linkage1, linkage), (RelativePath, $@"..\{name}\parent.vhdx")).Check());
    }

    [Fact]
    public void Sector_sizes_that_differ_are_found()
    {
        using CheckingFolder folder = new();
        CheckingImage child = CheckingRuleCases.Child(folder);
        CheckingRuleCases.Parent(folder).Write(LogicalSector, 4096u);

        Assert.Equal("VX806 Error item [Parent Locator] expected [512 bytes] actual [4096 bytes]", CheckingCase.Describe(Assert.Single(child.Check())));
    }

    [Theory]
    [InlineData(8)]
    [InlineData(32)]
    public void A_parent_of_another_size_is_a_note(long mebibytes)
    {
        using CheckingFolder folder = new();
        Create(folder["parent.vhdx"]);

        Assert.Equal("VX809 Note", Strip(Assert.Single(Create(folder["child.vhdx"], size: mebibytes * MiB, parent: folder["parent.vhdx"]).Check())));
    }

    [Fact]
    public void Own_parent_and_rings_of_two_and_three_end_at_once()
    {
        using CheckingFolder folder = new();
        for (int length = 1; length <= 3; length++)
        {
            CheckingImage[] ring = [.. Enumerable.Range(0, length).Select(i => Ring(length, i))];
            for (int i = 0; i < length; i++)
            {
                ring[i].SetLocator((Linkage1, ring[(i + 1) % length].Linkage), (RelativePath, $@".\{length}-{(i + 1) % length}.vhdx"));
            }

            VhdxFinding finding = Assert.Single(ring[0].Check());

            Assert.Equal("VX807", finding.RuleId);
            Assert.Equal(ring[length - 1].Path, finding.File);
            Assert.Contains(ring[0].Path, finding.Message, StringComparison.Ordinal);
        }

        CheckingImage Ring(int length, int i)
        {
            string root = folder[$"root-{length}-{i}.vhdx"];
            Create(root);
            return Create(folder[$"{length}-{i}.vhdx"], parent: root);
        }
    }

    [Fact]
    public void A_ring_that_does_not_hold_the_tip_ends_as_well()
    {
        using CheckingFolder folder = new();
        CheckingImage child = CheckingRuleCases.Child(folder);
        CheckingImage tip = Create(folder["tip.vhdx"], parent: child.Path);
        child.SetLocator((Linkage1, child.Linkage), (RelativePath, @".\image.vhdx"));

        Assert.Equal([("VX807", child.Path)], tip.Check().Select(finding => (finding.RuleId, finding.File)));
    }

    [Fact]
    public void A_link_to_itself_by_another_name_is_a_ring()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        using CheckingFolder folder = new();
        CheckingImage child = CheckingRuleCases.Child(folder);
        File.CreateSymbolicLink(folder["alias.vhdx"], child.Path);

        Assert.Equal("VX807", Assert.Single(child.SetLocator((Linkage1, child.Linkage), (RelativePath, @".\alias.vhdx")).Check()).RuleId);
    }

    [Theory]
    [InlineData(1023, null)]
    [InlineData(1024, "VX810")]
    public void A_chain_is_followed_for_1024_files(int children, string? expected)
    {
        using CheckingFolder folder = new();
        Create(folder["0.vhdx"]);
        CheckingImage first = Create(folder["1.vhdx"], parent: folder["0.vhdx"]);
        byte[] bytes = File.ReadAllBytes(first.Path);
        for (int i = 2; i <= children; i++)
        {
            // A copy of the one below, with the name of its own parent; all have the same linkage but for the first.
            using FileStream file = File.Create(folder[$"{i}.vhdx"]);
            file.SetLength(bytes.Length);
            foreach (long place in new[] { 0, Header1, Header2, Table1, Table2, Metadata, FileParameters })
            {
                file.Position = place;
                file.Write(bytes, (int)place, 4096);
            }

            file.Dispose();
            new CheckingImage(folder[$"{i}.vhdx"]).SetLocator((Linkage1, first.Linkage), (RelativePath, $@".\{i - 1}.vhdx"));
        }

        List<VhdxFinding> findings = Check(folder[$"{children}.vhdx"]);

        Assert.Equal(expected is null ? [] : [expected], findings.Select(finding => finding.RuleId));
        Assert.All(findings, finding => Assert.Equal((FindingSeverity.Error, folder["1.vhdx"]), (finding.Severity, finding.File)));
    }

    [Fact]
    public void Findings_come_from_tip_to_base_and_then_those_of_the_links()
    {
        using CheckingFolder folder = new();
        CheckingImage parent = Create(folder["base.vhdx"]);
        CheckingImage middle = Create(folder["middle.vhdx"], parent: parent.Path);
        CheckingImage tip = Create(folder["tip.vhdx"], size: 8 * MiB, parent: middle.Path);
        parent.Entry(1, 4).Current(header => Set(header, DataWriteGuid, Unknown));
        middle.Entry(2, 5);
        tip.Entry(3, 6, 0);

        Assert.Equal(
            [("VX607", tip.Path), ("VX602", middle.Path), ("VX602", parent.Path), ("VX809", tip.Path), ("VX805", middle.Path)],
            tip.Check().Select(finding => (finding.RuleId, finding.File)));
        Assert.Equal([("VX607", tip.Path)], tip.Check(skipParent: true).Select(finding => (finding.RuleId, finding.File)));
    }

    [Fact]
    public void Skipping_the_parent_never_looks_for_it()
    {
        using CheckingFolder folder = new();
        CheckingImage child = CheckingRuleCases.Child(folder);
        File.Delete(folder["parent.vhdx"]);

        Assert.Empty(child.Check(skipParent: true));
        Assert.Equal("VX804", Assert.Single(child.Check()).RuleId);
    }

    [Theory]
    [InlineData("VHD", "is a VHD")]
    [InlineData("garbage", "is no VHDX file")]
    [InlineData("empty", "is empty")]
    [InlineData("gzip", "is a gzip file")]
    public void A_parent_that_is_something_else_is_named(string kind, string words)
    {
        using CheckingFolder folder = new();
        CheckingImage child = CheckingRuleCases.Child(folder);
        byte[] content = kind switch
        {
            "VHD" => Vhd(),
            "empty" => [],
            "gzip" => [0x1F, 0x8B, 8, 0, 0, 0, 0, 0],
            _ => [.. Enumerable.Repeat((byte)7, 5000)],
        };
        File.WriteAllBytes(folder["parent.vhdx"], content);

        VhdxFinding finding = Assert.Single(child.Check());

        Assert.Equal(("VX804", child.Path), (finding.RuleId, finding.File));
        Assert.Contains(words, finding.Message, StringComparison.Ordinal);
        Assert.Contains(folder["parent.vhdx"], finding.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_parent_that_is_a_folder_is_not_found()
    {
        using CheckingFolder folder = new();
        CheckingImage child = CheckingRuleCases.Child(folder);
        File.Delete(folder["parent.vhdx"]);
        Directory.CreateDirectory(folder["parent.vhdx"]);

        Assert.Equal("VX804", Assert.Single(child.Check()).RuleId);
    }

    [Fact]
    public void A_parent_with_a_broken_header_is_checked_and_the_link_not_judged()
    {
        using CheckingFolder folder = new();
        CheckingImage child = CheckingRuleCases.Child(folder);
        CheckingRuleCases.Parent(folder).Write(Header1, "x"u8).Write(Header2, "x"u8);

        Assert.Equal([("VX303", folder["parent.vhdx"])], child.Check().Select(finding => (finding.RuleId, finding.File)));
    }

    [Fact]
    public void The_tip_itself_must_be_a_VHDX()
    {
        using CheckingFolder folder = new();
        File.WriteAllBytes(folder["x.vhdx"], Vhd());

        Assert.Equal(ErrorIds.FileIsVhd, Assert.Throws<VhdxException>(() => Check(folder["x.vhdx"])).Id);
        Assert.Equal(ErrorIds.FileNotFound, Assert.Throws<VhdxException>(() => Check(folder["y.vhdx"])).Id);
    }

    private static string Strip(VhdxFinding finding) => $"{finding.RuleId} {finding.Severity}";

    /// <summary>The footer of a fixed VHD behind an empty disk: cookie, version, type, and the sum of its bytes inverted.</summary>
    private static byte[] Vhd()
    {
        byte[] file = new byte[1024];
        Span<byte> footer = file.AsSpan(512);
        "conectix"u8.CopyTo(footer);
        footer[13] = 1;
        footer[63] = 2;
        uint sum = 0;
        foreach (byte value in footer)
        {
            sum += value;
        }

        System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(footer.Slice(64), ~sum);
        return file;
    }
}
