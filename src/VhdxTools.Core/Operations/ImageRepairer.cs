using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using VhdxTools.Format;
using VhdxTools.Images;
using VhdxTools.IO;
using VhdxTools.Journal;
using VhdxTools.Layout;

namespace VhdxTools.Operations;

/// <summary>
/// Mends an image in place, in rounds: what a round mends may show what was hidden before. Each round is worked out without writing,
/// confirmed, worked out once more over the file that nobody else can change, and done. A repair that is cut off at any moment is
/// finished by the same command.
/// </summary>
internal sealed class ImageRepairer
{
    private const int MaximumRounds = 8;

    private readonly string _path;
    private readonly RepairOptions _options;
    private readonly Func<RepairPlan, bool> _confirm;
    private readonly Func<Guid> _newGuid;
    private readonly Func<IRandomAccessFile, IRandomAccessFile>? _wrap;
    private readonly Action<long, long>? _progress;
    private readonly CancellationToken _cancellation;

    private ImageRepairer(
        string path,
        RepairOptions options,
        Func<RepairPlan, bool> confirm,
        Func<Guid> newGuid,
        Func<IRandomAccessFile, IRandomAccessFile>? wrap,
        Action<long, long>? progress,
        CancellationToken cancellation)
    {
        _path = path;
        _options = options;
        _confirm = confirm;
        _newGuid = newGuid;
        _wrap = wrap;
        _progress = progress;
        _cancellation = cancellation;
    }

    /// <summary>Repairs a file.</summary>
    /// <param name="path">Full path of the file.</param>
    /// <param name="options">What may be done.</param>
    /// <param name="confirm">Is shown each round before anything is written, and says whether it is done.</param>
    /// <param name="newGuid">Gives a new GUID at each call.</param>
    /// <param name="wrap">For tests: puts another file over the one that is opened for writing.</param>
    /// <param name="progress">Gets steps of work done and in all.</param>
    /// <param name="cancellation">Stops the work; the same command finishes it.</param>
    /// <returns>What was done, or null when the first round was not confirmed.</returns>
    /// <exception cref="VhdxException">The file cannot be read or written, is in use, or is no VHDX.</exception>
    public static VhdxRepairResult? Repair(
        string path,
        RepairOptions options,
        Func<RepairPlan, bool> confirm,
        Func<Guid> newGuid,
        Func<IRandomAccessFile, IRandomAccessFile>? wrap = null,
        Action<long, long>? progress = null,
        CancellationToken cancellation = default) => new ImageRepairer(path, options, confirm, newGuid, wrap, progress, cancellation).Repair();

    private VhdxRepairResult? Repair()
    {
        FindingSummary before = FindingSummary.Of(_path, _progress, _cancellation);
        List<VhdxRepairAction> actions = [];
        long length = LengthOf(_path);
        long count = 0;
        long moves = 0;
        string? obstacle = null;
        string? last = null;
        for (int round = 0; round < MaximumRounds; round++)
        {
            RepairPlan plan = PlanOnly();
            string text = plan.Describe();
            obstacle = plan.Obstacle;
            if (plan.IsEmpty || text == last)
            {
                break;
            }

            if (!_confirm(plan))
            {
                if (count == 0)
                {
                    return null;
                }

                break;
            }

            RunRound(text);
            if (plan.Moves > 0)
            {
                LeakFreer.Free(_path, plan.Moves, _newGuid, _wrap, _progress, _cancellation);
            }

            last = text;
            moves += plan.Moves;
            count += plan.ActionCount;
            actions.AddRange(plan.Actions.Take(VhdxRepairResult.MaximumListed - actions.Count));
        }

        FindingSummary after = count == 0 ? before : FindingSummary.Of(_path, _progress, _cancellation);
        return new()
        {
            Path = _path,
            Changed = count > 0,
            Actions = actions,
            ActionCount = count,
            Before = before.Findings,
            BeforeCount = before.Count,
            After = after.Findings,
            AfterCount = after.Count,
            BytesBefore = length,
            BytesAfter = LengthOf(_path),
            BlocksMoved = moves,
            IsSound = after.IsSound,
            Hints = after.Hints(_options.Leaks ? obstacle : null),
        };
    }

    private static long LengthOf(string path)
    {
        using OsFile file = OsFile.OpenRead(path);
        return file.Length;
    }

    private RepairPlan PlanOnly()
    {
        using OsFile file = OsFile.OpenRead(_path);
        return RepairPlanner.Plan(file, _path, _options, _progress, _cancellation).Plan;
    }

    private void RunRound(string confirmed)
    {
        IRandomAccessFile opened = OsFile.OpenWrite(_path);
        using IRandomAccessFile file = _wrap is null ? opened : _wrap(opened);
        (VhdxFile image, RepairPlan plan) = RepairPlanner.Plan(file, _path, _options, _progress, _cancellation);
        if (plan.Describe() != confirmed)
        {
            throw new VhdxException(ErrorIds.FileInUse, ErrorKind.InUse, $"'{_path}' was changed by another program after it was looked at. Nothing was done; run the command again.");
        }

        if (plan.DiscardsLog)
        {
            DiscardLog(file, image, plan);
            return;
        }

        if (plan.ReplaysLog)
        {
            LogReplayer.Apply(image.Replayed!, file);
            RepairWriter replay = new(file, image.Headers, _newGuid);
            replay.RenewHeaders(isVisible: false, header => header with { LogGuid = Guid.Empty });
            image = VhdxFile.Open(file, new Diagnostics.CollectingSink());
        }

        bool usesLog = plan.WritesMetadata || plan.WritesEntries;
        if (!usesLog && !plan.WritesSignature && !plan.WritesTables && plan.NewLength is null && (plan.ReplaysLog || !plan.RenewsHeaders))
        {
            return;
        }

        RepairWriter writer = new(file, image.Headers, _newGuid);
        if (usesLog)
        {
            writer.BeginLog(image.Log!.Value, plan.IsVisible);
        }
        else
        {
            writer.RenewHeaders(plan.IsVisible);
        }

        if (plan.WritesSignature)
        {
            writer.WriteDurably(0, FileTypeIdentifier.Signature);
        }

        if (plan.WritesTables)
        {
            WriteTables(writer, image);
        }

        if (plan.WritesMetadata)
        {
            MetadataMender.Mend(writer, image, _newGuid);
        }

        if (plan.WritesEntries)
        {
            WriteEntries(writer, image, plan);
        }

        writer.Close();
        if (plan.NewLength is long length)
        {
            file.SetLength(length);
            file.Flush();
        }
    }

    private void DiscardLog(IRandomAccessFile file, VhdxFile image, RepairPlan plan)
    {
        if (plan.NewLog is FileRange place && place.End > file.Length)
        {
            file.SetLength(place.End);
            file.Flush();
        }

        new RepairWriter(file, image.Headers, _newGuid).RenewHeaders(plan.IsVisible, header => plan.NewLog is FileRange log
            ? header with { LogGuid = Guid.Empty, LogVersion = 0, LogOffset = (ulong)log.Offset, LogLength = (uint)log.Length }
            : header with { LogGuid = Guid.Empty });
    }

    /// <summary>One copy after the other: at any moment one of them is good, so the log is not needed.</summary>
    private static void WriteTables(RepairWriter writer, VhdxFile image)
    {
        RegionTableCopy current = image.RegionTables.First(table => table.IsCurrent);
        RegionTableCopy other = image.RegionTables.First(table => table != current);
        byte[] before = image.View.ReadPadded(current.FileOffset, RegionTable.Length);
        byte[] after = before.ToArray();
        RegionTable.Mend(after, entry => entry.Id == WellKnownGuids.BatRegion || entry.Id == WellKnownGuids.MetadataRegion);
        writer.WriteDurably(other.FileOffset, after);
        if (!after.AsSpan().SequenceEqual(before))
        {
            writer.WriteDurably(current.FileOffset, after);
        }
    }

    private void WriteEntries(RepairWriter writer, VhdxFile image, RepairPlan plan)
    {
        EntryRepair entries = new(image, plan.DropsBadBlocks);
        VhdxGeometry geometry = image.Geometry!;
        foreach (EntryChange change in entries.Changes(plan.CopyOffset, _cancellation))
        {
            _cancellation.ThrowIfCancellationRequested();
            _progress?.Invoke(change.Index, geometry.BatEntryCount);
            if (change.Fix == EntryFix.Part)
            {
                bool isBitmap = geometry.IsSectorBitmapEntry(change.Index);
                writer.Copy(change.Before.FileOffset, change.After.FileOffset, isBitmap ? FormatConstants.SectorBitmapBlockLength : geometry.BlockSize);
            }

            if (!change.After.Equals(change.Before))
            {
                writer.Stage(image.BatRegion!.Value.Offset + (change.Index * BatEntry.Length), change.After.Value);
            }
        }
    }
}
