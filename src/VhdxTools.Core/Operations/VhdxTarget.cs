using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using VhdxTools.Disks;
using VhdxTools.Format;
using VhdxTools.Images;
using VhdxTools.IO;
using VhdxTools.Layout;

namespace VhdxTools.Operations;

/// <summary>A new VHDX.</summary>
internal sealed class VhdxTarget : ConversionTarget
{
    private static readonly HashSet<Guid> s_ownItems =
    [
        WellKnownGuids.FileParameters, WellKnownGuids.VirtualDiskSize, WellKnownGuids.VirtualDiskId,
        WellKnownGuids.LogicalSectorSize, WellKnownGuids.PhysicalSectorSize, WellKnownGuids.ParentLocator,
    ];

    private readonly OpenedDisk _source;
    private readonly LayoutPlan _plan;
    private readonly DiskDifferences? _differences;

    /// <param name="options">The wishes.</param>
    /// <param name="type">The type of the target.</param>
    /// <param name="source">The disk.</param>
    /// <param name="sourceLength">Its size in bytes; that of a raw file need not be a multiple of a sector.</param>
    /// <param name="parent">The disk of the parent; null unless the target is differencing.</param>
    /// <exception cref="VhdxException">A value breaks a rule, or two contradict.</exception>
    public VhdxTarget(ConvertOptions options, VhdType type, OpenedDisk source, long sourceLength, OpenedDisk? parent)
    {
        _source = source;
        VhdxFile? tip = source.Chain?.Layers[0].Image;
        ParentReference? reference = parent is null ? null : ParentReader.Read(parent.Path, options.DestinationPath, options.IsPortable, Warnings.Add);

        // A raw disk has no sector size of its own.
        ulong? logical = options.LogicalSectorSizeBytes ?? (source.Format == VhdFormat.Raw ? (ulong?)reference?.LogicalSectorSize : (ulong)source.Disk.LogicalSectorSize);
        ulong? physical = options.PhysicalSectorSizeBytes ?? (tip is null ? null : Math.Max((ulong)tip.PhysicalSectorSize!.Value, logical ?? 0));
        int sectorSize = logical is 4096 ? 4096 : LayoutPlanner.DefaultLogicalSectorSize;
        long size = source.Format == VhdFormat.Raw ? FormatConstants.AlignUp(sourceLength, sectorSize) : sourceLength;
        if (size != sourceLength)
        {
            Warnings.Add(FormattableString.Invariant(
                $"'{source.Path}' has {sourceLength} bytes, which is no multiple of the sector size {sectorSize}: the new disk has {size} bytes, with zeros at its end."));
        }

        Guid? identifier = options.DiskIdentifier ?? (source.DiskIdentifier == Guid.Empty ? null : source.DiskIdentifier);
        _plan = LayoutPlanner.Plan(new()
        {
            Type = type,
            SizeBytes = (ulong)size,
            BlockSizeBytes = options.BlockSizeBytes ?? BlockSizeOf(source, type),
            LogSizeBytes = options.LogSizeBytes,
            LogicalSectorSizeBytes = logical,
            PhysicalSectorSizeBytes = physical,
            Preallocation = options.Preallocation,
            Creator = options.Creator ?? options.DefaultCreator,
            Identifiers = options.Identifiers(FormattableString.Invariant($"Convert/VHDX/{type}/{size}/{reference?.DataWriteGuid}")),
            DiskIdentifier = identifier,
            Parent = reference,
            Items = tip is null ? null : ItemsOf(tip),
        });
        Warnings.AddRange(_plan.Warnings);
        string hint = source.Format == VhdFormat.Raw ? FormattableString.Invariant($" -LogicalSectorSizeBytes {(sectorSize == 512 ? 4096 : 512)} gives the disk the other size.") : "";
        Warnings.AddRange(SectorSizeWarnings.Of(source, sectorSize, hint));
        _differences = parent is null ? null : new(source, parent, size, sectorSize);
    }

    public override VhdFormat Format => VhdFormat.VHDX;

    public override VhdType Type => _plan.Type;

    public override long Size => _plan.Geometry.VirtualDiskSize;

    public override string Describe(CancellationToken cancellation) => FormattableString.Invariant(
        $"a {Type} VHDX of {ByteText.Size(Size)} ({Size} bytes), blocks of {ByteText.Size(_plan.Geometry.BlockSize)}, logical sectors of {_plan.Geometry.LogicalSectorSize} bytes; ")
        + (Type == VhdType.Fixed
            ? LengthText("", _plan.FileLength) + PreallocationText(_plan.Preallocation)
            : LengthText("at most ", MaximumLength(cancellation)));

    public override void Write(IRandomAccessFile file, Action<long, long>? progress, CancellationToken cancellation)
    {
        if (_differences is null)
        {
            VhdxImageWriter.Write(_plan, _source.Disk, file, progress, cancellation);
        }
        else
        {
            VhdxImageWriter.WriteDifferences(_plan, _differences.Disk, _differences.Runs(progress, cancellation), file, cancellation);
        }
    }

    /// <summary>The items that the format does not know: those of users, and optional ones of other programs.</summary>
    private static List<MetadataItem> ItemsOf(VhdxFile tip)
    {
        List<MetadataItem> items = [];
        foreach ((MetadataEntry entry, byte[]? content) in tip.Metadata)
        {
            if (entry.Flags.HasFlag(MetadataFlags.IsUser) || !s_ownItems.Contains(entry.Id))
            {
                items.Add(new(entry.Id, entry.Flags, entry.Offset, content ?? throw new VhdxException(
                    VhdxRules.MetadataItemPlace.Id, ErrorKind.InvalidData, $"The metadata items of '{tip.Raw.Name}' are too large to be taken over.")));
            }
        }

        return items;
    }

    /// <summary>The source's block size where it is good for the target; children have small blocks, unless the source was a child with others.</summary>
    private static ulong? BlockSizeOf(OpenedDisk source, VhdType type) =>
        source.BlockSize is int size && FormatConstants.IsBlockSize(size) && (type != VhdType.Differencing || source.Type == VhdType.Differencing) ? (ulong)size : null;

    private long MaximumLength(CancellationToken cancellation)
    {
        VhdxGeometry geometry = _plan.Geometry;
        if (_differences is null)
        {
            return _plan.FileLength + (CountTouched(DataOf(_source.Disk, cancellation), geometry.BlockSize) * geometry.BlockSize);
        }

        List<long> chunks = [];
        long blocks = CountTouched(_differences.Candidates(cancellation).Select(Noted), geometry.BlockSize);
        return _plan.FileLength + (blocks * geometry.BlockSize) + (chunks.Count * (long)FormatConstants.SectorBitmapBlockLength);

        FileRange Noted(FileRange range)
        {
            long chunk = range.Offset / geometry.BlockSize / geometry.ChunkRatio;
            if (chunks.Count == 0 || chunks[chunks.Count - 1] != chunk)
            {
                chunks.Add(chunk);
            }

            return range;
        }
    }
}
