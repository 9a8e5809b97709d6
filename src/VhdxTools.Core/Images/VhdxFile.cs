using System;
using System.Collections.Generic;
using System.Linq;
using VhdxTools.Diagnostics;
using VhdxTools.Format;
using VhdxTools.IO;
using VhdxTools.Journal;
using VhdxTools.Layout;

namespace VhdxTools.Images;

/// <summary>
/// An open VHDX file: headers, regions, metadata, BAT; read only, a dirty log replayed in memory. With a strict sink every property is
/// set once the file is open; with a collecting one, what could not be read is null.
/// </summary>
internal sealed class VhdxFile : IDisposable
{
    private readonly FindingSink _sink;

    private VhdxFile(IRandomAccessFile file, FindingSink sink)
    {
        Raw = file;
        View = file;
        _sink = sink;
        Headers =
        [
            new(1, FormatConstants.Header1Offset, file.ReadPadded(FormatConstants.Header1Offset, VhdxHeader.Length)),
            new(2, FormatConstants.Header2Offset, file.ReadPadded(FormatConstants.Header2Offset, VhdxHeader.Length)),
        ];
        FileType = FileTypeIdentifier.Read(file.ReadPadded(0, FileTypeIdentifier.Length));
    }

    /// <summary>The file as it is.</summary>
    public IRandomAccessFile Raw { get; }

    /// <summary>Whether the file ends inside its metadata, so that what is not listed may have been there.</summary>
    internal bool IsMetadataCut { get; set; }

    /// <summary>The file as it is once its log is replayed.</summary>
    public IRandomAccessFile View { get; private set; }

    /// <summary>What the log's replay changes; null with a clean log.</summary>
    public OverlayFile? Replayed { get; private set; }

    public FileTypeIdentifier FileType { get; }

    public IReadOnlyList<HeaderCopy> Headers { get; }

    public VhdxHeader? Header { get; private set; }

    /// <summary>Whether the log holds something to replay.</summary>
    public bool IsLogDirty => Header is { } header && header.LogGuid != Guid.Empty;

    public FileRange? Log { get; private set; }

    public IReadOnlyList<RegionTableCopy> RegionTables { get; private set; } = [];

    /// <summary>The entries of the current region table, unknown ones too.</summary>
    public IReadOnlyList<RegionEntry> Regions { get; private set; } = [];

    public FileRange? BatRegion { get; private set; }

    public FileRange? MetadataRegion { get; private set; }

    /// <summary>All items, in the table's order; content is null where it could not be read.</summary>
    public IReadOnlyList<(MetadataEntry Entry, byte[]? Content)> Metadata { get; private set; } = [];

    public FileParameters? FileParameters { get; private set; }

    public Guid? VirtualDiskId { get; private set; }

    public int? PhysicalSectorSize { get; private set; }

    public ParentLocator? ParentLocator { get; private set; }

    public VhdxGeometry? Geometry { get; private set; }

    public BlockAllocationTable? Bat { get; private set; }

    public VhdType Type => FileParameters is not { } parameters ? VhdType.Unknown
        : parameters.HasParent ? VhdType.Differencing
        : parameters.LeaveBlocksAllocated ? VhdType.Fixed
        : VhdType.Dynamic;

    /// <summary>Opens a path for reading and throws on the first error.</summary>
    /// <exception cref="VhdxException">The file cannot be opened, is no VHDX, or breaks a rule that reading depends on.</exception>
    public static VhdxFile OpenRead(string path) => BusyFile.Read(path, () => Open(OsFile.OpenRead(path), StrictSink.Instance));

    /// <summary>Opens what a file holds; the file is closed with the result, and also when this fails.</summary>
    /// <exception cref="VhdxException">The file is no VHDX, or (strict sinks) breaks a rule that reading depends on.</exception>
    public static VhdxFile Open(IRandomAccessFile file, FindingSink sink)
    {
        try
        {
            VhdFormat format = ContentSniffer.Sniff(file);
            if (format != VhdFormat.VHDX)
            {
                throw ContentSniffer.NotVhdx(file, format);
            }

            VhdxFile image = new(file, sink);
            image.Read();
            return image;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    public void Dispose() => Raw.Dispose();

    /// <summary>A metadata item of the system (not of a user) with that id, or null.</summary>
    public byte[]? SystemItem(Guid id)
    {
        foreach ((MetadataEntry entry, byte[]? content) in Metadata)
        {
            if (entry.Id == id && !entry.Flags.HasFlag(MetadataFlags.IsUser))
            {
                return content;
            }
        }

        return null;
    }

    /// <summary>Whether the table lists such an item, readable or not.</summary>
    public bool HasSystemItem(Guid id) => Metadata.Any(item => item.Entry.Id == id && !item.Entry.Flags.HasFlag(MetadataFlags.IsUser));

    internal void Report(
        VhdxRule rule,
        string message,
        long? offset = null,
        long? length = null,
        string? expected = null,
        string? actual = null,
        string? item = null,
        FindingSeverity? severity = null,
        bool? blocksReading = null,
        RepairMethod? repair = null)
    {
        VhdxFinding finding = VhdxFinding.Of(rule, Raw.Name, message) with
        {
            Severity = severity ?? rule.Severity,
            Repair = repair ?? rule.Repair,
            FileOffset = offset,
            Length = length,
            Expected = expected,
            Actual = actual,
            Item = item,
        };
        _sink.Report(finding, blocksReading ?? finding.Severity == FindingSeverity.Error);
    }

    private void Read()
    {
        if (!FileType.IsSignatureValid)
        {
            Report(VhdxRules.FileSignature, "The file does not start with the signature of a VHDX file.", 0, FileTypeIdentifier.Signature.Length, "vhdxfile");
        }

        Header = HeaderReader.Choose(this);
        if (Header is not null)
        {
            Log = HeaderReader.CheckLog(this, Header);
            if (IsLogDirty && Log is not null)
            {
                Replayed = LogReplayer.Replay(Raw, Header, _sink);
                View = Replayed ?? Raw;
            }
        }

        RegionTables = RegionReader.ReadCopies(View);
        Regions = RegionReader.Choose(this)?.Entries ?? [];
        RegionReader.Check(this);
        BatRegion = RegionReader.Find(this, WellKnownGuids.BatRegion, VhdxRules.BatRegionMissing);
        MetadataRegion = RegionReader.Find(this, WellKnownGuids.MetadataRegion, VhdxRules.MetadataRegionMissing);
        if (MetadataRegion is FileRange region)
        {
            ReadMetadata(region);
        }

        if (BatRegion is FileRange bat && bat.End > View.Length)
        {
            ReportBatCut(bat);
        }
    }

    private void ReadMetadata(FileRange region)
    {
        if (MetadataReader.ReadItems(this, region) is not { } items)
        {
            return;
        }

        Metadata = items;
        FileParameters = MetadataReader.ReadFileParameters(this);
        long? size = MetadataReader.ReadVirtualDiskSize(this);
        int? logical = MetadataReader.ReadSectorSize(this, WellKnownGuids.LogicalSectorSize);
        PhysicalSectorSize = MetadataReader.ReadSectorSize(this, WellKnownGuids.PhysicalSectorSize);
        VirtualDiskId = MetadataReader.ReadVirtualDiskId(this);
        ParentLocator = MetadataReader.ReadParentLocator(this);
        if (FileParameters is { } parameters && size is long bytes && logical is int sector && MetadataReader.IsSizeValid(this, bytes, sector))
        {
            Geometry = new(bytes, (int)parameters.BlockSize, sector, parameters.HasParent);
            OpenBat(Geometry);
        }
    }

    /// <summary>The file ends before its BAT does; the blocks whose entries are lost are named where they are known.</summary>
    private void ReportBatCut(FileRange region)
    {
        VhdxFinding finding = VhdxFinding.Of(VhdxRules.FileTooShort, Raw.Name, $"The file ends before the BAT region does: {RegionReader.LostPart(region, View.Length)}.") with
        {
            FileOffset = region.Offset,
            Length = region.Length,
            Expected = FormattableString.Invariant($"at least {region.End} bytes"),
            Actual = FormattableString.Invariant($"{View.Length} bytes"),
            Item = "BAT",
        };
        if (Geometry is { } geometry && Bat is { } bat)
        {
            // The first block whose entry is lost: behind a chunk's last block stands the entry of its sector bitmap.
            long first = geometry.IsSectorBitmapEntry(bat.EntryCount) ? geometry.PayloadBlockOfEntry(bat.EntryCount + 1) : geometry.PayloadBlockOfEntry(bat.EntryCount);
            long count = geometry.PayloadBlockCount - first;
            string lost = "none of the entries that the disk needs is lost";
            if (count > 0)
            {
                long start = first * geometry.BlockSize;
                lost = $"lost are the entries of {AreaNames.Numbered("payload block", first, count)}, bytes {ByteText.Hex(start)} to {ByteText.Hex(geometry.VirtualDiskSize)} of the disk";
                finding = finding with { Block = first, BlockCount = count, VirtualOffset = start, VirtualLength = geometry.VirtualDiskSize - start };
            }
            else if (bat.EntryCount < geometry.BatEntryCount)
            {
                lost = $"lost is the entry of {AreaNames.Numbered("sector bitmap block", geometry.SectorBitmapBlockCount - 1, 1)}";
            }

            finding = finding with { Message = finding.Message.TrimEnd('.') + "; " + lost + "." };
        }

        _sink.Report(finding, blocksReading: true);
    }

    private void OpenBat(VhdxGeometry geometry)
    {
        if (BatRegion is not FileRange region)
        {
            return;
        }

        if (region.Length < geometry.BatLength)
        {
            Report(
                VhdxRules.BatTooShort,
                "The BAT region is too short for the disk.",
                region.Offset,
                region.Length,
                FormattableString.Invariant($"at least {geometry.BatLength} bytes"),
                FormattableString.Invariant($"{region.Length} bytes"));
        }

        // In a truncated or short table, what is there is still worth reading.
        Bat = new(View, region, geometry);
    }
}
