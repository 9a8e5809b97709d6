using System;
using VhdxTools.Format;

namespace VhdxTools.Layout;

/// <summary>
/// The arithmetic of blocks, chunks and BAT entries (MS-VHDX 2.5). All sizes in bytes; all arguments are valid ones. The two counts are
/// kept, because every entry of a BAT asks for them; so make a new geometry, never a copy by <c>with</c>.
/// </summary>
internal sealed record VhdxGeometry(long VirtualDiskSize, int BlockSize, int LogicalSectorSize, bool HasParent)
{
    /// <summary>Payload blocks for one sector bitmap block.</summary>
    public long ChunkRatio { get; } = FormatConstants.SectorsPerChunk * LogicalSectorSize / BlockSize;

    public long PayloadBlockCount { get; } = FormatConstants.CeilingDivide(VirtualDiskSize, BlockSize);

    public long SectorBitmapBlockCount => FormatConstants.CeilingDivide(PayloadBlockCount, ChunkRatio);

    /// <summary>Entries that the BAT needs; the region may be longer.</summary>
    public long BatEntryCount => HasParent
        ? SectorBitmapBlockCount * (ChunkRatio + 1)
        : PayloadBlockCount + ((PayloadBlockCount - 1) / ChunkRatio);

    public long BatLength => BatEntryCount * BatEntry.Length;

    /// <summary>How much of a block lies on the disk: the last one may reach beyond its end.</summary>
    public long UsedLength(long block) => Math.Min(BlockSize, VirtualDiskSize - (block * BlockSize));

    public long EntryOfPayloadBlock(long block) => block + (block / ChunkRatio);

    public long EntryOfSectorBitmap(long chunk) => (chunk * (ChunkRatio + 1)) + ChunkRatio;

    public bool IsSectorBitmapEntry(long entry) => entry % (ChunkRatio + 1) == ChunkRatio;

    /// <summary>The payload block behind an entry that is no sector bitmap entry.</summary>
    public long PayloadBlockOfEntry(long entry) => entry - (entry / (ChunkRatio + 1));

    public long ChunkOfEntry(long entry) => entry / (ChunkRatio + 1);
}
