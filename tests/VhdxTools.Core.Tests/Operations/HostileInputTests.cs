using System;
using VhdxTools.Core.Tests.Support;
using Xunit;

namespace VhdxTools.Core.Tests.Operations;

/// <summary>Law 6.</summary>
public class HostileInputTests
{
    private static readonly long[] s_edges = [0, 0x10000, 0x20000, 0x30000, 0x40000, 0x50000, 0x100000, 0x102000, 0x200000, 0x200020, 0x210000, 0x210028, 0x300000, 0x300008, 0x400000, 0x800000];

    [Theory]
    [InlineData("dynamic", 600)]
    [InlineData("fixed", 500)]
    [InlineData("differencing", 700)]
    [InlineData("dirty", 1500)]
    public void Damage_gives_a_result_or_one_clear_error(string image, int cases)
    {
        MemoryFile original = Image(image);
        HostileCase.Check(original.Clone(), "the sound image");
        Mutator mutator = new(original, logSectors: image == "dirty" ? 9 : 0);
        for (int seed = 0; seed < cases; seed++)
        {
            HostileCase.Check(mutator.Next(new Random(seed)), $"{image}, case {seed}");
        }
    }

    [Theory]
    [InlineData("dynamic")]
    [InlineData("fixed")]
    [InlineData("differencing")]
    [InlineData("dirty")]
    public void A_file_cut_anywhere_gives_a_result_or_one_clear_error(string image)
    {
        MemoryFile original = Image(image);
        foreach (long edge in s_edges)
        {
            foreach (int more in new[] { -4096, -512, -1, 0, 1, 7, 8, 511, 512, 520, 4095, 4096 })
            {
                long length = Math.Clamp(edge + more, 0, original.Length);
                MemoryFile file = original.Clone();
                file.Resize(length);
                HostileCase.Check(file, $"{image} cut to {length} bytes");
            }
        }
    }

    [Fact]
    public void Noise_behind_the_signatures_gives_a_result_or_one_clear_error()
    {
        for (int seed = 0; seed < 100; seed++)
        {
            MemoryFile file = new();
            file.Put(0, Bytes.Pattern(seed, 0x50000));
            file.Put(0, "vhdxfile"u8);
            file.Put(0x10000, "head"u8);
            file.Put(0x20000, "head"u8);
            file.Put(0x30000, "regi"u8);
            file.Put(0x40000, "regi"u8);
            foreach (int header in new[] { 0x10000, 0x20000 })
            {
                file.Put(header, Bytes.Sealed(file.Bytes(header, 4096)));
            }

            HostileCase.Check(file, $"noise {seed}");
        }
    }

    private static MemoryFile Image(string name) => name switch
    {
        "dynamic" => SmallImages.Created(VhdType.Dynamic),
        "fixed" => SmallImages.Created(VhdType.Fixed),
        "differencing" => SmallImages.Created(VhdType.Differencing),
        _ => SmallImages.Dirty(),
    };
}
