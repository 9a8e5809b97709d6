using System;
using System.Threading;
using VhdxTools.Format;
using VhdxTools.Layout;

namespace VhdxTools;

/// <summary>The BAT in totals (MS-VHDX 2.5).</summary>
public sealed class BatStatistics
{
    private readonly long[] _states = new long[8];

    internal static BatStatistics Count(Images.BlockAllocationTable bat, VhdxGeometry geometry, CancellationToken cancellation)
    {
        BatStatistics totals = new() { BlockCount = geometry.PayloadBlockCount, SectorBitmapBlockCount = geometry.HasParent ? geometry.SectorBitmapBlockCount : 0 };
        long lastBlockEntry = geometry.EntryOfPayloadBlock(geometry.PayloadBlockCount - 1);
        long breaks = 0;
        bool hasPrevious = false;
        long previousEnd = 0;

        // Large tables are mostly runs of entries that grow by the block size or are equal: those are only counted.
        BlockState runState = BlockState.NotPresent;
        long runCount = 0;
        ulong next = 0;
        long step = 0;
        foreach (Images.BatPage page in bat.Pages(cancellation))
        {
            ReadOnlySpan<byte> bytes = page.Bytes.Span;
            long bitmapEntry = geometry.EntryOfSectorBitmap(geometry.ChunkOfEntry(page.FirstIndex));
            for (int i = 0; i < bytes.Length; i += BatEntry.Length)
            {
                BatEntry entry = new(ByteFields.U64(bytes, i));
                long index = page.FirstIndex + (i / BatEntry.Length);
                if (index == bitmapEntry)
                {
                    totals.SectorBitmapBlocksPresent += entry.State == BlockState.FullyPresent ? 1 : 0;
                    bitmapEntry += geometry.ChunkRatio + 1;
                    continue;
                }

                // The last chunk of a differencing image has entries for blocks beyond the disk.
                if (entry.Value == 0 || index > lastBlockEntry)
                {
                    continue;
                }

                if (entry.Value == next)
                {
                    runCount++;
                    next += (ulong)step;
                    previousEnd += step;
                    continue;
                }

                totals._states[(int)runState] += runCount;
                runState = entry.State;
                runCount = 1;
                step = entry.HasData ? geometry.BlockSize : 0;
                next = entry.Value <= long.MaxValue ? entry.Value + (ulong)step : 0;
                if (entry.HasData)
                {
                    breaks += hasPrevious && entry.FileOffset != previousEnd ? 1 : 0;
                    totals.AreBlocksAligned &= entry.FileOffsetMiB > 0;
                    hasPrevious = true;
                    previousEnd = entry.FileOffset + geometry.BlockSize;
                }
            }
        }

        totals._states[(int)runState] += runCount;
        long seen = 0;
        foreach (long count in totals._states)
        {
            seen += count;
        }

        totals._states[(int)BlockState.NotPresent] += geometry.PayloadBlockCount - seen;
        long pairs = totals.BlocksAllocated - 1;
        totals.FragmentationPercentage = pairs <= 0 ? 0 : (int)Math.Round(100.0 * breaks / pairs, MidpointRounding.AwayFromZero);
        return totals;
    }

    /// <summary>Payload blocks of the disk.</summary>
    public long BlockCount { get; private set; }

    /// <summary>Payload blocks that own file space: FULLY_PRESENT and PARTIALLY_PRESENT.</summary>
    public long BlocksAllocated => FullyPresent + PartiallyPresent;

    /// <summary>Blocks in state 0.</summary>
    public long NotPresent => _states[0];

    /// <summary>Blocks in state 1.</summary>
    public long Undefined => _states[1];

    /// <summary>Blocks in state 2.</summary>
    public long Zero => _states[2];

    /// <summary>Blocks in state 3.</summary>
    public long Unmapped => _states[3];

    /// <summary>Blocks in the reserved states 4 and 5.</summary>
    public long Invalid => _states[4] + _states[5];

    /// <summary>Blocks in state 6.</summary>
    public long FullyPresent => _states[6];

    /// <summary>Blocks in state 7.</summary>
    public long PartiallyPresent => _states[7];

    /// <summary>Sector bitmap blocks that the disk can have; 0 without a parent.</summary>
    public long SectorBitmapBlockCount { get; private set; }

    /// <summary>Sector bitmap blocks in state PRESENT.</summary>
    public long SectorBitmapBlocksPresent { get; private set; }

    /// <summary>
    /// Of all pairs of allocated blocks that follow one another on the disk, the percentage whose second block does not lie right
    /// behind the first in the file; rounded, 0 with fewer than two allocated blocks.
    /// </summary>
    public int FragmentationPercentage { get; private set; }

    internal bool AreBlocksAligned { get; private set; } = true;

    /// <inheritdoc/>
    public override string ToString() => FormattableString.Invariant($"{BlocksAllocated} of {BlockCount} blocks allocated");
}
