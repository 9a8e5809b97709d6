using System;
using System.Linq;

namespace VhdxTools.Core.Tests.Checking;

/// <summary>Log entries (MS-VHDX 2.3), made without the product.</summary>
internal static class CheckingLog
{
    public static readonly Guid Guid = new("AAAAAAAA-BBBB-CCCC-DDDD-EEEEEEEEEEEE");

    /// <summary>What an entry sets: a sector's 4096 bytes, or a range of zeros.</summary>
    public sealed record Update(ulong Offset, byte[]? Data, ulong ZeroLength = 0);

    /// <summary>A whole entry with a right checksum.</summary>
    public static byte[] Entry(ulong sequence, uint tail, ulong flushed, ulong last, params Update[] updates)
    {
        int descriptorSectors = (64 + (32 * updates.Length) + 4095) / 4096;
        byte[] entry = new byte[4096 * (descriptorSectors + updates.Count(update => update.Data is not null))];
        "loge"u8.CopyTo(entry);
        CheckingImage.Set(entry, 8, (uint)entry.Length);
        CheckingImage.Set(entry, 12, tail);
        CheckingImage.Set(entry, 16, sequence);
        CheckingImage.Set(entry, 24, (uint)updates.Length);
        CheckingImage.Set(entry, 32, Guid);
        CheckingImage.Set(entry, 48, flushed);
        CheckingImage.Set(entry, 56, last);
        int sector = descriptorSectors * 4096;
        for (int i = 0; i < updates.Length; i++)
        {
            int place = 64 + (32 * i);
            CheckingImage.Set(entry, place + 16, updates[i].Offset);
            CheckingImage.Set(entry, place + 24, sequence);
            if (updates[i].Data is not byte[] data)
            {
                "zero"u8.CopyTo(entry.AsSpan(place));
                CheckingImage.Set(entry, place + 8, updates[i].ZeroLength);
                continue;
            }

            "desc"u8.CopyTo(entry.AsSpan(place));
            data.AsSpan(4092, 4).CopyTo(entry.AsSpan(place + 4));
            data.AsSpan(0, 8).CopyTo(entry.AsSpan(place + 8));
            data.CopyTo(entry, sector);
            "data"u8.CopyTo(entry.AsSpan(sector));
            CheckingImage.Set(entry, sector + 4, (uint)(sequence >> 32));
            CheckingImage.Set(entry, sector + 4092, (uint)sequence);
            sector += 4096;
        }

        CheckingCrc.Repair(entry);
        return entry;
    }

    /// <summary>Makes the image's log dirty: its current header names the log, and the log holds this one entry.</summary>
    public static CheckingImage Dirty(CheckingImage image, params Update[] updates) =>
        Dirty(image, Entry(1, 0, (ulong)image.Length, (ulong)image.Length, updates));

    public static CheckingImage Dirty(CheckingImage image, byte[] log) =>
        image.Write(CheckingImage.Log, log).Current(header => CheckingImage.Set(header, CheckingImage.LogGuid, Guid));
}
