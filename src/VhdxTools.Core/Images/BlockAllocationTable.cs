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
    private const int PageLength = 64 * 1024;

    /// <summary>How many of the disk's entries the region holds; fewer than needed in a damaged file.</summary>
    public long EntryCount { get; } = Math.Min(geometry.BatEntryCount, region.Length / BatEntry.Length);

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

    /// <summary>All entries whose 64 bits are not zero, in order. Holes of the file are passed over.</summary>
    public IEnumerable<(long Index, BatEntry Entry)> NonZeroEntries(CancellationToken cancellation = default)
    {
        foreach ((long first, ReadOnlyMemory<byte> page) in Pages(cancellation))
        {
            for (int i = 0; i < page.Length; i += BatEntry.Length)
            {
                BatEntry entry = new(ByteFields.U64(page.Span, i));
                if (entry.Value != 0)
                {
                    yield return (first + (i / BatEntry.Length), entry);
                }
            }
        }
    }

    /// <summary>The bytes of all entries in order, in pages that are good until the next one is asked for. Holes of the file are passed over.</summary>
    public IEnumerable<(long FirstIndex, ReadOnlyMemory<byte> Page)> Pages(CancellationToken cancellation = default)
    {
        byte[] page = ArrayPool<byte>.Shared.Rent(PageLength);
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
                    view.ReadPadded(position, page.AsSpan(0, length));
                    yield return ((position - region.Offset) / BatEntry.Length, page.AsMemory(0, length));
                    position += length;
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(page);
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
