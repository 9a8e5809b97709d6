using System;
using System.Collections.Generic;
using VhdxTools.Diagnostics;
using VhdxTools.Format;
using VhdxTools.Images;
using VhdxTools.IO;
using VhdxTools.Journal;
using VhdxTools.Layout;

namespace VhdxTools.Disks;

/// <summary>
/// Writes into the tip of a chain so that a power cut at any moment loses nothing that was flushed. Data goes straight into its block;
/// the BAT and the sector bitmaps go through the log. At each commit the order is: data and earlier metadata durable, log entry durable,
/// metadata in its place.
/// </summary>
internal sealed class ImageWriter
{
    private const int ZeroLength = (int)FormatConstants.MiB;

    /// <summary>One call changes two sectors of the BAT at the most, and 16 of a sector bitmap: a block of 256 MiB has 64 KiB of bits.</summary>
    private const int MaximumUpdatesOfCall = 18;

    private readonly VhdxLayer _layer;
    private readonly IRandomAccessFile _file;
    private readonly Func<Guid> _newGuid;
    private readonly HeaderWriter _headers;
    private readonly FileRange _log;
    private readonly object _sessionLock = new();
    private volatile Session? _session;
    private volatile bool _isBroken;

    /// <param name="layer">The tip, made ready by <see cref="Prepare"/>.</param>
    /// <param name="file">Its file.</param>
    /// <param name="newGuid">Gives a new GUID at each call.</param>
    public ImageWriter(VhdxLayer layer, IRandomAccessFile file, Func<Guid> newGuid)
    {
        _layer = layer;
        _file = file;
        _newGuid = newGuid;
        _headers = new(file, layer.Image.Headers);
        _log = layer.Image.Log!.Value;
    }

    /// <summary>Reads a range of the whole chain's disk.</summary>
    public delegate void Reader(long offset, Span<byte> buffer);

    private VhdxGeometry Geometry => _layer.Geometry;

    /// <summary>Checks what only writers care about, and replays a dirty log into the file.</summary>
    /// <param name="image">The image, open without errors over <paramref name="file"/>.</param>
    /// <param name="file">Its file, open for writing.</param>
    /// <param name="newGuid">Gives a new GUID at each call.</param>
    /// <returns>The image as it is now.</returns>
    /// <exception cref="VhdxException">The image cannot be written to safely.</exception>
    public static VhdxFile Prepare(VhdxFile image, IRandomAccessFile file, Func<Guid> newGuid)
    {
        if (image.Log is null)
        {
            bool isOffset = !FormatConstants.IsAligned(ByteFields.Clamp(image.Header!.LogOffset)) || image.Header.LogOffset == 0;
            throw new VhdxException(VhdxFinding.Of(isOffset ? VhdxRules.LogOffset : VhdxRules.LogLength, file.Name, "The image has no usable log, so nothing can be written to it safely."));
        }

        if (image.Replayed is not { } overlay)
        {
            return image;
        }

        LogReplayer.Apply(overlay, file);
        HeaderWriter headers = new(file, image.Headers);
        headers.Update(headers.Current with { FileWriteGuid = newGuid(), LogGuid = Guid.Empty });
        return VhdxFile.Open(file, StrictSink.Instance);
    }

    /// <summary>Writes into a block that is wholly present. Several threads may do so at once.</summary>
    /// <param name="offset">Offset on the disk; the data does not cross the end of its block.</param>
    /// <param name="data">What to write.</param>
    /// <returns>False, and nothing is written, when the block is not present as a whole.</returns>
    public bool TryOverwrite(long offset, ReadOnlySpan<byte> data)
    {
        long block = offset / Geometry.BlockSize;
        BatEntry entry = _layer.PayloadEntry(block);
        if (_layer.StateOf(block, entry) != BlockState.FullyPresent)
        {
            return false;
        }

        Begin().HasUnflushedData = true;
        _file.Write(entry.FileOffset + (offset % Geometry.BlockSize), data);
        return true;
    }

    /// <summary>Writes into a block, whatever its state. The caller is alone.</summary>
    /// <param name="offset">Offset on the disk; the data does not cross the end of its block.</param>
    /// <param name="data">What to write.</param>
    /// <param name="read">Reads what the disk holds now, for sectors that are not written as a whole.</param>
    public void Write(long offset, ReadOnlySpan<byte> data, Reader read)
    {
        long block = offset / Geometry.BlockSize;
        long within = offset % Geometry.BlockSize;
        BatEntry entry = _layer.PayloadEntry(block);
        BlockState state = _layer.StateOf(block, entry);
        Session session = Begin();
        session.HasUnflushedData = true;
        if (state == BlockState.FullyPresent)
        {
            _file.Write(entry.FileOffset + within, data);
        }
        else if (state == BlockState.PartiallyPresent)
        {
            WriteSectors(block, entry.FileOffset, within, data, read);
            if (AreAllSectorsPresent(block))
            {
                SetEntry(Geometry.EntryOfPayloadBlock(block), BlockState.FullyPresent, entry.FileOffset);
            }
        }
        else if (state == BlockState.NotPresent && Geometry.HasParent && data.Length < Geometry.UsedLength(block))
        {
            long bitmap = EnsureBitmap(session, block);
            long place = AllocateZeroed(session, Geometry.BlockSize);

            // The block was not there, so nobody looked at its bits; what an earlier life left in them goes.
            _layer.Metadata.WriteBits(bitmap, _layer.FirstBit(block), Geometry.BlockSize / Geometry.LogicalSectorSize, value: false);
            WriteSectors(block, place, within, data, read);
            SetEntry(Geometry.EntryOfPayloadBlock(block), BlockState.PartiallyPresent, place);
        }
        else
        {
            long place = data.Length < Geometry.BlockSize ? AllocateZeroed(session, Geometry.BlockSize) : Allocate(session, Geometry.BlockSize).Offset;
            _file.Write(place + within, data);
            SetEntry(Geometry.EntryOfPayloadBlock(block), BlockState.FullyPresent, place);
        }

        CommitBeforeEntryIsFull(session);
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

        Session session = Begin(isVisible);
        if (entry.HasData)
        {
            session.Allocator.ReleaseLater(new(entry.FileOffset, Geometry.BlockSize));
        }

        SetEntry(Geometry.EntryOfPayloadBlock(block), released, 0);
        CommitBeforeEntryIsFull(session);
    }

    /// <summary>Makes everything durable. The caller is alone.</summary>
    public void Commit()
    {
        ThrowIfBroken();
        if (_session is not { } session)
        {
            return;
        }

        Guarded(() =>
        {
            List<(long Offset, byte[] Sector)> changes = _layer.Metadata.Changes();
            if (changes.Count == 0 && !session.HasUnflushedData)
            {
                return;
            }

            _file.Flush();
            session.HasUnflushedData = false;
            long durableLength = _file.Length;

            // All in one entry: a block, its bits and the entry of its bitmap are there together or not at all.
            if (changes.Count > 0)
            {
                session.Log.Append(changes, durableLength, _file.Length);
            }

            foreach ((long offset, byte[] sector) in changes)
            {
                _file.Write(offset, sector);
                _layer.Metadata.MarkWritten(offset);
            }

            session.Allocator.FreeReleased();
        });
    }

    /// <summary>Commits, and marks the image as cleanly closed. After a failure it is left as it is: its log tells what to do.</summary>
    public void Close()
    {
        if (_session is not { } session || _isBroken)
        {
            return;
        }

        Commit();
        Guarded(() =>
        {
            _file.Flush();
            _headers.Update(_headers.Current with { LogGuid = Guid.Empty });

            // Only now: a log that is to be replayed speaks of the greater length.
            if (session.Allocator.NeededLength < _file.Length)
            {
                _file.SetLength(session.Allocator.NeededLength);
                _file.Flush();
            }
        });
        _session = null;
    }

    /// <summary>
    /// Before the first change: a log entry that changes nothing, so that there is a valid sequence, and only then headers that name the
    /// log and have new GUIDs.
    /// </summary>
    /// <param name="isVisible">Whether the change can be seen by a reader of the disk: only then DataWriteGuid gets a new value (MS-VHDX 2.2.2).</param>
    private Session Begin(bool isVisible = true)
    {
        ThrowIfBroken();
        if (_session is { } running && (running.HasNewDataWriteGuid || !isVisible))
        {
            return running;
        }

        lock (_sessionLock)
        {
            if (_session is { HasNewDataWriteGuid: false } hidden && isVisible)
            {
                Guarded(() =>
                {
                    _headers.Update(_headers.Current with { DataWriteGuid = _newGuid() });
                    hidden.HasNewDataWriteGuid = true;
                });
            }

            if (_session is null)
            {
                SpaceAllocator allocator = SpaceAllocator.Of(_layer.Image);
                Guarded(() =>
                {
                    _file.Flush();
                    LogWriter log = new(_file, _log, _newGuid());
                    log.Append([], _file.Length, _file.Length);
                    VhdxHeader header = _headers.Current with { FileWriteGuid = _newGuid(), LogGuid = log.LogGuid };
                    _headers.Update(isVisible ? header with { DataWriteGuid = _newGuid() } : header);
                    _session = new(allocator, log) { HasNewDataWriteGuid = isVisible };
                });
            }

            return _session!;
        }
    }

    /// <summary>Also flushing again proves nothing: the system reports the loss of a write once.</summary>
    private void ThrowIfBroken()
    {
        if (_isBroken)
        {
            throw new VhdxException(ErrorIds.IOFailed, ErrorKind.DeviceError, $"'{_file.Name}' takes no more writes after one failed. Open it again: it is as it was at the last flush that succeeded.");
        }
    }

    private void CommitBeforeEntryIsFull(Session session)
    {
        if (_layer.Metadata.ChangedCount > session.Log.MaximumUpdates - MaximumUpdatesOfCall)
        {
            Commit();
        }
    }

    /// <summary>A failed write leaves it open what is on the device; going on could make things worse.</summary>
    private void Guarded(Action work)
    {
        try
        {
            work();
        }
        catch
        {
            _isBroken = true;
            throw;
        }
    }

    private void WriteSectors(long block, long place, long within, ReadOnlySpan<byte> data, Reader read)
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
            _file.Write(place + (first * sectorSize), sectors);
        }
        else
        {
            _file.Write(place + within, data);
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

    private long EnsureBitmap(Session session, long block)
    {
        long chunk = block / Geometry.ChunkRatio;
        BatEntry entry = _layer.BitmapEntry(chunk);
        if (entry.State == BlockState.FullyPresent)
        {
            return _layer.BitmapOffset(block);
        }

        long place = AllocateZeroed(session, FormatConstants.SectorBitmapBlockLength);
        _layer.Metadata.Forget(place, FormatConstants.SectorBitmapBlockLength);
        SetEntry(Geometry.EntryOfSectorBitmap(chunk), BlockState.FullyPresent, place);
        return place;
    }

    private (long Offset, bool IsZero) Allocate(Session session, long length)
    {
        (long Offset, bool IsZero) space = session.Allocator.Allocate(length);
        long end = space.Offset + length;
        if (end > _file.Length)
        {
            _file.SetLength(session.Allocator.GrownLength(_file.Length, end));
        }

        return space;
    }

    /// <summary>Space that was used before holds other data; the new owner must never show it.</summary>
    private long AllocateZeroed(Session session, long length)
    {
        (long offset, bool isZero) = Allocate(session, length);
        if (!isZero)
        {
            byte[] zeros = new byte[ZeroLength];
            for (long done = 0; done < length; done += zeros.Length)
            {
                _file.Write(offset + done, zeros);
            }
        }

        return offset;
    }

    private void SetEntry(long index, BlockState state, long fileOffset) =>
        _layer.Metadata.WriteUInt64(_layer.EntryOffset(index), BatEntry.Create(state, fileOffset).Value);

    private sealed class Session(SpaceAllocator allocator, LogWriter log)
    {
        public SpaceAllocator Allocator => allocator;

        public LogWriter Log => log;

        public volatile bool HasUnflushedData;

        public volatile bool HasNewDataWriteGuid;
    }
}
