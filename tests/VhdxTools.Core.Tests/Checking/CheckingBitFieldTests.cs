using System;
using System.Linq;
using VhdxTools.Images;
using Xunit;

namespace VhdxTools.Core.Tests.Checking;

/// <summary>A field of bits does what an array of bool does.</summary>
public class CheckingBitFieldTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(63)]
    [InlineData(64)]
    [InlineData(65)]
    [InlineData(200)]
    [InlineData(1000)]
    public void Any_sequence_of_calls_gives_what_an_array_gives(int length)
    {
        for (int seed = 0; seed < 10; seed++)
        {
            Random random = new(seed);
            BitField field = new(length);
            bool[] model = new bool[length];
            for (int step = 0; step < 60; step++)
            {
                int first = random.Next(length + 70);
                int count = random.Next(4) switch { 0 => 1, 1 => 64, 2 => random.Next(8), _ => random.Next(length + 70) };
                int end = Math.Min(length, first + count);
                bool isFree = !Enumerable.Range(0, length).Any(i => i >= first && i < end && model[i]);
                if (random.Next(2) == 0)
                {
                    Assert.Equal(isFree, field.TrySet(first, count));
                }
                else
                {
                    isFree = true;
                    field.Set(first, count);
                }

                for (int i = first; isFree && i < end; i++)
                {
                    model[i] = true;
                }

                AssertSame(model, field);
            }
        }
    }

    [Fact]
    public void All_bits_of_another_field_are_added()
    {
        Random random = new(1);
        BitField field = new(300);
        BitField other = new(300);
        bool[] model = new bool[300];
        for (int i = 0; i < 100; i++)
        {
            int index = random.Next(300);
            model[index] = true;
            (i % 2 == 0 ? field : other).Set(index, 1);
        }

        field.SetAll(other);

        AssertSame(model, field);
    }

    [Fact]
    public void A_field_of_the_greatest_file_takes_16_MiB()
    {
        long before = GC.GetAllocatedBytesForCurrentThread();

        BitField field = new(1L << 27);

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 16 << 20, (16 << 20) + 1000);
        Assert.True(field.TrySet((1L << 27) - 1, 1));
        Assert.False(field.TrySet((1L << 27) - 2, 2));
        Assert.Equal((1L << 27) - 1, field.Find(value: true, 0));
        Assert.Equal(1L << 27, field.Find(value: false, (1L << 27) - 1));
        Assert.False(field[long.MaxValue]);
        Assert.True(field.TrySet(long.MaxValue - (1L << 30), 1 << 20));
    }

    private static void AssertSame(bool[] model, BitField field)
    {
        Assert.Equal(model.Length, field.Length);
        for (int i = 0; i < model.Length + 5; i++)
        {
            Assert.Equal(i < model.Length && model[i], field[i]);
            foreach (bool value in new[] { false, true })
            {
                int found = i < model.Length ? Array.IndexOf(model, value, i) : -1;
                Assert.Equal(found < 0 ? model.Length : found, field.Find(value, i));
            }
        }
    }
}
