using System;
using System.Linq;
using Xunit;

namespace VhdxTools.Core.Tests.Diagnostics;

public class VhdxRulesTests
{
    [Fact]
    public void Ids_are_unique_and_of_one_form() => Assert.All(
        VhdxRules.All.GroupBy(rule => rule.Id, StringComparer.Ordinal),
        group =>
        {
            Assert.Single(group);
            Assert.Matches("^VX[1-9][0-9]{2}$", group.Key);
        });

    [Fact]
    public void Every_rule_cites_the_specification() =>
        Assert.All(VhdxRules.All, rule => Assert.Matches("^MS-VHDX 2[.]|^Windows$", rule.Reference));

    [Theory]
    [InlineData("VX308", FindingSeverity.Warning)]
    [InlineData("VX309", FindingSeverity.Note)]
    [InlineData("VX404", FindingSeverity.Warning)]
    [InlineData("VX411", FindingSeverity.Note)]
    [InlineData("VX503", FindingSeverity.Note)]
    [InlineData("VX709", FindingSeverity.Note)]
    [InlineData("VX302", FindingSeverity.Error)]
    public void Severities_are_those_of_the_digest(string id, FindingSeverity severity) =>
        Assert.Equal(severity, VhdxRules.All.Single(rule => rule.Id == id).Severity);
}
