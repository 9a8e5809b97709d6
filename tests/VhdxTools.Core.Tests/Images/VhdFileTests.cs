using System;
using VhdxTools.Core.Tests.Support;
using VhdxTools.Images;
using Xunit;

namespace VhdxTools.Core.Tests.Images;

public class VhdFileTests
{
    private const int Size = 1 << 20;

    [Fact]
    public void The_footer_at_the_end_counts()
    {
        MemoryFile file = new();
        file.Put(0, VhdModel.Footer(2, 5 << 20));
        file.Put(Size, VhdModel.Footer(2, Size));
        Assert.Equal(Size, VhdFile.Open(file).Footer.Size);
    }

    [Fact]
    public void When_it_is_damaged_the_copy_at_the_start_counts()
    {
        MemoryFile file = new();
        byte[] damaged = VhdModel.Footer(2, Size);
        damaged[100] = 1;
        file.Put(0, VhdModel.Footer(2, 5 << 20));
        file.Put(Size, damaged);
        Assert.Equal(5 << 20, VhdFile.Open(file).Footer.Size);
    }

    [Fact]
    public void A_footer_of_511_bytes_is_found()
    {
        MemoryFile file = new();
        file.Put(Size, VhdModel.Footer(2, Size).AsSpan(0, 511));
        Assert.Equal(Size, VhdFile.Open(file).Footer.Size);
    }

    [Fact]
    public void A_damaged_one_without_a_copy_is_refused()
    {
        byte[] damaged = VhdModel.Footer(2, Size);
        damaged[100] = 1;
        Refused(damaged, "checksum");
    }

    [Fact]
    public void An_unknown_type_is_refused() => Refused(VhdModel.Footer(7, Size), "disk type 7");

    [Theory]
    [InlineData(0x200ul)]
    [InlineData(0x8000000000000000ul)]
    [InlineData(ulong.MaxValue)]
    public void A_dynamic_one_without_its_header_is_refused(ulong place) => Refused(VhdModel.Footer(3, Size, place), "dynamic header");

    private static void Refused(byte[] footer, string reason)
    {
        MemoryFile file = new();
        file.Put(Size, footer);
        VhdxException exception = Assert.Throws<VhdxException>(() => VhdFile.Open(file));
        Assert.Equal(ErrorIds.VhdDamaged, exception.Id);
        Assert.Contains(reason, exception.Message, System.StringComparison.Ordinal);
    }
}
