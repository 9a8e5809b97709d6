using System;
using System.Management.Automation;
using VhdxTools.Operations;

namespace VhdxTools;

/// <summary>Resize-VhdxImage: makes the disk of an image larger or smaller.</summary>
[Cmdlet(VerbsCommon.Resize, "VhdxImage", DefaultParameterSetName = "Path", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Medium)]
[OutputType(typeof(VhdxImageInfo))]
public sealed class ResizeVhdxImageCommand : PathCmdlet
{
    /// <summary>The new size of the disk in bytes.</summary>
    [Parameter(Position = 1)]
    public ulong? SizeBytes { get; set; }

    /// <summary>Makes the disk as small as what it holds allows.</summary>
    [Parameter]
    public SwitchParameter ToMinimumSize { get; set; }

    /// <summary>Puts the backup of a GUID partition table at the new end of the disk.</summary>
    [Parameter]
    public SwitchParameter UpdateGpt { get; set; }

    /// <summary>Cuts partitions and data that lie beyond the new end.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <summary>Writes the image as it is afterwards.</summary>
    [Parameter]
    public SwitchParameter Passthru { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        if (SizeBytes is null == !ToMinimumSize)
        {
            Fail(
                new(ErrorIds.ContradictingParameters, ErrorKind.InvalidArgument, "Give either -SizeBytes, the new size of the disk in bytes, or -ToMinimumSize."),
                SizeBytes);
        }
    }

    private protected override void Process(string path)
    {
        ResizePlan plan;
        using (ProgressReporter progress = new(this, "Looking for the end of the data", path))
        {
            plan = ResizePlanner.Plan(path, new() { SizeBytes = SizeBytes, Force = Force, UpdateGpt = UpdateGpt }, WriteWarning, StopToken, progress.Report);
        }

        if (UpdateGpt && !plan.HasGpt)
        {
            WriteWarning($"'{path}' has no GUID partition table that could be put right: -UpdateGpt has nothing to do.");
        }

        if (!plan.IsNeeded)
        {
            WriteVerbose($"The disk in '{path}' has {plan.SizeAfter} bytes already.");
        }
        else if (ShouldProcess(plan.Describe() + ".", plan.Describe() + "?", path))
        {
            using (ProgressReporter progress = new(this, "Resizing", path))
            {
                ImageResizer.Resize(plan, Guid.NewGuid, progress.Report, wrap: null, dataWriteGuid: null, StopToken);
            }
        }
        else
        {
            return;
        }

        Warn(plan);

        if (Passthru)
        {
            WriteObject(ImageInspector.Inspect(path, warn: null, StopToken));
        }
    }

    private void Warn(ResizePlan plan)
    {
        if (plan.CutsData)
        {
            WriteWarning($"'{plan.Path}': what the disk held from byte {plan.SizeAfter} to {plan.MinimumSize} is cut.");
        }

        if (plan.LeavesGptBehind)
        {
            WriteWarning($"'{plan.Path}': the backup of the GUID partition table is not at the end of the disk. Resize-VhdxImage -SizeBytes {plan.SizeAfter} -UpdateGpt puts it there, and so do most partitioning programs.");
        }

        if (plan.Children.Count > 0)
        {
            WriteWarning($"These images no longer fit to their parent '{plan.Path}': {string.Join(", ", plan.Children)}.");
        }
    }
}
