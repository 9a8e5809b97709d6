using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using VhdxTools.Format;
using VhdxTools.Images;
using VhdxTools.Layout;

namespace VhdxTools.Operations;

/// <summary>
/// The ranges of a disk that are doubtful because a sector bitmap shares its place with other blocks. Nobody can tell whether the bytes
/// there are bits or data: so the data may be lost, and so may be what tells which sectors are in this file and which in the parent.
/// </summary>
/// <param name="image">The image; its geometry and BAT are known.</param>
/// <param name="method">What the repair is that tells of them.</param>
internal sealed class BitmapDoubts(VhdxFile image, RepairMethod method)
{
    private readonly VhdxGeometry _geometry = image.Geometry!;

    /// <summary>The first chunk whose bitmap is in a MiB of the file.</summary>
    private readonly Dictionary<ulong, long> _places = [];

    /// <summary>The chunks whose bitmaps share their places.</summary>
    private readonly HashSet<long> _shared = [];

    /// <summary>An action for each row of such blocks: those whose data is doubtful, then those that depend on doubtful bits.</summary>
    public IEnumerable<VhdxRepairAction> Actions(CancellationToken cancellation)
    {
        FindBitmaps(cancellation);
        foreach (VhdxRepairAction action in Rows(Sharing(cancellation), isData: true))
        {
            yield return action;
        }

        // Only now it is known which bitmaps share their places.
        foreach (VhdxRepairAction action in Rows(Depending(cancellation), isData: false))
        {
            yield return action;
        }
    }

    private void FindBitmaps(CancellationToken cancellation)
    {
        if (!_geometry.HasParent)
        {
            return;
        }

        ulong end = (ulong)FormatConstants.CeilingDivide(image.View.Length, FormatConstants.MiB);
        foreach ((long index, BatEntry entry) in image.Bat!.NonZeroEntries(cancellation))
        {
            if (!_geometry.IsSectorBitmapEntry(index) || entry.State != BlockState.FullyPresent || entry.FileOffsetMiB == 0 || entry.FileOffsetMiB >= end)
            {
                continue;
            }

            long chunk = _geometry.ChunkOfEntry(index);
            if (_places.TryGetValue(entry.FileOffsetMiB, out long first))
            {
                _shared.Add(first);
                _shared.Add(chunk);
            }
            else
            {
                _places.Add(entry.FileOffsetMiB, chunk);
            }
        }
    }

    /// <summary>Blocks over bitmaps. One that comes behind the bitmap in the BAT gets a copy, and is named with that.</summary>
    private IEnumerable<(long Chunk, long Block)> Sharing(CancellationToken cancellation)
    {
        foreach ((long block, BatEntry entry) in Blocks(_places.Count > 0, cancellation))
        {
            for (ulong unit = 0; unit < (ulong)(_geometry.BlockSize / FormatConstants.MiB); unit++)
            {
                if (_places.TryGetValue(entry.FileOffsetMiB + unit, out long chunk))
                {
                    _shared.Add(chunk);
                    if (block / _geometry.ChunkRatio <= chunk)
                    {
                        yield return (chunk, block);
                    }
                }
            }
        }
    }

    private IEnumerable<(long Chunk, long Block)> Depending(CancellationToken cancellation) =>
        Blocks(_shared.Count > 0, cancellation)
            .Where(item => item.Entry.State == BlockState.PartiallyPresent && _shared.Contains(item.Block / _geometry.ChunkRatio))
            .Select(item => (item.Block / _geometry.ChunkRatio, item.Block));

    private IEnumerable<(long Block, BatEntry Entry)> Blocks(bool any, CancellationToken cancellation) =>
        !any ? [] : image.Bat!.NonZeroEntries(cancellation)
            .Where(item => item.Entry.HasData && !_geometry.IsSectorBitmapEntry(item.Index))
            .Select(item => (_geometry.PayloadBlockOfEntry(item.Index), item.Entry))
            .Where(item => item.Item1 < _geometry.PayloadBlockCount);

    private IEnumerable<VhdxRepairAction> Rows(IEnumerable<(long Chunk, long Block)> blocks, bool isData)
    {
        (long Chunk, long First, long Count) row = default;
        foreach ((long chunk, long block) in blocks)
        {
            if (row.Count > 0 && row.Chunk == chunk && row.First + row.Count == block)
            {
                row.Count++;
                continue;
            }

            if (row.Count > 0)
            {
                yield return Of(row, isData);
            }

            row = (chunk, block, 1);
        }

        if (row.Count > 0)
        {
            yield return Of(row, isData);
        }
    }

    private VhdxRepairAction Of((long Chunk, long First, long Count) row, bool isData)
    {
        long start = row.First * _geometry.BlockSize;
        long length = Math.Min(row.Count * _geometry.BlockSize, _geometry.VirtualDiskSize - start);
        string item = FormattableString.Invariant($"Sector bitmap block {row.Chunk}");
        string name = AreaNames.Numbered("payload block", row.First, row.Count);
        string range = $"bytes {ByteText.Hex(start)} to {ByteText.Hex(start + length)} of the disk";
        return new()
        {
            RuleId = VhdxRules.BlocksShareSpace.Id,
            Method = method,
            Description = isData
                ? $"Doubtful is {name}, which shares the place of {item.ToLowerInvariant()}: the bytes there may be bits and no data ({range})."
                : $"Doubtful is {name}, which depends on {item.ToLowerInvariant()}: the bytes there may be data and no bits, and which sectors come from the parent is not known ({range}).",
            FileOffset = image.BatRegion!.Value.Offset + (_geometry.EntryOfPayloadBlock(row.First) * BatEntry.Length),
            Length = BatEntry.Length,
            Block = row.First,
            BlockCount = row.Count,
            VirtualOffset = start,
            VirtualLength = length,
            Item = item,
        };
    }
}
