using System;
using System.Linq;
using System.Management.Automation;
using VhdxTools.IO;
using VhdxTools.Operations;

namespace VhdxTools;

/// <summary>Merge-VhdxImage: writes what differencing images hold into an image that they build on.</summary>
[Cmdlet(VerbsData.Merge, "VhdxImage", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Medium)]
[OutputType(typeof(VhdxImageInfo))]
public sealed class MergeVhdxImageCommand : VhdxCmdlet
{
    /// <summary>The differencing image that is merged, to the letter; its parents up to the destination are merged with it.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("FullName", "PSPath")]
    [ValidateNotNullOrEmpty]
    public string Path { get; set; } = "";

    /// <summary>The image that takes it all in, to the letter; the parent when it is left out.</summary>
    [Parameter(Position = 1)]
    [ValidateNotNullOrEmpty]
    public string? DestinationPath { get; set; }

    /// <summary>Deletes the merged images once everything is on the device.</summary>
    [Parameter]
    public SwitchParameter DeleteSource { get; set; }

    /// <summary>Does not ask when other images are spoiled by the merge.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <summary>Writes the image that took it all in.</summary>
    [Parameter]
    public SwitchParameter Passthru { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => ForPath(Path, () =>
    {
        PathResolver resolver = new(this);
        MergePlan plan = MergePlanner.Plan(
            resolver.Literal(Path),
            DestinationPath is null ? null : resolver.Literal(DestinationPath),
            WriteWarning,
            StopToken);
        MergePlanner.ThrowIfNoSpace(plan, FreeSpace.Beside(plan.Target));
        if (DeleteSource && plan.Orphaned.Count > 0 && !Force)
        {
            throw new VhdxException(
                ErrorIds.HasChildren, ErrorKind.InvalidArgument, $"'{plan.Sources[0]}' cannot be deleted: other images build on it: {string.Join(", ", plan.Orphaned)}. Leave -DeleteSource out, or use -Force.");
        }

        string what = plan.Describe() + (DeleteSource ? "; then delete " + string.Join(", ", plan.Sources.Select(source => $"'{source}'")) : "");
        if (!ShouldProcess(what + ".", what + "?", Path) || !MaySpoil(plan))
        {
            return;
        }

        using (ProgressReporter progress = new(this, "Merging", Path))
        {
            ImageMerger.Merge(plan, Guid.NewGuid, progress.Report, wrap: null, StopToken);
        }

        if (DeleteSource)
        {
            ImageMerger.DeleteSources(plan, StopToken);
        }

        if (Passthru)
        {
            WriteObject(ImageInspector.Inspect(plan.Target, warn: null, StopToken));
        }
    });

    private bool MaySpoil(MergePlan plan)
    {
        if (plan.Spoiled.Count == 0)
        {
            return true;
        }

        string names = string.Join(", ", plan.Spoiled);
        if (!Force && !ShouldContinue($"Other images build on '{plan.Target}' or on a merged one, and will no longer fit: {names}. Merge all the same?", "Merge-VhdxImage"))
        {
            return false;
        }

        WriteWarning($"These images no longer fit to their parent: {names}.");
        return true;
    }
}
