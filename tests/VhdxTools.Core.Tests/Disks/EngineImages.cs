using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using VhdxTools.Checking;
using VhdxTools.Format;
using VhdxTools.Images;
using VhdxTools.Layout;
using VhdxTools.Operations;

namespace VhdxTools.Core.Tests.Disks;

/// <summary>Images to test the engine with, and questions about them.</summary>
internal static class EngineImages
{
    public const long MiB = 1 << 20;

    /// <summary>GUIDs that are the same in every run.</summary>
    public static Func<Guid> Guids(int seed)
    {
        Random random = new(seed);
        return () =>
        {
            byte[] bytes = new byte[16];
            lock (random)
            {
                random.NextBytes(bytes);
            }

            return new(bytes);
        };
    }

    public static string Create(
        string path,
        VhdType type = VhdType.Dynamic,
        long? size = null,
        long? block = null,
        int? sector = null,
        long log = MiB,
        string? parent = null,
        ulong sequence = 1,
        InitialBlockState? state = null)
    {
        Func<Guid> guids = Guids(Path.GetFileName(path).Sum(character => character));
        LayoutPlan plan = LayoutPlanner.Plan(new()
        {
            Type = parent is null ? type : VhdType.Differencing,
            SizeBytes = (ulong?)size,
            BlockSizeBytes = (ulong?)block,
            LogSizeBytes = (ulong)log,
            LogicalSectorSizeBytes = (ulong?)sector,
            BlockState = state,
            Preallocation = type == VhdType.Fixed && parent is null ? Preallocation.None : null,
            Creator = "engine tests",
            Identifiers = new() { FileWriteGuid = guids(), DataWriteGuid = guids(), DiskIdentifier = guids(), SequenceNumber = sequence },
            Parent = parent is null ? null : ParentReader.Read(parent, path, true, _ => { }),
        });
        ImageCreator.Create(plan, path, false, "engine");
        return path;
    }

    public static VhdxHeader Header(string path)
    {
        using VhdxFile image = VhdxFile.OpenRead(path);
        return image.Header!;
    }

    public static string Hash(string path)
    {
        using FileStream stream = File.Open(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        return Convert.ToHexString(SHA256.HashData(stream));
    }

    /// <summary>Everything but notes.</summary>
    public static List<VhdxFinding> Faults(string path, bool skipParent = false) =>
        [.. new Checker(skipParent).Check(path).Where(finding => finding.Severity != FindingSeverity.Note)];

    public static void Patch(string path, long offset, byte[] bytes)
    {
        using FileStream stream = new(path, FileMode.Open, FileAccess.Write);
        stream.Position = offset;
        stream.Write(bytes);
    }

    public static byte[] RandomBytes(Random random, int length)
    {
        byte[] bytes = new byte[length];
        random.NextBytes(bytes);
        return bytes;
    }
}
