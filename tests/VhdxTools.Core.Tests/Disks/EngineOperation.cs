using System;
using System.Collections.Generic;
using VhdxTools.Disks;

namespace VhdxTools.Core.Tests.Disks;

/// <summary>A call of the engine that a test makes and remembers.</summary>
internal abstract record EngineOperation
{
    public abstract void Run(DiskChain disk);

    /// <param name="Offset">In bytes.</param>
    /// <param name="Data">Any length, any alignment.</param>
    public sealed record Write(long Offset, byte[] Data) : EngineOperation
    {
        public override void Run(DiskChain disk) => disk.Write(Offset, Data);
    }

    public sealed record Trim(long Offset, long Length) : EngineOperation
    {
        public override void Run(DiskChain disk) => disk.Trim(Offset, Length);
    }

    public sealed record Flush : EngineOperation
    {
        public override void Run(DiskChain disk) => disk.Flush();
    }

    public sealed record Close : EngineOperation
    {
        public override void Run(DiskChain disk) => disk.Dispose();
    }

    /// <summary>A run of random operations in a window of the disk.</summary>
    /// <param name="random">Decides.</param>
    /// <param name="count">How many.</param>
    /// <param name="capacity">Size of the disk in bytes.</param>
    /// <param name="blockSize">Of the image.</param>
    /// <param name="maximum">The longest write.</param>
    public static IEnumerable<EngineOperation> Run(Random random, int count, long capacity, int blockSize, int maximum)
    {
        for (int i = 0; i < count; i++)
        {
            int kind = random.Next(10);
            if (kind < 6)
            {
                int length = (int)Math.Min(capacity, random.Next(4) == 0 ? random.Next(1, maximum + 1) : random.Next(1, 3000));
                if (random.Next(2) == 0)
                {
                    length = Math.Max(512, length / 512 * 512);
                }

                long offset = random.NextInt64(capacity - length + 1);
                offset = random.Next(3) switch
                {
                    0 => offset / 512 * 512,
                    1 => Math.Max(0, Math.Min(capacity - length, (offset / blockSize * blockSize) - (length / 2))),
                    _ => offset,
                };
                yield return new Write(offset, EngineImages.RandomBytes(random, length));
            }
            else if (kind == 6)
            {
                long block = random.NextInt64((capacity + blockSize - 1) / blockSize);
                yield return new Write(block * blockSize, EngineImages.RandomBytes(random, (int)Math.Min(blockSize, capacity - (block * blockSize))));
            }
            else if (kind < 9)
            {
                long block = random.NextInt64((capacity + blockSize - 1) / blockSize);
                long length = random.Next(3) == 0 ? random.NextInt64(capacity - (block * blockSize)) : Math.Min(blockSize, capacity - (block * blockSize));
                yield return new Trim(block * blockSize, length);
            }
            else
            {
                yield return new Flush();
            }
        }
    }
}
