using System;

namespace VhdxTools.Diagnostics;

/// <summary>Throws on the first finding that reading depends on; others are of no interest to the caller.</summary>
/// <param name="warn">Gets what does not block reading and still should be known: a lost copy, for example.</param>
internal sealed class StrictSink(Action<VhdxFinding>? warn = null) : FindingSink
{
    public static readonly StrictSink Instance = new();

    public override void Report(VhdxFinding finding, bool blocksReading)
    {
        if (blocksReading)
        {
            throw new VhdxException(finding);
        }

        if (finding.Severity != FindingSeverity.Note || finding.RuleId == VhdxRules.TwinHeaders.Id)
        {
            warn?.Invoke(finding);
        }
    }
}
