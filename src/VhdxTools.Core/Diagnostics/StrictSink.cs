namespace VhdxTools.Diagnostics;

/// <summary>Throws on the first error; warnings and notes are of no interest to the caller.</summary>
internal sealed class StrictSink : FindingSink
{
    public static readonly StrictSink Instance = new();

    public override void Report(VhdxFinding finding)
    {
        if (finding.Severity == FindingSeverity.Error)
        {
            throw new VhdxException(finding);
        }
    }
}
