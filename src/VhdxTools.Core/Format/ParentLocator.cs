using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text;

namespace VhdxTools.Format;

/// <summary>The Parent Locator metadata item: a type and key-value pairs in the file's order (MS-VHDX 2.6.2.6).</summary>
internal sealed record ParentLocator(Guid LocatorType, IReadOnlyList<KeyValuePair<string, string>> Entries)
{
    public const string ParentLinkageKey = "parent_linkage";
    public const string ParentLinkage2Key = "parent_linkage2";
    public const string RelativePathKey = "relative_path";
    public const string VolumePathKey = "volume_path";
    public const string AbsolutePathKey = "absolute_win32_path";

    /// <summary>Key and value lengths are 16-bit byte counts.</summary>
    public const int MaximumStringChars = ushort.MaxValue / 2;

    private const int CountOffset = 18;
    private const int EntriesOffset = 20;
    private const int EntryLength = 12;

    public string? this[string key]
    {
        get
        {
            foreach (KeyValuePair<string, string> entry in Entries)
            {
                if (string.Equals(entry.Key, key, StringComparison.Ordinal))
                {
                    return entry.Value;
                }
            }

            return null;
        }
    }

    /// <summary>Reads as much of the item as makes sense.</summary>
    /// <param name="bytes">The item's bytes.</param>
    /// <param name="problem">The first thing that is wrong, or null.</param>
    public static ParentLocator Read(ReadOnlySpan<byte> bytes, out string? problem)
    {
        problem = null;
        List<KeyValuePair<string, string>> entries = [];
        if (bytes.Length < EntriesOffset)
        {
            problem = string.Format(CultureInfo.InvariantCulture, "The parent locator is {0} bytes long; its header alone takes {1}.", bytes.Length, EntriesOffset);
            return new(System.Guid.Empty, entries);
        }

        Guid type = ByteFields.Guid(bytes, 0);
        int count = ByteFields.U16(bytes, CountOffset);
        HashSet<string> keys = new(StringComparer.Ordinal);
        int textLength = 0;
        if (type != WellKnownGuids.VhdxParentLocatorType)
        {
            problem = $"The parent locator has the unknown type {type}.";
        }

        for (int i = 0; i < count; i++)
        {
            int place = EntriesOffset + (i * EntryLength);
            if (place + EntryLength > bytes.Length)
            {
                problem ??= string.Format(CultureInfo.InvariantCulture, "The parent locator announces {0} pairs and has room for {1}.", count, i);
                break;
            }

            // Pairs that share one text could make gigabytes of a single MiB.
            textLength += ByteFields.U16(bytes, place + 8) + ByteFields.U16(bytes, place + 10);
            if (textLength > bytes.Length)
            {
                problem ??= "The texts of the parent locator are together longer than the item.";
                break;
            }

            string? key = ReadString(bytes, ByteFields.U32(bytes, place), ByteFields.U16(bytes, place + 8));
            string? value = ReadString(bytes, ByteFields.U32(bytes, place + 4), ByteFields.U16(bytes, place + 10));
            if (key is null || value is null)
            {
                problem ??= string.Format(CultureInfo.InvariantCulture, "Pair {0} of the parent locator is empty, of odd length, or outside the item.", i);
                continue;
            }

            if (!keys.Add(key))
            {
                problem ??= $"The key '{key}' stands twice in the parent locator.";
            }

            entries.Add(new(key, value));
        }

        return new(type, entries);
    }

    public byte[] ToBytes()
    {
        int length = EntriesOffset + (Entries.Count * EntryLength);
        foreach (KeyValuePair<string, string> entry in Entries)
        {
            length += 2 * (entry.Key.Length + entry.Value.Length);
        }

        byte[] bytes = new byte[length];
        ByteFields.Guid(bytes, 0, LocatorType);
        ByteFields.U16(bytes, CountOffset, (ushort)Entries.Count);
        int text = EntriesOffset + (Entries.Count * EntryLength);
        for (int i = 0; i < Entries.Count; i++)
        {
            int place = EntriesOffset + (i * EntryLength);
            byte[] key = Encoding.Unicode.GetBytes(Entries[i].Key);
            byte[] value = Encoding.Unicode.GetBytes(Entries[i].Value);
            ByteFields.U32(bytes, place, (uint)text);
            ByteFields.U32(bytes, place + 4, (uint)(text + key.Length));
            ByteFields.U16(bytes, place + 8, (ushort)key.Length);
            ByteFields.U16(bytes, place + 10, (ushort)value.Length);
            key.CopyTo(bytes, text);
            value.CopyTo(bytes, text + key.Length);
            text += key.Length + value.Length;
        }

        return bytes;
    }

    /// <summary>The GUID behind a linkage key, or null when the key is absent, no GUID, or all zeros (as good as absent).</summary>
    public Guid? Linkage(string key) =>
        System.Guid.TryParseExact(this[key], "B", out Guid guid) && guid != System.Guid.Empty ? guid : null;

    /// <summary>Whether a parent in the state of this DataWriteGuid is the one that the child builds on.</summary>
    public bool Accepts(Guid dataWriteGuid) => dataWriteGuid == Linkage(ParentLinkageKey) || dataWriteGuid == Linkage(ParentLinkage2Key);

    private static string? ReadString(ReadOnlySpan<byte> bytes, uint offset, ushort length) =>
        length == 0 || length % 2 != 0 || (ulong)offset + length > (ulong)bytes.Length
            ? null
            : ByteFields.Utf16(bytes.Slice((int)offset, length));
}
