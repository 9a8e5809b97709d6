using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using Xunit;

namespace VhdxTools.Core.Tests.Checking;

/// <summary>
/// Thousands of damaged images with fixed seeds. Any bytes at all give findings or one error of the library, in bounded memory and time.
/// <para>
/// A longer run by hand, here of a million images (about an hour), each image kept that breaks a bound; the seed is in the message:
/// <c>VHDXTOOLS_FUZZ_CASES=1000000 dotnet test tests/VhdxTools.Core.Tests -c Release --filter FullyQualifiedName~CheckingHostile</c>.
/// VHDXTOOLS_FUZZ_FIRST is the first seed, 0 by default.
/// </para>
/// </summary>
[Collection(CheckingMeasure.Name)]
public class CheckingHostileTests
{
    private const int DefaultCases = 3000;

    [Fact]
    public void A_damaged_image_gives_findings_or_one_error_in_bounded_memory_and_time()
    {
        int cases = Variable("VHDXTOOLS_FUZZ_CASES", DefaultCases);
        int first = Variable("VHDXTOOLS_FUZZ_FIRST", 0);
        using CheckingFolder folder = new();
        CheckingImage.Create(folder["parent.vhdx"]);
        CheckingMutator[] mutators =
        [
            new(CheckingImage.Create(folder["dynamic.vhdx"]).Map(3)),
            new(CheckingImage.Create(folder["fixed.vhdx"], VhdType.Fixed, size: 3 * CheckingImage.MiB)),
            new(CheckingImage.Create(folder["child.vhdx"], parent: folder["parent.vhdx"]).Map(2)),
            new(CheckingLog.Dirty(CheckingImage.Create(folder["dirty.vhdx"]).Map(2), new CheckingLog.Update((ulong)CheckingImage.Bat, null, 4096))),
        ];
        string path = folder["fuzz.vhdx"];
        HashSet<string> seen = [];
        int errors = 0;
        for (int seed = first; seed < first + cases; seed++)
        {
            mutators[seed % mutators.Length].Write(path, seed);
            try
            {
                CheckingMeasure.Result result = CheckingMeasure.RunBounded(path);
                seen.UnionWith(result.ByRule.Keys);
                errors += result.Error is null ? 0 : 1;
                Assert.False(string.IsNullOrEmpty(result.Error?.Id ?? "id"));
            }
            catch (Exception exception)
            {
                string kept = Path.Combine(Path.GetTempPath(), FormattableString.Invariant($"vhdxtools-fuzz-{seed}.vhdx"));
                File.Copy(path, kept, overwrite: true);
                throw new InvalidOperationException(FormattableString.Invariant($"Seed {seed}, kept as '{kept}': {exception.Message}"), exception);
            }
        }

        if (first == 0 && cases >= DefaultCases)
        {
            // The damages reach everywhere: nearly all rules were broken by some image, and not everything ended at the signature.
            IEnumerable<string> never = VhdxRules.All.Select(rule => rule.Id).Except(seen).Except(["VX810", "VX903", "VX904", "VX905", "VX906"]);
            Assert.InRange(never.Count(), 0, 4);
            Assert.InRange(errors, 0, cases / 5);
        }
    }

    [Fact]
    public void A_file_of_any_length_gives_findings_or_one_error()
    {
        using CheckingFolder folder = new();
        byte[] good = File.ReadAllBytes(CheckingImage.Create(folder["good.vhdx"]).Map(1).Path);
        string path = folder["cut.vhdx"];
        int[] lengths = [.. Enumerable.Range(0, 40).Select(i => i * 37), 65535, 65536, 65537, 69631, 69632, 131_072, 135_168, 196_608, 262_144, 327_680, .. Enumerable.Range(1, 20).Select(i => (i * 262_143) + 1)];
        foreach (int length in lengths)
        {
            using (FileStream file = File.Create(path))
            {
                file.Write(good, 0, Math.Min(length, good.Length));
            }

            CheckingMeasure.Result result = CheckingMeasure.RunBounded(path);
            Assert.True(result.Count > 0 || result.Error is not null || length >= good.Length, $"{length} bytes are a sound image.");
        }
    }

    private static int Variable(string name, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), NumberStyles.None, CultureInfo.InvariantCulture, out int value) ? value : otherwise;
}
