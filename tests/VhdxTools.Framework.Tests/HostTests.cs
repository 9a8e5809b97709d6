using System;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Text.RegularExpressions;
using VhdxTools.Core.Tests.Disks;
using VhdxTools.Core.Tests.Support;
using Xunit;

namespace VhdxTools.Core.Tests;

/// <summary>The built module in a program that loads it as Windows PowerShell 5.1 does: no binding redirects, the loader has to do it.</summary>
public class HostTests(HostTests.HostRun host) : IClassFixture<HostTests.HostRun>
{
    [Fact]
    public void The_module_loads_compiles_and_reads_without_a_fault()
    {
        Assert.DoesNotContain(host.Lines, line => line.StartsWith("fault", StringComparison.Ordinal));
        Assert.Equal("done", host.Lines.Last());
        Assert.Contains("initialized ModuleInitializer", host.Lines);
    }

    [Fact]
    public void Every_cmdlet_of_the_manifest_is_there_with_parameters()
    {
        string manifest = File.ReadAllText(Path.Combine(HostRun.Module, "VhdxTools.psd1"));
        string[] promised = [.. Regex.Matches(manifest, @"'(\w+-Vhdx\w+)'").Cast<Match>().Select(match => match.Groups[1].Value)];
        Assert.NotEmpty(promised);
        Assert.Equal(promised, host.Found(@"^cmdlet (\S+) [1-9]\d*$").OrderBy(name => Array.IndexOf(promised, name)));
    }

    [Theory]
    [InlineData("VhdxTools", 300)]
    [InlineData("VhdxTools.Loader", 10)]
    [InlineData("VhdxTools.Core", 3000)]
    public void Every_method_is_compiled(string assembly, int atLeast) =>
        Assert.InRange(int.Parse(host.Found($@"^compiled (\d+) methods of {Regex.Escape(assembly)}$").Single(), CultureInfo.InvariantCulture), atLeast, int.MaxValue);

    [Theory]
    [InlineData("VhdxTools.Core")]
    [InlineData("System.IO.Hashing")]
    [InlineData("System.Memory")]
    public void What_Core_needs_comes_from_the_build_for_Framework(string name) =>
        Assert.Equal(Path.Combine(HostRun.Module, "bin", "netstandard2.0", name + ".dll"), host.Found($@"^loaded {Regex.Escape(name)} (.+)$").Single());

    [Fact]
    public void The_disk_reads_as_it_is() => Assert.Contains($"read 4096 of {HostRun.Size}: 41-42-43-44", host.Lines);

    [Fact]
    public void Without_the_loader_it_would_not_load()
    {
        string[] lines = HostRun.Run(host.Image, "no resolver");
        Assert.DoesNotContain("done", lines);
        Assert.Contains(lines, line => line.Contains("VhdxTools.Core"));
    }

    /// <summary>One run of the program for all tests.</summary>
    public sealed class HostRun : IDisposable
    {
        public const long Size = 8 << 20;
        private readonly TempFolder _folder = new();

        public HostRun()
        {
            Image = EngineImages.Create(_folder["host.vhdx"], size: Size, block: 1 << 20);
            using (VhdxTools.Disks.DiskChain disk = VhdxTools.Disks.DiskChain.OpenWrite(Image, EngineImages.Guids(1)))
            {
                disk.Write(0, "ABCD"u8.ToArray().Concat(new byte[508]).ToArray());
            }

            Lines = Run(Image);
        }

        public static string Module { get; } = Path.GetFullPath(Metadata("Module"));

        public string Image { get; }

        public string[] Lines { get; }

        public static string[] Run(params string[] arguments)
        {
            bool isMono = Type.GetType("Mono.Runtime") is not null;
            string host = Path.GetFullPath(Metadata("Host"));
            string[] all = [.. isMono ? [host] : Array.Empty<string>(), Path.Combine(Module, "bin"), .. arguments];
            using Process process = Process.Start(Tool.Command(isMono ? "mono" : host, all))!;
            System.Threading.Tasks.Task<string> errors = process.StandardError.ReadToEndAsync();
            string output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return (output + errors.Result).Split(['\r', '\n'], StringSplitOptions.RemoveEmptyEntries);
        }

        public string[] Found(string pattern) => [.. Lines.Select(line => Regex.Match(line, pattern)).Where(match => match.Success).Select(match => match.Groups[1].Value)];

        public void Dispose() => _folder.Dispose();

        private static string Metadata(string key) =>
            typeof(HostRun).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(data => data.Key == key).Value!;
    }
}
