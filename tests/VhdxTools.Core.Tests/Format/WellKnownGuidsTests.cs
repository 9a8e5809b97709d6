using System;
using VhdxTools.Core.Tests.Support;
using VhdxTools.Format;
using Xunit;

namespace VhdxTools.Core.Tests.Format;

public class WellKnownGuidsTests
{
    [Fact]
    public void Identifiers_are_those_of_the_specification()
    {
        Assert.Equal(new Guid(RegionModel.Bat), WellKnownGuids.BatRegion);
        Assert.Equal(new Guid(RegionModel.Metadata), WellKnownGuids.MetadataRegion);
        Assert.Equal(new Guid(ItemModel.FileParameters), WellKnownGuids.FileParameters);
        Assert.Equal(new Guid(ItemModel.VirtualDiskSize), WellKnownGuids.VirtualDiskSize);
        Assert.Equal(new Guid(ItemModel.VirtualDiskId), WellKnownGuids.VirtualDiskId);
        Assert.Equal(new Guid(ItemModel.LogicalSectorSize), WellKnownGuids.LogicalSectorSize);
        Assert.Equal(new Guid(ItemModel.PhysicalSectorSize), WellKnownGuids.PhysicalSectorSize);
        Assert.Equal(new Guid(ItemModel.ParentLocator), WellKnownGuids.ParentLocator);
        Assert.Equal(new Guid(LocatorModel.VhdxType), WellKnownGuids.VhdxParentLocatorType);
    }

    [Fact]
    public void Unknown_ones_are_named_by_themselves()
    {
        Assert.Equal("0badf00d-0001-0002-0003-000000000004", WellKnownGuids.RegionName(new(RegionModel.Unknown)));
        Assert.Equal("Virtual Disk Size", WellKnownGuids.MetadataItemName(new(ItemModel.VirtualDiskSize)));
    }
}
