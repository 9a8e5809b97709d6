using System;
using CsCheck;
using VhdxTools.Core.Tests.Support;
using VhdxTools.Diagnostics;
using VhdxTools.Images;
using Xunit;

namespace VhdxTools.Core.Tests.Journal;

/// <summary>Random logs, replayed once by the product and once on a byte array.</summary>
public class ReplayModelTests
{
    private const int Area = 8 << 20;
    private const int Sectors = 40;

    [Fact]
    public void A_replay_agrees_with_a_byte_array() => Property.Holds(
        Gen.Select(
            Gen.Int[0, 255],
            Gen.Int[0, 2],
            Gen.Select(Gen.Bool, Gen.Int[0, Sectors - 1], Gen.Int[1, 8], Gen.Int).Array[0, 9].Array[1, 8]),
        seed: 5,
        cases: 300,
        test =>
        {
            (int start, int history, (bool IsZero, int Place, int Count, int Seed)[][] entries) = test;
            ImageBuilder builder = new();
            byte[] model = Bytes.Pattern(start, (Sectors + 8) * 4096);
            builder.Extra.Add((Area, (byte[])model.Clone()));

            // The first few entries lie before the head's tail.
            int first = Math.Min(history, entries.Length - 1);
            long ring = start * 4096L;
            long tail = 0;
            for (int i = 0; i < entries.Length; i++)
            {
                tail = i == first ? ring : tail;
                LogModel entry = new(LogModel.Guid1, (ulong)(100 + i)) { Tail = (uint)(i < first ? ring : tail) };
                foreach ((bool isZero, int place, int count, int seed) in entries[i])
                {
                    byte[] sector = Bytes.Pattern(seed, 4096);
                    ulong target = (ulong)(Area + (place * 4096));
                    _ = isZero ? entry.Zero(target, (ulong)count * 4096) : entry.Data(target, sector);
                    if (i >= first && isZero)
                    {
                        model.AsSpan(place * 4096, count * 4096).Clear();
                    }
                    else if (i >= first)
                    {
                        sector.CopyTo(model, place * 4096);
                    }
                }

                byte[] bytes = entry.ToBytes();
                builder.WithLog(LogModel.Guid1, (ring, bytes));
                ring = (ring + bytes.Length) % 0x100000;
            }

            MemoryFile file = builder.Build();
            file.IsFrozen = true;
            using VhdxFile image = VhdxFile.Open(file, StrictSink.Instance);
            byte[] actual = new byte[model.Length];
            image.View.Read(Area, actual);
            Assert.True(model.AsSpan().SequenceEqual(actual));
        });
}
