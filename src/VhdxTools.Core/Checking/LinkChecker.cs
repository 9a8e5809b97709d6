using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using VhdxTools.Diagnostics;
using VhdxTools.Format;
using VhdxTools.Images;
using VhdxTools.IO;

namespace VhdxTools.Checking;

/// <summary>Checks the link from a child to its parent (MS-VHDX 2.6.2.6).</summary>
internal static class LinkChecker
{
    /// <summary>Finds the parent and judges the link.</summary>
    /// <param name="child">The child.</param>
    /// <param name="childPath">Its full path.</param>
    /// <param name="chain">The files from the tip to the child.</param>
    /// <param name="findings">Gets what is wrong with the link.</param>
    /// <returns>The parent's path and the parent, open, when it is worth checking; else null.</returns>
    public static (string Path, IRandomAccessFile File)? Follow(VhdxFile child, string childPath, List<string> chain, List<VhdxFinding> findings)
    {
        ParentLocator locator = child.ParentLocator!;
        string? path = ParentPaths.Find(childPath, locator);
        if (path is null)
        {
            if (ParentPaths.Stored(locator).Any())
            {
                findings.Add(NotFound("None of the stored paths leads to a file: " + ParentPaths.DescribeTried(childPath, locator) + "."));
            }

            return null;
        }

        if (chain.Any(link => FileKinds.AreSame(link, path)))
        {
            findings.Add(Finding(VhdxRules.ParentLoop, $"The parent '{path}' depends on this image: the chain is a ring."));
            return null;
        }

        if (chain.Count >= Checker.MaximumDepth)
        {
            findings.Add(Finding(VhdxRules.ChainTooDeep, FormattableString.Invariant($"The chain has more than {Checker.MaximumDepth} files; the rest is not checked.")));
            return null;
        }

        // One handle for judging the link and one for the parent's own check, which may take long and reads the file anew.
        try
        {
            using (VhdxFile parent = VhdxFile.Open(OsFile.OpenRead(path), new CollectingSink()))
            {
                findings.AddRange(Judge(parent));
            }

            return (path, OsFile.OpenRead(path));
        }
        catch (VhdxException exception)
        {
            findings.Add(NotFound($"The parent cannot be read: {exception.Message}"));
            return null;
        }

        VhdxFinding NotFound(string message) => Finding(VhdxRules.ParentNotFound, message);

        VhdxFinding Finding(VhdxRule rule, string message) => VhdxFinding.Of(rule, childPath, message) with { Item = "Parent Locator" };

        IEnumerable<VhdxFinding> Judge(VhdxFile parent)
        {
            foreach (KeyValuePair<string, string> stored in ParentPaths.Stored(locator).Where(stored => IsStale(childPath, stored, path)))
            {
                yield return Finding(VhdxRules.ParentPathStale, $"The stored {stored.Key} '{stored.Value}' does not lead to the parent that was found, '{path}'.");
            }

            Guid? first = locator.Linkage(ParentLocator.ParentLinkageKey);
            Guid? second = locator.Linkage(ParentLocator.ParentLinkage2Key);
            if (parent.Header is { } header && first is not null && !locator.Accepts(header.DataWriteGuid))
            {
                yield return Finding(VhdxRules.ParentMismatch, $"The parent '{path}' is not in the state that the child was made from.") with
                {
                    Expected = second is null ? $"DataWriteGuid {first}" : $"DataWriteGuid {first} or {second}",
                    Actual = $"DataWriteGuid {header.DataWriteGuid}",
                };
            }

            if (child.Geometry is not { } own || parent.Geometry is not { } parents)
            {
                yield break;
            }

            if (own.LogicalSectorSize != parents.LogicalSectorSize)
            {
                yield return Finding(VhdxRules.ParentSectorSize, $"The parent '{path}' has another logical sector size.") with
                {
                    Expected = FormattableString.Invariant($"{own.LogicalSectorSize} bytes"),
                    Actual = FormattableString.Invariant($"{parents.LogicalSectorSize} bytes"),
                };
            }

            if (own.VirtualDiskSize != parents.VirtualDiskSize)
            {
                yield return Finding(VhdxRules.ParentSizeDiffers, $"The parent '{path}' has another size; this is legal.") with
                {
                    Expected = FormattableString.Invariant($"{own.VirtualDiskSize} bytes"),
                    Actual = FormattableString.Invariant($"{parents.VirtualDiskSize} bytes"),
                };
            }
        }
    }

    /// <summary>Where a path cannot be followed (a drive letter on Linux), a different file name still tells that it is stale.</summary>
    public static bool IsStale(string childPath, KeyValuePair<string, string> stored, string found)
    {
        if (stored.Key == ParentLocator.VolumePathKey && ParentPaths.IsVolumePathOf(found, stored.Value))
        {
            return false;
        }

        if (ParentPaths.Candidate(childPath, stored) is string candidate)
        {
            return !File.Exists(candidate) || !FileKinds.AreSame(candidate, found);
        }

        string name = stored.Value.Split('\\', '/').Last();
        return !string.Equals(name, Path.GetFileName(found), StringComparison.OrdinalIgnoreCase);
    }
}
