using System;
using System.Collections.Generic;
using System.Linq;
using VhdxTools.Format;
using VhdxTools.Images;
using VhdxTools.Layout;

namespace VhdxTools.Checking;

/// <summary>Where the structures of a file are: header section, log and regions.</summary>
internal sealed class StructureMap(VhdxFile image)
{
    /// <summary>Structures that a finding names; beyond, they are counted.</summary>
    private const int MaximumStructureNames = 8;

    /// <summary>Combinations of structures whose text is kept.</summary>
    private const int MaximumOverTexts = 1024;

    private readonly List<NamedRange> _structures = Of(image);

    /// <summary>What to say of a block over structures: the same words for all that lie over the same ones.</summary>
    private readonly Dictionary<(int First, int Last), string> _overTexts = [];

    /// <summary>The ranges, disjoint and in order.</summary>
    public IEnumerable<FileRange> Ranges => _structures.Select(structure => structure.Range);

    /// <summary>The first byte behind all structures.</summary>
    public long End => _structures[_structures.Count - 1].Range.End;

    /// <summary>What to say of a range that lies over structures, or null. There may be thousands, and millions of blocks that ask.</summary>
    public string? TextOf(FileRange range)
    {
        int low = 0;
        int high = _structures.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (_structures[middle].Range.End <= range.Offset)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        int end = low;
        while (end < _structures.Count && _structures[end].Range.Offset < range.End)
        {
            end++;
        }

        if (end == low)
        {
            return null;
        }

        if (!_overTexts.TryGetValue((low, end), out string? text))
        {
            if (_overTexts.Count >= MaximumOverTexts)
            {
                _overTexts.Clear();
            }

            int named = Math.Min(end - low, MaximumStructureNames);
            text = "overlaps " + BlockFindings.Enumerate(_structures.GetRange(low, named).Select(structure => structure.Name), end - low - named);
            _overTexts.Add((low, end), text);
        }

        return text;
    }

    /// <summary>The structures in the order of the file; where those of a damaged file overlap, the one that starts first keeps the space.</summary>
    private static List<NamedRange> Of(VhdxFile image)
    {
        List<NamedRange> structures = [new(new(0, FormatConstants.HeaderSectionLength), "the header section")];
        if (image.Log is FileRange log)
        {
            structures.Add(new(log, "the log"));
        }

        foreach (RegionEntry region in image.Regions)
        {
            if (RegionReader.RangeOf(region) is FileRange range)
            {
                structures.Add(new(range, $"the {WellKnownGuids.RegionName(region.Id)} region"));
            }
        }

        List<NamedRange> disjoint = [];
        long end = 0;
        foreach ((FileRange range, string name) in structures.OrderBy(structure => structure.Range.Offset))
        {
            if (range.End > end)
            {
                long start = Math.Max(range.Offset, end);
                disjoint.Add(new(new(start, range.End - start), name));
                end = range.End;
            }
        }

        return disjoint;
    }
}
