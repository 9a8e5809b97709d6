using System;
using System.Linq;
using System.Threading;
using VhdxTools.Disks;
using VhdxTools.Format;
using VhdxTools.IO;
using VhdxTools.Layout;

namespace VhdxTools.Operations;

/// <summary>A new VHD (version 1).</summary>
internal sealed class VhdTarget : ConversionTarget
{
    private const int SmallBlockSize = (int)(512 * FormatConstants.KiB);

    private readonly OpenedDisk _source;
    private readonly VhdPlan _plan;
    private readonly Preallocation _preallocation;
    private readonly DiskDifferences? _differences;

    /// <param name="options">The wishes.</param>
    /// <param name="type">The type of the target.</param>
    /// <param name="source">The disk.</param>
    /// <param name="sourceLength">Its size in bytes; that of a raw file need not be a multiple of a sector.</param>
    /// <param name="parent">The disk of the parent; null unless the target is differencing.</param>
    /// <exception cref="VhdxException">A value breaks a rule, or two contradict.</exception>
    public VhdTarget(ConvertOptions options, VhdType type, OpenedDisk source, long sourceLength, OpenedDisk? parent)
    {
        const string what = "a VHD";
        ConvertOptions.ThrowIfGiven(options.LogSizeBytes is not null, nameof(options.LogSizeBytes), what);
        ConvertOptions.ThrowIfGiven(options.PhysicalSectorSizeBytes is not null, nameof(options.PhysicalSectorSizeBytes), what);
        ConvertOptions.ThrowIfGiven(options.Preallocation is not null && type != VhdType.Fixed, nameof(options.Preallocation), $"a {type} VHD");
        ThrowIfOtherSectors(options, source);
        long size = FormatConstants.AlignUp(sourceLength, VhdFooter.SectorLength);
        if (size != sourceLength)
        {
            Warnings.Add(FormattableString.Invariant(
                $"'{source.Path}' has {sourceLength} bytes, which is no multiple of the sector size 512: the new disk has {size} bytes, with zeros at its end."));
        }

        _source = source;
        _preallocation = options.Preallocation ?? Preallocation.Reserve;
        VhdParentReference? reference = parent is null ? null : VhdParentReader.Read(parent.Path, options.DestinationPath, options.IsPortable);
        Guid random = options.Identifiers(FormattableString.Invariant($"Convert/VHD/{type}/{size}/{reference?.UniqueId}")).DiskIdentifier;

        // UniqueId tells a child from its parent, so a child never has its parent's.
        Guid kept = source.DiskIdentifier is Guid known && known != Guid.Empty && known != reference?.UniqueId ? known : random;
        _plan = VhdPlanner.Plan(new()
        {
            Type = type,
            SizeBytes = (ulong)size,
            BlockSizeBytes = options.BlockSizeBytes ?? (type != VhdType.Fixed && source.BlockSize is SmallBlockSize ? SmallBlockSize : null),
            AzureCompatible = options.AzureCompatible,
            UniqueId = options.DiskIdentifier ?? kept,
            CreatedAt = options.CreatedAt,
            CreatorApplication = options.Creator ?? VhdCreateOptions.DefaultCreatorApplication,
            CreatorVersion = options.CreatorVersion,
            Parent = reference,
        });
        Warnings.AddRange(_plan.Warnings);
        Warnings.AddRange(SectorSizeWarnings.Of(source, VhdFooter.SectorLength));
        if (_plan.Size > size && PartitionTable.KindOf(source.Disk.Read, source.Disk.Capacity, VhdFooter.SectorLength) == "GPT")
        {
            Warnings.Add("The disk is longer now, and the backup of its GPT is not at its end any more.");
        }

        _differences = parent is null ? null : new(source, parent, _plan.Size, VhdFooter.SectorLength);
    }

    public override VhdFormat Format => VhdFormat.VHD;

    public override VhdType Type => _plan.Type;

    public override long Size => _plan.Size;

    public override string Describe(CancellationToken cancellation) => FormattableString.Invariant($"a {Type} VHD of {ByteText.Size(Size)} ({Size} bytes)") + (Type == VhdType.Fixed
        ? "; " + LengthText("", _plan.MaximumFileLength) + PreallocationText(_preallocation)
        : $", blocks of {ByteText.Size(_plan.BlockLayout.BlockSize)}; " + LengthText("at most ", MaximumLength(cancellation)));

    public override void Write(IRandomAccessFile file, Action<long, long>? progress, CancellationToken cancellation)
    {
        if (_differences is null)
        {
            VhdImageWriter.Write(_plan, _source.Disk, file, _preallocation, progress, cancellation);
        }
        else
        {
            VhdImageWriter.WriteDifferences(
                _plan, _differences.Disk, _differences.Runs(null, cancellation).Select(run => new FileRange(run.Offset, run.Bytes.Length)), file, progress, cancellation);
        }
    }

    private static void ThrowIfOtherSectors(ConvertOptions options, OpenedDisk source)
    {
        if (options.LogicalSectorSizeBytes is ulong wanted && wanted != VhdFooter.SectorLength)
        {
            throw Invalid(FormattableString.Invariant($"The sectors of a VHD have 512 bytes, always, not {wanted}."));
        }

        if (options.LogicalSectorSizeBytes is null && source.Disk.LogicalSectorSize != VhdFooter.SectorLength)
        {
            throw Invalid(FormattableString.Invariant(
                $"The disk in '{source.Path}' has sectors of {source.Disk.LogicalSectorSize} bytes, and those of a VHD have 512: partitions and file systems on it would not be found. With -LogicalSectorSizeBytes 512 the bytes are copied all the same."));
        }
    }

    private static VhdxException Invalid(string message) => new(ErrorIds.InvalidLogicalSectorSize, ErrorKind.InvalidArgument, message);

    private long MaximumLength(CancellationToken cancellation)
    {
        long blocks = CountTouched(_differences?.Candidates(cancellation) ?? DataOf(_source.Disk, cancellation), _plan.BlockLayout.BlockSize);
        return _plan.BlockLayout.EndAfter(_plan.BlocksOffset, blocks) + VhdFooter.Length;
    }
}
