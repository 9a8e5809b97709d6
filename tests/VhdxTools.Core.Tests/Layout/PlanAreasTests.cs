using VhdxTools.Core.Tests.Support;
using VhdxTools.Layout;
using Xunit;

namespace VhdxTools.Core.Tests.Layout;

public class PlanAreasTests
{
    [Fact]
    public void Areas_cover_the_file_exactly() => Property.Holds(PlanOptions.Valid, seed: 2, cases: 500, options =>
    {
        LayoutPlan plan = LayoutPlanner.Plan(options);
        AreaLaws.Check(plan.Areas, plan.FileLength);
    });
}
