using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using VhdxTools.Core.Tests.Disks;
using VhdxTools.Core.Tests.Support;
using VhdxTools.IO;
using VhdxTools.Operations;
using Xunit;

namespace VhdxTools.Core.Tests.Operations;

/// <summary>Runs conversions, and reads what they made with readers that share nothing with the product.</summary>
internal static class Conversions
{
    public const int MiB = 1 << 20;

    public static VhdxImageInfo Convert(
        string source,
        string destination,
        Func<ConvertOptions, ConvertOptions>? change = null,
        List<string>? warnings = null,
        Func<IRandomAccessFile, IRandomAccessFile>? wrap = null,
        Action<long, long>? progress = null,
        CancellationToken cancellation = default)
    {
        using ImageConverter converter = ImageConverter.Open(Options(source, destination, change));
        warnings?.AddRange(converter.Warnings);
        return converter.Run("1", progress, wrap, cancellation);
    }

    public static ConvertOptions Options(string source, string destination, Func<ConvertOptions, ConvertOptions>? change = null)
    {
        ConvertOptions options = new()
        {
            SourcePath = source,
            DestinationPath = destination,
            Preallocation = null,
            DefaultCreator = "a test",
            CreatorVersion = new(1, 2),
            CreatedAt = new(2020, 1, 1, 0, 0, 0, TimeSpan.Zero),
            Identifiers = _ => TestIds.Fixed,
            IsPortable = true,
        };
        return change is null ? options : change(options);
    }

    public static VhdxException Refusal(string source, string destination, Func<ConvertOptions, ConvertOptions>? change = null) =>
        Assert.Throws<VhdxException>(() => ImageConverter.Open(Options(source, destination, change)).Dispose());

    /// <summary>A disk with data at its start and its end, single sectors, whole blocks, and a zero block between them.</summary>
    public static byte[] Model(int length, int seed = 1)
    {
        Random random = new(seed);
        byte[] model = new byte[length];
        random.NextBytes(model.AsSpan(0, 5000));
        random.NextBytes(model.AsSpan(MiB, MiB));
        random.NextBytes(model.AsSpan((3 * MiB) + 512, 512));
        random.NextBytes(model.AsSpan((4 * MiB) + 700_000, 600_000));
        random.NextBytes(model.AsSpan(length - 4096));
        return model;
    }

    /// <summary>The disk in a file and its parents, the tip first.</summary>
    public static byte[] ReadBack(VhdFormat format, params string[] chain)
    {
        switch (format)
        {
            case VhdFormat.Raw:
                return File.ReadAllBytes(chain[0]);
            case VhdFormat.VHD:
                byte[]? disk = null;
                foreach (string path in chain.Reverse())
                {
                    disk = new VhdReading(File.ReadAllBytes(path)).Disk(disk);
                }

                return disk!;
            default:
                EngineOracle[] files = [.. chain.Select(path => new EngineOracle(path))];
                byte[] bytes = new byte[files[0].Size];
                long offset = 0;
                foreach ((DiskExtentKind kind, int layer, long place) in EngineOracle.Resolve(files))
                {
                    if (kind == DiskExtentKind.Data)
                    {
                        files[layer].Bytes.Slice((int)place, (int)files[0].SectorSize).CopyTo(bytes.AsSpan((int)offset));
                    }

                    offset += files[0].SectorSize;
                }

                return bytes;
        }
    }

    /// <summary>Writes bytes and leaves out zeros, so that the file system may have holes there.</summary>
    public static string WriteSparse(string path, byte[] bytes)
    {
        using FileStream stream = File.Create(path);
        for (int offset = 0; offset < bytes.Length; offset += 4096)
        {
            ReadOnlySpan<byte> part = bytes.AsSpan(offset, Math.Min(4096, bytes.Length - offset));
            if (part.ContainsAnyExcept((byte)0))
            {
                stream.Position = offset;
                stream.Write(part);
            }
        }

        stream.SetLength(bytes.Length);
        return path;
    }
}
