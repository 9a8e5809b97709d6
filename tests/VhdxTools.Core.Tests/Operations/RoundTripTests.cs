using System.Linq;
using VhdxTools.Core.Tests.Support;
using VhdxTools.Diagnostics;
using VhdxTools.Images;
using VhdxTools.Layout;
using VhdxTools.Operations;
using Xunit;

namespace VhdxTools.Core.Tests.Operations;

/// <summary>Laws 1 and 2: what is read is what was planned, and the areas cover the file.</summary>
public class RoundTripTests
{
    [Fact]
    public void Reading_a_new_image_gives_the_plan_that_it_was_written_from() => Property.Holds(PlanOptions.Valid, seed: 1, cases: 300, options =>
    {
        LayoutPlan plan = LayoutPlanner.Plan(options);
        MemoryFile file = Write(plan);
        MemoryFile again = Write(LayoutPlanner.Plan(options));
        Assert.True(file.HasSameBytes(again));

        file.IsFrozen = true;
        CollectingSink findings = new();
        using VhdxFile image = VhdxFile.Open(file, findings);
        Assert.Empty(findings.Findings);
        Assert.Equal(PlanText.Of(plan), PlanText.Of(PlanReader.Read(image)));
        AreaLaws.Check(SpaceMap.Build(image, default).Areas(default), plan.FileLength);
        Assert.Equal(
            plan.Areas.Select(area => area.ToString()),
            SpaceMap.Build(image, default).Areas(default).Select(area => area.ToString()));
    });

    [Fact]
    public void Other_identifiers_give_other_bytes()
    {
        MemoryFile one = Write(LayoutPlanner.Plan(TestIds.Options()));
        MemoryFile other = Write(LayoutPlanner.Plan(TestIds.Options() with { Identifiers = TestIds.Fixed with { DataWriteGuid = TestIds.Fixed.DiskIdentifier } }));

        Assert.False(one.HasSameBytes(other));
    }

    private static MemoryFile Write(LayoutPlan plan)
    {
        MemoryFile file = new();
        ImageCreator.Write(plan, file);
        return file;
    }
}
