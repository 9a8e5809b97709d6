using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using VhdxTools.Checking;
using VhdxTools.Diagnostics;
using VhdxTools.Disks;
using VhdxTools.Format;
using VhdxTools.Images;
using VhdxTools.IO;
using VhdxTools.Layout;

namespace VhdxTools.Operations;

/// <summary>A damaged image, open for reading only, and what of its disk can be read.</summary>
internal sealed class SalvageSource : IDisposable
{
    private readonly VhdxFile _image;
    private readonly StructureMap _structures;
    private readonly SalvageParent _parent;
    private readonly CutWatch _watch;

    private SalvageSource(OsFile file, VhdxFile image, SalvageParent parent)
    {
        _watch = new([file]);
        _image = image;
        _structures = new(image);
        _parent = parent;
        Geometry = image.Geometry!;
    }

    public VhdxFile Image => _image;

    public VhdxGeometry Geometry { get; }

    /// <summary>The full paths of the parents: those that are read, and those that the stored paths lead to, also where they no longer fit.</summary>
    public IEnumerable<string> Parents => _parent.Paths;

    /// <summary>Opens an image as far as that is possible.</summary>
    /// <exception cref="VhdxException">Without the size of the disk and of its blocks, or without its BAT, nothing can be read.</exception>
    public static SalvageSource Open(string path)
    {
        CollectingSink sink = new();
        OsFile file = OsFile.OpenRead(path);
        VhdxFile image;
        try
        {
            image = VhdxFile.Open(SalvageTables.Restore(file), sink);
        }
        catch
        {
            file.Dispose();
            throw;
        }

        try
        {
            if (image.Geometry is null || image.Bat is null)
            {
                throw sink.Findings.FirstOrDefault(finding => finding.Severity == FindingSeverity.Error) is VhdxFinding finding
                    ? new VhdxException(finding)
                    : new VhdxException(ErrorIds.NotAVirtualDisk, ErrorKind.InvalidData, $"'{path}' has nothing left that tells where its blocks are.");
            }

            return new(file, image, SalvageParent.Open(path, image));
        }
        catch
        {
            image.Dispose();
            throw;
        }
    }

    /// <exception cref="VhdxException">The image or a parent was cut while it was read.</exception>
    public void ThrowIfCut()
    {
        _watch.ThrowIfCut();
        _parent.ThrowIfCut();
    }

    public void Dispose()
    {
        _image.Dispose();
        _parent.Dispose();
    }

    /// <summary>The ranges that may hold anything but zeros, in order; what cannot be read is added to the lost ones.</summary>
    public IEnumerable<SalvagePiece> Pieces(LostRanges lost, CancellationToken cancellation)
    {
        BlockAllocationTable bat = _image.Bat!;
        long known = bat.EntryCount >= Geometry.BatEntryCount ? Geometry.PayloadBlockCount
            : Geometry.PayloadBlockOfEntry(Geometry.IsSectorBitmapEntry(bat.EntryCount) ? bat.EntryCount + 1 : bat.EntryCount);
        foreach (BlockRun run in bat.PayloadRuns(cancellation))
        {
            long count = Math.Min(run.Count, known - run.FirstBlock);
            for (long block = run.FirstBlock; block < run.FirstBlock + count; block++)
            {
                cancellation.ThrowIfCancellationRequested();
                bool isAlike = run.State is not (BlockState.FullyPresent or BlockState.PartiallyPresent);
                long end = isAlike ? run.FirstBlock + count : block + 1;
                long offset = block * Geometry.BlockSize;
                long length = Math.Min(end * Geometry.BlockSize, Geometry.VirtualDiskSize) - offset;
                long fileOffset = run.FileOffset + ((block - run.FirstBlock) * Geometry.BlockSize);
                foreach (SalvagePiece piece in PiecesOf(run.State, block, offset, length, fileOffset, lost))
                {
                    yield return piece;
                }

                block = end - 1;
            }
        }

        if (known < Geometry.PayloadBlockCount)
        {
            long offset = known * Geometry.BlockSize;
            lost.Add(offset, Geometry.VirtualDiskSize - offset, VhdxRules.BatTooShort.Id, "the entries of the blocks are lost");
        }
    }

    /// <summary>Reads a part of a piece.</summary>
    /// <exception cref="VhdxException">It cannot be read.</exception>
    public void Read(SalvagePiece piece, long offset, Span<byte> buffer)
    {
        if (piece.FileOffset is long place)
        {
            _image.View.ReadPadded(place + (offset - piece.Offset), buffer);
            return;
        }

        _parent.Read(offset, buffer);
    }

    private IEnumerable<SalvagePiece> PiecesOf(BlockState state, long block, long offset, long length, long fileOffset, LostRanges lost)
    {
        switch (state)
        {
            case BlockState.NotPresent:
                return Geometry.HasParent ? _parent.Pieces(offset, length, lost) : [];
            case BlockState.FullyPresent:
                return OfFile(offset, length, fileOffset, lost);
            case BlockState.PartiallyPresent:
                return OfBits(block, offset, length, fileOffset, lost);
            case BlockState.Undefined or BlockState.Zero or BlockState.Unmapped:
                return [];
            default:
                lost.Add(offset, length, VhdxRules.BatState.Id, VhdxRules.BatState.Title);
                return [];
        }
    }

    private IEnumerable<SalvagePiece> OfFile(long offset, long length, long fileOffset, LostRanges lost)
    {
        VhdxRule? problem = fileOffset < FormatConstants.HeaderSectionLength ? VhdxRules.BlockOffset
            : fileOffset >= _image.View.Length ? VhdxRules.BlockBeyondEnd
            : _structures.TextOf(new(fileOffset, Geometry.BlockSize)) is not null ? VhdxRules.BlockOverStructure
            : null;
        if (problem is not null)
        {
            lost.Add(offset, length, problem.Id, problem.Title);
            yield break;
        }

        // Half a sector is lost as a whole.
        long kept = Math.Min(length, (_image.View.Length - fileOffset) / Geometry.LogicalSectorSize * Geometry.LogicalSectorSize);
        if (kept > 0)
        {
            yield return new(offset, kept, fileOffset);
        }

        if (kept < length)
        {
            lost.Add(offset + kept, length - kept, VhdxRules.BlockBeyondEnd.Id, VhdxRules.BlockBeyondEnd.Title);
        }
    }

    private IEnumerable<SalvagePiece> OfBits(long block, long offset, long length, long fileOffset, LostRanges lost)
    {
        if (!Geometry.HasParent)
        {
            lost.Add(offset, length, VhdxRules.PartialWithoutParent.Id, VhdxRules.PartialWithoutParent.Title);
            yield break;
        }

        BatEntry bitmap = _image.Bat![Geometry.EntryOfSectorBitmap(block / Geometry.ChunkRatio)];
        long sectors = length / Geometry.LogicalSectorSize;
        long first = block % Geometry.ChunkRatio * (Geometry.BlockSize / Geometry.LogicalSectorSize);
        bool isThere = bitmap.State == BlockState.FullyPresent
            && bitmap.FileOffset >= FormatConstants.HeaderSectionLength
            && bitmap.FileOffset < _image.View.Length
            && bitmap.FileOffset + FormatConstants.CeilingDivide(first + sectors, 8) <= _image.View.Length
            && _structures.TextOf(new(bitmap.FileOffset, FormatConstants.SectorBitmapBlockLength)) is null;
        if (!isThere)
        {
            lost.Add(offset, length, VhdxRules.PartialWithoutBitmap.Id, VhdxRules.PartialWithoutBitmap.Title);
            yield break;
        }

        SectorBitmap bits = new(new MetadataCache(_image.View), bitmap.FileOffset, isMostSignificantFirst: false);
        for (long sector = 0; sector < sectors;)
        {
            long end = bits.EndOfRun(first + sector, first + sectors) - first;
            long start = sector * Geometry.LogicalSectorSize;
            long count = (end - sector) * Geometry.LogicalSectorSize;
            IEnumerable<SalvagePiece> pieces = bits[first + sector] ? OfFile(offset + start, count, fileOffset + start, lost) : _parent.Pieces(offset + start, count, lost);
            foreach (SalvagePiece piece in pieces)
            {
                yield return piece;
            }

            sector = end;
        }
    }
}
