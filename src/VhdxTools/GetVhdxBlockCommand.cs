using System.Management.Automation;
using VhdxTools.Operations;

namespace VhdxTools;

/// <summary>Get-VhdxBlock: where the ranges of a disk are.</summary>
[Cmdlet(VerbsCommon.Get, "VhdxBlock", DefaultParameterSetName = "Path")]
[OutputType(typeof(VhdxBlockExtent))]
public sealed class GetVhdxBlockCommand : PathCmdlet
{
    /// <summary>An extent for each block instead of one for all blocks in a row.</summary>
    [Parameter]
    public SwitchParameter NoCoalesce { get; set; }

    /// <summary>Looks through all parents, and tells which file holds what.</summary>
    [Parameter]
    public SwitchParameter Chain { get; set; }

    private protected override void Process(string path)
    {
        foreach (VhdxBlockExtent extent in Chain ? BlockLister.OfChain(path, !NoCoalesce, StopToken) : BlockLister.OfFile(path, !NoCoalesce, StopToken))
        {
            WriteObject(extent);
        }
    }
}
