using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Threading;
using VhdxTools.Format;
using VhdxTools.Images;
using VhdxTools.Layout;

namespace VhdxTools.Checking;

/// <summary>
/// Checks every entry of the BAT in one pass (MS-VHDX 2.5). Who uses which space is kept as one bit for each MiB of the file; only when
/// blocks collide a second pass finds out which ones.
/// </summary>
internal sealed class BatChecker
{
    /// <summary>Entries whose findings are given before more are looked at: a page full of bad ones would weigh 30 MiB.</summary>
    private const int SliceCount = 1024;

    /// <summary>Collisions that are resolved to pairs; beyond, they are counted.</summary>
    private const int MaximumCollisions = 10_000;

    /// <summary>Shorter runs are not worth being taken at once.</summary>
    private const int MinimumRun = 4;

    /// <summary>Space is tracked up to here: no image of 64 TiB has structures beyond, and the bits take 16 MiB at most.</summary>
    private const long TrackedLength = 2 * FormatConstants.MaximumVirtualDiskSize;

    private readonly VhdxFile _image;
    private readonly BlockAllocationTable _bat;
    private readonly VhdxGeometry _geometry;
    private readonly Action<long, long>? _progress;
    private readonly long _fileLength;
    private readonly long _blockUnits;
    private readonly long _structuresEnd;
    private readonly ulong _firstOrdinaryUnit;
    private readonly ulong _endOfOrdinaryUnits;

    /// <summary>The structures, and what to say of a block that lies over one.</summary>
    private readonly List<(FileRange Range, string What)> _structures;
    private readonly BitField _used;
    private readonly string _endText;
    private readonly List<Collision> _collisions = [];
    private readonly BlockFindings _findings;

    /// <summary>What blocks refer to and cannot have: it is not leaked. Made when there is such a block.</summary>
    private BitField? _disputed;

    private long _uncountedCollisions;
    private long _fullyPresent;
    private long _allocated;
    private (long Chunk, long First, long Count) _partial = (-1, 0, 0);

    public BatChecker(VhdxFile image, BlockAllocationTable bat, VhdxGeometry geometry, Action<long, long>? progress)
    {
        _image = image;
        _bat = bat;
        _geometry = geometry;
        _progress = progress;
        _fileLength = image.View.Length;
        _endText = "the end at or before " + ByteText.Hex(_fileLength);
        _blockUnits = geometry.BlockSize / FormatConstants.MiB;
        _structures = StructuresOf(image);
        _structuresEnd = _structures[_structures.Count - 1].Range.End;
        _firstOrdinaryUnit = (ulong)FormatConstants.CeilingDivide(_structuresEnd, FormatConstants.MiB);
        _endOfOrdinaryUnits = (ulong)Math.Max(0, (Math.Min(_fileLength, TrackedLength) / FormatConstants.MiB) - _blockUnits + 1);
        _used = new(FormatConstants.CeilingDivide(Math.Min(_fileLength, TrackedLength), FormatConstants.MiB));
        _findings = new(image.Raw.Name, geometry, image.BatRegion!.Value.Offset);
        foreach ((FileRange range, _) in _structures)
        {
            _used.Set(range.Offset / FormatConstants.MiB, range.Length / FormatConstants.MiB);
        }
    }

    public IEnumerable<VhdxFinding> Check(CancellationToken cancellation)
    {
        foreach (BatPage page in _bat.Pages(cancellation))
        {
            _progress?.Invoke(page.FirstIndex, _bat.EntryCount);
            for (int start = 0; start < page.Count; start += SliceCount)
            {
                int end = Math.Min(page.Count, start + SliceCount);
                Scan(page, start, end);
                _findings.EndRuns(_geometry.PayloadBlockOfEntry(page.FirstIndex + end));
                foreach (VhdxFinding finding in _findings.Take())
                {
                    yield return finding;
                }
            }
        }

        EndChunk(isBitmapPresent: false);
        _findings.EndRuns();
        foreach (VhdxFinding finding in _findings.Take().Concat(Collisions(cancellation)).Concat(Totals()))
        {
            yield return finding;
        }
    }

    /// <summary>The structures in the order of the file; where those of a damaged file overlap, the one that starts first keeps the space.</summary>
    private static List<(FileRange Range, string What)> StructuresOf(VhdxFile image)
    {
        List<(FileRange Range, string What)> structures = [(new(0, FormatConstants.HeaderSectionLength), "overlaps the header section")];
        if (image.Log is FileRange log)
        {
            structures.Add((log, "overlaps the log"));
        }

        foreach (RegionEntry region in image.Regions)
        {
            if (RegionReader.RangeOf(region) is FileRange range)
            {
                structures.Add((range, $"overlaps the {WellKnownGuids.RegionName(region.Id)} region"));
            }
        }

        List<(FileRange Range, string What)> disjoint = [];
        long end = 0;
        foreach ((FileRange range, string what) in structures.OrderBy(structure => structure.Range.Offset))
        {
            if (range.End > end)
            {
                long start = Math.Max(range.Offset, end);
                disjoint.Add((new(start, range.End - start), what));
                end = range.End;
            }
        }

        return disjoint;
    }

    /// <summary>What to say of a range that lies over a structure, or null. There may be thousands, and millions of blocks that ask.</summary>
    private string? StructureAt(FileRange range)
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

        return low < _structures.Count && _structures[low].Range.Overlaps(range) ? _structures[low].What : null;
    }

    private void Scan(BatPage page, int start, int end)
    {
        long ratio = _geometry.ChunkRatio;
        long chunk = (page.FirstIndex + start) / (ratio + 1);
        long within = (page.FirstIndex + start) % (ratio + 1);
        ReadOnlySpan<byte> bytes = page.Bytes.Span;
        int oneByOne = start;
        for (int i = start; i < end; i++)
        {
            ulong value = BinaryPrimitives.ReadUInt64LittleEndian(bytes.Slice(i * BatEntry.Length));
            if (i >= oneByOne && within < ratio)
            {
                long limit = Math.Min(Math.Min(end - i, ratio - within), _geometry.PayloadBlockCount - (chunk * ratio) - within);
                (int run, bool isTaken) = TakeRun(bytes.Slice(i * BatEntry.Length), value, limit);
                if (isTaken)
                {
                    i += run - 1;
                    within += run;
                    continue;
                }

                oneByOne = i + run;
            }

            if (within == ratio)
            {
                InspectBitmap(chunk, page.FirstIndex + i, new(value));
                within = 0;
                chunk++;
                continue;
            }

            if (value != 0)
            {
                InspectPayload(chunk, (chunk * ratio) + within, page.FirstIndex + i, new(value));
            }

            within++;
        }
    }

    /// <summary>
    /// Takes the space of blocks that are ordinary and follow one another in the file, all at once: large tables are mostly such runs.
    /// </summary>
    /// <param name="bytes">The table from the first entry on.</param>
    /// <param name="first">The first entry.</param>
    /// <param name="limit">How many entries may be looked at.</param>
    /// <returns>How many entries were looked at, and whether they are done; else each of them has to be looked at for itself.</returns>
    private (int Count, bool IsTaken) TakeRun(ReadOnlySpan<byte> bytes, ulong first, long limit)
    {
        const ulong stateAndReserved = 0xF_FFFF;
        ulong unit = new BatEntry(first).FileOffsetMiB;
        if (limit < MinimumRun || (first & stateAndReserved) != (ulong)BlockState.FullyPresent || unit < _firstOrdinaryUnit || unit >= _endOfOrdinaryUnits)
        {
            return (1, false);
        }

        ulong step = (ulong)_geometry.BlockSize;
        ulong next = first + step;
        int count = 1;
        while (count < limit && BinaryPrimitives.ReadUInt64LittleEndian(bytes.Slice(count * BatEntry.Length)) == next)
        {
            next += step;
            count++;
        }

        ulong inside = (_endOfOrdinaryUnits - 1 - unit) / (ulong)_blockUnits;
        count = (int)Math.Min((ulong)count, inside + 1);
        if (count < MinimumRun || !_used.TrySet((long)unit, count * _blockUnits))
        {
            return (count, false);
        }

        _fullyPresent += count;
        _allocated += count;
        return (count, true);
    }

    private void InspectPayload(long chunk, long block, long index, BatEntry entry)
    {
        if (block >= _geometry.PayloadBlockCount)
        {
            // The last chunk of a differencing image has entries for blocks that the disk does not have.
            return;
        }

        if (IsOrdinary(entry))
        {
            _fullyPresent++;
            _allocated++;
            return;
        }

        if (!entry.IsStateValid)
        {
            Add(VhdxRules.BatState, block, index, "has a reserved state", "0 to 3, 6 or 7", entry, StateText);
            return;
        }

        if (entry.HasReservedBits)
        {
            Add(VhdxRules.BatReserved, block, index, "has reserved bits set", "0 in bits 3 to 19", entry, EntryText);
        }
        else if (entry.State is BlockState.NotPresent or BlockState.Zero && entry.FileOffsetMiB != 0)
        {
            Add(VhdxRules.BatReserved, block, index, "has an offset in a state that has none", "offset 0", entry, EntryText);
        }

        if (entry.State == BlockState.PartiallyPresent)
        {
            if (!_geometry.HasParent)
            {
                Add(VhdxRules.PartialWithoutParent, block, index, "is partly present, and the image has no parent", "0 to 3 or 6", entry, StateText);
            }
            else
            {
                AddPartial(chunk, block);
            }
        }

        if (entry.HasData)
        {
            _allocated++;
            _fullyPresent += entry.State == BlockState.FullyPresent ? 1 : 0;
            Occupy(index, block, entry.FileOffset, _geometry.BlockSize, _geometry.UsedLength(block));
        }
    }

    /// <summary>The case of nearly all entries, decided without a division: present, behind all structures, inside the file, alone.</summary>
    private bool IsOrdinary(BatEntry entry)
    {
        const ulong stateAndReserved = 0xF_FFFF;
        ulong unit = entry.FileOffsetMiB;
        return (entry.Value & stateAndReserved) == (ulong)BlockState.FullyPresent
            && unit >= _firstOrdinaryUnit
            && unit < _endOfOrdinaryUnits
            && _used.TrySet((long)unit, _blockUnits);
    }

    private void InspectBitmap(long chunk, long index, BatEntry entry)
    {
        bool isPresent = entry.State == BlockState.FullyPresent;
        if (_partial.Chunk == chunk)
        {
            EndChunk(isPresent);
        }

        string name = FormattableString.Invariant($"Sector bitmap block {chunk}");
        if (entry.State is not (BlockState.NotPresent or BlockState.FullyPresent))
        {
            _findings.AddItem(VhdxRules.BatState, name, index, "has a reserved state", "0 or 6", StateText(entry));
            return;
        }

        if (entry.HasReservedBits)
        {
            _findings.AddItem(VhdxRules.BatReserved, name, index, "has reserved bits set", "0 in bits 3 to 19", EntryText(entry));
        }

        if (!isPresent)
        {
            return;
        }

        if (!_geometry.HasParent)
        {
            _findings.AddItem(VhdxRules.BitmapWithoutParent, name, index, "is present, and the image has no parent", "state 0", "state 6");
            return;
        }

        Occupy(index, -1, entry.FileOffset, FormatConstants.SectorBitmapBlockLength, NeededBitmapLength(chunk), name);
    }

    /// <summary>Takes a block's space, and reports when it cannot have it.</summary>
    private void Occupy(long index, long block, long offset, long length, long needed, string? item = null)
    {
        bool isPlaced = false;
        if (offset < FormatConstants.HeaderSectionLength)
        {
            Add(VhdxRules.BlockOffset, offset == 0 ? "has no offset" : "lies inside the header section", "at or behind 0x100000");
        }
        else if (offset >= TrackedLength || offset + needed > _fileLength)
        {
            Add(VhdxRules.BlockBeyondEnd, "lies beyond the end of the file, so its data is lost", _endText);
        }
        else if (StructureAt(new(offset, length)) is string over)
        {
            Add(VhdxRules.BlockOverStructure, over, "space of its own");
        }
        else if (_used.TrySet(offset / FormatConstants.MiB, length / FormatConstants.MiB))
        {
            isPlaced = true;
        }
        else if (_collisions.Count < MaximumCollisions)
        {
            _collisions.Add(new(index, new(offset, length)));
        }
        else
        {
            _uncountedCollisions++;
        }

        if (!isPlaced)
        {
            (_disputed ??= new(_used.Length)).Set(offset / FormatConstants.MiB, length / FormatConstants.MiB);
        }

        void Add(VhdxRule rule, string what, string expected)
        {
            if (item is null && _findings.Continues(rule, block, what))
            {
                return;
            }

            string actual = $"{ByteText.Hex(offset)} to {ByteText.Hex(offset + length)}";
            if (item is null)
            {
                _findings.Add(rule, block, index, what, expected, actual, offset);
            }
            else
            {
                _findings.AddItem(rule, item, index, what, expected, actual, offset);
            }
        }
    }

    private long NeededBitmapLength(long chunk)
    {
        long sectors = Math.Min(FormatConstants.SectorsPerChunk, (_geometry.VirtualDiskSize / _geometry.LogicalSectorSize) - (chunk * FormatConstants.SectorsPerChunk));
        return FormatConstants.CeilingDivide(sectors, 8);
    }

    private static string EntryText(BatEntry entry) => "entry 0x" + entry.Value.ToString("X16", CultureInfo.InvariantCulture);

    private static string StateText(BatEntry entry) => "state " + ((int)entry.State).ToString(CultureInfo.InvariantCulture);

    /// <summary>A trouble of a payload block. Texts are made only where a row of such blocks begins.</summary>
    private void Add(VhdxRule rule, long block, long index, string what, string expected, BatEntry entry, Func<BatEntry, string> actual)
    {
        if (!_findings.Continues(rule, block, what))
        {
            _findings.Add(rule, block, index, what, expected, actual(entry));
        }
    }

    private void AddPartial(long chunk, long block)
    {
        if (_partial.Chunk != chunk)
        {
            EndChunk(isBitmapPresent: false);
            _partial = (chunk, block, 0);
        }

        _partial.Count++;
    }

    /// <summary>The bitmap of a chunk has been seen, or never will be: holes of the file are passed over.</summary>
    private void EndChunk(bool isBitmapPresent)
    {
        if (_partial.Chunk >= 0 && !isBitmapPresent)
        {
            _findings.EndRuns();
            _findings.Add(
                VhdxRules.PartialWithoutBitmap,
                _partial.First,
                _geometry.EntryOfPayloadBlock(_partial.First),
                FormattableString.Invariant($"is partly present, and sector bitmap block {_partial.Chunk} is not there ({_partial.Count} such blocks in its chunk)"),
                FormattableString.Invariant($"sector bitmap block {_partial.Chunk} in state 6"),
                "not present");
        }

        _partial = (-1, 0, 0);
    }

    private IEnumerable<VhdxFinding> Collisions(CancellationToken cancellation)
    {
        if (_collisions.Count == 0)
        {
            yield break;
        }

        List<Collision> open = _collisions.OrderBy(collision => collision.Range.Offset).ToList();
        foreach (BatPage page in _bat.Pages(cancellation))
        {
            for (int i = 0; i < page.Count; i++)
            {
                if (RangeOf(page.FirstIndex + i, new(page[i])) is FileRange range)
                {
                    Resolve(open, page.FirstIndex + i, range);
                }
            }

            // Once found, a partner is not looked for again: many blocks in one place would cost a square of their number.
            open.RemoveAll(collision => collision.Partner >= 0);
            if (open.Count == 0)
            {
                break;
            }
        }

        foreach (Collision collision in _collisions)
        {
            yield return _findings.OfCollision(collision.Index, collision.Partner, collision.Range);
        }

        if (_uncountedCollisions > 0)
        {
            yield return VhdxFinding.Of(VhdxRules.BlocksShareSpace, _image.Raw.Name, FormattableString.Invariant($"{_uncountedCollisions} more blocks share file space with others."));
        }
    }

    private void Resolve(List<Collision> open, long index, FileRange range)
    {
        int low = 0;
        int high = open.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (open[middle].Range.Offset <= range.Offset - _geometry.BlockSize)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        for (; low < open.Count && open[low].Range.Offset < range.End; low++)
        {
            Collision collision = open[low];
            if (collision.Partner < 0 && collision.Index != index && collision.Range.Overlaps(range))
            {
                collision.Partner = index;
            }
        }
    }

    /// <summary>The space that an entry took or found taken by another one; null when it has none, or was reported for where it is.</summary>
    private FileRange? RangeOf(long index, BatEntry entry)
    {
        bool isBitmap = _geometry.IsSectorBitmapEntry(index);
        long block = _geometry.PayloadBlockOfEntry(index);
        bool hasData = isBitmap ? entry.State == BlockState.FullyPresent && _geometry.HasParent : entry.HasData && block < _geometry.PayloadBlockCount;
        if (!hasData || entry.FileOffset >= TrackedLength)
        {
            return null;
        }

        FileRange range = new(entry.FileOffset, isBitmap ? FormatConstants.SectorBitmapBlockLength : _geometry.BlockSize);
        long needed = isBitmap ? NeededBitmapLength(_geometry.ChunkOfEntry(index)) : _geometry.UsedLength(block);
        return range.Offset + needed <= _fileLength && StructureAt(range) is null ? range : null;
    }

    private IEnumerable<VhdxFinding> Totals()
    {
        bool isFixed = _image.Type == VhdType.Fixed;
        bool isHollow = isFixed && _allocated == 0 && _fileLength - _structuresEnd >= _geometry.VirtualDiskSize;
        if (isHollow)
        {
            yield return VhdxFinding.Of(VhdxRules.FixedAllZero, _image.Raw.Name, "The image calls itself fixed and is as long as its disk, but no block uses that space.");
        }
        else if (isFixed && _fullyPresent < _geometry.PayloadBlockCount)
        {
            yield return VhdxFinding.Of(
                VhdxRules.FixedNotAllocated,
                _image.Raw.Name,
                FormattableString.Invariant($"The image calls itself fixed, but {_geometry.PayloadBlockCount - _fullyPresent} of its {_geometry.PayloadBlockCount} blocks are not fully present."));
        }

        bool isEveryPlaceKnown = _image.Log is not null && _image.Regions.All(region => RegionReader.RangeOf(region) is not null);
        if (isHollow || !isEveryPlaceKnown || _bat.EntryCount < _geometry.BatEntryCount)
        {
            // The space of a hollow image is reported already; and what looks leaked may belong to a structure whose place is
            // damaged, or to entries that are cut off.
            yield break;
        }

        if (_disputed is not null)
        {
            _used.SetAll(_disputed);
        }

        long whole = Math.Min(_fileLength, TrackedLength) / FormatConstants.MiB;
        for (long start = _used.Find(value: false, 0); start < whole;)
        {
            long end = Math.Min(whole, _used.Find(value: true, start));
            yield return VhdxFinding.Of(
                VhdxRules.LeakedSpace,
                _image.Raw.Name,
                FormattableString.Invariant($"Nothing references {ByteText.Size((end - start) * FormatConstants.MiB)} of the file.")) with
            {
                FileOffset = start * FormatConstants.MiB,
                Length = (end - start) * FormatConstants.MiB,
            };
            start = _used.Find(value: false, end);
        }
    }

    private sealed class Collision(long index, FileRange range)
    {
        public long Index => index;

        public FileRange Range => range;

        /// <summary>Index of another entry that claims the same space, or -1 while it is not known.</summary>
        public long Partner { get; set; } = -1;
    }
}
