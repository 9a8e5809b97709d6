using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using static VhdxTools.Core.Tests.Checking.CheckingImage;

namespace VhdxTools.Core.Tests.Checking;

/// <summary>
/// Damages images where it hurts: it knows the structures, sets lengths, counts and offsets to values at and past every limit, and
/// repairs the checksums, so that the damage gets past them. The same seed gives the same file.
/// </summary>
internal sealed class CheckingMutator
{
    private static readonly ulong[] s_values =
    [
        0, 1, 2, 7, 8, 31, 32, 63, 64, 126, 127, 128, 511, 512, 513, 1023, 1024, 1025, 2046, 2047, 2048, 4095, 4096, 4097, 65535, 65536, 65537,
        (ulong)MiB - 4096, (ulong)MiB - 1, (ulong)MiB, (ulong)MiB + 1, 2 * (ulong)MiB, 3 * (ulong)MiB, 4 * (ulong)MiB, 5 * (ulong)MiB, 256 * (ulong)MiB,
        int.MaxValue, 1UL << 31, (1UL << 31) + 1, uint.MaxValue - 4095, uint.MaxValue - (uint)MiB + 1, uint.MaxValue, 1UL << 32, (1UL << 32) + 1,
        64 * (ulong)TiB, (64 * (ulong)TiB) + 512, 128 * (ulong)TiB, 1024 * (ulong)TiB, (1024 * (ulong)TiB) + (ulong)MiB,
        (1UL << 63) - (ulong)MiB, long.MaxValue, 1UL << 63, (1UL << 63) + (ulong)MiB, ulong.MaxValue - (ulong)MiB + 1, ulong.MaxValue - 4095, ulong.MaxValue - 1, ulong.MaxValue,
    ];

    private readonly Dictionary<long, byte[]> _pages;
    private readonly long _length;
    private Random _random = new(0);
    private CheckingImage _image = null!;

    /// <param name="original">The image whose copies are damaged; it is small and mostly holes.</param>
    public CheckingMutator(CheckingImage original)
    {
        byte[] bytes = File.ReadAllBytes(original.Path);
        _length = bytes.Length;
        _pages = Enumerable.Range(0, bytes.Length / 4096)
            .Where(page => bytes.AsSpan(page * 4096, 4096).ContainsAnyExcept((byte)0))
            .ToDictionary(page => page * 4096L, page => bytes.AsSpan(page * 4096, 4096).ToArray());
    }

    /// <summary>Writes the damaged copy of a seed.</summary>
    public void Write(string path, int seed)
    {
        _random = new(seed);
        using (FileStream file = File.Create(path))
        {
            file.SetLength(_length);
            foreach ((long place, byte[] page) in _pages)
            {
                file.Position = place;
                file.Write(page);
            }
        }

        _image = new(path);
        for (int damages = 1 + _random.Next(4); damages > 0; damages--)
        {
            Damage();
        }
    }

    private void Damage()
    {
        switch (_random.Next(12))
        {
            case 0:
                Headers(header => Value(header, Pick(8, 64, 66, 68, 72), Pick(2, 4, 8)));
                break;
            case 1:
                Headers(header =>
                {
                    Set(header, LogOffset, (ulong)_random.Next(8) * (ulong)MiB);
                    Set(header, LogLength, (uint)(_random.Next(6) * MiB));
                    Set(header, LogGuid, _random.Next(2) == 0 ? CheckingLog.Guid : Guid.Empty);
                });
                break;
            case 2:
                Tables(table => Value(table, Pick(8, 12, 32, 40, 44, 64, 72, 76), Pick(4, 8)));
                break;
            case 3:
                Tables(RegionsAnywhere);
                break;
            case 4:
                MetadataTable();
                break;
            case 5:
                MetadataContent();
                break;
            case 6:
                Entries();
                break;
            case 7:
                LogRing();
                break;
            case 8:
                ParentLocator();
                break;
            case 9:
                _image.Length = _random.Next(3) switch
                {
                    0 => _random.NextInt64(_image.Length + 1),
                    1 => _random.Next(1, 9) * MiB,
                    _ => _random.Next(1 << 20),
                };
                break;
            case 10:
                // Bytes anywhere, with or without a checksum that was right before.
                Poke(Pick([.. _pages.Keys]) + _random.Next(4096), (byte)_random.Next(256));
                break;
            default:
                Swap();
                break;
        }
    }

    private void Headers(Action<byte[]> change) => Structures(Header1, Header2, 4096, change);

    private void Tables(Action<byte[]> change) => Structures(Table1, Table2, 64 * 1024, change);

    private void Structures(long first, long second, int length, Action<byte[]> change)
    {
        int which = _random.Next(4);
        foreach (long place in which == 0 ? [first] : which == 1 ? [second] : new[] { first, second })
        {
            byte[] bytes = Read(place, length);
            change(bytes);
            CheckingCrc.Repair(bytes);
            Poke(place, bytes);
        }
    }

    private void RegionsAnywhere(byte[] table)
    {
        int count = Pick(0, 1, 2, 3, 40, 2046, 2047, 2048, -1);
        Set(table, 8, (uint)count);
        for (int i = _random.Next(3); i < Math.Min((uint)count, 2047); i++)
        {
            int place = 16 + (32 * i);
            Set(table, place, _random.Next(8) switch { 0 => BatRegion, 1 => MetadataRegion, 2 => Unknown, _ => new Guid(i, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10) });
            Set(table, place + 16, _random.Next(3) == 0 ? Pick(s_values) : (ulong)_random.Next(1, 12) * (ulong)MiB);
            Set(table, place + 24, _random.Next(3) == 0 ? (uint)Pick(s_values) : (uint)(_random.Next(1, 4) * MiB));
            Set(table, place + 28, _random.Next(8) == 0 ? 1u : 0u);
        }
    }

    private void MetadataTable()
    {
        byte[] table = Read(Metadata, 64 * 1024);
        if (_random.Next(3) > 0)
        {
            Value(table, 32 + (32 * _random.Next(7)) + Pick(16, 20, 24, 28), 4);
        }
        else
        {
            int count = Pick(0, 1, 5, 6, 1024, 1030, 2046, 2047, 2048, 65535);
            BitConverter.TryWriteBytes(table.AsSpan(10), (ushort)count);
            for (int i = _random.Next(7); i < Math.Min(count, 2047); i++)
            {
                int place = 32 + (32 * i);
                Set(table, place, _random.Next(20) == 0 ? new Guid(table.AsSpan(32 + (32 * _random.Next(6)), 16).ToArray()) : new Guid(i, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10));
                Set(table, place + 16, _random.Next(2) == 0 ? (uint)Pick(s_values) : (uint)_random.Next(60_000, 1_100_000));
                Set(table, place + 20, _random.Next(2) == 0 ? (uint)Pick(s_values) : (uint)_random.Next(5000));
                Set(table, place + 24, (uint)_random.Next(8));
            }
        }

        Poke(Metadata, table);
    }

    private void MetadataContent()
    {
        byte[] content = Read(FileParameters, 64);
        if (_random.Next(2) == 0)
        {
            Value(content, Pick(0, 4, 8, 16, 20, 24), Pick(4, 8));
        }
        else
        {
            // Valid values in combinations that nobody made.
            Set(content, 0, 1u << _random.Next(19, 30));
            Set(content, 4, (uint)_random.Next(4));
            Set(content, 8, (1UL << _random.Next(9, 47)) + ((ulong)_random.Next(3) * 512));
            Set(content, 16, Pick(512u, 4096u, 520u));
        }

        Poke(FileParameters, content);
    }

    private void Entries()
    {
        int shape = _random.Next(5);
        ulong one = Entry();
        byte[] bat = new byte[8 * Pick(1, 16, 129, 512, 16_384, 131_072)];
        for (int i = 0; i < bat.Length / 8; i++)
        {
            Set(bat, 8 * i, shape switch
            {
                0 => one,
                1 => (ulong)_random.NextInt64(),
                2 => ((ulong)(4 + (i % 5)) << 20) | 6,
                3 => i % 2 == 0 ? one : Entry(),
                _ => Entry(),
            });
        }

        Poke(Bat, bat);

        ulong Entry() => ((_random.Next(4) == 0 ? Pick(s_values) : (uint)_random.Next(12)) << 20) | (uint)_random.Next(8) | (_random.Next(9) == 0 ? 8UL : 0);
    }

    private void LogRing()
    {
        using MemoryStream ring = new();
        ulong sequence = Pick(1UL, 2UL, 1UL << 32, ulong.MaxValue - 2);
        int count = _random.Next(1, 40);
        for (int i = 0; i < count && ring.Length < MiB; i++)
        {
            CheckingLog.Update[] updates = [.. Enumerable.Range(0, _random.Next(4)).Select(_ => Update())];
            uint tail = _random.Next(3) switch { 0 => 0, 1 => (uint)ring.Length, _ => (uint)(_random.Next(300) * 4096) };
            byte[] entry = CheckingLog.Entry(sequence, tail, Pick(0UL, (ulong)_length, Pick(s_values)), Pick(0UL, (ulong)_length, Pick(s_values)), updates);
            if (_random.Next(4) == 0)
            {
                Value(entry, Pick(8, 12, 16, 24, 48, 56, 64, 72, 80, 88), Pick(4, 8));
                CheckingCrc.Repair(entry);
            }

            ring.Write(entry);
            sequence += _random.Next(10) == 0 ? 2UL : 1;
        }

        byte[] bytes = ring.ToArray();
        Poke(Log, bytes.AsSpan(0, (int)Math.Min(bytes.Length, MiB)).ToArray());
        Headers(header => Set(header, LogGuid, CheckingLog.Guid));
    }

    private CheckingLog.Update Update()
    {
        ulong offset = _random.Next(3) switch
        {
            0 => Pick(s_values),
            1 => (ulong)(Pick(Table1, Table2, Metadata, FileParameters, Bat) + (4096 * _random.Next(3))),
            _ => (ulong)_random.Next(4000) * 4096,
        };
        if (_random.Next(2) == 0)
        {
            return new(offset, null, _random.Next(2) == 0 ? Pick(s_values) : (ulong)_random.Next(600) * 4096);
        }

        byte[] data = new byte[4096];
        if (_random.Next(3) > 0)
        {
            _random.NextBytes(data);
        }

        return new(offset, data);
    }

    private void ParentLocator()
    {
        (string Key, string Value)[] pairs = [.. Enumerable.Range(0, _random.Next(6)).Select(_ => (
            Pick("parent_linkage", "parent_linkage2", "relative_path", "volume_path", "absolute_win32_path", "", "x"),
            Pick(Unknown.ToString("B"), @".\parent.vhdx", @".\fuzz.vhdx", @"..\..\..\..\..\..\..\dev\null", @"/dev/zero", "", "\0", "\uD800", @"\\?\x", new string('a', 300))))];
        byte[] item = CheckingLocator.Bytes(_random.Next(6) == 0 ? Unknown : LocatorType, pairs);
        for (int i = _random.Next(3); i > 0; i--)
        {
            Value(item, Pick(16, 18, 20, 24, 28, 30), Pick(2, 4));
        }

        Poke(Locator, item);
        Poke(ItemEntry(5) + 20, BitConverter.GetBytes(_random.Next(4) == 0 ? (uint)_random.Next(item.Length + 8) : (uint)item.Length));
    }

    /// <summary>A piece of one structure over another one.</summary>
    private void Swap()
    {
        long[] places = [0, Header1, Header2, Table1, Table2, Log, Metadata, FileParameters, Bat];
        Poke(Pick(places), Read(Pick(places), Pick(8, 512, 4096, 65536)));
    }

    /// <summary>Sets a field to a value of the list, or near to what it was.</summary>
    private void Value(byte[] bytes, int place, int length)
    {
        Span<byte> field = stackalloc byte[8];
        field.Clear();
        int count = Math.Min(length, bytes.Length - place);
        if (count <= 0)
        {
            return;
        }

        bytes.AsSpan(place, count).CopyTo(field);
        ulong value = BitConverter.ToUInt64(field);
        value = _random.Next(4) switch
        {
            0 => value + (ulong)_random.Next(-2, 3),
            1 => value ^ (1UL << _random.Next(64)),
            _ => Pick(s_values),
        };
        BitConverter.TryWriteBytes(field, value);
        field.Slice(0, count).CopyTo(bytes.AsSpan(place));
    }

    private byte[] Read(long offset, int length)
    {
        byte[] bytes = new byte[length];
        using FileStream file = File.OpenRead(_image.Path);
        file.Position = offset;
        file.ReadAtLeast(bytes, length, throwOnEndOfStream: false);
        return bytes;
    }

    private void Poke(long offset, params byte[] bytes) => _image.Write(offset, bytes);

    private T Pick<T>(params T[] values) => values[_random.Next(values.Length)];
}
