using System;
using System.IO;
using VhdxTools.Core.Tests.Support;
using VhdxTools.Disks;
using VhdxTools.Operations;
using Xunit;

namespace VhdxTools.Core.Tests.Disks;

public class VhdParentTests
{
    private const int Size = 64 * 1024;

    private static readonly Guid s_parent = new("11111111-2222-3333-4444-555555555555");

    [Theory]
    [InlineData("W2ru", @".\p.vhd")]
    [InlineData("W2ru", "p.vhd")]
    [InlineData("W2ru", @"..\{0}\p.vhd")]
    public void A_relative_path_leads_from_the_childs_folder(string code, string path)
    {
        using TempFolder folder = new();
        WriteParent(folder["p.vhd"]);
        Found(folder, WriteChild(folder, "lost.vhd", (code, string.Format(System.Globalization.CultureInfo.InvariantCulture, path, Path.GetFileName(folder.Path)))));
    }

    [Fact]
    public void An_absolute_path_is_taken_as_it_is()
    {
        using TempFolder folder = new();
        using TempFolder other = new();
        WriteParent(other["p.vhd"]);
        string child = WriteChild(folder, "lost.vhd", ("MacX", "file:///nowhere"), ("W2ku", other["p.vhd"]));
        using OpenedDisk opened = DiskOpener.OpenRead(child);

        Assert.Equal([child, other["p.vhd"]], opened.Files);
        Assert.Equal(other["p.vhd"], ImageInspector.Inspect(child).ParentPath);
    }

    [Fact]
    public void The_relative_path_comes_first_and_the_name_last()
    {
        using TempFolder folder = new();
        Directory.CreateDirectory(folder["a"]);
        WriteParent(folder[Path.Combine("a", "p.vhd")]);
        File.WriteAllBytes(folder["q.vhd"], new byte[Size]);
        WriteParent(folder["n.vhd"], Guid.Empty);
        string child = WriteChild(folder, "n.vhd", ("W2ku", folder["q.vhd"]), ("W2ru", @".\a\p.vhd"));

        using OpenedDisk opened = DiskOpener.OpenRead(child);
        Assert.Equal([child, folder[Path.Combine("a", "p.vhd")]], opened.Files);
    }

    [Theory]
    [InlineData("p.vhd")]
    [InlineData(@"C:\images\p.vhd")]
    [InlineData("/images/p.vhd")]
    public void The_name_beside_the_child_is_the_last_resort(string name)
    {
        using TempFolder folder = new();
        WriteParent(folder["p.vhd"]);
        Found(folder, WriteChild(folder, name, ("W2ru", @"..\gone\p.vhd")));
    }

    [Fact]
    public void A_parent_that_is_not_there_is_an_error_with_all_paths()
    {
        using TempFolder folder = new();
        string child = WriteChild(folder, "lost.vhd", ("W2ru", @".\sub\gone.vhd"), ("W2ku", @"C:\x\gone.vhd"));
        VhdxException exception = Assert.Throws<VhdxException>(() => DiskOpener.OpenRead(child));

        Assert.Equal((ErrorIds.VhdParentNotFound, ErrorKind.NotFound), (exception.Id, exception.Kind));
        Assert.Contains(@"W2ru '.\sub\gone.vhd'", exception.Message, StringComparison.Ordinal);
        Assert.Contains(@"W2ku 'C:\x\gone.vhd'", exception.Message, StringComparison.Ordinal);
        Assert.Contains(folder["lost.vhd"], exception.Message, StringComparison.Ordinal);
        Assert.Equal("lost.vhd", ImageInspector.Inspect(child).ParentPath);
    }

    [Fact]
    public void Another_disk_in_the_parents_place_is_an_error_with_both_ids()
    {
        using TempFolder folder = new();
        WriteParent(folder["p.vhd"], new("99999999-2222-3333-4444-555555555555"));
        string message = Mismatch(WriteChild(folder, "p.vhd"));

        Assert.Contains("99999999-2222-3333-4444-555555555555", message, StringComparison.Ordinal);
        Assert.Contains("11111111-2222-3333-4444-555555555555", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_parent_of_another_format_is_an_error()
    {
        using TempFolder folder = new();
        EngineImages.Create(folder["p.vhd"], size: Size, block: 1 << 20);
        Assert.Contains("no VHD", Mismatch(WriteChild(folder, "p.vhd")), StringComparison.Ordinal);
    }

    [Fact]
    public void A_ring_is_an_error()
    {
        using TempFolder folder = new();
        new VhdImage { Size = Size, Id = s_parent, ParentId = s_parent, ParentName = "b.vhd" }.Write(folder["a.vhd"]);
        new VhdImage { Size = Size, Id = s_parent, ParentId = s_parent, ParentName = "a.vhd" }.Write(folder["b.vhd"]);
        Assert.Contains("ring", Mismatch(folder["a.vhd"]), StringComparison.Ordinal);
        File.Delete(folder["a.vhd"]);
    }

    [Theory]
    [InlineData(8, 0xFFFFFFFFu)]
    [InlineData(16, 0xFFFFFFFFu)]
    [InlineData(16, 0x00000001u)]
    public void A_locator_that_points_to_nowhere_does_no_harm(int field, uint value)
    {
        using TempFolder folder = new();
        WriteParent(folder["p.vhd"]);
        VhdImage child = new()
        {
            Size = Size,
            ParentId = s_parent,
            ParentName = "p.vhd",
            ChangeHeader = header => System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(header.AsSpan(576 + field), value),
        };
        child.Locators.Add(("W2ru", "gone.vhd"));
        Found(folder, child.Write(folder["c.vhd"]));
    }

    private static void Found(TempFolder folder, string child)
    {
        using OpenedDisk opened = DiskOpener.OpenRead(child);
        Assert.Equal([child, folder["p.vhd"]], opened.Files);
        Assert.Equal(folder["p.vhd"], ImageInspector.Inspect(child).ParentPath);
    }

    private static string Mismatch(string child)
    {
        VhdxException exception = Assert.Throws<VhdxException>(() => DiskOpener.OpenRead(child));
        Assert.Equal((ErrorIds.VhdParentMismatch, ErrorKind.InvalidData), (exception.Id, exception.Kind));
        return exception.Message;
    }

    private static void WriteParent(string path, Guid? id = null) => File.WriteAllBytes(path, [.. new byte[Size], .. VhdModel.Footer(2, Size, id: id ?? s_parent)]);

    private static string WriteChild(TempFolder folder, string name, params (string Code, string Path)[] locators)
    {
        VhdImage child = new() { Size = Size, ParentId = s_parent, ParentName = name };
        child.Locators.AddRange(locators);
        return child.Write(folder["c.vhd"]);
    }
}
