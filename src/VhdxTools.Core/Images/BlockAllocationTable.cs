using System;
using System.Buffers;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Threading;
using VhdxTools.Format;
using VhdxTools.IO;
using VhdxTools.Layout;

namespace VhdxTools.Images;

/// <summary>The BAT of an open file, read in pages: memory does not grow with the disk (MS-VHDX 2.5).</summary>
internal sealed class BlockAllocationTable(IRandomAccessFile view, FileRange region, VhdxGeometry geometry)
{
    private const int PageLength = 256 * 1024;

    /// <summary>How many of the disk's entries region and file hold; fewer than needed in a damaged file. Half an entry is none.</summary>
    public long EntryCount { get; } = Math.Min(geometry.BatEntryCount, Math.Min(region.Length, Math.Max(0, view.Length - region.Offset)) / BatEntry.Length);

    /// <summary>A single entry; what the file does not hold is NOT_PRESENT.</summary>
    public BatEntry this[long index]
    {
        get
        {
            if (index >= EntryCount)
            {
                return default;
            }

            Span<byte> bytes = stackalloc byte[BatEntry.Length];
            view.ReadPadded(region.Offset + (index * BatEntry.Length), bytes);
            return new(BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        }
    }

    /// <summary>
    /// The table in pages, in order; holes of the file, whose entries are all zero, are passed over. A page is valid until the next
    /// one is asked for.
    /// </summary>
    public IEnumerable<BatPage> Pages(CancellationToken cancellation = default)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(PageLength);
        try
        {
            long position = region.Offset;
            long end = region.Offset + (EntryCount * BatEntry.Length);
            while (position < end && view.FindData(position, end) is FileRange data)
            {
                position = data.Offset / BatEntry.Length * BatEntry.Length;
                long dataEnd = Math.Min(end, FormatConstants.AlignUp(data.End, BatEntry.Length));
                while (position < dataEnd)
                {
                    cancellation.ThrowIfCancellationRequested();
                    int length = (int)Math.Min(PageLength, dataEnd - position);
                    view.ReadPadded(position, buffer.AsSpan(0, length));
                    yield return new((position - region.Offset) / BatEntry.Length, new(buffer, 0, length));
                    position += length;
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>All entries whose 64 bits are not zero, in order.</summary>
    public IEnumerable<(long Index, BatEntry Entry)> NonZeroEntries(CancellationToken cancellation = default)
    {
        foreach (BatPage page in Pages(cancellation))
        {
            for (int i = 0; i < page.Count; i++)
            {
                ulong value = page[i];
                if (value != 0)
                {
                    yield return (page.FirstIndex + i, new(value));
                }
            }
        }
    }

    /// <summary>The payload blocks of the whole disk in virtual order, coalesced.</summary>
    public IEnumerable<BlockRun> PayloadRuns(CancellationToken cancellation = default)
    {
        BlockRun run = new(0, 0, BlockState.NotPresent, 0);
        foreach ((long index, BatEntry entry) in NonZeroEntries(cancellation))
        {
            if (geometry.IsSectorBitmapEntry(index))
            {
                continue;
            }

            long block = geometry.PayloadBlockOfEntry(index);
            if (block >= geometry.PayloadBlockCount)
            {
                break;
            }

            long next = run.FirstBlock + run.Count;
            if (block > next)
            {
                if (Append(ref run, new(next, block - next, BlockState.NotPresent, 0)) is BlockRun before)
                {
                    yield return before;
                }
            }

            if (Append(ref run, new(block, 1, entry.State, entry.HasData ? entry.FileOffset : 0)) is BlockRun done)
            {
                yield return done;
            }
        }

        long rest = geometry.PayloadBlockCount - run.FirstBlock - run.Count;
        if (rest > 0 && Append(ref run, new(run.FirstBlock + run.Count, rest, BlockState.NotPresent, 0)) is BlockRun last)
        {
            yield return last;
        }

        yield return run;
    }

    /// <summary>Joins two runs when the second continues the first; otherwise the first is given back as complete.</summary>
    private BlockRun? Append(ref BlockRun run, BlockRun next)
    {
        bool hasData = next.State is BlockState.FullyPresent or BlockState.PartiallyPresent;
        if (run.Count == 0)
        {
            run = next;
            return null;
        }

        if (run.State == next.State && (!hasData || run.FileOffset + (run.Count * geometry.BlockSize) == next.FileOffset))
        {
            run = run with { Count = run.Count + next.Count };
            return null;
        }

        BlockRun complete = run;
        run = next;
        return complete;
    }
}
