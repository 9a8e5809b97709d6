using System.Globalization;
using Xunit;

namespace VhdxTools.Core.Tests.Layout;

public class ByteTextTests
{
    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(1023, "1023 B")]
    [InlineData(1024, "1 KiB")]
    [InlineData(1536L << 20, "1.5 GiB")]
    [InlineData(64L << 40, "64 TiB")]
    [InlineData(-2048, "-2 KiB")]
    [InlineData(long.MaxValue, "8 EiB")]
    public void Sizes_are_short_in_every_culture(long bytes, string text)
    {
        CultureInfo before = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = new("de-DE");
            Assert.Equal(text, ByteText.Size(bytes));
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }
}
