namespace VhdxTools.Diagnostics;

/// <summary>Where readers put what they notice. The caller's choice of sink decides whether reading is strict or lenient.</summary>
internal abstract class FindingSink
{
    /// <summary>Takes a finding. A strict sink throws when reading depends on it; others return, and the reader goes on with what it has.</summary>
    /// <param name="finding">What was noticed.</param>
    /// <param name="blocksReading">Whether what a reader of the disk sees depends on it.</param>
    public abstract void Report(VhdxFinding finding, bool blocksReading);
}
