using System;
using System.Diagnostics;
using System.Management.Automation;

namespace VhdxTools;

/// <summary>Progress records at most five times a second, and one at the end: a record for each chunk slows work many times.</summary>
internal sealed class ProgressReporter(Cmdlet cmdlet, string activity, string path) : IDisposable
{
    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(200);

    private readonly Stopwatch _sinceLast = Stopwatch.StartNew();
    private bool _isShown;

    public void Report(long done, long total)
    {
        if (_sinceLast.Elapsed < s_interval)
        {
            return;
        }

        _sinceLast.Restart();
        _isShown = true;
        cmdlet.WriteProgress(new(1, activity, path) { PercentComplete = (int)(100 * (decimal)done / total) });
    }

    public void Dispose()
    {
        if (_isShown)
        {
            cmdlet.WriteProgress(new(1, activity, path) { RecordType = ProgressRecordType.Completed });
        }
    }
}
