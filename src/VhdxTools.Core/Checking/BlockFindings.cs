using System;
using System.Collections.Generic;
using System.Linq;
using VhdxTools.Format;
using VhdxTools.Layout;

namespace VhdxTools.Checking;

/// <summary>Makes findings of blocks. Blocks in a row with the same trouble become one finding: a cut file has millions of them.</summary>
/// <param name="file">The file, for messages.</param>
/// <param name="geometry">Its geometry.</param>
/// <param name="batOffset">Where its BAT starts, in bytes.</param>
internal sealed class BlockFindings(string file, VhdxGeometry geometry, long batOffset)
{
    private readonly List<VhdxFinding> _ready = [];

    /// <summary>Rows that may go on, in the order in which they began: a block can have several troubles.</summary>
    private readonly List<Run> _runs = [];

    /// <summary>The findings that are complete; they are given once.</summary>
    public IReadOnlyList<VhdxFinding> Take()
    {
        if (_ready.Count == 0)
        {
            return [];
        }

        VhdxFinding[] taken = [.. _ready];
        _ready.Clear();
        return taken;
    }

    /// <summary>Whether the block continues a row of blocks with this trouble; then it is done with.</summary>
    public bool Continues(VhdxRule rule, long block, string what)
    {
        foreach (Run run in _runs)
        {
            if (run.Rule == rule && run.What == what && block == run.First + run.Count)
            {
                run.Count++;
                return true;
            }
        }

        return false;
    }

    /// <summary>Begins a row.</summary>
    /// <param name="rule">The rule that the block breaks.</param>
    /// <param name="block">The payload block.</param>
    /// <param name="what">What is wrong with it, to follow "Payload block 7".</param>
    /// <param name="expected">What the format asks for.</param>
    /// <param name="actual">What the entry holds.</param>
    /// <param name="offset">The file offset in bytes of what is wrong: the block or its entry; null when no number holds it.</param>
    /// <param name="length">The length of that place, or null.</param>
    /// <param name="sound">How many bytes at the start of the block are not concerned.</param>
    public void Add(VhdxRule rule, long block, string what, string expected, string actual, long? offset, long? length = null, long sound = 0)
    {
        EndRuns(block);
        _runs.Add(new(rule, what, block, offset, length, sound, expected, actual));
    }

    /// <summary>The same for a sector bitmap block.</summary>
    public void AddItem(VhdxRule rule, string item, string what, string expected, string actual, long? offset, long? length = null)
    {
        EndRuns();
        _ready.Add(VhdxFinding.Of(rule, file, $"{item} {what}.") with
        {
            Item = item,
            FileOffset = offset,
            Length = length,
            Expected = expected,
            Actual = actual,
        });
    }

    /// <summary>Completes the rows that this block cannot continue; by default all of them.</summary>
    public void EndRuns(long block = long.MaxValue)
    {
        int kept = 0;
        for (int i = 0; i < _runs.Count; i++)
        {
            if (_runs[i].First + _runs[i].Count < block)
            {
                _ready.Add(OfRun(_runs[i]));
            }
            else
            {
                _runs[kept++] = _runs[i];
            }
        }

        _runs.RemoveRange(kept, _runs.Count - kept);
    }

    /// <summary>The finding of an entry whose space other entries have, too.</summary>
    /// <param name="index">The entry.</param>
    /// <param name="partners">The first of the others.</param>
    /// <param name="more">How many more there are.</param>
    /// <param name="range">The space of the entry.</param>
    /// <param name="shared">What it shares.</param>
    public VhdxFinding OfCollision(long index, IReadOnlyList<long> partners, long more, FileRange range, FileRange shared)
    {
        // There is always a partner, unless somebody writes to the file meanwhile.
        string others = partners.Count == 0 ? "another block" : Enumerate(partners.Select(partner => NameOf(partner).ToLowerInvariant()), more);
        string message = $"{NameOf(index)} shares file space with {others}";
        const string expected = "space of its own";
        string actual = $"{ByteText.Hex(range.Offset)} to {ByteText.Hex(range.End)}";
        return geometry.IsSectorBitmapEntry(index)
            ? VhdxFinding.Of(VhdxRules.BlocksShareSpace, file, message + ".") with { Item = NameOf(index), FileOffset = shared.Offset, Length = shared.Length, Expected = expected, Actual = actual }
            : OfBlocks(VhdxRules.BlocksShareSpace, geometry.PayloadBlockOfEntry(index), 1, 0, message, shared.Offset, shared.Length, expected, actual);
    }

    /// <summary>Names as part of a sentence: <c>a, b and 3 more</c>.</summary>
    public static string Enumerate(IEnumerable<string> names, long more)
    {
        List<string> parts = [.. names];
        if (more > 0)
        {
            parts.Add(FormattableString.Invariant($"{more} more"));
        }

        string last = parts[parts.Count - 1];
        return parts.Count == 1 ? last : $"{string.Join(", ", parts.Take(parts.Count - 1))} and {last}";
    }

    public static string RangeText(long start, long length) => $"bytes {ByteText.Hex(start)} to {ByteText.Hex(start + length)} of the disk";

    private string NameOf(long index) => geometry.IsSectorBitmapEntry(index)
        ? FormattableString.Invariant($"Sector bitmap block {geometry.ChunkOfEntry(index)}")
        : FormattableString.Invariant($"Payload block {geometry.PayloadBlockOfEntry(index)}");

    private VhdxFinding OfRun(Run run)
    {
        string verb = run.Count == 1 ? " " + run.What : ": each " + run.What;
        return OfBlocks(run.Rule, run.First, run.Count, run.Sound, $"{AreaNames.Numbered("Payload block", run.First, run.Count)}{verb}", run.Offset, run.Length, run.Expected, run.Actual);
    }

    /// <summary>Made in one piece: there may be millions of them.</summary>
    private VhdxFinding OfBlocks(VhdxRule rule, long first, long count, long sound, string message, long? offset, long? length, string? expected, string? actual)
    {
        long start = (first * geometry.BlockSize) + sound;
        long virtualLength = Math.Min((count * geometry.BlockSize) - sound, geometry.VirtualDiskSize - start);
        return new()
        {
            RuleId = rule.Id,
            Severity = rule.Severity,
            Reference = rule.Reference,
            Repair = rule.Repair,
            File = file,
            Message = $"{message}; {RangeText(start, virtualLength)}.",
            FileOffset = offset,
            Length = length,
            Expected = expected,
            Actual = actual,
            Block = first,
            BlockCount = count,
            VirtualOffset = start,
            VirtualLength = virtualLength,
        };
    }

    /// <summary>Where an entry stands in the file, in bytes.</summary>
    public long EntryOffset(long index) => batOffset + (index * BatEntry.Length);

    /// <summary>Blocks in a row; offset and values are those of the first.</summary>
    private sealed class Run(VhdxRule rule, string what, long first, long? offset, long? length, long sound, string expected, string actual)
    {
        public VhdxRule Rule => rule;

        public string What => what;

        public long First => first;

        public long Count { get; set; } = 1;

        public long? Offset => offset;

        public long? Length => length;

        /// <summary>Bytes at the start of the first block that are not concerned.</summary>
        public long Sound => sound;

        public string Expected => expected;

        public string Actual => actual;
    }
}
