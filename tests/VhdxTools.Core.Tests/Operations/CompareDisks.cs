using System;
using System.IO;
using VhdxTools.Core.Tests.Disks;
using VhdxTools.Core.Tests.Support;
using VhdxTools.Disks;
using VhdxTools.Images;
using VhdxTools.IO;

namespace VhdxTools.Core.Tests.Operations;

/// <summary>One disk in every form that can be read.</summary>
internal static class CompareDisks
{
    private const int Grain = 16 * 1024;

    private static readonly Guid s_parent = new("11111111-2222-3333-4444-555555555555");

    /// <summary>The forms, the sector size at their end.</summary>
    public static readonly string[] Forms =
    [
        "raw", "vhd fixed", "vhd dynamic", "vhd chain", "fixed 512", "dynamic 512", "chain 512", "dirty 512", "fixed 4096", "dynamic 4096", "chain 4096", "dirty 4096",
    ];

    /// <summary>Writes a disk; a multiple of 4096 bytes.</summary>
    public static string Write(EngineFolder folder, string name, string form, byte[] model, Random random)
    {
        string path = folder[name];
        switch (form)
        {
            case "raw":
                File.WriteAllBytes(path, model);
                return path;
            case "vhd fixed":
                File.WriteAllBytes(path, [.. model, .. VhdModel.Footer(2, (ulong)model.Length)]);
                return path;
            case "vhd dynamic":
                return Blocks(new() { Size = model.Length }, model, []).Write(path);
            case "vhd chain":
                VhdImage parent = new() { Size = model.Length - 4096, Id = s_parent };
                Scatter(parent.Size, random, (offset, bytes) => parent.AddBlock(offset / parent.BlockSize, bytes));
                parent.Write(folder[name + ".parent"]);
                return Blocks(new() { Size = model.Length, ParentId = s_parent, ParentName = name + ".parent" }, model, parent.Model([])).Write(path);
            default:
                return WriteVhdx(folder, name, form, model, random);
        }
    }

    /// <summary>
    /// A copy of an image as it would be when the machine lost power right after a commit reached the log: the table in its place is lost.
    /// </summary>
    public static void CopyDirty(string path, string target)
    {
        using (OsFile source = OsFile.OpenRead(path))
        {
            File.WriteAllBytes(target, source.ReadPadded(0, (int)source.Length));
        }

        long table;
        using (VhdxFile image = VhdxFile.OpenRead(target))
        {
            Xunit.Assert.True(image.IsLogDirty);
            table = image.BatRegion!.Value.Offset;
        }

        EngineImages.Patch(target, table, new byte[4096]);
    }

    private static string WriteVhdx(EngineFolder folder, string name, string form, byte[] model, Random random)
    {
        int sector = int.Parse(form.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture);
        byte[] below = new byte[model.Length];
        string? parent = null;
        if (form.StartsWith("chain", StringComparison.Ordinal))
        {
            parent = EngineImages.Create(folder[name + ".parent"], size: model.Length - 4096, block: EngineImages.MiB, sector: sector);
            using DiskChain disk = DiskChain.OpenWrite(parent, EngineImages.Guids(2));
            Scatter(model.Length - 4096, random, (offset, bytes) =>
            {
                disk.Write(offset, bytes);
                bytes.CopyTo(below.AsSpan(offset));
            });
        }

        bool isDirty = form.StartsWith("dirty", StringComparison.Ordinal);
        string path = EngineImages.Create(
            folder[isDirty ? name + ".running" : name], form.StartsWith("fixed", StringComparison.Ordinal) ? VhdType.Fixed : VhdType.Dynamic, model.Length, EngineImages.MiB, sector, parent: parent);
        using (DiskChain disk = DiskChain.OpenWrite(path, EngineImages.Guids(1)))
        {
            for (int offset = 0; offset < model.Length; offset += Grain)
            {
                ReadOnlySpan<byte> bytes = model.AsSpan(offset, Math.Min(Grain, model.Length - offset));

                // Some of what is the same already is written all the same.
                if (!bytes.SequenceEqual(below.AsSpan(offset, bytes.Length)) || random.Next(10) == 0)
                {
                    disk.Write(offset, bytes);
                }
            }

            disk.Flush();
            if (isDirty)
            {
                CopyDirty(path, folder[name]);
            }
        }

        return folder[name];
    }

    private static VhdImage Blocks(VhdImage image, byte[] model, byte[] below)
    {
        Array.Resize(ref below, model.Length);
        for (int block = 0; block < image.BlockCount; block++)
        {
            int offset = block * image.BlockSize;
            ReadOnlySpan<byte> bytes = model.AsSpan(offset, Math.Min(image.BlockSize, model.Length - offset));
            if (!bytes.SequenceEqual(below.AsSpan(offset, bytes.Length)))
            {
                image.AddBlock(block, bytes);
            }
        }

        return image;
    }

    /// <summary>Random bytes in a few pieces of 64 KiB.</summary>
    private static void Scatter(int size, Random random, Action<int, byte[]> write)
    {
        for (int i = 0; i < 6; i++)
        {
            write(random.Next(size / 65536) * 65536, EngineImages.RandomBytes(random, 65536));
        }
    }
}
