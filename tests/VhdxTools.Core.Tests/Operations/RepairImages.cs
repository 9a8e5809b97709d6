using System;
using VhdxTools.Core.Tests.Checking;
using VhdxTools.Core.Tests.Support;
using VhdxTools.Disks;
using Xunit;
using static VhdxTools.Core.Tests.Checking.CheckingImage;

namespace VhdxTools.Core.Tests.Operations;

/// <summary>Images for repairs, with the bytes that their disks hold.</summary>
internal static class RepairImages
{
    /// <summary>Blocks 0 to 4 of 16 hold a pattern and lie from 4 MiB on; the parent of a child holds another pattern everywhere.</summary>
    public static (CheckingImage Image, byte[] Model) Filled(CheckingFolder folder, VhdType type, int sector)
    {
        string? parent = null;
        byte[] model = new byte[16 * MiB];
        if (type == VhdType.Differencing)
        {
            CheckingImage file = Create(folder["parent.vhdx"], sector: sector).Map(16).Write(Payload, Bytes.Pattern(77, 16 * (int)MiB));
            parent = file.Path;
            Bytes.Pattern(77, 16 * (int)MiB).CopyTo(model, 0);
        }

        CheckingImage image = Create(folder["image.vhdx"], type == VhdType.Fixed ? type : VhdType.Dynamic, size: parent is null ? 16 * MiB : null, sector: parent is null ? sector : null, parent: parent);
        image.Map(type == VhdType.Fixed ? 16 : 5);
        byte[] data = Bytes.Pattern(3, 5 * (int)MiB);
        image.Write(Payload, data);
        data.CopyTo(model, 0);
        return (image, model);
    }

    /// <summary>The same dynamic image with its BAT at the end, and a gap where the table was.</summary>
    public static (CheckingImage Image, byte[] Model) WithBatAtEnd(CheckingFolder folder)
    {
        (CheckingImage image, byte[] model) = Filled(folder, VhdType.Dynamic, 512);
        byte[] bat = image.Read(Bat, (int)MiB);
        image.Write(Bat, new byte[MiB]).Write(9 * MiB, bat);
        return (image.Tables(table => Set(table, 16 + 16, (ulong)(9 * MiB))), model);
    }

    public static byte[] Read(string path)
    {
        using DiskChain disk = DiskChain.OpenRead(path);
        byte[] bytes = new byte[disk.Capacity];
        disk.Read(0, bytes);
        return bytes;
    }

    public static (Guid File, Guid Data) Guids(CheckingImage image)
    {
        long current = BitConverter.ToUInt64(image.Read(Header1 + Sequence, 8)) > BitConverter.ToUInt64(image.Read(Header2 + Sequence, 8)) ? Header1 : Header2;
        return (new(image.Read(current + FileWriteGuid, 16)), new(image.Read(current + DataWriteGuid, 16)));
    }

    public static void AssertReads(CheckingImage image, byte[] model, VhdxRepairResult result)
    {
        Assert.True(result.IsSound, string.Join("\n", result.After));
        Assert.DoesNotContain(image.Check(), finding => finding.Severity != FindingSeverity.Note);
        Assert.True(model.AsSpan().SequenceEqual(Read(image.Path)), "The disk reads otherwise.");
    }
}
