using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using VhdxTools.Checking;
using VhdxTools.Diagnostics;
using VhdxTools.Format;
using VhdxTools.Images;
using VhdxTools.IO;
using VhdxTools.Journal;
using VhdxTools.Layout;

namespace VhdxTools.Operations;

/// <summary>Lists every structure of a file, as far as a damaged one still gives them.</summary>
internal static class LayoutInspector
{
    private const int MaximumDescriptors = 1 << 16;

    /// <exception cref="VhdxException">The file cannot be opened, or is no VHDX.</exception>
    public static VhdxLayout Inspect(string path, CancellationToken cancellation = default) => BusyFile.Read(
        path,
        () => Inspect(OsFile.OpenRead(path), path, cancellation),
        layout => layout.Problems.Any(problem => problem.Severity == FindingSeverity.Error));

    internal static VhdxLayout Inspect(IRandomAccessFile file, string path, CancellationToken cancellation)
    {
        CollectingSink sink = new();
        using VhdxFile image = VhdxFile.Open(file, sink);
        SpaceMap map = SpaceMap.Build(image, cancellation);
        return new()
        {
            Path = path,
            FileLength = image.View.Length,
            VhdType = image.Type,
            Size = image.Geometry?.VirtualDiskSize,
            BlockSize = image.Geometry?.BlockSize,
            ChunkRatio = image.Geometry?.ChunkRatio,
            Creator = image.FileType.Creator,
            LogState = image.IsLogDirty ? LogState.Dirty : LogState.Clean,

            // Arrays: scripts can index them, and not the read-only lists that the compiler makes of collection expressions.
            Headers = image.Headers.ToArray(),
            RegionTables = image.RegionTables.ToArray(),
            Regions = image.RegionTables.FirstOrDefault(table => table.IsCurrent)?.Regions ?? [],
            MetadataItems = image.Metadata.Select(item => ItemOf(image, item.Entry, item.Content)).ToArray(),
            ParentLocator = image.ParentLocator?.Entries ?? [],
            LogEntries = LogEntriesOf(image, cancellation),
            Bat = image is { Bat: { } bat, Geometry: { } geometry } ? BatStatistics.Count(bat, geometry, cancellation) : null,
            Areas = map.Areas(cancellation).ToArray(),
            Problems = sink.Findings.Concat(BlockErrors(image, cancellation)).Take(CollectingSink.MaximumCount).ToArray(),
        };
    }

    /// <summary>What a reader of the blocks would run into; the notes about them are for Test-VhdxImage.</summary>
    private static IEnumerable<VhdxFinding> BlockErrors(VhdxFile image, CancellationToken cancellation) => image is { Bat: { } bat, Geometry: { } geometry }
        ? new BatChecker(image, bat, geometry, progress: null).Check(cancellation).Where(finding => finding.Severity == FindingSeverity.Error)
        : [];

    private static VhdxMetadataItem ItemOf(VhdxFile image, MetadataEntry entry, byte[]? content) => new()
    {
        Id = entry.Id,
        Name = entry.Flags.HasFlag(MetadataFlags.IsUser) ? entry.Id.ToString() : WellKnownGuids.MetadataItemName(entry.Id),
        Flags = entry.Flags,
        FileOffset = entry.Length == 0 || content is null ? null : image.MetadataRegion!.Value.Offset + entry.Offset,
        Length = entry.Length,
        Value = content is null ? null : Decode(entry, content),
    };

    private static object Decode(MetadataEntry entry, byte[] content)
    {
        if (entry.Flags.HasFlag(MetadataFlags.IsUser))
        {
            return content;
        }

        if (entry.Id == WellKnownGuids.FileParameters && content.Length == FileParameters.Length)
        {
            FileParameters parameters = FileParameters.Read(content);
            return FormattableString.Invariant($"BlockSize={parameters.BlockSize}; LeaveBlocksAllocated={parameters.LeaveBlocksAllocated}; HasParent={parameters.HasParent}");
        }

        if (entry.Id == WellKnownGuids.ParentLocator)
        {
            return string.Join("; ", ParentLocator.Read(content, out _).Entries.Select(pair => $"{pair.Key}={pair.Value}"));
        }

        bool isSector = entry.Id == WellKnownGuids.LogicalSectorSize || entry.Id == WellKnownGuids.PhysicalSectorSize;
        return entry.Id == WellKnownGuids.VirtualDiskSize && content.Length == sizeof(ulong) ? ByteFields.U64(content, 0)
            : entry.Id == WellKnownGuids.VirtualDiskId && content.Length == 16 ? ByteFields.Guid(content, 0)
            : isSector && content.Length == sizeof(uint) ? ByteFields.U32(content, 0)
            : content;
    }

    private static List<VhdxLogEntry> LogEntriesOf(VhdxFile image, CancellationToken cancellation)
    {
        List<VhdxLogEntry> entries = [];
        if (image.Log is not FileRange log)
        {
            return entries;
        }

        LogReader reader = new(image.Raw, log);
        HashSet<long> active = image.IsLogDirty ? [.. reader.ActiveSequence(image.Header!.LogGuid).Select(entry => entry.RingOffset)] : [];
        int budget = MaximumDescriptors;
        foreach (LogEntry entry in reader.ValidEntries())
        {
            cancellation.ThrowIfCancellationRequested();
            VhdxLogDescriptor[] descriptors = reader.Updates(entry)
                .Take(budget)
                .Select(update => new VhdxLogDescriptor(update.Descriptor.IsZero, update.Descriptor.FileOffset, update.Descriptor.UpdateLength))
                .ToArray();
            budget -= descriptors.Length;
            entries.Add(new()
            {
                FileOffset = log.Offset + entry.RingOffset,
                Length = entry.Header.EntryLength,
                SequenceNumber = entry.Header.SequenceNumber,
                Tail = entry.Header.Tail,
                LogGuid = entry.Header.LogGuid,
                FlushedFileOffset = entry.Header.FlushedFileOffset,
                LastFileOffset = entry.Header.LastFileOffset,
                IsActive = active.Contains(entry.RingOffset),
                DescriptorCount = entry.Header.DescriptorCount,
                Descriptors = descriptors,
            });
        }

        return entries;
    }
}
