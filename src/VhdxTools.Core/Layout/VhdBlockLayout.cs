using VhdxTools.Format;

namespace VhdxTools.Layout;

/// <summary>How the blocks of a dynamic or differencing VHD follow each other in the file: sector bitmap, data, gap. All in bytes.</summary>
/// <param name="BlockSize">Length of the data of a block.</param>
/// <param name="DataAlignment">What the place of the data is a multiple of.</param>
internal readonly record struct VhdBlockLayout(int BlockSize, int DataAlignment)
{
    /// <summary>Length of the sector bitmap before the data, in whole sectors.</summary>
    public int BitmapLength => (int)FormatConstants.AlignUp(
        FormatConstants.CeilingDivide(BlockSize / VhdFooter.SectorLength, 8), VhdFooter.SectorLength);

    /// <summary>Where the data of a block starts whose bitmap may not start before a place.</summary>
    public long DataOffsetAfter(long place) => FormatConstants.AlignUp(place + BitmapLength, DataAlignment);

    /// <summary>Where the last of some blocks ends that start after a place.</summary>
    public long EndAfter(long place, long blockCount) => blockCount == 0 ? place
        : DataOffsetAfter(place) + BlockSize + ((blockCount - 1) * FormatConstants.AlignUp(BlockSize + BitmapLength, DataAlignment));
}
