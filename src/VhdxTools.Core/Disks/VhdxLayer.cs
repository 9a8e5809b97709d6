using System;
using System.Collections.Generic;
using System.Threading;
using VhdxTools.Format;
using VhdxTools.Images;
using VhdxTools.IO;
using VhdxTools.Layout;

namespace VhdxTools.Disks;

/// <summary>One file of a chain: what it holds of the disk (MS-VHDX 2.5.1).</summary>
internal sealed class VhdxLayer : IDiskLayer
{
    private readonly VhdxFile _image;
    private readonly long _batOffset;

    /// <summary>So long was the file when it was asked for its length last.</summary>
    private long _knownLength;

    /// <param name="path">Full path of the file.</param>
    /// <param name="image">An image that is open without errors; it is closed with the layer.</param>
    public VhdxLayer(string path, VhdxFile image)
    {
        Path = path;
        _image = image;
        Geometry = image.Geometry!;
        _batOffset = image.BatRegion!.Value.Offset;
        Metadata = new(image.View);
    }

    public string Path { get; }

    public long Size => Geometry.VirtualDiskSize;

    public bool HasParent => Geometry.HasParent;

    public bool LeavesOutHoles => false;

    public VhdxGeometry Geometry { get; }

    public MetadataCache Metadata { get; }

    public VhdxFile Image => _image;

    public void ShareMemory(int count) => Metadata.ShareMemory(count);

    public void Dispose() => _image.Dispose();

    public long EntryOffset(long index) => _batOffset + (index * BatEntry.Length);

    /// <summary>The entry of the BAT that lies at a place of the file.</summary>
    public long IndexOf(long fileOffset) => (fileOffset - _batOffset) / BatEntry.Length;

    public BatEntry PayloadEntry(long block) => Entry(Geometry.EntryOfPayloadBlock(block));

    public BatEntry BitmapEntry(long chunk) => Entry(Geometry.EntryOfSectorBitmap(chunk));

    public IRandomAccessFile File => _image.View;

    public void ReadData(long fileOffset, Span<byte> buffer) => _image.View.ReadPadded(fileOffset, buffer);

    public FileRange? FindData(long fileOffset, long end) => _image.View.FindData(fileOffset, Math.Min(end, _image.View.Length));

    /// <summary>Finds a block that is wholly present, and lies in the part of the file that was there before; so the system need not be asked.</summary>
    /// <param name="block">The payload block.</param>
    /// <param name="fileOffset">Where the block starts in the file, in bytes.</param>
    /// <returns>False when the block needs a closer look.</returns>
    public bool TryFindPresent(long block, out long fileOffset)
    {
        BatEntry entry = PayloadEntry(block);
        fileOffset = entry.FileOffset;
        return entry.State == BlockState.FullyPresent
            && fileOffset >= FormatConstants.HeaderSectionLength
            && fileOffset <= Volatile.Read(ref _knownLength) - Geometry.BlockSize;
    }

    /// <summary>Reads a range that lies in one block which is wholly present: what nearly all reads ask for.</summary>
    public bool TryRead(long offset, Span<byte> buffer)
    {
        long block = offset / Geometry.BlockSize;
        long within = offset % Geometry.BlockSize;
        if (within + buffer.Length > Geometry.BlockSize || block >= Geometry.PayloadBlockCount || !TryFindPresent(block, out long place))
        {
            return false;
        }

        // Fewer bytes when somebody has cut the file meanwhile.
        return _image.View.Read(place + within, buffer) == buffer.Length;
    }

    /// <summary>What the file says of a range of its disk, in order; not joined.</summary>
    /// <exception cref="VhdxException">A block has a state or a place that it must not have.</exception>
    public IEnumerable<LayerExtent> Extents(long offset, long length, CancellationToken cancellation = default)
    {
        long end = Math.Min(offset + length, Geometry.VirtualDiskSize);
        long fileLength = -1;
        while (offset < end)
        {
            cancellation.ThrowIfCancellationRequested();
            long block = offset / Geometry.BlockSize;
            long blockEnd = Math.Min(end, (block + 1) * Geometry.BlockSize);
            BatEntry entry = PayloadEntry(block);
            if (!entry.HasData && blockEnd < end)
            {
                // A hole in the table is a run of blocks that are not there; blocks of zeros come in runs, too.
                long next = entry.Value == 0 ? SkipHole(block + 1) : EndOfRun(block + 1, entry, FormatConstants.CeilingDivide(end, Geometry.BlockSize), cancellation);
                blockEnd = Math.Min(end, next * Geometry.BlockSize);
            }

            long within = offset % Geometry.BlockSize;
            switch (StateOf(block, entry, ref fileLength))
            {
                case BlockState.FullyPresent:
                    yield return new(offset, blockEnd - offset, LayerSource.Data, entry.FileOffset + within, entry.State);
                    break;
                case BlockState.PartiallyPresent:
                    foreach (LayerExtent extent in PartialExtents(block, entry, offset, blockEnd))
                    {
                        yield return extent;
                    }

                    break;
                case BlockState.NotPresent:
                    yield return new(offset, blockEnd - offset, LayerSource.Parent, 0, entry.State);
                    break;
                default:
                    yield return new(offset, blockEnd - offset, LayerSource.Zero, 0, entry.State);
                    break;
            }

            offset = blockEnd;
        }
    }

    /// <summary>The state of a block that may be read.</summary>
    /// <exception cref="VhdxException">The entry has a state or an offset that it must not have.</exception>
    public BlockState StateOf(long block, BatEntry entry) => StateOf(block, entry, entry.HasData ? AskLength() : 0);

    /// <summary>The same for whoever asks many times: the system tells the length once, and again for a block that lies behind it.</summary>
    /// <param name="block">The payload block.</param>
    /// <param name="entry">Its entry.</param>
    /// <param name="fileLength">The length as it was told last, in bytes; at first -1.</param>
    public BlockState StateOf(long block, BatEntry entry, ref long fileLength)
    {
        // The file may have grown since, by this very block.
        if (entry.HasData && (fileLength < 0 || entry.FileOffset > fileLength - Geometry.UsedLength(block)))
        {
            fileLength = AskLength();
        }

        return StateOf(block, entry, fileLength);
    }

    /// <summary>The same for whoever asks many times and knows the length of the file.</summary>
    public BlockState StateOf(long block, BatEntry entry, long fileLength)
    {
        if (!entry.IsStateValid)
        {
            throw Damaged(VhdxRules.BatState, "has a reserved state", FormattableString.Invariant($"state {(int)entry.State}"));
        }

        if (entry.State == BlockState.PartiallyPresent && !Geometry.HasParent)
        {
            throw Damaged(VhdxRules.PartialWithoutParent, "is partly present, and the image has no parent", "state 7");
        }

        if (entry.HasData && entry.FileOffset < FormatConstants.HeaderSectionLength)
        {
            throw Damaged(VhdxRules.BlockOffset, "lies inside the header section", FormattableString.Invariant($"0x{entry.FileOffset:X}"));
        }

        if (entry.HasData && (entry.FileOffset > FormatConstants.MaximumFileLength || entry.FileOffset + Geometry.UsedLength(block) > fileLength))
        {
            throw Damaged(VhdxRules.BlockBeyondEnd, "lies beyond the end of the file, so its data is lost", FormattableString.Invariant($"0x{entry.FileOffset:X}"));
        }

        return entry.State;

        VhdxException Damaged(VhdxRule rule, string what, string actual) => new(
            VhdxFinding.Of(rule, Path, FormattableString.Invariant($"Payload block {block} {what}.")) with
            {
                Block = block,
                BlockCount = 1,
                FileOffset = EntryOffset(Geometry.EntryOfPayloadBlock(block)),
                Actual = actual,
            });
    }

    /// <summary>Offset in the file of the sector bitmap of a chunk.</summary>
    /// <exception cref="VhdxException">It is not there.</exception>
    public long BitmapOffset(long block) => BitmapOffset(block, _image.View.Length);

    /// <summary>The same for whoever asks many times and knows the length of the file.</summary>
    public long BitmapOffset(long block, long fileLength)
    {
        long chunk = block / Geometry.ChunkRatio;
        BatEntry entry = BitmapEntry(chunk);
        return entry.State == BlockState.FullyPresent && entry.FileOffset >= FormatConstants.HeaderSectionLength && entry.FileOffset < fileLength
            ? entry.FileOffset
            : throw new VhdxException(VhdxFinding.Of(
                VhdxRules.PartialWithoutBitmap,
                Path,
                FormattableString.Invariant($"Payload block {block} is partly present, and sector bitmap block {chunk} is not there.")) with
            {
                Block = block,
                BlockCount = 1,
                FileOffset = EntryOffset(Geometry.EntryOfSectorBitmap(chunk)),
            });
    }

    /// <summary>Says no to an entry of a sector bitmap block that the format does not know (MS-VHDX 2.5.1.2).</summary>
    /// <exception cref="VhdxException">It has another state than not present and present, or is present without a parent.</exception>
    public void ThrowIfBitmapInvalid(long chunk, BatEntry entry)
    {
        bool isPresent = entry.State == BlockState.FullyPresent;
        if (entry.State == BlockState.NotPresent || (isPresent && Geometry.HasParent))
        {
            return;
        }

        string name = FormattableString.Invariant($"Sector bitmap block {chunk}");
        throw new VhdxException(VhdxFinding.Of(
            isPresent ? VhdxRules.BitmapWithoutParent : VhdxRules.BatState, Path, isPresent ? $"{name} is present, and the image has no parent." : $"{name} has a reserved state.") with
        {
            Item = name,
            FileOffset = EntryOffset(Geometry.EntryOfSectorBitmap(chunk)),
            Actual = FormattableString.Invariant($"state {(int)entry.State}"),
        });
    }

    /// <summary>The first sector of a chunk's bitmap that belongs to a block.</summary>
    public long FirstBit(long block) => block % Geometry.ChunkRatio * (Geometry.BlockSize / Geometry.LogicalSectorSize);

    private IEnumerable<LayerExtent> PartialExtents(long block, BatEntry entry, long offset, long end)
    {
        long bitmap = BitmapOffset(block);
        long sectorSize = Geometry.LogicalSectorSize;
        long blockStart = block * Geometry.BlockSize;
        long firstBit = FirstBit(block);
        SectorBitmap bits = new(Metadata, bitmap, isMostSignificantFirst: false);
        while (offset < end)
        {
            long sector = (offset - blockStart) / sectorSize;
            long lastSector = FormatConstants.CeilingDivide(end - blockStart, sectorSize);
            bool isHere = bits[firstBit + sector];
            sector = bits.EndOfRun(firstBit + sector, firstBit + lastSector) - firstBit;
            long runEnd = Math.Min(end, blockStart + (sector * sectorSize));
            yield return isHere
                ? new(offset, runEnd - offset, LayerSource.Data, entry.FileOffset + (offset - blockStart), entry.State)
                : new(offset, runEnd - offset, LayerSource.Parent, 0, entry.State);
            offset = runEnd;
        }
    }

    /// <summary>The first block from a place on whose entry may be anything but zero.</summary>
    private long SkipHole(long block)
    {
        // The rest of a sector that is in memory is looked through there: asking the system for each entry takes far longer.
        for (; block < Geometry.PayloadBlockCount && EntryOffset(Geometry.EntryOfPayloadBlock(block)) % MetadataCache.SectorLength != 0; block++)
        {
            if (PayloadEntry(block).Value != 0)
            {
                return block;
            }
        }

        // Entries that are changed and not yet in the file are not seen by the file system.
        if (Metadata.ChangedCount > 0 || block >= Geometry.PayloadBlockCount)
        {
            return block;
        }

        long start = EntryOffset(Geometry.EntryOfPayloadBlock(block));
        long end = EntryOffset(Geometry.BatEntryCount);
        if (_image.View.FindData(start, end) is not FileRange data)
        {
            return Geometry.PayloadBlockCount;
        }

        long index = (data.Offset - _batOffset) / BatEntry.Length;
        return Math.Max(block, Geometry.IsSectorBitmapEntry(index) ? Geometry.PayloadBlockOfEntry(index - 1) : Geometry.PayloadBlockOfEntry(index));
    }

    /// <summary>The first block from a place on that has another entry.</summary>
    private long EndOfRun(long block, BatEntry entry, long end, CancellationToken cancellation)
    {
        while (block < end)
        {
            cancellation.ThrowIfCancellationRequested();

            // Behind each chunk lies the entry of its sector bitmap; behind the end of the file, nothing but zeros.
            long index = Geometry.EntryOfPayloadBlock(block);
            long count = Math.Min(Math.Min(end - block, Geometry.ChunkRatio - (block % Geometry.ChunkRatio)), _image.Bat!.EntryCount - index);
            long same = count > 0 ? Metadata.CountEqual(EntryOffset(index), entry.Value, count) : 0;
            if (same == 0)
            {
                break;
            }

            block += same;
        }

        return block;
    }

    private long AskLength()
    {
        long length = _image.View.Length;
        Volatile.Write(ref _knownLength, length);
        return length;
    }

    private BatEntry Entry(long index) => index < _image.Bat!.EntryCount ? new(Metadata.ReadUInt64(EntryOffset(index))) : default;
}
