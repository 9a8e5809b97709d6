using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Threading;
using VhdxTools.Format;
using VhdxTools.Images;
using VhdxTools.IO;
using VhdxTools.Layout;

namespace VhdxTools.Disks;

/// <summary>A dynamic or differencing VHD: blocks with a sector bitmap before each. BAT and bitmaps are read as they are needed.</summary>
internal sealed class VhdLayer : IDiskLayer
{
    private const long SectorLength = VhdFooter.SectorLength;
    private const int EntryLength = sizeof(uint);
    private const long MaximumBlockSize = FormatConstants.GiB;

    private readonly IRandomAccessFile _file;
    private readonly MetadataCache _metadata;
    private readonly long _blockSize;
    private readonly long _bitmapLength;
    private readonly long _blocksEnd;

    // Nothing of a block may lie in them: the copy of the footer, the dynamic header, the BAT.
    private readonly FileRange[] _taken;

    private readonly long _tableOffset;

    /// <param name="path">Full path of the file.</param>
    /// <param name="file">The file; closed with the layer.</param>
    /// <param name="image">What its structures tell; it is not fixed.</param>
    /// <exception cref="VhdxException">The dynamic header cannot be used.</exception>
    public VhdLayer(string path, IRandomAccessFile file, VhdFile image)
    {
        Path = path;
        Image = image;
        Size = SizeOf(path, image.Footer);
        _file = file;
        _metadata = new(file);
        VhdDynamicHeader header = image.DynamicHeader!;
        _blockSize = header.BlockSize;
        _tableOffset = header.TableOffset;
        if (!header.IsChecksumValid)
        {
            throw VhdFile.Damaged(path, "the checksum of its dynamic header is wrong");
        }

        if (!FormatConstants.IsPowerOfTwo(_blockSize) || _blockSize is < SectorLength or > MaximumBlockSize)
        {
            throw VhdFile.Damaged(path, FormattableString.Invariant($"its block size is {_blockSize} bytes, which is no power of 2 from 512 to {MaximumBlockSize}"));
        }

        long entries = FormatConstants.CeilingDivide(Size, _blockSize);
        if (entries > header.MaxTableEntries)
        {
            throw VhdFile.Damaged(path, FormattableString.Invariant($"its BAT has {header.MaxTableEntries} entries, and the disk needs {entries}"));
        }

        // Without the last footer nobody knows where the blocks end, only where the file does.
        _blocksEnd = image.FooterOffset > 0 ? image.FooterOffset : file.Length;
        if (_tableOffset < VhdFooter.Length || _tableOffset > _blocksEnd - (entries * EntryLength))
        {
            throw VhdFile.Damaged(path, FormattableString.Invariant($"its BAT at 0x{_tableOffset:X} with {entries} entries does not lie inside the file"));
        }

        _bitmapLength = FormatConstants.AlignUp(FormatConstants.CeilingDivide(_blockSize / SectorLength, 8), SectorLength);
        _taken =
        [
            new(0, VhdFooter.Length),
            new(ByteFields.Clamp(image.Footer.DataOffset), VhdDynamicHeader.Length),
            new(_tableOffset, entries * EntryLength),
        ];
    }

    public string Path { get; }

    public VhdFile Image { get; }

    public long Size { get; }

    public bool HasParent => Image.Footer.DiskType == VhdFooter.TypeDifferencing;

    /// <summary>The disk's size in bytes in whole sectors, as other programs have it.</summary>
    /// <exception cref="VhdxException">No disk can have it.</exception>
    public static long SizeOf(string path, VhdFooter footer) => footer.Size is >= SectorLength and <= FormatConstants.MaximumVirtualDiskSize
        ? footer.Size / SectorLength * SectorLength
        : throw VhdFile.Damaged(path, FormattableString.Invariant($"the size of its disk is {footer.Size} bytes"));

    public bool LeavesOutHoles => false;

    public bool TryRead(long offset, Span<byte> buffer) => false;

    public IEnumerable<LayerExtent> Extents(long offset, long length, CancellationToken cancellation = default)
    {
        long end = Math.Min(offset + length, Size);
        while (offset < end)
        {
            cancellation.ThrowIfCancellationRequested();
            long block = offset / _blockSize;
            long blockEnd = Math.Min(end, (block + 1) * _blockSize);
            if (PlaceOf(block) is not long place)
            {
                yield return new(offset, blockEnd - offset, LayerSource.Parent, 0, null);
                offset = blockEnd;
                continue;
            }

            SectorBitmap bits = new(_metadata, place, isMostSignificantFirst: true);
            long blockStart = block * _blockSize;
            long lastSector = FormatConstants.CeilingDivide(blockEnd - blockStart, SectorLength);
            while (offset < blockEnd)
            {
                long sector = (offset - blockStart) / SectorLength;
                bool isHere = bits[sector];
                long runEnd = Math.Min(blockEnd, blockStart + (bits.EndOfRun(sector, lastSector) * SectorLength));
                yield return isHere
                    ? new(offset, runEnd - offset, LayerSource.Data, place + _bitmapLength + (offset - blockStart), null)
                    : new(offset, runEnd - offset, LayerSource.Parent, 0, null);
                offset = runEnd;
            }
        }
    }

    public IRandomAccessFile File => _file;

    public void ReadData(long fileOffset, Span<byte> buffer) => _file.ReadPadded(fileOffset, buffer);

    public FileRange? FindData(long fileOffset, long end) => _file.FindData(fileOffset, Math.Min(end, _file.Length));

    public void ShareMemory(int count) => _metadata.ShareMemory(count);

    public void Dispose() => _file.Dispose();

    /// <summary>Where a block with its bitmap starts in the file, or null when it has none.</summary>
    private long? PlaceOf(long block)
    {
        Span<byte> bytes = stackalloc byte[EntryLength];
        _metadata.Read(_tableOffset + (block * EntryLength), bytes);
        uint entry = BinaryPrimitives.ReadUInt32BigEndian(bytes);
        if (entry == VhdDynamicHeader.UnusedEntry)
        {
            return null;
        }

        // The last block may be cut short where the disk does not need it.
        FileRange range = new(entry * SectorLength, _bitmapLength + Math.Min(_blockSize, Size - (block * _blockSize)));
        if (range.End > _blocksEnd)
        {
            throw VhdFile.Damaged(Path, FormattableString.Invariant($"block {block} at 0x{range.Offset:X} reaches to 0x{range.End:X}, and the blocks end at 0x{_blocksEnd:X}"));
        }

        foreach (FileRange taken in _taken)
        {
            if (range.Overlaps(taken))
            {
                throw VhdFile.Damaged(Path, FormattableString.Invariant($"block {block} at 0x{range.Offset:X} lies over the structures of the file at 0x{taken.Offset:X}"));
            }
        }

        return range.Offset;
    }
}
