using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using VhdxTools.Format;
using VhdxTools.Images;
using VhdxTools.IO;
using VhdxTools.Layout;

namespace VhdxTools.Operations;

/// <summary>Copies everything readable of a damaged image and its parents into a new dynamic image. The damaged file is only read.</summary>
internal sealed class ImageSalvager : IDisposable
{
    /// <summary>What is read at once, and left out when it is zero.</summary>
    private const int ChunkLength = (int)(64 * FormatConstants.KiB);

    /// <summary>When a chunk cannot be read, it is tried in pieces of this length: a medium loses sectors, not chunks.</summary>
    private const int RetryLength = 4096;

    private readonly string _path;
    private readonly string _destination;
    private readonly SalvageSource _source;
    private readonly LayoutPlan _plan;
    private readonly List<VhdxRepairAction> _actions = [];

    /// <summary>Opens the damaged image and plans the new one.</summary>
    /// <param name="path">Full path of the damaged image.</param>
    /// <param name="destination">Full path of the new image.</param>
    /// <param name="creator">The program name in the new file.</param>
    /// <param name="identifiers">New identifiers; that of the disk is kept when it can be read.</param>
    /// <exception cref="VhdxException">Nothing can be read, or the destination is a file that is read.</exception>
    public ImageSalvager(string path, string destination, string creator, ImageIdentifiers identifiers)
    {
        _path = path;
        _destination = destination;
        if (FileKinds.AreSame(path, destination))
        {
            throw new VhdxException(ErrorIds.DestinationIsSource, ErrorKind.InvalidArgument, $"'{destination}' is the damaged image itself: salvaging never writes to it.");
        }

        _source = SalvageSource.Open(path);
        try
        {
            if (_source.Parents.FirstOrDefault(parent => FileKinds.AreSame(parent, destination)) is string used)
            {
                throw new VhdxException(ErrorIds.DestinationIsParent, ErrorKind.InvalidArgument, $"'{destination}' is '{used}', which the damaged image depends on.");
            }

            _plan = Plan(creator, identifiers);
        }
        catch
        {
            _source.Dispose();
            throw;
        }
    }

    /// <summary>What is known of the disk.</summary>
    public VhdxGeometry Geometry => _source.Geometry;

    public void Dispose() => _source.Dispose();

    /// <summary>What would be done, in numbers, for -WhatIf and -Confirm.</summary>
    public string Describe(CancellationToken cancellation)
    {
        LostRanges lost = new();
        long length = _source.Pieces(lost, cancellation).Sum(piece => piece.Length);
        return FormattableString.Invariant(
            $"Copy up to {ByteText.Size(length)} of data into a new image of {ByteText.Size(_source.Geometry.VirtualDiskSize)}: '{_destination}'. {lost.Length} bytes in {lost.Ranges.Count} ranges of the disk cannot be read.");
    }

    /// <summary>Writes the new image; it gets its name when it is complete.</summary>
    /// <param name="replace">Whether an existing file is replaced.</param>
    /// <param name="uniqueName">A text for the temporary name that no other file of the folder has.</param>
    /// <param name="progress">Gets bytes of the disk done and in all.</param>
    /// <param name="wrap">For tests: puts another file over the one that is made.</param>
    /// <param name="cancellation">Stops the work; nothing stays behind.</param>
    /// <exception cref="VhdxException">The new file cannot be made; nothing stays behind.</exception>
    public VhdxRepairResult Salvage(
        bool replace,
        string uniqueName,
        Action<long, long>? progress = null,
        Func<IRandomAccessFile, IRandomAccessFile>? wrap = null,
        CancellationToken cancellation = default)
    {
        FindingSummary before = FindingSummary.Of(_path, null, cancellation);
        LostRanges lost = new();
        long length;
        using (PendingFile pending = PendingFile.Create(_destination, replace, uniqueName, wrap))
        {
            ImageCreator.Write(_plan, pending.File, cancellation: cancellation);
            SalvageWriter writer = new(_plan, pending.File);
            byte[] buffer = new byte[ChunkLength];
            foreach (SalvagePiece piece in _source.Pieces(lost, cancellation))
            {
                for (long offset = piece.Offset; offset < piece.Offset + piece.Length;)
                {
                    cancellation.ThrowIfCancellationRequested();
                    int count = (int)Math.Min(ChunkLength - (offset % ChunkLength), piece.Offset + piece.Length - offset);
                    Copy(writer, piece, offset, buffer.AsSpan(0, count), lost);
                    offset += count;
                    progress?.Invoke(offset, _source.Geometry.VirtualDiskSize);
                }
            }

            writer.Complete();
            length = pending.File.Length;
            _source.ThrowIfCut();
            pending.Commit(cancellation);
        }

        FindingSummary after = FindingSummary.Of(_destination, null, cancellation);
        AddLogAction();
        AddDoubts(before, cancellation);
        return new()
        {
            Path = _path,
            Changed = false,
            Actions = _actions,
            ActionCount = _actions.Count,
            Before = before.Findings,
            BeforeCount = before.Count,
            After = after.Findings,
            AfterCount = after.Count,
            BytesBefore = _source.Image.Raw.Length,
            BytesAfter = length,
            IsSound = after.IsSound,
            Destination = _destination,
            Unreadable = lost.Ranges,
        };
    }

    private void Copy(SalvageWriter writer, SalvagePiece piece, long offset, Span<byte> buffer, LostRanges lost)
    {
        try
        {
            _source.Read(piece, offset, buffer);
        }
        catch (VhdxException) when (buffer.Length > RetryLength)
        {
            for (int done = 0; done < buffer.Length; done += RetryLength)
            {
                Copy(writer, piece, offset + done, buffer.Slice(done, Math.Min(RetryLength, buffer.Length - done)), lost);
            }

            return;
        }
        catch (VhdxException exception)
        {
            lost.Add(offset, buffer.Length, exception.Id, exception.Message);
            return;
        }

        if (!ByteFields.IsZero(buffer))
        {
            writer.Write(offset, buffer);
        }
    }

    private LayoutPlan Plan(string creator, ImageIdentifiers identifiers)
    {
        VhdxFile image = _source.Image;
        Guid? disk = image.VirtualDiskId is Guid id && id != Guid.Empty ? id : null;
        if (disk is null)
        {
            Add(VhdxRules.DiskIdentifierZero, "The disk has a new identifier: the old one is zero or cannot be read.");
        }

        if (image.PhysicalSectorSize is null)
        {
            Add(VhdxRules.SectorSize, FormattableString.Invariant($"The physical sector size is {LayoutPlanner.DefaultPhysicalSectorSize}: the old one cannot be read."));
        }

        LayoutPlan plan = LayoutPlanner.Plan(new()
        {
            Type = VhdType.Dynamic,
            SizeBytes = (ulong)_source.Geometry.VirtualDiskSize,
            BlockSizeBytes = (ulong)_source.Geometry.BlockSize,
            LogicalSectorSizeBytes = (ulong)_source.Geometry.LogicalSectorSize,
            PhysicalSectorSizeBytes = (ulong?)image.PhysicalSectorSize,
            Creator = creator,
            Identifiers = identifiers,
            DiskIdentifier = disk,
        });
        return WithOtherItems(plan, image);
    }

    /// <summary>User metadata and other items of the disk come along when they can be read and the region has room.</summary>
    private LayoutPlan WithOtherItems(LayoutPlan plan, VhdxFile image)
    {
        List<MetadataItem> items = [.. plan.Metadata];
        HashSet<(Guid, bool)> seen = [.. items.Select(item => (item.Id, item.IsUser))];
        long end = MetadataPlacer.End(items);
        foreach ((MetadataEntry entry, byte[]? content) in image.Metadata)
        {
            bool isUser = entry.Flags.HasFlag(MetadataFlags.IsUser);
            if ((entry.Id == WellKnownGuids.ParentLocator && !isUser) || !seen.Add((entry.Id, isUser)))
            {
                continue;
            }

            // What is required and not understood would keep everybody from opening the new image.
            bool fits = content is not null && !entry.Flags.HasFlag(MetadataFlags.IsRequired) && end + content.Length <= plan.MetadataRegion.Length
                && items.Count < FormatConstants.MaximumTableEntries
                && (!isUser || items.Count(item => item.IsUser) < FormatConstants.MaximumUserMetadataEntries);
            if (!fits)
            {
                Add(VhdxRules.MetadataItemPlace, $"The metadata item {WellKnownGuids.MetadataItemName(entry.Id)} is left behind: it cannot be read, is required and not understood, or there is no room for it.");
                continue;
            }

            items.Add(new(entry.Id, entry.Flags, 0, content!));
            end += content!.Length;
        }

        return items.Count == plan.Metadata.Count ? plan : plan with { Metadata = MetadataPlacer.Pack(items) };
    }

    private void AddLogAction()
    {
        if (_source.Image.IsLogDirty && _source.Image.Replayed is null)
        {
            Add(VhdxRules.LogLost, "The log could not be replayed: blocks were read where the image had them before.");
        }
    }

    private void AddDoubts(FindingSummary before, CancellationToken cancellation)
    {
        List<VhdxFinding> shared = [.. before.Findings.Where(finding => finding.RuleId == VhdxRules.BlocksShareSpace.Id && finding.File == _path)];
        if (shared.Count > 0)
        {
            IEnumerable<VhdxRepairAction> actions = shared.Select(finding => VhdxRepairAction.Of(finding, "Copied, and doubtful: " + finding.Message) with { Method = RepairMethod.Salvage });
            actions = actions.Concat(new BitmapDoubts(_source.Image, RepairMethod.Salvage).Actions(cancellation));
            _actions.AddRange(actions.Take(VhdxRepairResult.MaximumListed - _actions.Count));
        }
    }

    private void Add(VhdxRule rule, string description)
    {
        if (_actions.Count < VhdxRepairResult.MaximumListed)
        {
            _actions.Add(new() { RuleId = rule.Id, Method = RepairMethod.Salvage, Description = description });
        }
    }
}
