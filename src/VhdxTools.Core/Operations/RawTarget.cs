using System;
using System.Linq;
using System.Threading;
using VhdxTools.Disks;
using VhdxTools.IO;

namespace VhdxTools.Operations;

/// <summary>The bytes of a disk and nothing else.</summary>
internal sealed class RawTarget : ConversionTarget
{
    private readonly OpenedDisk _source;
    private readonly Preallocation _preallocation;

    /// <param name="options">The wishes.</param>
    /// <param name="source">The disk.</param>
    /// <param name="sourceLength">The size of the new file in bytes; that of a raw source need not be a multiple of a sector.</param>
    /// <exception cref="VhdxException">A wish does not apply to a raw file.</exception>
    public RawTarget(ConvertOptions options, OpenedDisk source, long sourceLength)
    {
        const string what = "a raw file";
        if (options.Type is not (null or VhdType.Fixed) || options.ParentPath is not null)
        {
            throw ConvertOptions.Contradiction($"A raw file is the bytes of a disk one behind the other: it cannot be {options.Type ?? VhdType.Differencing}.");
        }

        ConvertOptions.ThrowIfGiven(options.BlockSizeBytes is not null, nameof(options.BlockSizeBytes), what);
        ConvertOptions.ThrowIfGiven(options.LogSizeBytes is not null, nameof(options.LogSizeBytes), what);
        ConvertOptions.ThrowIfGiven(options.LogicalSectorSizeBytes is not null, nameof(options.LogicalSectorSizeBytes), what);
        ConvertOptions.ThrowIfGiven(options.PhysicalSectorSizeBytes is not null, nameof(options.PhysicalSectorSizeBytes), what);
        ConvertOptions.ThrowIfGiven(options.DiskIdentifier is not null, nameof(options.DiskIdentifier), what);
        ConvertOptions.ThrowIfGiven(options.Creator is not null, nameof(options.Creator), what);
        _source = source;
        _preallocation = options.Preallocation ?? Preallocation.None;
        Size = sourceLength;
        if (source.Format != VhdFormat.Raw)
        {
            Warnings.AddRange(SectorSizeWarnings.Of(source, 512, " A raw file does not tell its sector size; whoever uses it has to give 4096."));
        }
    }

    public override VhdFormat Format => VhdFormat.Raw;

    public override VhdType Type => VhdType.Fixed;

    public override long Size { get; }

    public override string Describe(CancellationToken cancellation)
    {
        long data = DataOf(_source.Disk, cancellation).Sum(range => range.Length);
        string holes = _preallocation == Preallocation.None ? $", with at most {ByteText.Size(data)} of data and holes for the rest" : PreallocationText(_preallocation);
        return $"a raw file; {LengthText("", Size)}{holes}";
    }

    public override void Write(IRandomAccessFile file, Action<long, long>? progress, CancellationToken cancellation)
    {
        FlatImageWriter.SetLength(file, Size, _preallocation);
        using PageBufferPool buffers = DataRuns.NewBuffers();
        FlatImageWriter.Write(DataRuns.Of(_source.Disk, 0, _source.Disk.Capacity, buffers, progress, ReadAhead.Depth, cancellation), file, new(0, Size), _preallocation, cancellation);

        // The last sector of a raw source may be cut.
        file.SetLength(Size);
    }
}
