namespace VhdxTools.Diagnostics;

/// <summary>Throws on the first finding that reading depends on; others are of no interest to the caller.</summary>
internal sealed class StrictSink : FindingSink
{
    public static readonly StrictSink Instance = new();

    public override void Report(VhdxFinding finding, bool blocksReading)
    {
        if (blocksReading)
        {
            throw new VhdxException(finding);
        }
    }
}
