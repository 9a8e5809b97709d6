using System;
using System.Collections.Generic;
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
    private Run? _run;

    /// <summary>The findings that are complete; they are given once.</summary>
    public IReadOnlyList<VhdxFinding> Take()
    {
        VhdxFinding[] taken = [.. _ready];
        _ready.Clear();
        return taken;
    }

    /// <param name="rule">The rule that the block breaks.</param>
    /// <param name="block">The payload block.</param>
    /// <param name="index">Its BAT entry.</param>
    /// <param name="what">What is wrong with it, to follow "Payload block 7".</param>
    /// <param name="expected">What the format asks for.</param>
    /// <param name="actual">What the entry holds.</param>
    /// <param name="offset">Its file offset in bytes, where that is what is wrong; else the finding points to the entry.</param>
    public void Add(VhdxRule rule, long block, long index, string what, string expected, string actual, long? offset = null)
    {
        if (_run is { } run && run.Rule == rule && run.What == what && block == run.First + run.Count && rule != VhdxRules.PartialWithoutBitmap)
        {
            _run = run with { Count = run.Count + 1 };
            return;
        }

        EndRun();
        _run = new(rule, what, block, 1, offset ?? EntryOffset(index), expected, actual);
    }

    /// <summary>The same for a sector bitmap block.</summary>
    public void AddItem(VhdxRule rule, string item, long index, string what, string expected, string actual, long? offset = null)
    {
        EndRun();
        _ready.Add(VhdxFinding.Of(rule, file, $"{item} {what}.") with
        {
            Item = item,
            FileOffset = offset ?? EntryOffset(index),
            Expected = expected,
            Actual = actual,
        });
    }

    public void EndRun()
    {
        if (_run is { } run)
        {
            VhdxFinding finding = OfBlocks(run.Rule, run.First, run.Count);
            string verb = run.Count == 1 ? run.What : "each " + run.What;
            _ready.Add(finding with
            {
                Message = $"{AreaNames.Numbered("Payload block", run.First, run.Count)} {verb}; {RangeText(finding)}.",
                FileOffset = run.Offset,
                Expected = run.Expected,
                Actual = run.Actual,
            });
            _run = null;
        }
    }

    /// <summary>The finding of an entry whose space another entry has, too.</summary>
    public VhdxFinding OfCollision(long index, long partner, FileRange range)
    {
        string message = $"{NameOf(index)} shares file space with {NameOf(partner).ToLowerInvariant()}";
        VhdxFinding finding = geometry.IsSectorBitmapEntry(index)
            ? VhdxFinding.Of(VhdxRules.BlocksShareSpace, file, message + ".") with { Item = NameOf(index) }
            : OfBlocks(VhdxRules.BlocksShareSpace, geometry.PayloadBlockOfEntry(index), 1);
        return finding with
        {
            Message = finding.Block is null ? message + "." : $"{message}; {RangeText(finding)}.",
            FileOffset = range.Offset,
            Length = range.Length,
        };
    }

    private static string RangeText(VhdxFinding finding) =>
        FormattableString.Invariant($"bytes 0x{finding.VirtualOffset:X} to 0x{finding.VirtualOffset + finding.VirtualLength:X} of the disk");

    private string NameOf(long index) => geometry.IsSectorBitmapEntry(index)
        ? FormattableString.Invariant($"Sector bitmap block {geometry.ChunkOfEntry(index)}")
        : FormattableString.Invariant($"Payload block {geometry.PayloadBlockOfEntry(index)}");

    private VhdxFinding OfBlocks(VhdxRule rule, long first, long count)
    {
        long start = first * geometry.BlockSize;
        return VhdxFinding.Of(rule, file, "") with
        {
            Block = first,
            BlockCount = count,
            VirtualOffset = start,
            VirtualLength = Math.Min(count * geometry.BlockSize, geometry.VirtualDiskSize - start),
        };
    }

    private long EntryOffset(long index) => batOffset + (index * BatEntry.Length);

    /// <summary>Blocks in a row; offset and values are those of the first.</summary>
    private sealed record Run(VhdxRule Rule, string What, long First, long Count, long Offset, string Expected, string Actual);
}
