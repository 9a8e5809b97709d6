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
/// Changes one image so that a power cut at any moment loses nothing that was committed. Data goes straight into its place; everything
/// that tells where data is goes through the log. At each commit the order is: data and earlier metadata durable, log entry durable,
/// metadata in its place.
/// </summary>
internal sealed class WriteSession
{
    private const int ZeroLength = (int)FormatConstants.MiB;

    /// <summary>So much space may wait for a commit before one is made for its sake: else a file that nobody flushes grows without end.</summary>
    private const long MaximumReleased = 64 * FormatConstants.MiB;

    private readonly IRandomAccessFile _file;
    private readonly Func<Guid> _newGuid;
    private readonly Guid? _dataWriteGuid;
    private readonly HeaderWriter _headers;
    private readonly FileRange _log;
    private readonly object _lock = new();
    private SpaceAllocator? _space;
    private volatile State? _running;
    private volatile bool _isBroken;

    /// <param name="layer">The image, made ready by <see cref="Prepare"/>.</param>
    /// <param name="file">Its file.</param>
    /// <param name="newGuid">Gives a new GUID at each call.</param>
    /// <param name="dataWriteGuid">The DataWriteGuid that the first visible change gives the image; null for a new one.</param>
    public WriteSession(VhdxLayer layer, IRandomAccessFile file, Func<Guid> newGuid, Guid? dataWriteGuid = null)
    {
        Layer = layer;
        _file = file;
        _newGuid = newGuid;
        _dataWriteGuid = dataWriteGuid;
        _headers = new(file, layer.Image.Headers);
        _log = layer.Image.Log!.Value;
        MaximumUpdates = LogWriter.MaximumUpdatesOf(_log.Length);
        Regions = layer.Image.Regions;
    }

    public VhdxLayer Layer { get; }

    /// <summary>The entries of the region table as they will be after the next commit.</summary>
    public IReadOnlyList<RegionEntry> Regions { get; set; }

    /// <summary>Whether <see cref="Close"/> also cuts off what nothing at the end of the file uses.</summary>
    public bool CutsTail { get; set; }

    /// <summary>How many sectors of 4 KiB one commit can change together.</summary>
    public int MaximumUpdates { get; }

    /// <summary>Who uses which space; may be asked, and taken from, before <see cref="Begin"/>.</summary>
    /// <exception cref="VhdxException">The BAT is damaged, so nothing may be written.</exception>
    public SpaceAllocator Space => _space ??= SpaceAllocator.Of(Layer);

    /// <summary>The length that the file will have when it is closed now.</summary>
    public long LengthAtClose => Math.Min(_file.Length, CutsTail ? Math.Min(Space.NeededLength, Space.UsedEnd) : Space.NeededLength);

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

    /// <summary>
    /// Before the first change: a log entry that changes nothing, so that there is a valid sequence, and only then headers that name the
    /// log and have new GUIDs.
    /// </summary>
    /// <param name="isVisible">Whether the change can be seen by a reader of the disk: only then DataWriteGuid gets a new value (MS-VHDX 2.2.2).</param>
    public void Begin(bool isVisible = true)
    {
        ThrowIfBroken();
        if (_running is { } running && (running.HasNewDataWriteGuid || !isVisible))
        {
            return;
        }

        lock (_lock)
        {
            if (_running is { HasNewDataWriteGuid: false } hidden && isVisible)
            {
                Guarded(() =>
                {
                    _headers.Update(_headers.Current with { DataWriteGuid = _dataWriteGuid ?? _newGuid() });
                    hidden.HasNewDataWriteGuid = true;
                });
            }

            if (_running is null)
            {
                // Before anything is written: an image whose owners collide is not written to.
                _ = Space;
                Guarded(() =>
                {
                    MetadataLog log = MetadataLog.Begin(_file, _log, _headers, _newGuid, header => isVisible ? header with { DataWriteGuid = _dataWriteGuid ?? _newGuid() } : header);
                    _running = new State(log) { HasNewDataWriteGuid = isVisible };
                });
            }
        }
    }

    /// <summary>Writes bytes that are not metadata straight into the file; several threads may do so at once, after <see cref="Begin"/>.</summary>
    /// <param name="fileOffset">The place in the file, which is long enough when an origin is given.</param>
    /// <param name="data">The bytes.</param>
    /// <param name="origin">Where they lie in another file, whose extents may be shared.</param>
    public void WriteData(long fileOffset, ReadOnlySpan<byte> data, DataOrigin? origin = null)
    {
        Running().HasUnflushedData = true;
        _file.Write(fileOffset, data, SharesExtents ? origin : null);
    }

    /// <summary>Makes free space of the file hold what another range of it holds, without a copy.</summary>
    /// <returns>False when the bytes are to be read and written.</returns>
    public bool TryShare(FileRange from, long to)
    {
        Running().HasUnflushedData = true;
        return SharesExtents && from.Length >= DataOrigin.MinimumLength && _file.TryShare(_file, from.Offset, to, from.Length);
    }

    /// <summary>Changes metadata: what differs goes into the log with the next commit.</summary>
    public void Stage(long fileOffset, ReadOnlySpan<byte> bytes) => Layer.Metadata.Write(fileOffset, bytes);

    /// <summary>Changes an entry of the BAT with the next commit.</summary>
    public void SetEntry(long index, BlockState state, long fileOffset) =>
        SetEntryValue(index, BatEntry.Create(state, fileOffset).Value);

    /// <summary>The same with all 64 bits of the entry.</summary>
    public void SetEntryValue(long index, ulong value)
    {
        Span<byte> bytes = stackalloc byte[BatEntry.Length];
        ByteFields.U64(bytes, 0, value);
        Stage(Layer.EntryOffset(index), bytes);
    }

    /// <summary>Takes space and lengthens the file for it.</summary>
    /// <returns>Its offset in bytes, and whether it reads as zeros because nobody wrote there since the file grew.</returns>
    public (long Offset, bool IsZero) Allocate(long length)
    {
        if (Space.ReleasedLength >= MaximumReleased)
        {
            Commit();
        }

        (long Offset, bool IsZero) space = Space.Allocate(length);
        EnsureLength(space.Offset + length);
        return space;
    }

    /// <summary>Takes space that the system reserves, where it can, and that reads as zeros: for fixed images.</summary>
    public long AllocateReserved(long length)
    {
        (long offset, bool isZero) = Space.Allocate(length);
        try
        {
            if (offset + length > _file.Length)
            {
                try
                {
                    _file.Reserve(offset + length);
                }
                catch (VhdxException exception) when (exception.Id == ErrorIds.ReserveNotSupported)
                {
                    EnsureLength(offset + length);
                }
            }

            if (!isZero)
            {
                WriteZeros(offset, length);
            }
        }
        catch
        {
            // A full disk: the file may have grown half the way, and is cut to what it needs when it is closed.
            Unallocate(new(offset, length));
            throw;
        }

        return offset;
    }

    /// <summary>Takes space that reads as zeros: what was used before holds other data, and the new owner must never show it.</summary>
    public long AllocateZeroed(long length)
    {
        (long offset, bool isZero) = Allocate(length);
        if (!isZero)
        {
            WriteZeros(offset, length);
        }

        return offset;
    }

    /// <summary>Takes space in a gap of the file that ends at or before a limit, or gives null.</summary>
    public long? AllocateBelow(long length, long limit) => Space.AllocateBelow(length, limit);

    /// <summary>Gives space back with the next commit: until then the file on the device may still point to it.</summary>
    public void Free(FileRange range) => Space.ReleaseLater(range);

    /// <summary>Gives back space to which nothing points since the last commit.</summary>
    public void Release(FileRange range) => Space.Release(range);

    /// <summary>Gives back space to which nothing ever pointed, the last that was taken.</summary>
    public void Unallocate(FileRange range) => Space.Unallocate(range);

    public void WriteZeros(long fileOffset, long length)
    {
        byte[] zeros = new byte[Math.Min(length, ZeroLength)];
        for (long done = 0; done < length;)
        {
            int count = (int)Math.Min(zeros.Length, length - done);
            WriteData(fileOffset + done, zeros.AsSpan(0, count));
            done += count;
        }
    }

    /// <summary>Lengthens the file when it ends before a place.</summary>
    public void EnsureLength(long end)
    {
        Space.Require(end);
        if (end > _file.Length)
        {
            _file.SetLength(Space.GrownLength(_file.Length, end));
        }
    }

    /// <summary>Commits when the next changes might not fit into the same log entry.</summary>
    /// <param name="updates">How many sectors they change at the most.</param>
    public void MakeRoom(int updates)
    {
        if (Layer.Metadata.ChangedCount > MaximumUpdates - updates)
        {
            Commit();
        }
    }

    /// <summary>Makes everything durable. The caller is alone.</summary>
    public void Commit()
    {
        ThrowIfBroken();
        if (_running is not { } running)
        {
            return;
        }

        Guarded(() =>
        {
            if (Layer.Metadata.ChangedCount == 0 && !running.HasUnflushedData)
            {
                return;
            }

            running.HasUnflushedData = false;
            running.Log.Commit(Layer.Metadata);
            Space.FreeReleased();
        });
    }

    /// <summary>Commits, and marks the image as cleanly closed. After a failure it is left as it is: its log tells what to do.</summary>
    public void Close()
    {
        if (_running is not { } running || _isBroken)
        {
            return;
        }

        Commit();
        Guarded(() =>
        {
            running.Log.End();

            // Only now: a log that is to be replayed speaks of the greater length.
            if (LengthAtClose is long length && length < _file.Length)
            {
                _file.SetLength(length);
                _file.Flush();
            }
        });
        _running = null;
        _space = null;
    }

    /// <summary>A fixed image has space of its own, so that no later write into it finds the volume full.</summary>
    private bool SharesExtents => Layer.Image.Type != VhdType.Fixed;

    private State Running() => _running ?? throw new InvalidOperationException("Nothing was begun.");

    /// <summary>Also flushing again proves nothing: the system reports the loss of a write once.</summary>
    private void ThrowIfBroken()
    {
        if (_isBroken)
        {
            throw new VhdxException(ErrorIds.IOFailed, ErrorKind.DeviceError, $"'{_file.Name}' takes no more writes after one failed. Open it again: it is as it was at the last flush that succeeded.");
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

    private sealed class State(MetadataLog log)
    {
        public MetadataLog Log => log;

        public volatile bool HasUnflushedData;

        public volatile bool HasNewDataWriteGuid;
    }
}
