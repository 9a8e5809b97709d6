using System.Collections.Generic;
using System.Management.Automation;
using VhdxTools.Operations;

namespace VhdxTools;

/// <summary>Compare-VhdxImage: where two disks differ, or what a differencing image changed.</summary>
[Cmdlet(VerbsData.Compare, "VhdxImage", DefaultParameterSetName = ContentSet)]
[OutputType(typeof(VhdxDifference))]
public sealed class CompareVhdxImageCommand : VhdxCmdlet
{
    private const string ContentSet = "Content";
    private const string ChangedSet = "Changed";

    /// <summary>Path of the disk that is compared with; with -Changed of the ancestor.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = ContentSet)]
    [Parameter(Position = 0, ParameterSetName = ChangedSet)]
    [ValidateNotNullOrEmpty]
    public string? ReferencePath { get; set; }

    /// <summary>Paths of the disks that are compared, each with the reference.</summary>
    [Parameter(Mandatory = true, Position = 1, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("FullName")]
    [ValidateNotNullOrEmpty]
    public string[] DifferencePath { get; set; } = [];

    /// <summary>Stops at the first difference.</summary>
    [Parameter(ParameterSetName = ContentSet)]
    public SwitchParameter Quick { get; set; }

    /// <summary>Lists what a differencing image changed, without reading data.</summary>
    [Parameter(Mandatory = true, ParameterSetName = ChangedSet)]
    public SwitchParameter Changed { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        PathResolver resolver = new(this);
        foreach (string path in DifferencePath)
        {
            string? full = null;
            ForPath(path, () => full = resolver.Literal(path));
            if (full is not null)
            {
                ForPath(full, () => Process(ReferencePath is null ? null : resolver.Literal(ReferencePath), full));
            }
        }
    }

    private void Process(string? reference, string difference)
    {
        using ProgressReporter progress = new(this, "Comparing", difference);
        foreach (VhdxDifference range in Found(reference, difference, progress))
        {
            WriteObject(range);
        }
    }

    private IEnumerable<VhdxDifference> Found(string? reference, string difference, ProgressReporter progress) =>
        Changed ? ChangeLister.Changes(difference, reference, StopToken)
        : reference is not null ? DiskComparer.Compare(reference, difference, Quick, progress.Report, StopToken)
        : throw new VhdxException(ErrorIds.ContradictingParameters, ErrorKind.InvalidArgument, "-ReferencePath may be left out with -Changed only.");
}
