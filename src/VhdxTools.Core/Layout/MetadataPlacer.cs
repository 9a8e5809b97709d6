using System;
using System.Collections.Generic;
using System.Linq;
using VhdxTools.Format;

namespace VhdxTools.Layout;

/// <summary>Finds places for metadata items in their region (MS-VHDX 2.6).</summary>
internal static class MetadataPlacer
{
    /// <summary>The items one behind the other, right behind the table.</summary>
    public static IReadOnlyList<MetadataItem> Pack(IEnumerable<MetadataItem> items)
    {
        List<MetadataItem> packed = [];
        long next = MetadataTable.Length;
        foreach (MetadataItem item in items)
        {
            packed.Add(item with { Offset = item.Content.Length == 0 ? 0 : (uint)next });
            next += item.Content.Length;
        }

        return packed;
    }

    /// <summary>Where the last of placed items ends, counted from the start of the region.</summary>
    public static long End(IEnumerable<MetadataItem> items)
    {
        long end = MetadataTable.Length;
        foreach (MetadataItem item in items)
        {
            end = item.Content.Length == 0 ? end : Math.Max(end, item.Offset + (long)item.Content.Length);
        }

        return end;
    }

    /// <summary>Leaves items where they are as long as their length stays, and puts the others into the gaps.</summary>
    /// <param name="current">The items as they stand in the region.</param>
    /// <param name="wanted">The items as they are to be; their offsets do not count.</param>
    /// <param name="regionLength">Length of the region in bytes.</param>
    /// <returns>The wanted items with their offsets, in their order, or null when the region has no room.</returns>
    public static IReadOnlyList<MetadataItem>? Place(IReadOnlyList<MetadataItem> current, IReadOnlyList<MetadataItem> wanted, long regionLength)
    {
        MetadataItem?[] placed = new MetadataItem?[wanted.Count];
        List<FileRange> used = [];
        for (int i = 0; i < wanted.Count; i++)
        {
            MetadataItem item = wanted[i];
            bool IsSame(MetadataItem old) => old.Id == item.Id && old.IsUser == item.IsUser && old.Content.Length == item.Content.Length;
            if (item.Content.Length == 0)
            {
                placed[i] = item with { Offset = 0 };
            }
            else if (current.FirstOrDefault(IsSame) is MetadataItem old)
            {
                placed[i] = item with { Offset = old.Offset };
                used.Add(new(old.Offset, old.Content.Length));
            }
        }

        for (int i = 0; i < wanted.Count; i++)
        {
            if (placed[i] is null)
            {
                long offset = FirstGap(used, wanted[i].Content.Length);
                if (offset + wanted[i].Content.Length > regionLength)
                {
                    return null;
                }

                placed[i] = wanted[i] with { Offset = (uint)offset };
                used.Add(new(offset, wanted[i].Content.Length));
            }
        }

        return placed!;
    }

    private static long FirstGap(List<FileRange> used, int length)
    {
        used.Sort((left, right) => left.Offset.CompareTo(right.Offset));
        long offset = MetadataTable.Length;
        foreach (FileRange range in used)
        {
            if (offset + length <= range.Offset)
            {
                return offset;
            }

            offset = range.End;
        }

        return offset;
    }
}
