using System;
using System.Globalization;
using System.Management.Automation;
using VhdxTools.Operations;

namespace VhdxTools;

/// <summary>Optimize-VhdxImage: makes the file of an image as short as it can be.</summary>
[Cmdlet(VerbsCommon.Optimize, "VhdxImage", DefaultParameterSetName = "Path", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Medium)]
[OutputType(typeof(VhdxOptimizeResult))]
public sealed class OptimizeVhdxImageCommand : PathCmdlet
{
    private protected override void Process(string path)
    {
        bool isWhatIf = IsWanted("WhatIf", "WhatIfPreference");

        // The numbers cost a look at every block: only who wants to see them first waits for them.
        VhdxOptimizeResult? estimate = isWhatIf || IsWanted("Confirm", null) ? Estimate(path) : null;
        string what = estimate is null ? $"Compact '{path}'" : Describe(estimate);
        if (ShouldProcess(what + ".", what + "?", path))
        {
            using ProgressReporter progress = new(this, "Compacting", path);
            WriteObject(ImageOptimizer.Optimize(path, Guid.NewGuid, progress.Report, wrap: null, StopToken));
        }
        else if (isWhatIf)
        {
            WriteObject(estimate);
        }
    }

    private static string Describe(VhdxOptimizeResult estimate) => string.Format(
        CultureInfo.InvariantCulture,
        "Compact '{0}' from {1} to {2}: {3} blocks give up their space, {4} are moved",
        estimate.Path,
        ByteText.Size(estimate.BytesBefore),
        ByteText.Size(estimate.BytesAfter),
        estimate.BlocksFreed,
        estimate.BlocksMoved);

    private VhdxOptimizeResult Estimate(string path)
    {
        using ProgressReporter progress = new(this, "Looking for what can be freed", path);
        return ImageOptimizer.Estimate(path, progress.Report, StopToken);
    }

    private bool IsWanted(string parameter, string? preference) => MyInvocation.BoundParameters.TryGetValue(parameter, out object? value)
        ? LanguagePrimitives.IsTrue(value)
        : preference is not null && LanguagePrimitives.IsTrue(GetVariableValue(preference));
}
