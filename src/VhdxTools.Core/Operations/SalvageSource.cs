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
    private readonly DiskChain? _parent;
    private readonly (string Id, string Reason) _noParent;

    private SalvageSource(VhdxFile image, DiskChain? parent, (string Id, string Reason) noParent)
    {
        _image = image;
        _structures = new(image);
        _parent = parent;
        _noParent = noParent;
        Geometry = image.Geometry!;
    }

    public VhdxFile Image => _image;

    public VhdxGeometry Geometry { get; }

    /// <summary>The full paths of the parents that are read.</summary>
    /// <summary>The files that the stored paths lead to, also where they no longer fit: they may hold what nothing else does.</summary>
    public IReadOnlyList<string> StoredParents { get; private init; } = [];

    public IEnumerable<string> Parents => _parent is null ? [] : _parent.Layers.Select(layer => layer.Path);

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

            (string, string) noParent = default;
            DiskChain? parent = image.Geometry.HasParent ? OpenParent(path, image, out noParent) : null;
            return new(image, parent, noParent) { StoredParents = StoredParentsOf(path, image) };
        }
        catch
        {
            image.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        _image.Dispose();
        _parent?.Dispose();
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

        // What lies beyond the end of a shorter parent reads as zeros.
        int there = (int)Math.Max(0, Math.Min(buffer.Length, _parent!.Capacity - offset));
        buffer.Slice(there).Clear();
        if (there > 0)
        {
            _parent.Read(offset, buffer.Slice(0, there));
        }
    }

    private static List<string> StoredParentsOf(string path, VhdxFile image)
    {
        List<string> parents = [];
        if (image.ParentLocator is { } locator && ParentPaths.Find(path, locator) is string parent)
        {
            parents.Add(parent);
            try
            {
                parents.AddRange(ChainInspector.Follow(parent, default).Select(link => link.Path));
            }
            catch (VhdxException)
            {
                // A parent that cannot be read tells of no further ones.
            }
        }

        return parents;
    }

    private static DiskChain? OpenParent(string path, VhdxFile image, out (string Id, string Reason) problem)
    {
        problem = default;
        if (image.ParentLocator is not { } locator)
        {
            problem = (VhdxRules.ParentLocatorMissing.Id, "only the parent has it, and nothing tells which that is");
            return null;
        }

        if (ParentPaths.Find(path, locator) is not string parentPath)
        {
            problem = (VhdxRules.ParentNotFound.Id, "only the parent has it, which is not found");
            return null;
        }

        DiskChain? chain = null;
        try
        {
            chain = DiskChain.OpenRead(parentPath);
            if (locator.Accepts(chain.Layers[0].Image.Header!.DataWriteGuid) && chain.LogicalSectorSize == image.Geometry!.LogicalSectorSize)
            {
                return chain;
            }

            problem = (VhdxRules.ParentMismatch.Id, "only the parent has it, and what is there is not the parent that the image was made from");
        }
        catch (VhdxException exception)
        {
            problem = (exception.Id, "only the parent has it, which cannot be read: " + exception.Message);
        }

        chain?.Dispose();
        return null;
    }

    private IEnumerable<SalvagePiece> PiecesOf(BlockState state, long block, long offset, long length, long fileOffset, LostRanges lost)
    {
        switch (state)
        {
            case BlockState.NotPresent:
                return Geometry.HasParent ? OfParent(offset, length, lost) : [];
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

    private IEnumerable<SalvagePiece> OfParent(long offset, long length, LostRanges lost)
    {
        if (_parent is null)
        {
            lost.Add(offset, length, _noParent.Id, _noParent.Reason);
            yield break;
        }

        long end = Math.Min(offset + length, _parent.Capacity);
        while (offset < end)
        {
            // A damaged block of the parent ends its list; the list goes on behind it.
            List<DiskExtent> extents = [];
            long position = offset;
            string? id = null;
            string reason = "";
            using (IEnumerator<DiskExtent> source = _parent.Extents(offset, end - offset).GetEnumerator())
            {
                while (extents.Count < 4096 && id is null)
                {
                    try
                    {
                        if (!source.MoveNext())
                        {
                            position = end;
                            break;
                        }

                        extents.Add(source.Current);
                        position = source.Current.End;
                    }
                    catch (VhdxException exception)
                    {
                        id = exception.Id;
                        reason = "the parent is damaged: " + exception.Message;
                    }
                }
            }

            foreach (DiskExtent extent in extents.Where(extent => extent.Kind == DiskExtentKind.Data))
            {
                yield return new(extent.Offset, extent.Length, null);
            }

            if (id is not null)
            {
                long next = Math.Min(end, ((position / FormatConstants.MiB) + 1) * FormatConstants.MiB);
                lost.Add(position, next - position, id, reason);
                position = next;
            }

            offset = position;
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
            IEnumerable<SalvagePiece> pieces = bits[first + sector] ? OfFile(offset + start, count, fileOffset + start, lost) : OfParent(offset + start, count, lost);
            foreach (SalvagePiece piece in pieces)
            {
                yield return piece;
            }

            sector = end;
        }
    }
}
