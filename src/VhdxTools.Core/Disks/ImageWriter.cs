using System;
using VhdxTools.Format;
using VhdxTools.IO;
using VhdxTools.Layout;

namespace VhdxTools.Disks;

/// <summary>Writes data into the tip of a chain, block by block.</summary>
internal sealed class ImageWriter(WriteSession session)
{
    /// <summary>One call changes two sectors of the BAT at the most, and 16 of a sector bitmap: a block of 256 MiB has 64 KiB of bits.</summary>
    private const int MaximumUpdatesOfCall = 18;

    private readonly VhdxLayer _layer = session.Layer;

    /// <summary>Reads a range of the whole chain's disk.</summary>
    public delegate void Reader(long offset, Span<byte> buffer);

    private VhdxGeometry Geometry => _layer.Geometry;

    /// <summary>Writes into a block that is wholly present. Several threads may do so at once.</summary>
    /// <param name="offset">Offset on the disk; the data does not cross the end of its block.</param>
    /// <param name="data">What to write.</param>
    /// <param name="origin">Where that lies in another file.</param>
    /// <returns>False, and nothing is written, when the block is not present as a whole.</returns>
    public bool TryOverwrite(long offset, ReadOnlySpan<byte> data, DataOrigin? origin)
    {
        long block = offset / Geometry.BlockSize;
        if (!_layer.TryFindPresent(block, out long place) && _layer.StateOf(block, _layer.PayloadEntry(block)) != BlockState.FullyPresent)
        {
            return false;
        }

        session.Begin();
        session.WriteData(place + (offset % Geometry.BlockSize), data, origin);
        return true;
    }

    /// <summary>Writes into a block, whatever its state. The caller is alone.</summary>
    /// <param name="offset">Offset on the disk; the data does not cross the end of its block.</param>
    /// <param name="data">What to write.</param>
    /// <param name="origin">Where that lies in another file.</param>
    /// <param name="read">Reads what the disk holds now, for sectors that are not written as a whole.</param>
    public void Write(long offset, ReadOnlySpan<byte> data, DataOrigin? origin, Reader read)
    {
        long block = offset / Geometry.BlockSize;
        long within = offset % Geometry.BlockSize;
        BatEntry entry = _layer.PayloadEntry(block);
        BlockState state = _layer.StateOf(block, entry);
        session.Begin();
        if (state == BlockState.FullyPresent)
        {
            session.WriteData(entry.FileOffset + within, data, origin);
        }
        else if (state == BlockState.PartiallyPresent)
        {
            WriteSectors(block, entry.FileOffset, within, data, origin, read);
            if (AreAllSectorsPresent(block))
            {
                session.SetEntry(Geometry.EntryOfPayloadBlock(block), BlockState.FullyPresent, entry.FileOffset);
            }
        }
        else if (state == BlockState.NotPresent && Geometry.HasParent && data.Length < Geometry.UsedLength(block))
        {
            long bitmap = EnsureBitmap(block);
            long place = session.AllocateZeroed(Geometry.BlockSize);

            // The block was not there, so nobody looked at its bits; what an earlier life left in them goes.
            _layer.Metadata.WriteBits(bitmap, _layer.FirstBit(block), Geometry.BlockSize / Geometry.LogicalSectorSize, value: false);
            WriteSectors(block, place, within, data, origin, read);
            session.SetEntry(Geometry.EntryOfPayloadBlock(block), BlockState.PartiallyPresent, place);
        }
        else
        {
            long place = data.Length < Geometry.BlockSize ? session.AllocateZeroed(Geometry.BlockSize) : session.Allocate(Geometry.BlockSize).Offset;
            session.WriteData(place + within, data, origin);
            session.SetEntry(Geometry.EntryOfPayloadBlock(block), BlockState.FullyPresent, place);
        }

        session.MakeRoom(MaximumUpdatesOfCall);
    }

    /// <summary>Gives up a whole block: it reads as zeros, and its space is free once that is committed. The caller is alone.</summary>
    /// <param name="block">The payload block.</param>
    /// <param name="isVisible">Whether it reads otherwise now.</param>
    public void Release(long block, bool isVisible)
    {
        BatEntry entry = _layer.PayloadEntry(block);
        BlockState state = _layer.StateOf(block, entry);
        BlockState released = Geometry.HasParent ? BlockState.Zero : BlockState.NotPresent;
        if (state == released || state is BlockState.Zero or BlockState.Unmapped or BlockState.Undefined || (!entry.HasData && !isVisible))
        {
            return;
        }

        session.Begin(isVisible);
        if (entry.HasData)
        {
            session.Free(new(entry.FileOffset, Geometry.BlockSize));
        }

        session.SetEntry(Geometry.EntryOfPayloadBlock(block), released, 0);
        session.MakeRoom(MaximumUpdatesOfCall);
    }

    private void WriteSectors(long block, long place, long within, ReadOnlySpan<byte> data, DataOrigin? origin, Reader read)
    {
        long bitmap = _layer.BitmapOffset(block);
        long sectorSize = Geometry.LogicalSectorSize;
        long first = within / sectorSize;
        long end = FormatConstants.CeilingDivide(within + data.Length, sectorSize);
        if (within % sectorSize != 0 || data.Length % sectorSize != 0)
        {
            // Sectors are present or absent as a whole: what the chain holds of the rest comes along.
            byte[] sectors = new byte[(end - first) * sectorSize];
            read((block * Geometry.BlockSize) + (first * sectorSize), sectors);
            data.CopyTo(sectors.AsSpan((int)(within - (first * sectorSize))));
            session.WriteData(place + (first * sectorSize), sectors);
        }
        else
        {
            session.WriteData(place + within, data, origin);
        }

        _layer.Metadata.WriteBits(bitmap, _layer.FirstBit(block) + first, end - first, value: true);
    }

    private bool AreAllSectorsPresent(long block)
    {
        long count = Geometry.UsedLength(block) / Geometry.LogicalSectorSize;
        long first = _layer.FirstBit(block);
        byte[] bits = new byte[FormatConstants.CeilingDivide(count, 8)];
        _layer.Metadata.Read(_layer.BitmapOffset(block) + (first / 8), bits);
        long whole = count / 8;
        for (int i = 0; i < whole; i++)
        {
            if (bits[i] != 0xFF)
            {
                return false;
            }
        }

        int rest = (1 << (int)(count % 8)) - 1;
        return rest == 0 || (bits[whole] & rest) == rest;
    }

    /// <summary>The place of the sector bitmap of a block's chunk; it is made when it is not there.</summary>
    public long EnsureBitmap(long block)
    {
        long chunk = block / Geometry.ChunkRatio;
        BatEntry entry = _layer.BitmapEntry(chunk);
        if (entry.State == BlockState.FullyPresent)
        {
            return _layer.BitmapOffset(block);
        }

        long place = session.AllocateZeroed(FormatConstants.SectorBitmapBlockLength);
        _layer.Metadata.Forget(place, FormatConstants.SectorBitmapBlockLength);
        session.SetEntry(Geometry.EntryOfSectorBitmap(chunk), BlockState.FullyPresent, place);
        return place;
    }
}
