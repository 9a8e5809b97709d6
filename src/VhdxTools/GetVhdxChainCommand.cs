using System.Collections.Generic;
using System.Management.Automation;
using VhdxTools.Operations;

namespace VhdxTools;

/// <summary>Get-VhdxChain: an image and its parents, or what depends on it.</summary>
[Cmdlet(VerbsCommon.Get, "VhdxChain", DefaultParameterSetName = "Path")]
[OutputType(typeof(VhdxChainLink))]
public sealed class GetVhdxChainCommand : PathCmdlet
{
    /// <summary>A folder: lists the images in it that depend on the file, and those whose parent is nowhere.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Children { get; set; }

    /// <summary>Looks through the folders of that folder, too.</summary>
    [Parameter]
    public SwitchParameter Recurse { get; set; }

    private protected override void Process(string path)
    {
        if (Recurse && Children is null)
        {
            throw new VhdxException(ErrorIds.ContradictingParameters, ErrorKind.InvalidArgument, "-Recurse is for -Children, which names the folder.");
        }

        IEnumerable<VhdxChainLink> links = Children is null
            ? ChainInspector.Follow(path, StopToken)
            : ChainInspector.Children(path, new PathResolver(this).Folder(Children), Recurse, WriteWarning, StopToken);
        foreach (VhdxChainLink link in links)
        {
            WriteObject(link);
        }
    }
}
