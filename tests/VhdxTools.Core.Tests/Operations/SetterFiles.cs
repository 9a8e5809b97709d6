using System;
using System.IO;
using System.Linq;
using VhdxTools.Core.Tests.Disks;
using VhdxTools.Core.Tests.Support;
using VhdxTools.Disks;
using Xunit;
using static VhdxTools.Core.Tests.Disks.EngineImages;

namespace VhdxTools.Core.Tests.Operations;

/// <summary>Images for the tests of Set-VhdxImage, and their metadata by offsets.</summary>
internal static class SetterFiles
{
    /// <summary>The content of an item by the offsets of MS-VHDX 2.2.3 and 2.6, when its flags are these.</summary>
    public static byte[]? ItemBytes(byte[] file, string id, uint flags) =>
        ItemPlace(file, id, flags) is (int offset, int length) ? file.AsSpan(offset, length).ToArray() : null;

    /// <summary>Where the content of an item stands in the file, and its length.</summary>
    public static (int Offset, int Length)? ItemPlace(byte[] file, string id, uint flags)
    {
        int region = RegionOffset(file, RegionModel.Metadata);
        foreach (int place in Enumerable.Range(0, (int)Bytes.Read(file, region + 10, 2)).Select(i => region + 32 + (32 * i)))
        {
            if (file.AsSpan(place, 16).SequenceEqual(Bytes.Guid(id)) && Bytes.Read(file, place + 24, 4) == flags)
            {
                int offset = (int)Bytes.Read(file, place + 16, 4);
                return (offset == 0 ? 0 : region + offset, (int)Bytes.Read(file, place + 20, 4));
            }
        }

        return null;
    }

    public static int RegionOffset(byte[] file, string id) => Regions(file).Single(region => region.Id == id) is var found ? (int)found.Offset : 0;

    /// <summary>The regions of the first copy of the table.</summary>
    public static RegionModel[] Regions(byte[] file) => [.. Enumerable.Range(0, (int)Bytes.Read(file, 0x30008, 4)).Select(i => 0x30010 + (32 * i)).Select(place => new RegionModel(
        new Guid(file.AsSpan(place, 16).ToArray()).ToString().ToUpperInvariant(),
        Bytes.Read(file, place + 16, 8),
        Bytes.Read(file, place + 24, 4),
        Bytes.Read(file, place + 28, 4) == 1))];

    /// <summary>Adds a region that nobody knows, with these bytes, at the end of the file.</summary>
    public static void AddUnknownRegion(string path, byte[] content)
    {
        byte[] file = File.ReadAllBytes(path);
        byte[] table = RegionModel.Table([.. Regions(file), new(RegionModel.Unknown, (ulong)file.Length, (ulong)content.Length, IsRequired: false)]);
        Patch(path, file.Length, content);
        Patch(path, 0x30000, table);
        Patch(path, 0x40000, table);
    }

    /// <summary>Writes a parent locator by hand over that of a child; there must be room behind it.</summary>
    public static void PutLocator(string path, params (string Key, string Value)[] pairs)
    {
        byte[] file = File.ReadAllBytes(path);
        byte[] content = LocatorModel.ToBytes(pairs);
        int region = RegionOffset(file, RegionModel.Metadata);
        int entry = Enumerable.Range(0, (int)Bytes.Read(file, region + 10, 2)).Select(i => region + 32 + (32 * i)).Single(place => file.AsSpan(place, 16).SequenceEqual(Bytes.Guid(ItemModel.ParentLocator)));
        int offset = region + (int)Bytes.Read(file, entry + 16, 4);
        Patch(path, offset, content);
        Patch(path, entry + 20, Bytes.U32((ulong)content.Length));
    }

    /// <summary>Fills all of a disk and gives the bytes.</summary>
    public static byte[] Fill(string path, int seed)
    {
        using DiskChain disk = DiskChain.OpenWrite(path, Guids(seed));
        byte[] model = Bytes.Pattern(seed, (int)disk.Capacity);
        disk.Write(0, model);
        return model;
    }

    /// <summary>Leaves an image as a power cut after a write and its flush would, the log dirty; the model gets the write.</summary>
    public static void LeaveDirty(string path, byte[] model)
    {
        byte[] data = Bytes.Pattern(77, 9000);
        EngineScenario.LeaveDirty(
            path,
            Guids(9),
            disk =>
            {
                disk.Trim(MiB, (int)MiB);
                disk.Write(MiB + 1234, data);
            },
            Header(path).DataWriteGuid);

        model.AsSpan((int)MiB, (int)MiB).Clear();
        data.CopyTo(model.AsSpan((int)MiB + 1234));
        Assert.NotEqual(Guid.Empty, Header(path).LogGuid);
    }

    public static void Verify(string path, byte[] model)
    {
        using DiskChain disk = DiskChain.OpenRead(path);
        byte[] bytes = new byte[disk.Capacity];
        disk.Read(0, bytes);
        Assert.True(model.AsSpan().SequenceEqual(bytes), $"'{Path.GetFileName(path)}' shows other bytes from {model.AsSpan().CommonPrefixLength(bytes)} on.");
    }
}
