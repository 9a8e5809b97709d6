using System;
using System.Buffers.Binary;
using VhdxTools.Disks;
using VhdxTools.Format;
using VhdxTools.IO;
using VhdxTools.Layout;

namespace VhdxTools.Operations;

/// <summary>
/// Appends the blocks of a dynamic or differencing VHD to a new file in the order of the disk. One block and one page of the BAT
/// are in memory, however large the disk is.
/// </summary>
internal sealed class VhdBlockAppender
{
    private const int PageLength = (int)(64 * FormatConstants.KiB);
    private const int EntriesPerPage = PageLength / sizeof(uint);
    private const byte AllSectors = 0xFF;

    private readonly VhdPlan _plan;
    private readonly VhdBlockLayout _layout;
    private readonly IRandomAccessFile _file;
    private readonly byte[] _page = new byte[PageLength];
    private readonly byte[] _bitmap;
    private long _pageOffset;
    private long _block = -1;
    private long _dataOffset;

    /// <param name="plan">The plan of a dynamic or differencing image.</param>
    /// <param name="file">The new file; everything behind the planned structures is free.</param>
    public VhdBlockAppender(VhdPlan plan, IRandomAccessFile file)
    {
        _plan = plan;
        _layout = plan.BlockLayout;
        _file = file;
        _bitmap = new byte[_layout.BitmapLength];
        End = plan.BlocksOffset;
        _page.AsSpan().Fill(AllSectors);
    }

    /// <summary>Where the last block ends and the footer goes, in bytes.</summary>
    public long End { get; private set; }

    /// <summary>Makes a differencing image hold sectors, which are zero until they are written.</summary>
    /// <param name="range">Whole sectors of one block.</param>
    public void Hold(FileRange range)
    {
        Enter(range.Offset / _layout.BlockSize);
        int first = (int)(range.Offset % _layout.BlockSize / VhdFooter.SectorLength);
        int end = first + (int)(range.Length / VhdFooter.SectorLength);
        for (int sector = first; sector < end; sector++)
        {
            // The first sector is the most significant bit.
            _bitmap[sector / 8] |= (byte)(0x80 >> (sector % 8));
        }
    }

    /// <summary>Writes bytes of the disk; a block gets its space when its first byte comes.</summary>
    public void Write(DataRun run)
    {
        for (int done = 0; done < run.Bytes.Length;)
        {
            long offset = run.Offset + done;
            Enter(offset / _layout.BlockSize);
            int within = (int)(offset % _layout.BlockSize);
            int count = Math.Min(run.Bytes.Length - done, _layout.BlockSize - within);
            _file.Write(_dataOffset + within, run.Bytes.Span.Slice(done, count), run.Origin?.Slice(done, count));
            done += count;
        }
    }

    /// <summary>Writes what is still in memory. Afterwards everything but the footer is in the file.</summary>
    public void Complete()
    {
        Leave();
        while (_pageOffset < _plan.TableLength)
        {
            NextPage();
        }
    }

    private void Enter(long block)
    {
        if (block == _block)
        {
            return;
        }

        if (block < _block)
        {
            throw new ArgumentOutOfRangeException(nameof(block), "Blocks come in the order of the disk.");
        }

        Leave();
        _block = block;
        _dataOffset = _layout.DataOffsetAfter(End);
        End = _dataOffset + _layout.BlockSize;

        // Extents can be shared inside the file only.
        _file.SetLength(End);
        _bitmap.AsSpan().Fill(_plan.Type == VhdType.Dynamic ? AllSectors : (byte)0);
        while (_pageOffset / sizeof(uint) + EntriesPerPage <= block)
        {
            NextPage();
        }

        uint sector = (uint)((_dataOffset - _layout.BitmapLength) / VhdFooter.SectorLength);
        BinaryPrimitives.WriteUInt32BigEndian(_page.AsSpan((int)((block * sizeof(uint)) - _pageOffset)), sector);
    }

    /// <summary>The bitmap is known when nothing more comes for its block.</summary>
    private void Leave()
    {
        if (_block >= 0)
        {
            _file.Write(_dataOffset - _layout.BitmapLength, _bitmap);
        }
    }

    private void NextPage()
    {
        int length = (int)Math.Min(PageLength, _plan.TableLength - _pageOffset);
        _file.Write(VhdPlan.TableOffset + _pageOffset, _page.AsSpan(0, length));
        _pageOffset += length;
        _page.AsSpan().Fill(AllSectors);
    }
}
