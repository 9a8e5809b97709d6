using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Text.RegularExpressions;
using System.Threading;
using VhdxTools.Disks;
using Xunit;
using static VhdxTools.Core.Tests.Disks.EngineImages;

namespace VhdxTools.Core.Tests.Disks;

/// <summary>
/// What the power-cut tests record is what the system is told: the same writes, length changes and flushes in the same order, seen
/// from outside by strace. Alone, because the whole process is traced.
/// </summary>
[Collection(nameof(EngineAloneCollection))]
public class EngineSystemCallTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    [SkippableTheory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_system_sees_the_calls_that_are_recorded(bool isChild)
    {
        using EngineFolder folder = new();
        string path = Create(folder["a.vhdx"], size: 40 * MiB, block: MiB);
        if (isChild)
        {
            path = Create(folder["b.vhdx"], block: MiB, parent: path);
        }

        string trace = folder["trace"];
        using Process strace = Attach(trace);
        EngineCallsFile? calls = null;
        using (DiskChain disk = DiskChain.OpenWrite(path, Guids(1), file => calls = new EngineCallsFile(file)))
        {
            Random random = new(3);
            for (int i = 0; i < 12; i++)
            {
                disk.Write(random.Next(0, 39 * (int)MiB), RandomBytes(random, random.Next(1, 200_000)));
                if (i % 4 == 3)
                {
                    disk.Flush();
                }
            }

            disk.Trim(3 * MiB, 5 * MiB);
            disk.Flush();
            disk.Write(30 * MiB, RandomBytes(random, (int)MiB));
        }

        Detach(strace);
        List<string> seen = Seen(trace, path);

        Assert.Equal(calls!.Calls, seen);
        Assert.True(seen.Count > 40 && seen.Contains("flush") && seen.Exists(call => call.StartsWith("length", StringComparison.Ordinal)), "The run does not show enough.");
    }

    private static Process Attach(string trace)
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "strace is for Linux");
        ProcessStartInfo start = new("strace") { RedirectStandardError = true };
        foreach (string argument in new[] { "-f", "-y", "-s", "0", "-e", "trace=pwrite64,write,fsync,fdatasync,ftruncate", "-o", trace, "-p", Environment.ProcessId.ToString(CultureInfo.InvariantCulture) })
        {
            start.ArgumentList.Add(argument);
        }

        Process process;
        try
        {
            process = Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Skip.If(true, "strace is not here");
            throw;
        }

        string? line = process.StandardError.ReadLine();
        Skip.IfNot(line?.Contains("attached", StringComparison.Ordinal) == true, $"strace may not trace this process: {line}");

        // It says so after the first of the threads; the others follow.
        Thread.Sleep(TimeSpan.FromSeconds(1));
        return process;
    }

    private static void Detach(Process strace)
    {
        using (Process kill = Process.Start("kill", ["-INT", strace.Id.ToString(CultureInfo.InvariantCulture)]))
        {
            kill.WaitForExit();
        }

        Assert.True(strace.WaitForExit(s_patience), "strace does not end.");
    }

    private static List<string> Seen(string trace, string path)
    {
        List<string> seen = [];
        Regex call = new(@"^\d+\s+(?<name>\w+)\(\d+<" + Regex.Escape(path) + @">(, """"(\.\.\.)?, (?<count>\d+), (?<offset>\d+))?(, (?<length>\d+))?");
        foreach (string line in File.ReadLines(trace))
        {
            if (call.Match(line) is { Success: true } match)
            {
                seen.Add(match.Groups["name"].Value switch
                {
                    "pwrite64" => EngineCallsFile.Write(Number(match, "offset"), Number(match, "count")),
                    "ftruncate" => EngineCallsFile.Resize(Number(match, "length")),
                    "fsync" or "fdatasync" => "flush",
                    string other => other,
                });
            }
        }

        return seen;
    }

    private static long Number(Match match, string group) => long.Parse(match.Groups[group].Value, CultureInfo.InvariantCulture);
}
