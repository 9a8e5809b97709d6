using VhdxTools.Core.Tests.Support;
using VhdxTools.Images;
using Xunit;

namespace VhdxTools.Core.Tests.Images;

public class HeaderReaderTests
{
    [Theory]
    [InlineData(1ul, 2ul, 2)]
    [InlineData(2ul, 1ul, 1)]
    [InlineData(ulong.MaxValue, 0ul, 1)]
    [InlineData(0x7FFFFFFFFFFFFFFFul, 0x8000000000000000ul, 2)]
    public void The_greater_sequence_number_is_current(ulong first, ulong second, int current)
    {
        ImageBuilder builder = new();
        builder.Header1.SequenceNumber = first;
        builder.Header2.SequenceNumber = second;
        Check(builder, current);
        Expect.Findings(builder);
    }

    [Theory]
    [InlineData(true, 9ul, 0ul, 2)]
    [InlineData(false, 0ul, 9ul, 1)]
    public void A_wrong_checksum_never_is_whatever_the_number(bool isFirstWrong, ulong first, ulong second, int current)
    {
        ImageBuilder builder = new();
        builder.Header1 = builder.Header1 with { SequenceNumber = first, IsChecksumWrong = isFirstWrong };
        builder.Header2 = builder.Header2 with { SequenceNumber = second, IsChecksumWrong = !isFirstWrong };
        Check(builder, current);
        Expect.Findings(builder, "VX302");
    }

    [Fact]
    public void A_wrong_signature_with_a_right_checksum_is_no_header()
    {
        ImageBuilder builder = new();
        builder.Header2.Signature = "Head";
        Check(builder, 1);
        Expect.Findings(builder, "VX301");
    }

    [Fact]
    public void Two_identical_headers_open()
    {
        ImageBuilder builder = new();
        builder.Header1 = builder.Header2;
        using VhdxFile image = builder.Open();
        Assert.Equal(8ul, image.Header!.SequenceNumber);
    }

    [Fact]
    public void The_same_number_with_different_content_is_corrupt()
    {
        ImageBuilder builder = new();
        builder.Header1 = builder.Header2 with { DataWriteGuid = LogModel.Guid1 };
        Expect.Refusal("VX303", builder);
    }

    [Fact]
    public void The_same_number_with_different_reserved_bytes_is_corrupt()
    {
        ImageBuilder builder = new();
        builder.Header1 = builder.Header2;
        byte[] other = builder.Header2.ToBytes();
        other[4095] = 1;
        builder.Extra.Add((0x20000, Bytes.Sealed(other)));
        Expect.Refusal("VX303", builder);
    }

    [Fact]
    public void Without_a_valid_header_nothing_opens()
    {
        ImageBuilder builder = new();
        builder.Header1.IsChecksumWrong = true;
        builder.Header2.IsChecksumWrong = true;
        Expect.Refusal("VX303", builder);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    [InlineData(0x101)]
    public void Another_version_is_not_processed(int version)
    {
        ImageBuilder builder = new();
        builder.Header2.Version = version;
        Expect.Refusal("VX304", builder);
    }

    [Fact]
    public void Another_version_in_the_header_that_is_not_current_does_not_matter()
    {
        ImageBuilder builder = new();
        builder.Header1.Version = 2;
        Expect.Findings(builder);
    }

    [Fact]
    public void Reserved_bytes_are_a_note()
    {
        ImageBuilder builder = new();
        byte[] header = builder.Header2.ToBytes();
        header[100] = 1;
        builder.Extra.Add((0x20000, Bytes.Sealed(header)));
        Expect.Findings(builder, "VX309");
    }

    [Fact]
    public void Log_version_1_opens_with_an_empty_log()
    {
        ImageBuilder builder = new();
        builder.Header2.LogVersion = 1;
        builder.Open().Dispose();
    }

    [Fact]
    public void Log_version_1_does_not_open_with_a_dirty_one()
    {
        ImageBuilder builder = new ImageBuilder().WithLog(LogModel.Guid1, (0, new LogModel(LogModel.Guid1, 5).ToBytes()));
        builder.Header2.LogVersion = 1;
        Expect.Refusal("VX305", builder);
    }

    [Theory]
    [InlineData(0ul, 0x100000ul, "VX306")]
    [InlineData(0x80000ul, 0x100000ul, "VX306")]
    [InlineData(0x180000ul, 0x100000ul, "VX306")]
    [InlineData(0x8000000000000000ul, 0x100000ul, "VX306")]
    [InlineData(0xFFFFFFFFFFF00000ul, 0x100000ul, "VX306")]
    [InlineData(0x100000ul, 0ul, "VX307")]
    [InlineData(0x100000ul, 0x1000ul, "VX307")]
    [InlineData(0x100000ul, 0x180000ul, "VX307")]
    public void A_log_in_a_wrong_place_is_an_error_when_it_is_dirty(ulong offset, ulong length, string id)
    {
        ImageBuilder builder = new();
        builder.Header2 = builder.Header2 with { LogOffset = offset, LogLength = length };
        Expect.Findings(builder, id);
        builder.Header2.LogGuid = LogModel.Guid1;
        Expect.Refusal(id, builder);
    }

    private static void Check(ImageBuilder builder, int current)
    {
        using VhdxFile image = builder.Open();
        Assert.Equal(current == 1, image.Headers[0].IsCurrent);
        Assert.Equal(current == 2, image.Headers[1].IsCurrent);
        Assert.Equal((current == 1 ? builder.Header1 : builder.Header2).SequenceNumber, image.Header!.SequenceNumber);
    }
}
