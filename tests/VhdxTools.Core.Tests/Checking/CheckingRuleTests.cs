using System.Collections.Generic;
using System.IO;
using System.Linq;
using VhdxTools.Checking;
using Xunit;

namespace VhdxTools.Core.Tests.Checking;

/// <summary>Every rule: images that break it and no other one.</summary>
public class CheckingRuleTests
{
    private static readonly Dictionary<string, FileAttributes> s_attributes = new()
    {
        ["VX903"] = FileAttributes.SparseFile,
        ["VX904"] = FileAttributes.Compressed,
        ["VX905"] = FileAttributes.Encrypted,
        ["VX906"] = FileAttributes.IntegrityStream,
    };

    /// <summary>Those that need more than one image; each has a test of its own.</summary>
    private static readonly string[] s_elsewhere = ["VX810"];

    public static TheoryData<int, string> Cases
    {
        get
        {
            TheoryData<int, string> data = [];
            for (int i = 0; i < CheckingRuleCases.All.Count; i++)
            {
                data.Add(i, CheckingRuleCases.All[i].Name);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_rule_is_found_alone_with_its_place_and_values(int index, string id)
    {
        using CheckingFolder folder = new();
        CheckingCase test = CheckingRuleCases.All[index];
        CheckingImage image = test.Build(folder);

        List<VhdxFinding> findings = image.Check();

        Assert.Equal(test.Findings, findings.Select(CheckingCase.Describe));
        Assert.Equal([id], findings.Select(finding => finding.RuleId).Distinct());
        VhdxRule rule = VhdxRules.All.Single(rule => rule.Id == id);
        Assert.All(findings, finding =>
        {
            Assert.Equal(image.Path, finding.File);
            Assert.Equal(rule.Reference, finding.Reference);
            bool isNoCopyLeft = finding.Message.StartsWith("Neither ", System.StringComparison.Ordinal);
            bool isOfLog = id is "VX101" or "VX102" && finding.Message.Contains("the log", System.StringComparison.Ordinal);
            Assert.Equal(isNoCopyLeft ? RepairMethod.Salvage : isOfLog ? RepairMethod.DiscardLog : rule.Repair, finding.Repair);
            Assert.EndsWith(".", finding.Message, System.StringComparison.Ordinal);
        });
    }

    [Theory]
    [InlineData("VX903")]
    [InlineData("VX904")]
    [InlineData("VX905")]
    [InlineData("VX906")]
    public void An_attribute_of_the_file_is_found_alone(string id)
    {
        VhdxFinding finding = Assert.Single(FileChecker.OfAttributes(s_attributes[id] | FileAttributes.Archive | FileAttributes.ReadOnly, "x.vhdx"));

        Assert.Equal($"{id} Note", CheckingCase.Describe(finding));
        Assert.Equal("x.vhdx", finding.File);
    }

    [Fact]
    public void Several_attributes_are_several_findings() =>
        Assert.Equal(
            ["VX903", "VX904", "VX905", "VX906"],
            FileChecker.OfAttributes((FileAttributes)s_attributes.Values.Sum(attribute => (int)attribute), "x.vhdx").Select(finding => finding.RuleId));

    [Fact]
    public void Every_rule_has_an_image()
    {
        IEnumerable<string> tested = CheckingRuleCases.All.Select(test => test.Name).Concat(s_attributes.Keys).Concat(s_elsewhere).Distinct();

        Assert.Equal(VhdxRules.All.Select(rule => rule.Id).Order(), tested.Order());
    }

    [Fact]
    public void The_severities_are_the_rules_or_less()
    {
        Assert.All(CheckingRuleCases.All, test =>
        {
            VhdxRule rule = VhdxRules.All.Single(rule => rule.Id == test.Name);
            Assert.Contains(test.Findings, finding => finding.StartsWith($"{rule.Id} {rule.Severity}", System.StringComparison.Ordinal)
                || (rule.Severity == FindingSeverity.Error && finding.StartsWith($"{rule.Id} Warning", System.StringComparison.Ordinal)));
        });
    }

    [Fact]
    public void What_is_just_legal_has_no_finding()
    {
        Check(image => CheckingRuleCases.Items(image, 1024, flags: 1));
        Check(image => CheckingRuleCases.Items(image, 2042, flags: 0));
        Check(image => image.Current(header => header[CheckingImage.LogVersion] = 1));
        Check(image => image.AddItem(CheckingImage.Unknown, (uint)(CheckingImage.MiB - 8), 8, 0));
        Check(image => image.AddItem(CheckingImage.Unknown, (64 * 1024) + 40, 8, 1));
        Check(image => image.Header(CheckingImage.Header1, header => header[4095] = 1));

        static void Check(System.Action<CheckingImage> change)
        {
            using CheckingFolder folder = new();
            CheckingImage image = CheckingRuleCases.New(folder);
            change(image);
            Assert.Empty(image.Check());
        }
    }

    [Theory]
    [InlineData(VhdType.Dynamic, 512)]
    [InlineData(VhdType.Dynamic, 4096)]
    [InlineData(VhdType.Fixed, 512)]
    [InlineData(VhdType.Fixed, 4096)]
    public void A_good_image_has_no_finding(VhdType type, int sector)
    {
        using CheckingFolder folder = new();
        CheckingImage image = CheckingImage.Create(folder["good.vhdx"], type, sector: sector);

        Assert.Empty(image.Check());
        Assert.Empty(CheckingImage.Create(folder["child.vhdx"], parent: image.Path).Check());
        Assert.Empty(CheckingImage.Create(folder["least.vhdx"], type, size: 3 * CheckingImage.MiB, sector: sector).Check());
    }
}
