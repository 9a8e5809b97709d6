using System;
using System.Collections.Generic;

namespace VhdxTools.Core.Tests.Support;

/// <summary>Builds a log entry as the specification lays it out.</summary>
internal sealed class LogModel(string logGuid, ulong sequenceNumber)
{
    public const string Guid1 = "10670001-0000-0000-0000-000000000001";
    public const string Guid2 = "10670002-0000-0000-0000-000000000002";

    private readonly List<(bool IsZero, ulong Offset, ulong Length, byte[]? Data)> _updates = [];

    public uint Tail { get; init; }

    public ulong FlushedFileOffset { get; init; } = 16 * ImageBuilder.MiB;

    public ulong LastFileOffset { get; init; } = 16 * ImageBuilder.MiB;

    public LogModel Data(ulong offset, byte[] sector)
    {
        _updates.Add((false, offset, 4096, sector));
        return this;
    }

    public LogModel Zero(ulong offset, ulong length)
    {
        _updates.Add((true, offset, length, null));
        return this;
    }

    public byte[] ToBytes()
    {
        int descriptorSectors = 1;
        for (int room = 126; room < _updates.Count; room += 128)
        {
            descriptorSectors++;
        }

        int dataSectors = _updates.FindAll(update => !update.IsZero).Count;
        byte[] bytes = new byte[4096 * (descriptorSectors + dataSectors)];
        Bytes.Put(bytes, 0, "loge"u8);
        Bytes.Put(bytes, 8, Bytes.U32((ulong)bytes.Length));
        Bytes.Put(bytes, 12, Bytes.U32(Tail));
        Bytes.Put(bytes, 16, Bytes.U64(sequenceNumber));
        Bytes.Put(bytes, 24, Bytes.U32((ulong)_updates.Count));
        Bytes.Put(bytes, 32, Bytes.Guid(logGuid));
        Bytes.Put(bytes, 48, Bytes.U64(FlushedFileOffset));
        Bytes.Put(bytes, 56, Bytes.U64(LastFileOffset));
        int place = 64;
        int data = 4096 * descriptorSectors;
        foreach ((bool isZero, ulong offset, ulong length, byte[]? sector) in _updates)
        {
            Bytes.Put(bytes, place + 16, Bytes.U64(offset));
            Bytes.Put(bytes, place + 24, Bytes.U64(sequenceNumber));
            if (isZero)
            {
                Bytes.Put(bytes, place, "zero"u8);
                Bytes.Put(bytes, place + 8, Bytes.U64(length));
            }
            else
            {
                Bytes.Put(bytes, place, "desc"u8);
                Bytes.Put(bytes, place + 4, sector.AsSpan(4092, 4));
                Bytes.Put(bytes, place + 8, sector.AsSpan(0, 8));
                Bytes.Put(bytes, data, "data"u8);
                Bytes.Put(bytes, data + 4, Bytes.U32(sequenceNumber >> 32));
                Bytes.Put(bytes, data + 8, sector.AsSpan(8, 4084));
                Bytes.Put(bytes, data + 4092, Bytes.U32(sequenceNumber));
                data += 4096;
            }

            place += 32;
        }

        return Bytes.Sealed(bytes);
    }
}
