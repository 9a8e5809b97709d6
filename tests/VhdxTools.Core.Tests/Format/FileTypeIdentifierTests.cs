using VhdxTools.Core.Tests.Support;
using VhdxTools.Format;
using Xunit;

namespace VhdxTools.Core.Tests.Format;

public class FileTypeIdentifierTests
{
    [Fact]
    public void Fields_stand_where_the_specification_puts_them()
    {
        byte[] bytes = new byte[520];
        new FileTypeIdentifier(true, "Grün 1").Write(bytes);

        byte[] expected = new byte[520];
        Bytes.Put(expected, 0, "vhdxfile"u8);
        Bytes.Put(expected, 8, [(byte)'G', 0, (byte)'r', 0, 0xFC, 0, (byte)'n', 0, (byte)' ', 0, (byte)'1', 0]);
        Assert.Equal(expected, bytes);
    }

    [Fact]
    public void The_creator_ends_at_a_NUL_or_at_the_end_of_its_field()
    {
        byte[] bytes = new byte[600];
        Bytes.Put(bytes, 8, Bytes.Utf16("ab\0cd"));
        Assert.Equal("ab", FileTypeIdentifier.Read(bytes).Creator);

        string full = new('x', 256);
        Bytes.Put(bytes, 8, Bytes.Utf16(full + "y"));
        Assert.Equal(full, FileTypeIdentifier.Read(bytes).Creator);
    }

    [Fact]
    public void The_signature_is_looked_at()
    {
        byte[] bytes = new byte[520];
        Bytes.Put(bytes, 0, "vhdxfile"u8);
        Assert.True(FileTypeIdentifier.Read(bytes).IsSignatureValid);
        Bytes.Put(bytes, 0, "vhdxFile"u8);
        Assert.False(FileTypeIdentifier.Read(bytes).IsSignatureValid);
    }
}
