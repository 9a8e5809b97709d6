using VhdxTools.Diagnostics;
using Xunit;

namespace VhdxTools.Core.Tests.Diagnostics;

public class SinkTests
{
    [Theory]
    [InlineData(FindingSeverity.Note)]
    [InlineData(FindingSeverity.Warning)]
    [InlineData(FindingSeverity.Error)]
    public void A_strict_sink_passes_what_does_not_block_reading(FindingSeverity severity) => StrictSink.Instance.Report(Finding(severity), blocksReading: false);

    [Fact]
    public void A_strict_sink_throws_the_finding()
    {
        VhdxException exception = Assert.Throws<VhdxException>(() => StrictSink.Instance.Report(Finding(FindingSeverity.Error), blocksReading: true));

        Assert.Equal("VX302", exception.Id);
        Assert.Equal(ErrorKind.InvalidData, exception.Kind);
        Assert.Equal("'a.vhdx' at offset 0x10000: It is wrong. Expected 1, found 2. (VX302, MS-VHDX 2.2.2)", exception.Message);
        Assert.Equal(0x10000, exception.Finding?.FileOffset);
    }

    [Fact]
    public void A_collecting_sink_keeps_the_order_and_has_a_limit()
    {
        CollectingSink sink = new();
        for (int i = 0; i < CollectingSink.MaximumCount + 5; i++)
        {
            sink.Report(Finding(FindingSeverity.Error) with { FileOffset = i }, blocksReading: true);
        }

        Assert.Equal(CollectingSink.MaximumCount, sink.Findings.Count);
        Assert.Equal(0, sink.Findings[0].FileOffset);
        Assert.Equal(CollectingSink.MaximumCount - 1, sink.Findings[^1].FileOffset);
    }

    private static VhdxFinding Finding(FindingSeverity severity) => new()
    {
        RuleId = "VX302",
        Severity = severity,
        Message = "It is wrong.",
        File = "a.vhdx",
        FileOffset = 0x10000,
        Expected = "1",
        Actual = "2",
        Reference = "MS-VHDX 2.2.2",
        Repair = RepairMethod.Automatic,
    };
}
