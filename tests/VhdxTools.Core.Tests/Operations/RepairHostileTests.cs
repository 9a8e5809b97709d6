using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using VhdxTools.Core.Tests.Checking;
using VhdxTools.Core.Tests.Disks;
using VhdxTools.Operations;
using Xunit;

namespace VhdxTools.Core.Tests.Operations;

/// <summary>
/// Damaged images with fixed seeds: no exception but the library's own, and without a named switch nothing that could be read reads
/// otherwise. A longer run by hand: VHDXTOOLS_FUZZ_CASES=100000 dotnet test ... --filter FullyQualifiedName~RepairHostile.
/// </summary>
[Collection(CheckingMeasure.Name)]
public class RepairHostileTests
{
    private const int DefaultCases = 600;

    [Fact]
    public void A_repair_never_throws_anything_else_and_never_changes_what_could_be_read()
    {
        int cases = int.TryParse(Environment.GetEnvironmentVariable("VHDXTOOLS_FUZZ_CASES"), NumberStyles.None, CultureInfo.InvariantCulture, out int value) ? value : DefaultCases;
        using CheckingFolder folder = new();
        CheckingImage.Create(folder["parent.vhdx"]);
        CheckingMutator[] mutators =
        [
            new(Filled(CheckingImage.Create(folder["dynamic.vhdx"]).Map(3))),
            new(Filled(CheckingImage.Create(folder["fixed.vhdx"], VhdType.Fixed, size: 3 * CheckingImage.MiB))),
            new(Filled(CheckingImage.Create(folder["child.vhdx"], parent: folder["parent.vhdx"]).Map(2))),
            new(CheckingLog.Dirty(Filled(CheckingImage.Create(folder["dirty.vhdx"]).Map(2)), new CheckingLog.Update((ulong)CheckingImage.Bat, null, 4096))),
        ];
        string path = folder["fuzz.vhdx"];
        int changed = 0;
        for (int seed = 0; seed < cases; seed++)
        {
            try
            {
                mutators[seed % mutators.Length].Write(path, seed);
                changed += Case(folder, path, seed) ? 1 : 0;
            }
            catch (Exception exception)
            {
                string kept = Path.Combine(Path.GetTempPath(), FormattableString.Invariant($"vhdxtools-repair-{seed}.vhdx"));
                File.Copy(path, kept, overwrite: true);
                throw new InvalidOperationException(FormattableString.Invariant($"Seed {seed}, kept as it is now at '{kept}': {exception.Message}"), exception);
            }
        }

        Assert.InRange(changed, cases / 10, cases);
    }

    private static bool Case(CheckingFolder folder, string path, int seed)
    {
        string[] before = RepairReading.Pieces(path);
        bool hasChanged = false;
        try
        {
            VhdxRepairResult result = RepairRun.Repair(path, seed: seed);
            hasChanged = result.Changed;
            AssertKept(before, RepairReading.Pieces(path));
            Assert.False(RepairRun.Repair(path).Changed, "A second run found more to do.");
            if (Lost(path) < 64)
            {
                result = RepairRun.Repair(path, RepairRun.All, seed: seed + 1);
                List<VhdxFinding> errors = [.. result.After.Where(finding => finding.Severity == FindingSeverity.Error && finding.File == path)];
                Assert.False(errors.Count > 0 && errors.TrueForAll(finding => finding.Repair == RepairMethod.DropBadBlocks), "Bad blocks are left.");
                Assert.False(RepairRun.Repair(path, RepairRun.All).Changed, "A second run with all switches found more to do.");
            }
        }
        catch (VhdxException error)
        {
            Assert.NotEqual(ErrorIds.UnexpectedError, error.Id);
        }

        try
        {
            using ImageSalvager salvager = new(path, folder["salvaged.vhdx"], "tests", new() { FileWriteGuid = Guid.NewGuid(), DataWriteGuid = Guid.NewGuid(), DiskIdentifier = Guid.NewGuid(), SequenceNumber = 1 });
            if (salvager.Geometry.VirtualDiskSize < CheckingImage.TiB)
            {
                Assert.True(salvager.Salvage(true, "salvage").IsSound);
            }
        }
        catch (VhdxException error)
        {
            Assert.NotEqual(ErrorIds.UnexpectedError, error.Id);
        }

        return hasChanged;
    }

    /// <summary>How many copies of 1 MiB -DropBadBlocks would make; a hostile table asks for a hundred thousand.</summary>
    private static long Lost(string path)
    {
        long count = 0;
        ImageRepairer.Repair(
            path,
            RepairRun.All,
            plan =>
            {
                foreach (VhdxRepairAction action in plan.Actions)
                {
                    count += action.RuleId == "VX609" ? action.BlockCount ?? 1 : 0;
                }

                return false;
            },
            EngineImages.Guids(1));
        return count;
    }

    private static CheckingImage Filled(CheckingImage image)
    {
        for (long place = CheckingImage.Payload; place < image.Length; place += 256 * CheckingImage.KiB)
        {
            image.Write(place, (ulong)place);
        }

        return image;
    }

    private static void AssertKept(string[] before, string[] after)
    {
        Assert.True(before.Length == 0 || before.Length == after.Length, "The disk could be opened before.");
        for (int i = 0; i < before.Length; i++)
        {
            Assert.True(before[i].Length == 0 || before[i] == after[i], FormattableString.Invariant($"Piece {i} has changed."));
        }
    }
}
