using System.Collections.Generic;

namespace VhdxTools.Diagnostics;

/// <summary>Keeps findings in the order in which they came, up to a limit that keeps hostile files from filling the memory.</summary>
internal sealed class CollectingSink : FindingSink
{
    public const int MaximumCount = 10_000;

    private readonly List<VhdxFinding> _findings = [];

    public IReadOnlyList<VhdxFinding> Findings => _findings;

    public override void Report(VhdxFinding finding, bool blocksReading)
    {
        if (_findings.Count < MaximumCount)
        {
            _findings.Add(finding);
        }
    }
}
