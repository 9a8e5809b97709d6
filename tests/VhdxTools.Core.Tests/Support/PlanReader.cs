using System.Linq;
using VhdxTools.Images;
using VhdxTools.Layout;
using Xunit;

namespace VhdxTools.Core.Tests.Support;

/// <summary>Rebuilds the plan of a new image from what its file says.</summary>
internal static class PlanReader
{
    public static LayoutPlan Read(VhdxFile image) => new()
    {
        Type = image.Type,
        Creator = image.FileType.Creator,
        Header1 = image.Headers[0].Header,
        Header2 = image.Headers[1].Header,
        Regions = image.Regions,
        Metadata = image.Metadata.Select(item => new MetadataItem(item.Entry.Id, item.Entry.Flags, item.Entry.Offset, item.Content!)).ToArray(),
        Geometry = image.Geometry!,
        Blocks = Assert.Single(image.Bat!.PayloadRuns()),
        Log = image.Log!.Value,
        MetadataRegion = image.MetadataRegion!.Value,
        BatRegion = image.BatRegion!.Value,
        FileLength = image.Raw.Length,

        // Neither is in the file.
        Preallocation = default,
        Warnings = [],
    };
}
