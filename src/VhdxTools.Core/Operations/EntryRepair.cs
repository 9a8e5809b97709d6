using System;
using System.Collections.Generic;
using System.Threading;
using VhdxTools.Checking;
using VhdxTools.Format;
using VhdxTools.Images;
using VhdxTools.Layout;

namespace VhdxTools.Operations;

/// <summary>
/// Finds the entries of a BAT that can be mended, by the same rules as the check. Space is given out in the order of the entries: of
/// those that share some, the first keeps it, and each other one gets a copy, because nobody can tell whose data it is.
/// </summary>
internal sealed class EntryRepair
{
    private readonly VhdxGeometry _geometry;
    private readonly BlockAllocationTable _bat;
    private readonly StructureMap _structures;
    private readonly BitField _used;
    private readonly long _fileLength;
    private readonly bool _dropsBadBlocks;
    private (long Chunk, BatEntry Entry, bool IsUsable) _bitmap = (-1, default, false);

    /// <param name="image">The image; its geometry and BAT are known.</param>
    /// <param name="dropsBadBlocks">Whether blocks may be given up; otherwise only reserved bits are cleared.</param>
    public EntryRepair(VhdxFile image, bool dropsBadBlocks)
    {
        _geometry = image.Geometry!;
        _bat = image.Bat!;
        _dropsBadBlocks = dropsBadBlocks;
        _structures = new(image);
        _fileLength = image.View.Length;
        _used = new(FormatConstants.CeilingDivide(Math.Min(_fileLength, 2 * FormatConstants.MaximumVirtualDiskSize), FormatConstants.MiB));
        foreach (FileRange range in _structures.Ranges)
        {
            Take(range);
        }

        // A log that is to get another place may end beyond the file.
        End = FormatConstants.AlignUp(_fileLength, FormatConstants.Alignment);
    }

    /// <summary>Behind the file and all that starts in it, a multiple of 1 MiB: a last block may be cut short. Known when all changes have been given.</summary>
    public long End { get; private set; }

    /// <summary>The length that the file needs so that no block that is kept ends beyond it; known when all changes have been given.</summary>
    public long NeededLength { get; private set; }

    /// <summary>Bytes of blocks that get a copy; known when all changes have been given.</summary>
    public long CopiedLength { get; private set; }

    /// <summary>The changes in the order of the entries; to be asked for once.</summary>
    /// <param name="copyOffset">Where in the file copies go, one behind the other.</param>
    /// <param name="cancellation">Stops the work.</param>
    public IEnumerable<EntryChange> Changes(long copyOffset, CancellationToken cancellation)
    {
        foreach ((long index, BatEntry entry) in _bat.NonZeroEntries(cancellation))
        {
            bool isBitmap = _geometry.IsSectorBitmapEntry(index);
            if (!isBitmap && _geometry.PayloadBlockOfEntry(index) >= _geometry.PayloadBlockCount)
            {
                if (entry.HasData)
                {
                    // The last chunk of a differencing image has entries for blocks that the disk does not have; their space is nobody else's.
                    Take(new(entry.FileOffset, _geometry.BlockSize));
                }

                continue;
            }

            if ((isBitmap ? OfBitmap(index, entry) : OfPayload(index, entry)) is not EntryChange change)
            {
                continue;
            }

            if (change.Fix == EntryFix.Part)
            {
                change = change with { After = BatEntry.Create(entry.State, copyOffset + CopiedLength) };
                CopiedLength += isBitmap ? FormatConstants.SectorBitmapBlockLength : _geometry.BlockSize;
            }

            yield return change;
        }
    }

    /// <summary>Whether anything has this MiB of the file; complete when all changes have been given.</summary>
    public bool IsUsed(long fileOffset) => _used[fileOffset / FormatConstants.MiB];

    /// <summary>A place of the file that nothing claims, or null; complete when all changes have been given.</summary>
    public long? FindGap(long length)
    {
        long units = length / FormatConstants.MiB;
        long whole = Math.Min(_used.Length, _fileLength / FormatConstants.MiB);
        for (long start = _used.Find(value: false, 0); start + units <= whole; start = _used.Find(value: false, start))
        {
            long end = _used.Find(value: true, start);
            if (Math.Min(end, whole) - start >= units)
            {
                return start * FormatConstants.MiB;
            }

            start = end;
        }

        return null;
    }

    private EntryChange? OfPayload(long index, BatEntry entry)
    {
        long block = _geometry.PayloadBlockOfEntry(index);
        VhdxRule? rule = !entry.IsStateValid ? VhdxRules.BatState
            : entry.State == BlockState.PartiallyPresent && !_geometry.HasParent ? VhdxRules.PartialWithoutParent
            : entry.HasData ? PlaceProblem(entry, _geometry.BlockSize, _geometry.UsedLength(block), _geometry.LogicalSectorSize)
            : null;
        if (rule is null && entry.State == BlockState.PartiallyPresent && !AreBitsThere(block))
        {
            rule = VhdxRules.PartialWithoutBitmap;
        }

        // Without a parent a block that is not there reads as zeros; in a child only a zero block does.
        BatEntry dropped = BatEntry.Create(_geometry.HasParent ? BlockState.Zero : BlockState.NotPresent, 0);
        return Decide(index, entry, rule, dropped, _geometry.BlockSize, _geometry.UsedLength(block), _geometry.LogicalSectorSize);
    }

    private EntryChange? OfBitmap(long index, BatEntry entry)
    {
        bool isPresent = entry.State == BlockState.FullyPresent;
        VhdxRule? rule = !isPresent && entry.State != BlockState.NotPresent ? VhdxRules.BatState
            : isPresent && !_geometry.HasParent ? VhdxRules.BitmapWithoutParent
            : isPresent ? PlaceProblem(entry, FormatConstants.SectorBitmapBlockLength, BitmapLength(_geometry.ChunkOfEntry(index)), 1)
            : null;
        return Decide(index, entry, rule, default, FormatConstants.SectorBitmapBlockLength, BitmapLength(_geometry.ChunkOfEntry(index)), 1);
    }

    private EntryChange? Decide(long index, BatEntry entry, VhdxRule? rule, BatEntry dropped, long length, long needed, long step)
    {
        if (rule is not null)
        {
            if (!_dropsBadBlocks)
            {
                TakeOf(entry, length);
                return rule == VhdxRules.BatState ? null : OfReserved(index, entry);
            }

            return new(index, rule, EntryFix.Drop, entry, dropped);
        }

        if (entry.HasData)
        {
            FileRange range = new(entry.FileOffset, length);
            bool isShared = !TryTake(range);
            bool isCut = range.Offset + needed > _fileLength;
            long sound = isCut ? (_fileLength - range.Offset) / step * step : 0;
            if (isShared && _dropsBadBlocks)
            {
                return new(index, VhdxRules.BlocksShareSpace, EntryFix.Part, entry, default, sound);
            }

            if (isCut && _dropsBadBlocks)
            {
                NeededLength = Math.Max(NeededLength, FormatConstants.AlignUp(range.Offset + needed, FormatConstants.Alignment));
                return new(index, VhdxRules.BlockBeyondEnd, EntryFix.Extend, entry, entry.WithoutReservedBits(), sound);
            }
        }

        return OfReserved(index, entry);
    }

    private EntryChange? OfReserved(long index, BatEntry entry)
    {
        // What a sector bitmap that is not there has for an offset is nobody's business.
        bool keepsOffset = entry.HasData || _geometry.IsSectorBitmapEntry(index) || entry.State is not (BlockState.NotPresent or BlockState.Zero);
        BatEntry cleared = entry.WithoutReservedBits();
        cleared = keepsOffset ? cleared : BatEntry.Create(entry.State, 0);
        return cleared.Equals(entry) ? null : new(index, VhdxRules.BatReserved, EntryFix.Clear, entry, cleared);
    }

    /// <summary>What is wrong with the place of a block so that nothing of it can be kept, or null.</summary>
    private VhdxRule? PlaceProblem(BatEntry entry, long length, long needed, long step)
    {
        long offset = entry.FileOffset;
        if (offset < FormatConstants.HeaderSectionLength)
        {
            return VhdxRules.BlockOffset;
        }

        bool isLost = offset >= 2 * FormatConstants.MaximumVirtualDiskSize || offset >= _fileLength || (offset + needed > _fileLength && _fileLength - offset < step);
        return isLost ? VhdxRules.BlockBeyondEnd
            : _structures.TextOf(new(offset, length)) is not null ? VhdxRules.BlockOverStructure
            : null;
    }

    /// <summary>Whether the bits of a partly present block can be read.</summary>
    private bool AreBitsThere(long block)
    {
        long chunk = block / _geometry.ChunkRatio;
        if (_bitmap.Chunk != chunk)
        {
            BatEntry entry = _bat[_geometry.EntryOfSectorBitmap(chunk)];
            bool isUsable = entry.State == BlockState.FullyPresent && PlaceProblem(entry, FormatConstants.SectorBitmapBlockLength, BitmapLength(chunk), 1) is null;
            _bitmap = (chunk, entry, isUsable);
        }

        long sectors = FormatConstants.CeilingDivide(_geometry.UsedLength(block), _geometry.LogicalSectorSize);
        long firstBit = block % _geometry.ChunkRatio * (_geometry.BlockSize / _geometry.LogicalSectorSize);
        return _bitmap.IsUsable && _bitmap.Entry.FileOffset + FormatConstants.CeilingDivide(firstBit + sectors, 8) <= _fileLength;
    }

    private long BitmapLength(long chunk)
    {
        long sectors = (_geometry.VirtualDiskSize / _geometry.LogicalSectorSize) - (chunk * FormatConstants.SectorsPerChunk);
        return FormatConstants.CeilingDivide(Math.Min(FormatConstants.SectorsPerChunk, sectors), 8);
    }

    private void TakeOf(BatEntry entry, long length)
    {
        // Also what no reader follows may be the only trace of data.
        if (entry.FileOffset >= FormatConstants.HeaderSectionLength && entry.FileOffset < _fileLength)
        {
            Take(new(entry.FileOffset, length));
        }
    }

    private void Take(FileRange range)
    {
        if (range.Offset < _fileLength)
        {
            End = Math.Max(End, range.End);
            _used.Set(range.Offset / FormatConstants.MiB, FormatConstants.CeilingDivide(range.Length, FormatConstants.MiB));
        }
    }

    private bool TryTake(FileRange range)
    {
        long first = range.Offset / FormatConstants.MiB;
        long count = range.Length / FormatConstants.MiB;
        bool isTaken = _dropsBadBlocks ? _used.TrySet(first, count) : !_used.Set(first, count);
        End = isTaken || !_dropsBadBlocks ? Math.Max(End, range.Offset < _fileLength ? range.End : 0) : End;
        return isTaken;
    }
}
