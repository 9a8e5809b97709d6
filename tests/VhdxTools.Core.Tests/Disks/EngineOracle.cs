using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;

namespace VhdxTools.Core.Tests.Disks;

/// <summary>
/// What a chain of clean images says of each sector, worked out from the bytes of the files by code of its own: no class of the product
/// is asked.
/// </summary>
internal sealed class EngineOracle
{
    private readonly byte[] _file;
    private readonly long _bat;

    public EngineOracle(string path)
    {
        using FileStream stream = File.Open(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        _file = new byte[stream.Length];
        stream.ReadExactly(_file);
        long metadata = 0;
        for (int entry = 192 * 1024 + 16; U64(entry) != 0; entry += 32)
        {
            if (U32(entry) == 0x2DC27766)
            {
                _bat = (long)U64(entry + 16);
            }
            else
            {
                metadata = (long)U64(entry + 16);
            }
        }

        for (long entry = metadata + 32; U64(entry) != 0; entry += 32)
        {
            long item = metadata + U32(entry + 16);
            switch (U32(entry))
            {
                case 0xCAA16737:
                    BlockSize = U32(item);
                    IsFixed = (U32(item + 4) & 1) != 0;
                    HasParent = (U32(item + 4) & 2) != 0;
                    break;
                case 0x2FA54224:
                    Size = (long)U64(item);
                    break;
                case 0x8141BF1D:
                    SectorSize = U32(item);
                    break;
            }
        }
    }

    public long Size { get; }

    public long BlockSize { get; }

    public long SectorSize { get; }

    public bool IsFixed { get; }

    public bool HasParent { get; }

    public ReadOnlySpan<byte> Bytes => _file;

    private long Ratio => (1L << 23) * SectorSize / BlockSize;

    public long BlockCount => (Size + BlockSize - 1) / BlockSize;

    public ulong PayloadEntry(long block) => U64(_bat + ((block + (block / Ratio)) * 8));

    /// <summary>Where the last sector bitmap block ends; 0 without one.</summary>
    public long BitmapEnd
    {
        get
        {
            long end = 0;
            for (long chunk = 0; HasParent && chunk * Ratio < BlockCount; chunk++)
            {
                ulong entry = U64(_bat + (((chunk * (Ratio + 1)) + Ratio) * 8));
                end = Math.Max(end, (entry & 7) == 6 ? (((long)entry >> 20) + 1) << 20 : 0);
            }

            return end;
        }
    }

    /// <summary>Kind, file of the chain and place for each logical sector of the tip's disk.</summary>
    public static IEnumerable<(DiskExtentKind Kind, int Layer, long Place)> Resolve(IReadOnlyList<EngineOracle> chain)
    {
        EngineOracle tip = chain[0];
        for (long offset = 0; offset < tip.Size; offset += tip.SectorSize)
        {
            (DiskExtentKind, int, long) found = (DiskExtentKind.Absent, -1, 0);
            for (int layer = 0; layer < chain.Count && offset < chain[layer].Size; layer++)
            {
                if (chain[layer].Resolve(offset) is (DiskExtentKind kind, long place))
                {
                    found = (kind, layer, place);
                    break;
                }
            }

            yield return found;
        }
    }

    private (DiskExtentKind Kind, long Place)? Resolve(long offset)
    {
        long block = offset / BlockSize;
        ulong entry = PayloadEntry(block);
        long place = ((long)(entry >> 20) << 20) + (offset % BlockSize);
        switch (entry & 7)
        {
            case 0:
                return null;
            case 6:
                return (DiskExtentKind.Data, place);
            case 7:
                long chunk = block / Ratio;
                ulong bitmap = U64(_bat + (((chunk * (Ratio + 1)) + Ratio) * 8));
                long bit = (offset / SectorSize) - (chunk << 23);
                return (_file[((long)(bitmap >> 20) << 20) + (bit / 8)] & (1 << (int)(bit % 8))) != 0 ? (DiskExtentKind.Data, place) : null;
            default:
                return (DiskExtentKind.Zero, 0);
        }
    }

    private uint U32(long offset) => BinaryPrimitives.ReadUInt32LittleEndian(_file.AsSpan((int)offset));

    private ulong U64(long offset) => BinaryPrimitives.ReadUInt64LittleEndian(_file.AsSpan((int)offset));
}
