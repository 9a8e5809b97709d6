using System.Linq;
using System.Management.Automation;
using VhdxTools.Checking;

namespace VhdxTools;

/// <summary>Test-VhdxImage: whether an image is sound, or everything that is wrong with it.</summary>
[Cmdlet(VerbsDiagnostic.Test, "VhdxImage", DefaultParameterSetName = "Path")]
[OutputType(typeof(bool), typeof(VhdxFinding))]
public sealed class TestVhdxImageCommand : PathCmdlet
{
    /// <summary>Writes every finding instead of a Boolean.</summary>
    [Parameter]
    public SwitchParameter Detailed { get; set; }

    /// <summary>Checks the file alone and not its parents.</summary>
    [Parameter]
    public SwitchParameter SkipParent { get; set; }

    private protected override void Process(string path)
    {
        using ProgressReporter progress = new(this, "Checking", path);
        Checker checker = new(SkipParent, (_, done, total) => progress.Report(done, total));
        if (!Detailed)
        {
            WriteObject(!checker.Check(path, StopToken).Any(finding => finding.Severity == FindingSeverity.Error));
            return;
        }

        foreach (VhdxFinding finding in checker.Check(path, StopToken))
        {
            WriteObject(finding);
        }
    }
}
