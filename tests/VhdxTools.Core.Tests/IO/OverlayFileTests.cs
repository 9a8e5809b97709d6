using System;
using CsCheck;
using VhdxTools.Core.Tests.Support;
using VhdxTools.IO;
using VhdxTools.Layout;
using Xunit;

namespace VhdxTools.Core.Tests.IO;

public class OverlayFileTests
{
    private const int Sector = 4096;
    private const int Sectors = 24;

    [Fact]
    public void An_overlay_agrees_with_a_byte_array() => Property.Holds(
        Gen.Select(
            Gen.Int[0, 12 * Sector],
            Gen.Select(Gen.Int[0, 3], Gen.Int[0, Sectors - 1], Gen.Int[0, 6], Gen.Select(Gen.Int[0, Sectors * Sector], Gen.Int[0, 3 * Sector])).Array[1, 12]),
        seed: 4,
        cases: 1000,
        test =>
        {
            (int innerLength, (int Kind, int Place, int Count, (int Offset, int Length) Read)[] steps) = test;
            MemoryFile inner = new();
            byte[] model = new byte[(Sectors + 8) * Sector];
            byte[] content = Bytes.Pattern(innerLength, innerLength);
            inner.Put(0, content);
            content.CopyTo(model, 0);
            inner.IsFrozen = true;
            long length = innerLength;
            OverlayFile overlay = new(inner);
            for (int i = 0; i < steps.Length; i++)
            {
                (int kind, int place, int count, (int offset, int readLength)) = steps[i];
                switch (kind)
                {
                    case 0:
                        byte[] sector = Bytes.Pattern((100 * i) + place, Sector);
                        overlay.SetSector(place * Sector, target => sector.CopyTo(target));
                        sector.CopyTo(model, place * Sector);
                        length = Math.Max(length, (place + 1) * Sector);
                        break;
                    case 1:
                        overlay.SetZeros(new(place * Sector, count * Sector));
                        model.AsSpan(place * Sector, count * Sector).Clear();
                        length = Math.Max(length, (place + count) * Sector);
                        break;
                    case 2:
                        overlay.Extend(place * Sector);
                        length = Math.Max(length, place * Sector);
                        break;
                }

                Assert.Equal(length, overlay.Length);
                CheckRead(overlay, model, offset, readLength);
                CheckData(overlay, model);
            }

            CheckRead(overlay, model, 0, Sectors * Sector);
        });

    [Fact]
    public void An_overlay_cannot_be_written()
    {
        OverlayFile overlay = new(new MemoryFile());

        Assert.Throws<InvalidOperationException>(() => overlay.Write(0, [1]));
        Assert.Throws<InvalidOperationException>(() => overlay.SetLength(0));
        Assert.Throws<InvalidOperationException>(() => overlay.Reserve(0));
    }

    [Fact]
    public void An_overlay_has_the_name_of_its_file_and_closes_it()
    {
        MemoryFile inner = new("a.vhdx");
        OverlayFile overlay = new(inner);

        Assert.Equal("a.vhdx", overlay.Name);
        overlay.Dispose();
        Assert.True(inner.IsDisposed);
    }

    private static void CheckRead(OverlayFile overlay, byte[] model, int offset, int length)
    {
        byte[] buffer = new byte[length];
        buffer.AsSpan().Fill(0xEE);
        int expected = (int)Math.Clamp(overlay.Length - offset, 0, length);

        Assert.Equal(expected, overlay.Read(offset, buffer));
        Assert.True(buffer.AsSpan(0, expected).SequenceEqual(model.AsSpan(offset, expected)));
    }

    /// <summary>What FindData leaves out is zero; it may call zeros data.</summary>
    private static void CheckData(OverlayFile overlay, byte[] model)
    {
        long end = overlay.Length;
        long position = 0;
        while (position < end)
        {
            FileRange? data = overlay.FindData(position, end);
            long start = data?.Offset ?? end;
            Assert.False(model.AsSpan((int)position, (int)(start - position)).ContainsAnyExcept((byte)0));
            if (data is not FileRange found)
            {
                break;
            }

            Assert.True(found.Length > 0 && found.Offset >= position && found.End <= end);
            position = found.End;
        }
    }
}
