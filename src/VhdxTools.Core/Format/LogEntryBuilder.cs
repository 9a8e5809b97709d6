using System;
using System.Collections.Generic;

namespace VhdxTools.Format;

/// <summary>Builds the bytes of a log entry (MS-VHDX 2.3.1).</summary>
internal static class LogEntryBuilder
{
    private const int SectorLength = LogEntryHeader.SectorLength;

    /// <summary>Length in bytes of an entry with so many data descriptors.</summary>
    public static long LengthOf(int updates) =>
        FormatConstants.AlignUp(LogEntryHeader.Length + ((long)updates * LogDescriptor.Length), SectorLength) + ((long)updates * SectorLength);

    /// <param name="updates">Offsets in the file, multiples of 4096, and the 4096 bytes that go there.</param>
    /// <param name="header">Sequence number, tail, GUID and file lengths; the rest is computed.</param>
    public static byte[] Build(IReadOnlyList<(long Offset, byte[] Sector)> updates, LogEntryHeader header)
    {
        byte[] bytes = new byte[LengthOf(updates.Count)];
        int data = bytes.Length - (updates.Count * SectorLength);
        for (int i = 0; i < updates.Count; i++)
        {
            (long offset, byte[] sector) = updates[i];
            LogDescriptor.WriteData(bytes.AsSpan(LogEntryHeader.Length + (i * LogDescriptor.Length)), offset, header.SequenceNumber, sector);
            LogDataSector.Write(bytes.AsSpan(data + (i * SectorLength), SectorLength), header.SequenceNumber, sector);
        }

        (header with { EntryLength = (uint)bytes.Length, DescriptorCount = (uint)updates.Count }).Write(bytes);
        return bytes;
    }
}
