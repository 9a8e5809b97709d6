using VhdxTools.Format;
using Xunit;

namespace VhdxTools.Core.Tests.Format;

public class FormatConstantsTests
{
    [Fact]
    public void The_header_section_is_that_of_the_specification()
    {
        Assert.Equal(0, FormatConstants.FileTypeIdentifierOffset);
        Assert.Equal(65_536, FormatConstants.Header1Offset);
        Assert.Equal(131_072, FormatConstants.Header2Offset);
        Assert.Equal(196_608, FormatConstants.RegionTable1Offset);
        Assert.Equal(262_144, FormatConstants.RegionTable2Offset);
        Assert.Equal(327_680, FormatConstants.HeaderSectionReservedOffset);
        Assert.Equal(1_048_576, FormatConstants.HeaderSectionLength);
    }

    [Fact]
    public void Structures_have_the_sizes_of_the_specification()
    {
        Assert.Equal(520, FileTypeIdentifier.Length);
        Assert.Equal(4096, VhdxHeader.Length);
        Assert.Equal(65_536, RegionTable.Length);
        Assert.Equal(32, RegionEntry.EntryLength);
        Assert.Equal(65_536, MetadataTable.Length);
        Assert.Equal(32, MetadataEntry.EntryLength);
        Assert.Equal(8, FileParameters.Length);
        Assert.Equal(64, LogEntryHeader.Length);
        Assert.Equal(32, LogDescriptor.Length);
        Assert.Equal(4096, LogEntryHeader.SectorLength);
        Assert.Equal(8, BatEntry.Length);
    }

    [Fact]
    public void Limits_are_those_of_the_specification()
    {
        Assert.Equal(70_368_744_177_664, FormatConstants.MaximumVirtualDiskSize);
        Assert.Equal(2047, FormatConstants.MaximumTableEntries);
        Assert.Equal(1024, FormatConstants.MaximumUserMetadataEntries);
        Assert.Equal(1_048_576, FormatConstants.MaximumMetadataItemLength);
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(524_288, false)]
    [InlineData(1_048_576, true)]
    [InlineData(3_145_728, false)]
    [InlineData(33_554_432, true)]
    [InlineData(268_435_456, true)]
    [InlineData(536_870_912, false)]
    public void Block_sizes_are_powers_of_two_from_1_to_256_MiB(long value, bool valid) => Assert.Equal(valid, FormatConstants.IsBlockSize(value));

    [Theory]
    [InlineData(512, true)]
    [InlineData(1024, false)]
    [InlineData(4096, true)]
    [InlineData(0, false)]
    public void Sectors_have_512_or_4096_bytes(long value, bool valid) => Assert.Equal(valid, FormatConstants.IsSectorSize(value));

    [Fact]
    public void Divisions_round_up()
    {
        Assert.Equal(3, FormatConstants.CeilingDivide(9, 4));
        Assert.Equal(2, FormatConstants.CeilingDivide(8, 4));
        Assert.Equal(12, FormatConstants.AlignUp(9, 4));
        Assert.Equal(8, FormatConstants.AlignUp(8, 4));
    }
}
