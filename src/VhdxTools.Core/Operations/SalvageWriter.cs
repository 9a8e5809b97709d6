using System;
using VhdxTools.Format;
using VhdxTools.IO;
using VhdxTools.Layout;

namespace VhdxTools.Operations;

/// <summary>Fills a new dynamic image from its start to its end. Nobody sees the file before it is complete, so no log is needed.</summary>
/// <param name="plan">The plan that the file was made from.</param>
/// <param name="file">The new file.</param>
internal sealed class SalvageWriter(LayoutPlan plan, IRandomAccessFile file)
{
    private const int PageLength = 4096;

    private readonly byte[] _page = new byte[PageLength];
    private long _pageIndex = -1;
    private long _block = -1;
    private long _place;
    private long _end = plan.FileLength;

    /// <summary>Writes a range; offsets go up from call to call, and it lies in one block.</summary>
    public void Write(long offset, ReadOnlySpan<byte> data)
    {
        long block = offset / plan.Geometry.BlockSize;
        if (block != _block)
        {
            _block = block;
            _place = _end;
            _end += plan.Geometry.BlockSize;
            SetEntry(plan.Geometry.EntryOfPayloadBlock(block), BatEntry.Create(BlockState.FullyPresent, _place).Value);
        }

        file.Write(_place + (offset % plan.Geometry.BlockSize), data);
    }

    public void Complete()
    {
        WritePage();
        if (file.Length < _end)
        {
            file.SetLength(_end);
        }
    }

    private void SetEntry(long index, ulong value)
    {
        long page = index * BatEntry.Length / PageLength;
        if (page != _pageIndex)
        {
            WritePage();
            _pageIndex = page;
        }

        ByteFields.U64(_page, (int)(index * BatEntry.Length % PageLength), value);
    }

    private void WritePage()
    {
        if (_pageIndex >= 0)
        {
            file.Write(plan.BatRegion.Offset + (_pageIndex * PageLength), _page);
            _page.AsSpan().Clear();
        }
    }
}
