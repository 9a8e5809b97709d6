namespace VhdxTools.Diagnostics;

/// <summary>Where readers put what they notice. The caller's choice of sink decides whether reading is strict or lenient.</summary>
internal abstract class FindingSink
{
    /// <summary>Takes a finding. A strict sink throws on severity Error; others return, and the reader goes on with what it has.</summary>
    public abstract void Report(VhdxFinding finding);
}
