using System;
using System.Management.Automation;
using VhdxTools.IO;
using VhdxTools.Operations;

namespace VhdxTools;

/// <summary>Repair-VhdxImage: mends an image in place, or copies what is readable of it into a new one.</summary>
[Cmdlet(VerbsDiagnostic.Repair, "VhdxImage", DefaultParameterSetName = "Path", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Medium)]
[OutputType(typeof(VhdxRepairResult))]
public sealed class RepairVhdxImageCommand : PathCmdlet
{
    private string? _written;

    /// <summary>Frees space of the file that nothing references: blocks move into it, and the end is cut off.</summary>
    [Parameter]
    public SwitchParameter Leaks { get; set; }

    /// <summary>Gives up a log that cannot be replayed.</summary>
    [Parameter]
    public SwitchParameter DiscardLog { get; set; }

    /// <summary>Gives up blocks that cannot be right.</summary>
    [Parameter]
    public SwitchParameter DropBadBlocks { get; set; }

    /// <summary>Where everything readable is copied to, to the letter.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Salvage { get; set; }

    /// <summary>Replaces an existing file at the destination of -Salvage.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        if (Salvage is not null && (Leaks || DiscardLog || DropBadBlocks))
        {
            Fail(new(ErrorIds.ContradictingParameters, ErrorKind.InvalidArgument, "-Salvage leaves the image as it is: do not use it together with -Leaks, -DiscardLog or -DropBadBlocks."), Salvage);
        }

        if (Salvage is null && Force)
        {
            Fail(new(ErrorIds.ContradictingParameters, ErrorKind.InvalidArgument, "-Force replaces the destination of -Salvage, and -Salvage was not given."), null);
        }
    }

    private protected override void Process(string path)
    {
        if (Salvage is not null)
        {
            SalvageTo(path, new PathResolver(this).Literal(Salvage));
            return;
        }

        RepairOptions options = new() { Leaks = Leaks, DiscardLog = DiscardLog, DropBadBlocks = DropBadBlocks };
        VhdxRepairResult? result;
        using (ProgressReporter progress = new(this, "Repairing", path))
        {
            result = ImageRepairer.Repair(path, options, plan => IsConfirmed(plan, path), Guid.NewGuid, wrap: null, progress.Report, StopToken);
        }

        if (result is not null)
        {
            WriteObject(result);
        }
    }

    private bool IsConfirmed(RepairPlan plan, string path)
    {
        string text = plan.Describe();
        if (!ShouldProcess($"'{path}': {text}", $"{text}\n'{path}'", "Repair the image"))
        {
            return false;
        }

        // What loses information has a high impact; with a preference of Medium or Low the question was asked above.
        return !plan.IsLossy || !IsHighImpactUnasked || ShouldContinue($"{text}\n'{path}'", "This loses information");
    }

    private void SalvageTo(string path, string destination)
    {
        if (_written is not null)
        {
            throw new VhdxException(ErrorIds.FileExists, ErrorKind.AlreadyExists, $"'{destination}' was just written from '{_written}': salvage one image at a time.");
        }

        PendingFile.ThrowIfNotCreatable(destination, Force);
        ThrowIfInUse(path);
        using ImageSalvager salvager = new(path, destination, NewImageDefaults.Creator, NewImageDefaults.Identifiers());
        string text = salvager.Describe(StopToken);
        if (!ShouldProcess($"'{path}': {text}", $"{text}\n'{path}'", "Salvage the image"))
        {
            return;
        }

        foreach (string warning in NewImageDefaults.FolderWarnings(destination))
        {
            WriteWarning(warning);
        }

        VhdxRepairResult result;
        using (ProgressReporter progress = new(this, "Salvaging", path))
        {
            result = salvager.Salvage(Force, Guid.NewGuid().ToString("N"), progress.Report, wrap: null, StopToken);
        }

        _written = path;
        WriteObject(result);
    }

    /// <summary>A file that somebody writes to gives a copy of no moment; one that may not be written to is fine.</summary>
    private static void ThrowIfInUse(string path)
    {
        try
        {
            OsFile.ThrowIfInUse(path);
        }
        catch (VhdxException exception) when (exception.Kind == ErrorKind.PermissionDenied)
        {
            // Read-only media and attributes.
        }
    }
}
