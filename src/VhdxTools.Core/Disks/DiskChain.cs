using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using VhdxTools.Diagnostics;
using VhdxTools.Format;
using VhdxTools.Images;
using VhdxTools.IO;

namespace VhdxTools.Disks;

/// <summary>The virtual disk of a VHDX file and all its parents. Chains of any depth are walked, never recursed into.</summary>
internal sealed class DiskChain : IVirtualDisk
{
    private const int CompareLength = (int)(64 * FormatConstants.KiB);

    /// <summary>In so many blocks a trim looks for the end of a hole first.</summary>
    private const int FirstLook = 64;

    private readonly IReadOnlyList<VhdxLayer> _layers;
    private readonly WriteSession? _session;
    private readonly LayerStack _stack;
    private readonly ImageWriter? _writer;

    // Readers and writers of data in existing blocks share it; whoever moves blocks has it alone.
    // It is not disposed with the disk: that would throw where another thread waits for it.
    private readonly ReaderWriterLockSlim _lock = new();

    private bool _isDisposed;

    private DiskChain(IReadOnlyList<VhdxLayer> layers, WriteSession? session)
    {
        _layers = layers;
        _stack = new(layers);
        _session = session;
        _writer = session is null ? null : new(session);
    }

    public IReadOnlyList<VhdxLayer> Layers => _layers;

    public long Capacity => _layers[0].Geometry.VirtualDiskSize;

    public int LogicalSectorSize => _layers[0].Geometry.LogicalSectorSize;

    public int PhysicalSectorSize => _layers[0].Image.PhysicalSectorSize!.Value;

    public bool CanWrite => _writer is not null;

    /// <summary>Opens a file and its parents for reading.</summary>
    /// <exception cref="VhdxException">A file cannot be opened or is damaged, or a link of the chain is broken.</exception>
    public static DiskChain OpenRead(string path) => OpenRead(path, VhdxFile.OpenRead(path));

    /// <summary>The same for a file that is open already, without errors; it is closed with the chain, and also when this fails.</summary>
    public static DiskChain OpenRead(string path, VhdxFile tip) => new(OpenLayers(path, tip), null);

    /// <summary>The disk that some files show without their parents. The files stay the caller's: this chain is not disposed.</summary>
    public static DiskChain Over(IReadOnlyList<VhdxLayer> layers) => new(layers, null);

    /// <summary>Opens a file for writing, and its parents for reading. A dirty log is replayed into the file first.</summary>
    /// <param name="path">Full path of the file.</param>
    /// <param name="newGuid">Gives a new GUID at each call.</param>
    /// <param name="wrap">For tests: puts another file over the one that is opened for writing.</param>
    /// <param name="dataWriteGuid">The DataWriteGuid that the first visible change gives the file; null for a new one.</param>
    /// <exception cref="VhdxException">A file cannot be opened, is in use or damaged, or a link of the chain is broken.</exception>
    public static DiskChain OpenWrite(string path, Func<Guid> newGuid, Func<IRandomAccessFile, IRandomAccessFile>? wrap = null, Guid? dataWriteGuid = null)
    {
        IRandomAccessFile file = OsFile.OpenWrite(path);
        file = wrap is null ? file : wrap(file);

        // The whole chain first: nothing is written, not even the tip's own log, before it is known that the disk can be opened.
        List<VhdxLayer> layers = OpenLayers(path, VhdxFile.Open(file, StrictSink.Instance));
        try
        {
            layers[0] = new(path, WriteSession.Prepare(layers[0].Image, file, newGuid));
            return new(layers, new WriteSession(layers[0], file, newGuid, dataWriteGuid));
        }
        catch
        {
            layers.ForEach(layer => layer.Dispose());
            throw;
        }
    }

    public void Read(long offset, Span<byte> buffer)
    {
        _stack.ThrowIfOutside(offset, buffer.Length);
        _lock.EnterReadLock();
        try
        {
            ThrowIfDisposed();
            _stack.Read(offset, buffer);
        }
        finally
        {
            _lock.ExitReadLock();
        }
    }

    public void Write(long offset, ReadOnlySpan<byte> data) => Write(offset, data, null);

    /// <summary>The same for bytes that may lie in another file, too, whose extents are shared then.</summary>
    public void Write(long offset, ReadOnlySpan<byte> data, DataOrigin? origin)
    {
        _stack.ThrowIfOutside(offset, data.Length);
        ImageWriter writer = Writer();
        for (int done = 0; done < data.Length;)
        {
            int count = (int)Math.Min(data.Length - done, _layers[0].Geometry.BlockSize - (offset % _layers[0].Geometry.BlockSize));
            ReadOnlySpan<byte> part = data.Slice(done, count);
            if (IsWholeBlock(offset, count) && ByteFields.IsZero(part))
            {
                Trim(offset, count);
            }
            else
            {
                WriteBlock(writer, offset, part, origin?.Slice(done, count));
            }

            done += count;
            offset += count;
        }
    }

    public void Trim(long offset, long length)
    {
        _stack.ThrowIfOutside(offset, length);
        ImageWriter writer = Writer();
        int blockSize = _layers[0].Geometry.BlockSize;

        // Farther after each hole: what lies behind the end of one is looked at again, so it must not be the rest of the disk.
        long look = (long)FirstLook * blockSize;
        for (long end = offset + length; offset < end;)
        {
            long blockEnd = Math.Min(end, ((offset / blockSize) + 1) * blockSize);
            if (HoleEnd(offset, offset + Math.Min(look, end - offset)) is long holeEnd)
            {
                offset = holeEnd;
                look = Math.Min(2 * look, Capacity);
                continue;
            }

            look = (long)FirstLook * blockSize;
            if (IsWholeBlock(offset, blockEnd - offset))
            {
                bool isVisible = !ReadsZero(offset, blockEnd - offset);
                Exclusively(() => writer.Release(offset / blockSize, isVisible));
            }
            else if (!ReadsZero(offset, blockEnd - offset))
            {
                byte[] zeros = new byte[Math.Min(FormatConstants.AlignUp(blockEnd - offset, LogEntryHeader.SectorLength), FormatConstants.MiB)];
                for (long place = offset; place < blockEnd;)
                {
                    // Parted between sectors, never inside one: a power cut leaves each old or new.
                    int count = (int)Math.Min(zeros.Length - (place % zeros.Length), blockEnd - place);
                    Write(place, zeros.AsSpan(0, count));
                    place += count;
                }
            }

            offset = blockEnd;
        }
    }

    public void Flush()
    {
        if (_session is { } session)
        {
            Exclusively(session.Commit);
        }
    }

    /// <summary>Changes the structure of the tip itself; nobody reads or writes the disk meanwhile.</summary>
    public void Edit(Action<WriteSession> work) => Exclusively(() => work(_session ?? throw new InvalidOperationException("The disk is open for reading only.")));

    public IEnumerable<DiskExtent> Extents(long offset, long length, CancellationToken cancellation = default) => _stack.Extents(offset, length, cancellation);

    public IEnumerable<DiskExtent> HeldExtents(long offset, long length, CancellationToken cancellation = default) => _stack.HeldExtents(offset, length, cancellation);

    public IRandomAccessFile FileOf(DiskExtent extent) => _layers[extent.Layer].File;

    /// <summary>Flushes, marks the image as cleanly closed, and closes all files.</summary>
    public void Dispose()
    {
        // Whoever is at work finishes first; whoever comes later is told.
        _lock.EnterWriteLock();
        try
        {
            if (!_isDisposed)
            {
                _isDisposed = true;
                _session?.Close();
            }
        }
        finally
        {
            foreach (VhdxLayer layer in _layers)
            {
                layer.Dispose();
            }

            _lock.ExitWriteLock();
        }
    }

    private static List<VhdxLayer> OpenLayers(string path, VhdxFile tip)
    {
        List<VhdxLayer> layers = [new(path, tip)];
        try
        {
            while (layers[layers.Count - 1] is { Geometry.HasParent: true } child)
            {
                layers.Add(ParentOpener.Open(child, layers));
            }

            return layers;
        }
        catch
        {
            layers.ForEach(layer => layer.Dispose());
            throw;
        }
    }

    /// <summary>Whether a range is a block that may be given up.</summary>
    private bool IsWholeBlock(long offset, long length)
    {
        int blockSize = _layers[0].Geometry.BlockSize;
        return offset % blockSize == 0 && (length == blockSize || offset + length == Capacity) && _layers[0].Image.Type != VhdType.Fixed;
    }

    /// <summary>
    /// Where a run ends that reads as zeros and has no space in the tip, so that trimming it changes nothing; null when there is none at
    /// this place.
    /// </summary>
    private long? HoleEnd(long offset, long end)
    {
        _lock.EnterReadLock();
        try
        {
            LayerExtent own = _layers[0].Extents(offset, end - offset).First();
            if (own.Source == LayerSource.Zero || (own.Source == LayerSource.Parent && _layers.Count == 1))
            {
                return own.Offset + own.Length;
            }

            if (own.Source == LayerSource.Data || own.State == BlockState.PartiallyPresent)
            {
                return null;
            }

            DiskExtent inherited = Extents(own.Offset, own.Length).First();
            return inherited.Kind == DiskExtentKind.Data ? null : inherited.End;
        }
        finally
        {
            _lock.ExitReadLock();
        }
    }

    private ImageWriter Writer() => _writer ?? throw new InvalidOperationException("The disk is open for reading only.");

    private void ThrowIfDisposed()
    {
#if NET
        ObjectDisposedException.ThrowIf(_isDisposed, this);
#else
        if (_isDisposed)
        {
            throw new ObjectDisposedException(nameof(DiskChain));
        }
#endif
    }

    private void Exclusively(Action work)
    {
        _lock.EnterWriteLock();
        try
        {
            ThrowIfDisposed();
            work();
        }
        finally
        {
            _lock.ExitWriteLock();
        }
    }

    /// <summary>Whether a range is all zeros already, so that nobody sees a difference when it is trimmed. Stops at the first byte that is not.</summary>
    private bool ReadsZero(long offset, long length)
    {
        byte[] buffer = new byte[Math.Min(length, CompareLength)];
        foreach (DiskExtent extent in Extents(offset, length).Where(extent => extent.Kind == DiskExtentKind.Data))
        {
            for (long place = extent.Offset; place < extent.End; place += buffer.Length)
            {
                Span<byte> part = buffer.AsSpan(0, (int)Math.Min(buffer.Length, extent.End - place));
                Read(place, part);
                if (!ByteFields.IsZero(part))
                {
                    return false;
                }
            }
        }

        return true;
    }

    private void WriteBlock(ImageWriter writer, long offset, ReadOnlySpan<byte> data, DataOrigin? origin)
    {
        // The usual case first: the block is there as a whole, and several threads may write into it.
        _lock.EnterReadLock();
        try
        {
            ThrowIfDisposed();
            if (writer.TryOverwrite(offset, data, origin))
            {
                return;
            }
        }
        finally
        {
            _lock.ExitReadLock();
        }

        // What is zero already needs no space.
        if (ByteFields.IsZero(data) && ReadsZero(offset, data.Length))
        {
            return;
        }

        _lock.EnterWriteLock();
        try
        {
            ThrowIfDisposed();
            writer.Write(offset, data, origin, _stack.Read);
        }
        finally
        {
            _lock.ExitWriteLock();
        }
    }
}
