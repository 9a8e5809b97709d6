using System;
using System.Collections.Generic;
using VhdxTools.Core.Tests.Support;
using VhdxTools.Format;
using Xunit;

namespace VhdxTools.Core.Tests.Format;

public class ParentLocatorTests
{
    private static readonly byte[] s_bytes = LocatorModel.ToBytes(("parent_linkage", "{x}"), ("relative_path", @"..\Grün.vhdx"));

    [Fact]
    public void Pairs_are_written_as_the_specification_has_them()
    {
        ParentLocator locator = new(new(LocatorModel.VhdxType), [new("parent_linkage", "{x}"), new("relative_path", @"..\Grün.vhdx")]);

        Assert.Equal(s_bytes, locator.ToBytes());
    }

    [Fact]
    public void Pairs_are_read_in_the_order_of_the_file()
    {
        ParentLocator locator = ParentLocator.Read(s_bytes, out string? problem);

        Assert.Null(problem);
        Assert.Equal(new Guid(LocatorModel.VhdxType), locator.LocatorType);
        Assert.Equal([new("parent_linkage", "{x}"), new("relative_path", @"..\Grün.vhdx")], locator.Entries);
    }

    [Fact]
    public void Keys_are_case_sensitive()
    {
        ParentLocator locator = ParentLocator.Read(LocatorModel.ToBytes(("Key", "a"), ("key", "b")), out string? problem);

        Assert.Null(problem);
        Assert.Equal("b", locator["key"]);
        Assert.Null(locator["KEY"]);
    }

    [Theory]
    [InlineData(0, "0 bytes long")]
    [InlineData(19, "19 bytes long")]
    [InlineData(20, "announces 2 pairs")]
    [InlineData(43, "outside the item")]
    [InlineData(44, "outside the item")]
    public void A_cut_locator_is_malformed(int length, string reason)
    {
        ParentLocator.Read(s_bytes.AsSpan(0, length), out string? problem);
        Assert.Contains(reason, problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, 0x01u, 1, "unknown type")]
    [InlineData(18, 3u, 2, "longer than the item")]
    [InlineData(20, 0xFFFFFFFFu, 4, "outside the item")]
    [InlineData(20, 0x80000000u, 4, "outside the item")]
    [InlineData(24, 0xFFFFFFFFu, 4, "outside the item")]
    [InlineData(28, 0u, 2, "empty")]
    [InlineData(28, 13u, 2, "odd length")]
    [InlineData(30, 0u, 2, "empty")]
    [InlineData(30, 0xFFFEu, 2, "longer than the item")]
    [InlineData(24, 123u, 4, "outside the item")]
    public void A_wrong_field_is_named(int place, uint value, int length, string reason)
    {
        byte[] bytes = (byte[])s_bytes.Clone();
        Bytes.U32(value)[..length].CopyTo(bytes, place);

        ParentLocator.Read(bytes, out string? problem);
        Assert.Contains(reason, problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_key_that_stands_twice_is_a_problem()
    {
        ParentLocator locator = ParentLocator.Read(LocatorModel.ToBytes(("k", "first"), ("k", "second")), out string? problem);

        Assert.Contains("'k' stands twice", problem, StringComparison.Ordinal);
        Assert.Equal("first", locator["k"]);
    }

    [Fact]
    public void Sound_pairs_survive_an_unsound_one()
    {
        byte[] bytes = (byte[])s_bytes.Clone();
        Bytes.U16(0).CopyTo(bytes, 28);

        Assert.Equal(@"..\Grün.vhdx", ParentLocator.Read(bytes, out _)["relative_path"]);
    }

    [Fact]
    public void Pairs_that_share_their_text_do_not_multiply_it()
    {
        const int count = 60_000;
        byte[] bytes = new byte[1 << 20];
        Bytes.Guid(LocatorModel.VhdxType).CopyTo(bytes, 0);
        Bytes.U16(count).CopyTo(bytes, 18);
        for (int i = 0; i < count; i++)
        {
            Bytes.U32(800_000).CopyTo(bytes, 20 + (12 * i));
            Bytes.U32(800_000).CopyTo(bytes, 24 + (12 * i));
            Bytes.U16(0xFFFE).CopyTo(bytes, 28 + (12 * i));
            Bytes.U16(0xFFFE).CopyTo(bytes, 30 + (12 * i));
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        ParentLocator.Read(bytes, out string? problem);
        Assert.NotNull(problem);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 32 << 20);
    }

    [Theory]
    [InlineData("{66666666-7777-8888-9999-aaaaaaaaaaaa}", true)]
    [InlineData("{66666666-7777-8888-9999-AAAAAAAAAAAA}", true)]
    [InlineData("66666666-7777-8888-9999-aaaaaaaaaaaa", false)]
    [InlineData("{00000000-0000-0000-0000-000000000000}", false)]
    [InlineData("{66666666}", false)]
    public void A_linkage_is_a_GUID_in_braces_and_not_all_zero(string value, bool isLinkage)
    {
        ParentLocator locator = new(Guid.Empty, [new KeyValuePair<string, string>("parent_linkage", value)]);

        Assert.Equal(isLinkage ? new Guid("66666666-7777-8888-9999-aaaaaaaaaaaa") : null, locator.Linkage("parent_linkage"));
        Assert.Null(locator.Linkage("parent_linkage2"));
    }
}
