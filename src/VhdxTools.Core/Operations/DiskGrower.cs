using System;
using System.Collections.Generic;
using System.Threading;
using VhdxTools.Disks;
using VhdxTools.Format;
using VhdxTools.Images;
using VhdxTools.Layout;

namespace VhdxTools.Operations;

/// <summary>Makes a disk larger. What is new reads as zeros, whatever the file or a longer parent hold there.</summary>
internal sealed class DiskGrower
{
    private const int PageLength = 256 * 1024;

    private readonly WriteSession _session;
    private readonly VhdxLayer _layer;
    private readonly VhdxGeometry _before;
    private readonly VhdxGeometry _after;
    private readonly long _parentSize;
    private readonly Stack<FileRange> _taken = new();
    private long _newBlocks;

    /// <param name="session">The session of the tip.</param>
    /// <param name="disk">The whole chain.</param>
    /// <param name="size">The new size in bytes.</param>
    public DiskGrower(WriteSession session, DiskChain disk, long size)
    {
        _session = session;
        _layer = session.Layer;
        _before = _layer.Geometry;
        _after = new(size, _before.BlockSize, _before.LogicalSectorSize, _before.HasParent);
        _parentSize = disk.Layers.Count > 1 ? disk.Layers[1].Geometry.VirtualDiskSize : 0;
    }

    public void Grow(Action<long, long>? progress, CancellationToken cancellation)
    {
        // Preparing changes nothing that is seen: whoever stops it finds the old DataWriteGuid, too.
        _session.Begin(isVisible: false);
        try
        {
            TakeBlocks();
            FillLastBlock();
            _session.Commit();
            if (_after.BatLength <= _layer.Image.BatRegion!.Value.Length)
            {
                BatTail.Write(_session, new(FirstNewEntry, _after.BatEntryCount - FirstNewEntry), KeptEntry, ValueOf, ZeroFrom, progress, cancellation);
                _session.Begin();
                DiskSize.Set(_session, _after.VirtualDiskSize);
            }
            else
            {
                FileRange place = WriteNewBat(progress, cancellation);
                _session.Begin();
                DiskSize.Set(_session, _after.VirtualDiskSize);
                _session.Free(_layer.Image.BatRegion.Value);
                StructureWriter.SetRegion(_session, WellKnownGuids.BatRegion, place);
            }

            _session.Commit();
        }
        catch
        {
            while (_taken.Count > 0)
            {
                _session.Unallocate(_taken.Pop());
            }

            throw;
        }
    }

    private long FirstNewEntry => _before.EntryOfPayloadBlock(_before.PayloadBlockCount - 1) + 1;

    /// <summary>The sector bitmap of the last chunk stands behind entries that are new.</summary>
    private long? KeptEntry => _before.HasParent ? _before.EntryOfSectorBitmap(_before.SectorBitmapBlockCount - 1) : null;

    /// <summary>From this entry on the new ones are all zero.</summary>
    private long ZeroFrom => _layer.Image.Type == VhdType.Fixed ? long.MaxValue
        : _parentSize <= _before.PayloadBlockCount * (long)_before.BlockSize ? FirstNewEntry
        : _after.EntryOfPayloadBlock(Math.Min(_after.PayloadBlockCount, FormatConstants.CeilingDivide(_parentSize, _after.BlockSize)) - 1) + 1;

    /// <summary>A fixed image has space for every block, always.</summary>
    private void TakeBlocks()
    {
        long length = (_after.PayloadBlockCount - _before.PayloadBlockCount) * _after.BlockSize;
        if (_layer.Image.Type == VhdType.Fixed && length > 0)
        {
            _newBlocks = _session.AllocateReserved(length);
            _taken.Push(new(_newBlocks, length));
        }
    }

    /// <summary>Behind the old end the last block may hold anything, or show the parent.</summary>
    private void FillLastBlock()
    {
        long block = _before.PayloadBlockCount - 1;
        long start = _before.UsedLength(block);
        long end = _after.UsedLength(block);
        if (start == end)
        {
            return;
        }

        BatEntry entry = _layer.PayloadEntry(block);
        long place = entry.FileOffset;
        switch (_layer.StateOf(block, entry))
        {
            case BlockState.FullyPresent:
                _session.EnsureLength(place + _before.BlockSize);
                _session.WriteZeros(place + start, end - start);
                break;
            case BlockState.PartiallyPresent:
                _session.EnsureLength(place + _before.BlockSize);
                _session.WriteZeros(place + start, end - start);
                SetBits(_layer.BitmapOffset(block), block, start, end, value: true);
                break;
            case BlockState.NotPresent when _parentSize > _before.VirtualDiskSize:
                long bitmap = new ImageWriter(_session).EnsureBitmap(block);
                place = _session.AllocateZeroed(_before.BlockSize);
                SetBits(bitmap, block, 0, _before.BlockSize, value: false);
                SetBits(bitmap, block, start, end, value: true);
                _session.SetEntry(_before.EntryOfPayloadBlock(block), BlockState.PartiallyPresent, place);
                break;
        }
    }

    private void SetBits(long bitmap, long block, long start, long end, bool value) =>
        _layer.Metadata.WriteBits(bitmap, _layer.FirstBit(block) + (start / _before.LogicalSectorSize), (end - start) / _before.LogicalSectorSize, value);

    private ulong ValueOf(long index)
    {
        if (_after.IsSectorBitmapEntry(index))
        {
            return 0;
        }

        long block = _after.PayloadBlockOfEntry(index);
        return block >= _after.PayloadBlockCount ? 0
            : _layer.Image.Type == VhdType.Fixed ? BatEntry.Create(BlockState.FullyPresent, _newBlocks + ((block - _before.PayloadBlockCount) * _after.BlockSize)).Value
            : block * _after.BlockSize < _parentSize ? BatEntry.Create(BlockState.Zero, 0).Value
            : 0;
    }

    /// <summary>A region that is large enough, complete before anything points to it.</summary>
    private FileRange WriteNewBat(Action<long, long>? progress, CancellationToken cancellation)
    {
        long length = FormatConstants.AlignUp(_after.BatLength, FormatConstants.Alignment);
        FileRange place = new(_session.AllocateZeroed(length), length);
        _taken.Push(place);
        _layer.Metadata.Forget(place.Offset, length);
        foreach (BatPage page in _layer.Image.Bat!.Pages(cancellation))
        {
            int living = (int)Math.Min(page.Count, FirstNewEntry - page.FirstIndex);
            if (living > 0)
            {
                _session.WriteData(place.Offset + (page.FirstIndex * BatEntry.Length), page.Bytes.Span.Slice(0, living * BatEntry.Length));
            }
        }

        if (KeptEntry is long kept)
        {
            byte[] bytes = new byte[BatEntry.Length];
            ByteFields.U64(bytes, 0, _layer.BitmapEntry(_before.SectorBitmapBlockCount - 1).Value);
            _session.WriteData(place.Offset + (kept * BatEntry.Length), bytes);
        }

        long end = Math.Min(_after.BatEntryCount, ZeroFrom);
        byte[] buffer = new byte[PageLength];
        for (long index = FirstNewEntry; index < end;)
        {
            cancellation.ThrowIfCancellationRequested();
            if (index == KeptEntry)
            {
                index++;
                continue;
            }

            int count = (int)Math.Min(PageLength / BatEntry.Length, (KeptEntry > index ? Math.Min(end, KeptEntry.Value) : end) - index);
            for (int i = 0; i < count; i++)
            {
                ByteFields.U64(buffer, i * BatEntry.Length, ValueOf(index + i));
            }

            _session.WriteData(place.Offset + (index * BatEntry.Length), buffer.AsSpan(0, count * BatEntry.Length));
            index += count;
            progress?.Invoke(index * BatEntry.Length, length);
        }

        return place;
    }
}
