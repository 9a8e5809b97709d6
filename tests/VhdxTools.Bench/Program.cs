using System;
using System.IO;
using System.Linq;
using System.Text.Json;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using VhdxTools.Bench;

// Usage: VhdxTools.Bench FILE [dry]. Measures in this process, because other toolchains of BenchmarkDotNet build a project for each run.
if (args.Length == 0)
{
    Console.Error.WriteLine("The first argument is the JSON file that is written.");
    return 2;
}

bool isDry = args.Contains("dry");
Job job = (isDry ? Job.Dry : Job.ShortRun).WithToolchain(InProcessEmitToolchain.Instance);
string artifacts = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
ManualConfig config = ManualConfig.CreateEmpty()
    .AddJob(job)
    .AddColumnProvider(DefaultColumnProviders.Instance)
    .AddLogger(NullLogger.Instance)
    .WithArtifactsPath(artifacts);
Summary summary = BenchmarkRunner.Run<HotPaths>(config);
if (Directory.Exists(artifacts))
{
    Directory.Delete(artifacts, recursive: true);
}

var results = summary.Reports
    .Where(report => report.ResultStatistics is not null)
    .Select(report => new
    {
        Work = report.BenchmarkCase.Descriptor.WorkloadMethod.Name,
        Nanoseconds = report.ResultStatistics!.Median,
        Error = report.ResultStatistics.StandardError,
        AllocatedBytes = report.GcStats.GetBytesAllocatedPerOperation(report.BenchmarkCase),
    })
    .ToList();
File.WriteAllText(args[0], JsonSerializer.Serialize(results));
return results.Count == summary.BenchmarksCases.Length ? 0 : 1;
