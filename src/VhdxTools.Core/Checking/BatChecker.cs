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
/// Checks every entry of the BAT in one pass (MS-VHDX 2.5). Which space blocks claim is kept as one bit for each MiB of the file; only
/// when blocks collide a second pass finds out which ones.
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
    private readonly ulong _firstOrdinaryUnit;
    private readonly ulong _endOfOrdinaryUnits;

    private readonly StructureMap _structures;

    /// <summary>What blocks claim, also where they lie over structures or other blocks.</summary>
    private readonly BitField _used;

    private readonly bool _isEveryPlaceKnown;
    private readonly string _endText;
    private readonly List<(long Index, FileRange Range)> _collisions = [];
    private readonly BlockFindings _findings;

    /// <summary>What entries refer to that own nothing there: it is not leaked. Made when there is such an entry.</summary>
    private BitField? _referenced;

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
        _structures = new(image);
        _firstOrdinaryUnit = (ulong)FormatConstants.CeilingDivide(_structures.End, FormatConstants.MiB);
        _endOfOrdinaryUnits = (ulong)Math.Max(0, (Math.Min(_fileLength, TrackedLength) / FormatConstants.MiB) - _blockUnits + 1);
        _used = new(FormatConstants.CeilingDivide(Math.Min(_fileLength, TrackedLength), FormatConstants.MiB));
        _findings = new(image.Raw.Name, geometry, image.BatRegion!.Value.Offset);

        // What looks leaked may belong to a structure whose place is damaged, or to entries that are cut off or stand in a lost log.
        _isEveryPlaceKnown = image.Log is not null
            && (image.Replayed is not null || !image.IsLogDirty)
            && image.Regions.All(region => RegionReader.RangeOf(region) is not null)
            && bat.EntryCount >= geometry.BatEntryCount;
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
        foreach (VhdxFinding finding in _findings.Take().Concat(Collisions(cancellation)).Concat(Totals(cancellation)))
        {
            yield return finding;
        }
    }

    private void Scan(BatPage page, int start, int end)
    {
        long ratio = _geometry.ChunkRatio;
        long chunk = (page.FirstIndex + start) / (ratio + 1);
        long within = (page.FirstIndex + start) % (ratio + 1);
        ReadOnlySpan<byte> bytes = page.Bytes.Span;
        ulong step = (ulong)_geometry.BlockSize;
        int oneByOne = start;
        for (int i = start; i < end; i++)
        {
            ulong value = BinaryPrimitives.ReadUInt64LittleEndian(bytes.Slice(i * BatEntry.Length));
            if (i >= oneByOne && within < ratio && i + 1 < end && BinaryPrimitives.ReadUInt64LittleEndian(bytes.Slice((i + 1) * BatEntry.Length)) == value + step)
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
            if (entry.HasData)
            {
                Reference(entry, _geometry.BlockSize);
            }

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
            Occupy(index, block, entry, _geometry.BlockSize, _geometry.UsedLength(block));
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
            _findings.AddItem(VhdxRules.BatState, name, "has a reserved state", "0 or 6", StateText(entry), _findings.EntryOffset(index));
            return;
        }

        if (entry.HasReservedBits)
        {
            _findings.AddItem(VhdxRules.BatReserved, name, "has reserved bits set", "0 in bits 3 to 19", EntryText(entry), _findings.EntryOffset(index));
        }

        if (!isPresent)
        {
            return;
        }

        if (!_geometry.HasParent)
        {
            _findings.AddItem(VhdxRules.BitmapWithoutParent, name, "is present, and the image has no parent", "state 0", "state 6", _findings.EntryOffset(index));
            Claim(index, entry, FormatConstants.SectorBitmapBlockLength);
            return;
        }

        Occupy(index, -1, entry, FormatConstants.SectorBitmapBlockLength, NeededBitmapLength(chunk), name);
    }

    /// <summary>Takes a block's space, and reports when it cannot have it.</summary>
    private void Occupy(long index, long block, BatEntry entry, long length, long needed, string? item = null)
    {
        long offset = entry.FileOffset;
        if (offset < FormatConstants.HeaderSectionLength)
        {
            Add(VhdxRules.BlockOffset, offset == 0 ? "has no offset" : "lies inside the header section", "at or behind 0x100000");
            Reference(entry, length);
            return;
        }

        if (offset >= TrackedLength || offset + needed > _fileLength)
        {
            AddLost();
        }

        if (offset < TrackedLength && _structures.TextOf(new(offset, length)) is string over)
        {
            Add(VhdxRules.BlockOverStructure, over, "space of its own", length);
        }

        Claim(index, entry, length);

        void AddLost()
        {
            // Half a sector is lost as a whole; a byte of a sector bitmap stands for eight.
            long step = item is null ? _geometry.LogicalSectorSize : 1;
            long kept = offset >= _fileLength ? 0 : (_fileLength - offset) / step * step;
            if (kept == 0)
            {
                Add(VhdxRules.BlockBeyondEnd, "lies beyond the end of the file, so its data is lost", _endText, length);
                return;
            }

            string what = FormattableString.Invariant($"lies partly beyond the end of the file, so the last {needed - kept} of its {needed} bytes are lost");
            if (item is null)
            {
                _findings.Add(VhdxRules.BlockBeyondEnd, block, what, _endText, ActualText(), Place(), length, kept);
            }
            else
            {
                long first = (_geometry.ChunkOfEntry(index) * FormatConstants.SectorsPerChunk) + (kept * 8);
                long start = first * _geometry.LogicalSectorSize;
                long end = Math.Min(_geometry.VirtualDiskSize, (_geometry.ChunkOfEntry(index) + 1) * FormatConstants.SectorsPerChunk * _geometry.LogicalSectorSize);
                what += "; they stand for " + BlockFindings.RangeText(start, end - start);
                _findings.AddItem(VhdxRules.BlockBeyondEnd, item, what, _endText, ActualText(), Place(), length);
            }
        }

        void Add(VhdxRule rule, string what, string expected, long? place = null)
        {
            if (item is not null)
            {
                _findings.AddItem(rule, item, what, expected, ActualText(), Place(), Place() is null ? null : place);
            }
            else if (!_findings.Continues(rule, block, what))
            {
                _findings.Add(rule, block, what, expected, ActualText(), Place(), Place() is null ? null : place);
            }
        }

        // Offsets beyond 2^63 have no number in a finding, but always a text.
        long? Place() => entry.FileOffsetMiB < 1UL << 43 ? offset : null;

        string ActualText() => $"{UnitText(entry.FileOffsetMiB)} to {UnitText(entry.FileOffsetMiB + ((ulong)length / (ulong)FormatConstants.MiB))}";
    }

    /// <summary>Marks the space of a block, and notes it when another one has a part of it.</summary>
    private void Claim(long index, BatEntry entry, long length)
    {
        if (ClaimOf(entry.FileOffset, length) is not FileRange range || !_used.Set(range.Offset / FormatConstants.MiB, range.Length / FormatConstants.MiB))
        {
            return;
        }

        if (_collisions.Count < MaximumCollisions)
        {
            _collisions.Add((index, range));
        }
        else
        {
            _uncountedCollisions++;
        }
    }

    /// <summary>The part of a block's space that the file has, or null.</summary>
    private FileRange? ClaimOf(long offset, long length)
    {
        long end = _used.Length * FormatConstants.MiB;
        return offset < FormatConstants.HeaderSectionLength || offset >= end ? null : new FileRange(offset, Math.Min(length, end - offset));
    }

    private void Reference(BatEntry entry, long length) =>
        (_referenced ??= new(_used.Length)).Set(entry.FileOffset / FormatConstants.MiB, length / FormatConstants.MiB);

    /// <summary>An offset that is given in MiB as hexadecimal number of bytes, of more than 64 bits when it has to be.</summary>
    private static string UnitText(ulong unit) => unit == 0 ? "0x0" : "0x" + unit.ToString("X", CultureInfo.InvariantCulture) + "00000";

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
            _findings.Add(rule, block, what, expected, actual(entry), _findings.EntryOffset(index));
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
        // A bitmap whose entry is cut off may well have been there.
        if (_partial.Chunk >= 0 && !isBitmapPresent && _geometry.EntryOfSectorBitmap(_partial.Chunk) < _bat.EntryCount)
        {
            _findings.EndRuns();
            _findings.Add(
                VhdxRules.PartialWithoutBitmap,
                _partial.First,
                FormattableString.Invariant($"is partly present, and sector bitmap block {_partial.Chunk} is not there ({_partial.Count} such block{(_partial.Count == 1 ? "" : "s")} in its chunk)"),
                FormattableString.Invariant($"sector bitmap block {_partial.Chunk} in state 6"),
                "not present",
                _findings.EntryOffset(_geometry.EntryOfPayloadBlock(_partial.First)));
        }

        _partial = (-1, 0, 0);
    }

    private IEnumerable<VhdxFinding> Collisions(CancellationToken cancellation)
    {
        if (_collisions.Count == 0)
        {
            yield break;
        }

        CollisionResolver resolver = new(_collisions.Select(collision => collision.Range));
        foreach (BatPage page in _bat.Pages(cancellation))
        {
            _progress?.Invoke(_bat.EntryCount + page.FirstIndex, 2 * _bat.EntryCount);
            for (int i = 0; i < page.Count; i++)
            {
                BatEntry entry = new(page[i]);
                if (entry.HasData && resolver.MayTouch(entry.FileOffset) && RangeOf(page.FirstIndex + i, entry) is FileRange range)
                {
                    resolver.Visit(page.FirstIndex + i, range);
                }
            }

            resolver.Prune();
        }

        resolver.Complete();
        foreach ((long index, FileRange range) in _collisions)
        {
            (IReadOnlyList<long> partners, long more, FileRange shared) = resolver.PartnersOf(index, range);
            yield return _findings.OfCollision(index, partners, more, range, shared);
        }

        if (_uncountedCollisions > 0)
        {
            yield return VhdxFinding.Of(
                VhdxRules.BlocksShareSpace,
                _image.Raw.Name,
                FormattableString.Invariant($"{_uncountedCollisions} more block{(_uncountedCollisions == 1 ? " shares" : "s share")} file space with others."));
        }
    }

    /// <summary>The space that an entry with data claims, or null.</summary>
    private FileRange? RangeOf(long index, BatEntry entry)
    {
        if (_geometry.IsSectorBitmapEntry(index))
        {
            return entry.State == BlockState.FullyPresent ? ClaimOf(entry.FileOffset, FormatConstants.SectorBitmapBlockLength) : null;
        }

        return _geometry.PayloadBlockOfEntry(index) < _geometry.PayloadBlockCount ? ClaimOf(entry.FileOffset, _geometry.BlockSize) : null;
    }

    private IEnumerable<VhdxFinding> Totals(CancellationToken cancellation)
    {
        bool isFixed = _image.Type == VhdType.Fixed && _bat.EntryCount >= _geometry.BatEntryCount;
        bool isHollow = isFixed && _allocated == 0 && _fileLength - _structures.End >= _geometry.VirtualDiskSize;
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

        if (isHollow || !_isEveryPlaceKnown)
        {
            // The space of a hollow image is reported already.
            yield break;
        }

        foreach (FileRange range in _structures.Ranges)
        {
            _used.Set(range.Offset / FormatConstants.MiB, range.Length / FormatConstants.MiB);
        }

        if (_referenced is not null)
        {
            _used.SetAll(_referenced);
        }

        foreach (VhdxFinding finding in LeakFinder.Find(_image.Raw.Name, _used, _fileLength, IsFillable, _progress, cancellation))
        {
            yield return finding;
        }
    }

    /// <summary>Whether a block, a sector bitmap or a region from behind a gap may fit into it.</summary>
    private bool IsFillable(FileRange gap) =>
        _geometry.HasParent || gap.Length >= _geometry.BlockSize || IsFillable(gap, _image.BatRegion) || IsFillable(gap, _image.MetadataRegion);

    private static bool IsFillable(FileRange gap, FileRange? region) => region is FileRange range && range.Offset > gap.Offset && range.Length <= gap.Length;
}
