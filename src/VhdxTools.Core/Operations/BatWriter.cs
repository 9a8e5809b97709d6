using System;
using VhdxTools.Format;
using VhdxTools.IO;
using VhdxTools.Layout;

namespace VhdxTools.Operations;

/// <summary>Writes the BAT of a new image in the order of its entries. One page is in memory; pages without entries stay holes.</summary>
/// <param name="region">The BAT region of the file, all zero.</param>
/// <param name="file">The file.</param>
internal sealed class BatWriter(FileRange region, IRandomAccessFile file)
{
    private const int PageLength = (int)(64 * FormatConstants.KiB);

    private readonly byte[] _page = new byte[PageLength];
    private long _pageOffset = -1;

    /// <summary>Sets an entry; none before it is set afterwards.</summary>
    public void Set(long index, BlockState state, long fileOffset)
    {
        long offset = index * BatEntry.Length;
        long page = offset / PageLength * PageLength;
        if (page < _pageOffset)
        {
            throw new ArgumentOutOfRangeException(nameof(index), "Entries come in their order.");
        }

        if (page != _pageOffset)
        {
            Complete();
            _pageOffset = page;
        }

        ByteFields.U64(_page, (int)(offset - page), BatEntry.Create(state, fileOffset).Value);
    }

    /// <summary>Writes what is still in memory.</summary>
    public void Complete()
    {
        if (_pageOffset >= 0)
        {
            file.Write(region.Offset + _pageOffset, _page.AsSpan(0, (int)Math.Min(PageLength, region.Length - _pageOffset)));
            _page.AsSpan().Clear();
        }
    }
}
