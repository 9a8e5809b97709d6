using System;
using System.Collections.Generic;

namespace VhdxTools.Core.Tests.Support;

/// <summary>
/// Damages an image where its structures are: fields get hostile numbers, bytes are flipped, the file is cut. In half of the cases
/// the checksums of headers, region tables and log entries are made right again, so that the damage is looked at.
/// </summary>
internal sealed class Mutator
{
    private static readonly ulong[] s_hostile =
    [
        0, 1, 2, 3, 4, 5, 6, 7, 8, 31, 32, 127, 128, 511, 512, 513, 1024, 2047, 2048, 4095, 4096, 8192, 65_535, 65_536, 0x10008,
        0xFFFFF, 0x100000, 0x100001, 0x200000, 0x300000, 0x400000, 0x10000000, 0x20000000, 0x7FFFFFFF, 0x80000000, 0xFFF00000, 0xFFFFF000, 0xFFFFFFFF,
        0x100000000, 1UL << 40, 64UL << 40, (64UL << 40) + 512, 1UL << 50, 0x7FFFFFFFFFF00000, 0x7FFFFFFFFFFFFFFF, 0x8000000000000000, 0xFFFFFFFFFFF00000, ulong.MaxValue,
    ];

    /// <summary>Offset and size of the fields: header section, metadata table and items, BAT.</summary>
    private readonly List<(long Offset, int Size)> _fields = [];

    private readonly MemoryFile _original;
    private readonly int _logSectors;

    /// <param name="original">An image with log, metadata and BAT at 1, 2 and 3 MiB.</param>
    /// <param name="logSectors">How many sectors of the log hold entries.</param>
    public Mutator(MemoryFile original, int logSectors)
    {
        _original = original;
        _logSectors = logSectors;
        foreach (long header in new[] { 0x10000L, 0x20000L })
        {
            AddAll(header, (0, 4), (8, 8), (16, 8), (32, 8), (48, 8), (56, 8), (64, 2), (66, 2), (68, 4), (72, 8));
        }

        foreach (long table in new[] { 0x30000L, 0x40000L })
        {
            AddAll(table, (0, 4), (8, 4), (16, 8), (32, 8), (40, 4), (44, 4), (48, 8), (64, 8), (72, 4), (76, 4), (80, 8), (96, 8), (104, 4), (108, 4));
        }

        AddAll(0x200000, (0, 8), (10, 2));
        for (int entry = 0; entry < 8; entry++)
        {
            AddAll(0x200020 + (32 * entry), (0, 8), (16, 4), (20, 4), (24, 4));
        }

        AddAll(0x210000, (0, 4), (4, 4), (8, 8), (16, 4), (20, 4), (24, 8), (40, 8), (58, 2), (60, 4), (64, 4), (68, 2), (70, 2), (72, 4), (76, 4), (80, 2), (82, 2));
        for (int entry = 0; entry < 20; entry++)
        {
            _fields.Add((0x300000 + (8 * entry), 8));
        }

        // The blocks that are read afterwards, again and again.
        for (int more = 0; more < 8; more++)
        {
            AddAll(0x300000, (0, 8), (8 * 7, 8));
        }

        for (int sector = 0; sector < logSectors; sector++)
        {
            AddAll(0x100000 + (4096 * sector), (0, 4), (8, 4), (12, 4), (16, 8), (24, 4), (32, 8), (48, 8), (56, 8), (64, 4), (72, 8), (80, 8), (88, 8), (104, 8), (112, 8), (4092, 4));
        }
    }

    public MemoryFile Next(Random random)
    {
        MemoryFile file = _original.Clone();
        for (int count = random.Next(1, 5); count > 0; count--)
        {
            Damage(file, random);
        }

        if (random.Next(2) == 0)
        {
            Repair(file);
        }

        return file;
    }

    private static void RepairAt(MemoryFile file, long offset, int length)
    {
        if (offset + length <= file.Length)
        {
            file.Put(offset, Bytes.Sealed(file.Bytes(offset, length)));
        }
    }

    private void AddAll(long start, params (int Offset, int Size)[] fields)
    {
        foreach ((int offset, int size) in fields)
        {
            _fields.Add((start + offset, size));
        }
    }

    private void Damage(MemoryFile file, Random random)
    {
        (long offset, int size) = _fields[random.Next(_fields.Count)];
        if (offset + size > file.Length)
        {
            return;
        }

        switch (random.Next(12))
        {
            case 0:
                file.Put(offset + random.Next(size), [(byte)random.Next(256)]);
                break;
            case 1:
                file.Resize(random.NextInt64(file.Length + 1));
                break;
            case 2:
                byte[] noise = new byte[random.Next(1, 64)];
                random.NextBytes(noise);
                file.Put(offset, noise);
                break;
            case 3:
                (long other, _) = _fields[random.Next(_fields.Count)];
                file.Put(offset, file.Bytes(Math.Min(other, file.Length), size));
                break;
            default:
                ulong value = s_hostile[random.Next(s_hostile.Length)];
                bool isBlock = offset >= 0x300000;
                file.Put(offset, Bytes.U64(isBlock ? (value & ~0xFFFFFul) | (uint)(random.Next(2) == 0 ? 6 : random.Next(8)) : value).AsSpan(0, size));
                break;
        }
    }

    private void Repair(MemoryFile file)
    {
        RepairAt(file, 0x10000, 4096);
        RepairAt(file, 0x20000, 4096);
        RepairAt(file, 0x30000, 65_536);
        RepairAt(file, 0x40000, 65_536);
        for (int sector = 0; sector < _logSectors; sector++)
        {
            long offset = 0x100000 + (4096 * sector);
            if (offset + 64 <= file.Length && file.Bytes(offset, 4).AsSpan().SequenceEqual("loge"u8))
            {
                int length = (int)Math.Min(Bytes.Read(file.Bytes(offset, 12), 8, 4), 0x20000);
                RepairAt(file, offset, Math.Max(length, 8));
            }
        }
    }
}
