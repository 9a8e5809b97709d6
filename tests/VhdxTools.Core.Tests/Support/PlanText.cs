using System;
using System.Collections.Generic;
using System.Linq;
using VhdxTools.Layout;

namespace VhdxTools.Core.Tests.Support;

/// <summary>Everything of a plan that the file holds, as lines: two plans are equal when these are.</summary>
internal static class PlanText
{
    public static IReadOnlyList<string> Of(LayoutPlan plan) =>
    [
        $"type {plan.Type}",
        $"creator {plan.Creator}",
        $"header 1 {plan.Header1}",
        $"header 2 {plan.Header2}",
        .. plan.Regions.Select(region => $"region {region}"),
        .. plan.Metadata.Select(item => $"item {item.Id} {item.Flags} {item.Offset} {Convert.ToHexString(item.Content)}"),
        $"geometry {plan.Geometry}",
        $"blocks {plan.Blocks}",
        $"log {plan.Log}",
        $"metadata {plan.MetadataRegion}",
        $"bat {plan.BatRegion}",
        $"length {plan.FileLength}",
        .. plan.Areas.Select(area => $"area {area.FileOffset} {area.Length} {area.Kind} {area.Name}"),
    ];
}
