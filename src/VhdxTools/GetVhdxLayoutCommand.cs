using System.Management.Automation;
using VhdxTools.Operations;

namespace VhdxTools;

/// <summary>Get-VhdxLayout: every structure of an image with its place in the file.</summary>
[Cmdlet(VerbsCommon.Get, "VhdxLayout", DefaultParameterSetName = "Path")]
[OutputType(typeof(VhdxLayout))]
public sealed class GetVhdxLayoutCommand : PathCmdlet
{
    private protected override void Process(string path) => WriteObject(LayoutInspector.Inspect(path, StopToken));
}
