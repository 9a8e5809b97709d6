using System;
using System.Collections.Generic;
using System.IO;
using VhdxTools.Core.Tests.Support;
using VhdxTools.Disks;
using VhdxTools.Layout;
using VhdxTools.Operations;
using Xunit;
using static VhdxTools.Core.Tests.Support.VhdPlans;

namespace VhdxTools.Core.Tests.Operations;

public class VhdParentReaderTests
{
    [Theory]
    [InlineData(VhdType.Fixed)]
    [InlineData(VhdType.Dynamic)]
    public void A_child_and_a_grandchild_find_their_parents(VhdType type)
    {
        using TempFolder folder = new();
        Directory.CreateDirectory(folder["sub [1]"]);
        Random random = new(1);
        byte[] disk = new byte[(5 << 20) + 512];
        Scribble(disk, random, 5);
        string path = folder["bäse '1.vhd"];
        File.WriteAllBytes(path, All(Write(Options(type, disk.Length) with { UniqueId = ParentId }, disk)));
        File.SetLastWriteTimeUtc(path, new(2001, 1, 1, 0, 0, 0, DateTimeKind.Utc));

        for (int i = 1; i < 3; i++)
        {
            string child = folder[Path.Combine("sub [1]", $"c{i}.vhd")];
            VhdParentReference parent = VhdParentReader.Read(path, child, portable: false);
            if (i == 1)
            {
                Assert.Equal((ParentId, disk.Length, "bäse '1.vhd", 366u * 86_400), (parent.UniqueId, parent.VirtualDiskSize, parent.Name, VhdxTools.Format.VhdTime.Of(parent.ModifiedAt)));
                Assert.Contains(new KeyValuePair<string, string>("W2ru", @"..\bäse '1.vhd"), parent.Paths);
            }

            byte[] before = (byte[])disk.Clone();
            Scribble(disk, random, 5);
            VhdCreateOptions options = Options(size: null) with { Parent = parent, UniqueId = new Guid(i, 1, 2, new byte[8]) };
            File.WriteAllBytes(child, All(WriteDifferences(options, disk, Differences(before, disk, random))));
            path = child;
        }

        using OpenedDisk opened = DiskOpener.OpenRead(path);
        byte[] read = new byte[disk.Length];
        opened.Disk.Read(0, read);
        Assert.True(disk.AsSpan().SequenceEqual(read));
        Assert.Equal([path, folder[Path.Combine("sub [1]", "c1.vhd")], folder["bäse '1.vhd"]], opened.Files);
        Assert.Equal(VhdType.Differencing, opened.Type);
    }

    [Fact]
    public void What_is_no_parent_is_refused()
    {
        using TempFolder folder = new();
        File.WriteAllBytes(folder["p.vhd"], All(Write(Options(VhdType.Fixed, 512), new byte[512])));
        File.WriteAllBytes(folder["raw.img"], Bytes.Pattern(1, 4096));
        File.WriteAllBytes(
            folder["c.vhd"], All(WriteDifferences(Options(size: null) with { UniqueId = ParentId, Parent = VhdParentReader.Read(folder["p.vhd"], folder["c.vhd"], true) }, new byte[512], [])));

        Refused("p.vhd", "p.vhd", ErrorIds.DestinationIsParent, "its own parent");
        Refused("c.vhd", "p.vhd", ErrorIds.DestinationIsParent, "depends on it");
        Refused("raw.img", "d.vhd", ErrorIds.ContradictingParameters, "Raw");
        Refused("gone.vhd", "d.vhd", ErrorIds.FileNotFound, "The parent cannot be used");

        void Refused(string parent, string child, string id, string words)
        {
            VhdxException exception = Assert.Throws<VhdxException>(() => VhdParentReader.Read(folder[parent], folder[child], portable: true));
            Assert.Equal(id, exception.Id);
            Assert.Contains(words, exception.Message, StringComparison.Ordinal);
        }
    }
}
