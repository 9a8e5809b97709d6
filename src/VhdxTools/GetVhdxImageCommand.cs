using System.Management.Automation;
using VhdxTools.Operations;

namespace VhdxTools;

/// <summary>Get-VhdxImage: what an image is.</summary>
[Cmdlet(VerbsCommon.Get, "VhdxImage", DefaultParameterSetName = "Path")]
[OutputType(typeof(VhdxImageInfo))]
public sealed class GetVhdxImageCommand : PathCmdlet
{
    private protected override void Process(string path) => WriteObject(ImageInspector.Inspect(
        path,
        finding => WriteWarning($"'{finding.File}': {finding.Message} ({finding.RuleId})"),
        StopToken));
}
