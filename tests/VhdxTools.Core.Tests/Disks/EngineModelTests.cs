using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using VhdxTools.Core.Tests.Support;
using VhdxTools.Disks;
using VhdxTools.Format;
using VhdxTools.Images;
using Xunit;
using static VhdxTools.Core.Tests.Disks.EngineImages;

namespace VhdxTools.Core.Tests.Disks;

/// <summary>Thousands of random calls on chains of images against a plain array of bytes. More rounds: VHDXTOOLS_MODEL_ROUNDS.</summary>
public class EngineModelTests
{
    private const int Operations = 40;

    private static int Rounds => int.TryParse(Environment.GetEnvironmentVariable("VHDXTOOLS_MODEL_ROUNDS"), out int rounds) ? rounds : 3;

    public static TheoryData<int, int> Seeds()
    {
        TheoryData<int, int> data = [];
        for (int seed = 0; seed < 24; seed++)
        {
            data.Add(seed, (seed % 4) + 1);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Random_operations_leave_the_bytes_of_the_model(int seed, int depth)
    {
        using EngineFolder folder = new();
        Random random = new(seed);
        int sector = (seed / 4) % 2 == 0 ? 512 : 4096;
        byte[] model = [];
        List<string> chain = [];
        Func<Guid> guids = Guids(seed);
        for (int file = 0; file < depth; file++)
        {
            long block = random.Next(5) switch { < 3 => MiB, 3 => 2 * MiB, _ => 32 * MiB };
            long size = block == 32 * MiB ? random.NextInt64(33 * MiB, 70 * MiB) : random.NextInt64(3 * MiB, 12 * MiB);
            size = size / sector * sector;
            bool isFixed = file == 0 && random.Next(4) == 0;
            chain.Insert(0, Create(
                folder[$"{file}.vhdx"],
                isFixed ? VhdType.Fixed : VhdType.Dynamic,
                size,
                block,
                sector,
                random.Next(1, 3) * MiB,
                chain.FirstOrDefault(),
                state: file == 0 && !isFixed && random.Next(2) == 0 ? InitialBlockState.Zero : null));
            Array.Resize(ref model, (int)size);
            List<string> parents = [.. chain.Skip(1).Select(Hash)];
            int rounds = file == depth - 1 ? Rounds : 1;
            for (int round = 0; round < rounds; round++)
            {
                PlayRound(random, chain[0], model, block, guids);
                Verify(chain, model, random);
            }

            Assert.Equal(parents, chain.Skip(1).Select(Hash));
        }
    }

    [Theory]
    [InlineData(VhdType.Dynamic, 1)]
    [InlineData(VhdType.Fixed, 2)]
    [InlineData(VhdType.Differencing, 2)]
    public void An_open_without_a_change_leaves_every_byte(VhdType type, int block)
    {
        using EngineFolder folder = new();
        string? parent = type == VhdType.Differencing ? Create(folder["parent.vhdx"], size: 5 * MiB, block: MiB) : null;
        string path = Create(folder["a.vhdx"], type, 5 * MiB, block * MiB, parent: parent);
        string before = Hash(path);
        using (DiskChain disk = DiskChain.OpenWrite(path, Guids(1)))
        {
            disk.Read(0, new byte[MiB]);
            disk.Write(100, []);
            disk.Trim(MiB, 0);
            disk.Flush();
        }

        Assert.Equal(before, Hash(path));
    }

    [Fact]
    public void Trimming_what_is_not_there_changes_nothing()
    {
        using EngineFolder folder = new();
        string path = Create(folder["a.vhdx"], size: 5 * MiB + 512, block: MiB);
        string before = Hash(path);
        using (DiskChain disk = DiskChain.OpenWrite(path, Guids(1)))
        {
            disk.Trim(0, disk.Capacity);
            disk.Trim(77, 1000);
        }

        Assert.Equal(before, Hash(path));
    }

    [SkippableTheory]
    [InlineData(VhdType.Dynamic, 1)]
    [InlineData(VhdType.Dynamic, 32)]
    [InlineData(VhdType.Fixed, 2)]
    public void Qemu_reads_the_same_bytes(VhdType type, int block)
    {
        string? tool = FindQemu();
        Skip.If(tool is null, "qemu-img is not installed (package qemu-utils)");
        using EngineFolder folder = new();
        Random random = new(block);
        long size = (9 * MiB) + 1536;
        string path = Create(folder["a.vhdx"], type, size, block * MiB);
        byte[] model = new byte[size];
        PlayRound(random, path, model, block * MiB, Guids(3));
        using Process process = Process.Start(Tool.Command(tool!, "convert", "-O", "raw", path, folder["a.raw"]))!;
        string errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, errors);
        Assert.True(model.AsSpan().SequenceEqual(File.ReadAllBytes(folder["a.raw"])), "qemu-img reads other bytes.");
    }

    private static string? FindQemu() => (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(Path.PathSeparator)
        .SelectMany(folder => new[] { Path.Combine(folder, "qemu-img"), Path.Combine(folder, "qemu-img.exe") })
        .FirstOrDefault(File.Exists);

    /// <summary>Opens, plays, closes, and checks what the headers must say of it.</summary>
    private static void PlayRound(Random random, string path, byte[] model, long block, Func<Guid> guids)
    {
        List<EngineOperation> left = [.. EngineOperation.Run(random, Operations, model.Length, (int)block, (int)Math.Min(model.Length, (5 * MiB) / 2))];
        long length = new FileInfo(path).Length;
        while (left.Count > 0)
        {
            VhdxHeader before = Header(path);
            bool isWritten = false;
            bool isChanged = false;
            using (DiskChain disk = DiskChain.OpenWrite(path, guids))
            {
                int count = random.Next(1, 15);
                foreach (EngineOperation operation in left.Take(count))
                {
                    operation.Run(disk);
                    if (operation is EngineOperation.Write write)
                    {
                        write.Data.CopyTo(model, write.Offset);
                        isWritten = isChanged = true;
                    }
                    else if (operation is EngineOperation.Trim trim)
                    {
                        Span<byte> part = model.AsSpan((int)trim.Offset, (int)trim.Length);
                        isWritten = true;
                        isChanged |= part.IndexOfAnyExcept((byte)0) >= 0;
                        part.Clear();
                    }

                    int piece = random.Next(1, 300_000);
                    int place = random.Next(model.Length - piece);
                    byte[] bytes = new byte[piece];
                    disk.Read(place, bytes);
                    AssertSame(model.AsSpan(place, piece), bytes, place);
                }

                left.RemoveRange(0, Math.Min(count, left.Count));
            }

            VhdxHeader after = Header(path);
            Assert.Equal(Guid.Empty, after.LogGuid);
            if (isChanged)
            {
                Assert.NotEqual(before.DataWriteGuid, after.DataWriteGuid);
                Assert.NotEqual(before.FileWriteGuid, after.FileWriteGuid);
                Assert.True(after.SequenceNumber > before.SequenceNumber);
            }
            else if (!isWritten)
            {
                Assert.Equal(before, after);
            }
        }

        using VhdxFile image = VhdxFile.OpenRead(path);
        Assert.All(image.Headers, header => Assert.True(header.IsValid));
        Assert.Equal(1UL, Math.Max(image.Headers[0].SequenceNumber, image.Headers[1].SequenceNumber) - Math.Min(image.Headers[0].SequenceNumber, image.Headers[1].SequenceNumber));
        if (image.Type == VhdType.Fixed)
        {
            Assert.Equal(length, new FileInfo(path).Length);
        }
    }

    private static void Verify(List<string> chain, byte[] model, Random random)
    {
        Assert.Empty(Faults(chain[0]));
        using DiskChain disk = DiskChain.OpenRead(chain[0]);
        Assert.Equal(chain, disk.Layers.Select(layer => layer.Path));
        byte[] all = new byte[model.Length];
        for (int offset = 0; offset < all.Length;)
        {
            int piece = Math.Min(all.Length - offset, random.Next(1, 4_000_000));
            disk.Read(offset, all.AsSpan(offset, piece));
            offset += piece;
        }

        AssertSame(model, all, 0);
        List<EngineOracle> oracles = [.. chain.Select(path => new EngineOracle(path))];
        VerifyExtents(disk, oracles, model);
        if (oracles[0].IsFixed)
        {
            long first = (long)(oracles[0].PayloadEntry(0) >> 20);
            for (long block = 0; block < oracles[0].BlockCount; block++)
            {
                ulong place = (ulong)(first + (block * (oracles[0].BlockSize / MiB)));
                Assert.Equal((place << 20) | 6, oracles[0].PayloadEntry(block));
            }
        }
    }

    private static void VerifyExtents(DiskChain disk, List<EngineOracle> oracles, byte[] model)
    {
        List<DiskExtent> extents = [.. disk.Extents(0, disk.Capacity)];
        Assert.All(extents.Zip(extents.Skip(1)), pair =>
        {
            Assert.Equal(pair.First.End, pair.Second.Offset);
            Assert.False(pair.First.IsContinuedBy(pair.Second), $"{pair.First} and {pair.Second} are one.");
        });
        Assert.Equal(0, extents[0].Offset);
        Assert.Equal(disk.Capacity, extents[^1].End);
        int current = 0;
        long offset = 0;
        foreach ((DiskExtentKind kind, int layer, long place) in EngineOracle.Resolve(oracles))
        {
            while (offset >= extents[current].End)
            {
                current++;
            }

            DiskExtent extent = extents[current];
            long expected = kind == DiskExtentKind.Data ? extent.FileOffset + (offset - extent.Offset) : 0;
            if (extent.Kind != kind || extent.Layer != layer || place != expected)
            {
                Assert.Fail($"At {offset:X} the oracle says {kind} {layer} @ {place:X}, the engine {extent}.");
            }

            offset += oracles[0].SectorSize;
        }

        foreach (DiskExtent extent in extents)
        {
            ReadOnlySpan<byte> part = model.AsSpan((int)extent.Offset, (int)extent.Length);
            if (extent.Kind == DiskExtentKind.Data)
            {
                AssertSame(part, oracles[extent.Layer].Bytes.Slice((int)extent.FileOffset, (int)extent.Length), extent.Offset);
            }
            else
            {
                Assert.True(part.IndexOfAnyExcept((byte)0) < 0);
            }
        }
    }

    private static void AssertSame(ReadOnlySpan<byte> expected, ReadOnlySpan<byte> actual, long place)
    {
        int same = expected.CommonPrefixLength(actual);
        Assert.True(same == expected.Length, $"The bytes differ from 0x{place + same:X} on.");
    }
}
