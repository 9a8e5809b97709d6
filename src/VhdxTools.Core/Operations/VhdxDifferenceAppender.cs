using System;
using System.Linq;
using System.Threading;
using VhdxTools.Disks;
using VhdxTools.Format;
using VhdxTools.IO;
using VhdxTools.Layout;

namespace VhdxTools.Operations;

/// <summary>
/// Appends the blocks of a differencing image to a new file in the order of the disk. One sector bitmap block and one page of the BAT
/// are in memory, however large the disk is.
/// </summary>
/// <param name="plan">The plan of a differencing image.</param>
/// <param name="source">The disk, of the size that the plan has.</param>
/// <param name="file">The new file; everything behind the planned structures is free.</param>
/// <param name="cancellation">Stops the work.</param>
internal sealed class VhdxDifferenceAppender(LayoutPlan plan, IVirtualDisk source, IRandomAccessFile file, CancellationToken cancellation)
{
    private readonly VhdxGeometry _geometry = plan.Geometry;
    private readonly BatWriter _bat = new(plan.BatRegion, file);
    private readonly byte[] _bits = new byte[FormatConstants.SectorBitmapBlockLength];
    private long _end = plan.FileLength;
    private long _block = -1;

    // File offsets of the block and of its chunk's bitmap; 0 while they have no space.
    private long _place;
    private long _bitmapPlace;
    private long _sectorsHeld;

    private int SectorSize => _geometry.LogicalSectorSize;

    private int SectorsPerBlock => _geometry.BlockSize / SectorSize;

    /// <summary>Makes the image hold sectors.</summary>
    /// <param name="run">Their bytes; behind all that were added.</param>
    public void Add(DataRun run)
    {
        ReadOnlySpan<byte> bytes = run.Bytes.Span;
        for (int done = 0; done < bytes.Length;)
        {
            long offset = run.Offset + done;
            Enter(offset / _geometry.BlockSize);
            long within = offset % _geometry.BlockSize;
            ReadOnlySpan<byte> part = bytes.Slice(done, (int)Math.Min(bytes.Length - done, _geometry.BlockSize - within));
            SetBits(within / SectorSize, part.Length / SectorSize);

            // Space in a new file is zero, so zeros need not be written; perhaps the block needs no space at all.
            if (!ByteFields.IsZero(part))
            {
                _place = _place > 0 ? _place : Allocate(_geometry.BlockSize);
                file.Write(_place + within, part, run.Origin?.Slice(done, part.Length));
            }

            done += part.Length;
        }
    }

    /// <summary>Writes what is still in memory.</summary>
    /// <returns>The length that the file has to have, in bytes.</returns>
    public long Complete()
    {
        LeaveBlock();
        LeaveChunk();
        _bat.Complete();
        return _end;
    }

    private void Enter(long block)
    {
        if (block == _block)
        {
            return;
        }

        LeaveBlock();
        if (block / _geometry.ChunkRatio != _block / _geometry.ChunkRatio)
        {
            LeaveChunk();
        }

        _block = block;
    }

    private void LeaveBlock()
    {
        if (_block < 0)
        {
            return;
        }

        bool isWhole = _sectorsHeld * SectorSize == _geometry.UsedLength(_block);
        BlockState state = BlockState.PartiallyPresent;
        if (_place == 0 && (isWhole || IsZero()))
        {
            state = BlockState.Zero;
            Array.Clear(_bits, FirstBit() / 8, SectorsPerBlock / 8);
        }
        else if (isWhole)
        {
            state = BlockState.FullyPresent;
        }
        else
        {
            _place = _place > 0 ? _place : Allocate(_geometry.BlockSize);
            _bitmapPlace = _bitmapPlace > 0 ? _bitmapPlace : Allocate(FormatConstants.SectorBitmapBlockLength);
        }

        _bat.Set(_geometry.EntryOfPayloadBlock(_block), state, _place);
        _place = 0;
        _sectorsHeld = 0;
    }

    private void LeaveChunk()
    {
        if (_bitmapPlace > 0)
        {
            file.Write(_bitmapPlace, _bits);
            _bat.Set(_geometry.EntryOfSectorBitmap(_block / _geometry.ChunkRatio), BlockState.FullyPresent, _bitmapPlace);
        }

        _bitmapPlace = 0;
        Array.Clear(_bits, 0, _bits.Length);
    }

    /// <summary>Whether the whole block is zero on the disk, also where it equals the parent.</summary>
    private bool IsZero()
    {
        using PageBufferPool buffers = DataRuns.NewBuffers();
        return !DataRuns.Of(source, _block * _geometry.BlockSize, _geometry.UsedLength(_block), buffers, cancellation: cancellation).Any();
    }

    private int FirstBit() => (int)(_block % _geometry.ChunkRatio) * SectorsPerBlock;

    private void SetBits(long first, long count)
    {
        _sectorsHeld += count;
        long bit = FirstBit() + first;
        for (long end = bit + count; bit < end;)
        {
            if (bit % 8 == 0 && end - bit >= 8)
            {
                _bits[bit / 8] = 0xFF;
                bit += 8;
            }
            else
            {
                // The first sector is the least significant bit.
                _bits[bit / 8] |= (byte)(1 << (int)(bit % 8));
                bit++;
            }
        }
    }

    private long Allocate(long length)
    {
        long place = _end;
        _end += length;

        // Extents can be shared inside the file only.
        file.SetLength(_end);
        return place;
    }
}
