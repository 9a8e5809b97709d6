using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using VhdxTools.Checking;
using VhdxTools.Format;
using VhdxTools.Images;
using VhdxTools.IO;

namespace VhdxTools.Operations;

/// <summary>Judges a parent that an existing child is to be linked to, and makes the child's new locator. Nothing is written.</summary>
internal static class ParentLinker
{
    /// <param name="child">The child, open without errors.</param>
    /// <param name="childPath">Its full path.</param>
    /// <param name="parentPath">Full path of the parent.</param>
    /// <param name="ignoreMismatch">Whether a parent that is not the one that the child was made from is linked all the same.</param>
    /// <param name="cancellation">Stops the work.</param>
    /// <exception cref="VhdxException">The image has no parent, or that one cannot be its parent.</exception>
    public static ParentLink Link(VhdxFile child, string childPath, string parentPath, bool ignoreMismatch, CancellationToken cancellation)
    {
        if (child.ParentLocator is not { } locator)
        {
            throw new VhdxException(ErrorIds.ContradictingParameters, ErrorKind.InvalidArgument, $"'{childPath}' is a {child.Type} image, which has no parent; -ParentPath is for differencing images.");
        }

        if (locator.LocatorType != WellKnownGuids.VhdxParentLocatorType)
        {
            throw new VhdxException(VhdxFinding.Of(VhdxRules.ParentLocatorMalformed, childPath, $"The parent locator has the unknown type {locator.LocatorType}, so it cannot be changed."));
        }

        ThrowIfSame(childPath, parentPath, parentPath);
        using VhdxFile parent = ParentReader.Open(parentPath);
        List<string> warnings = [];
        ParentReader.WarnIfDirty(parent, parentPath, warnings.Add);
        foreach (VhdxChainLink link in ChainInspector.Follow(parentPath, cancellation))
        {
            ThrowIfSame(childPath, link.Path, parentPath);
            if (WarningOf(link) is string warning)
            {
                warnings.Add(warning);
            }
        }

        int sectorSize = child.Geometry!.LogicalSectorSize;
        if (parent.Geometry!.LogicalSectorSize != sectorSize)
        {
            throw new VhdxException(VhdxFinding.Of(VhdxRules.ParentSectorSize, childPath, $"The parent '{parentPath}' has another logical sector size.") with
            {
                Expected = FormattableString.Invariant($"{sectorSize} bytes"),
                Actual = FormattableString.Invariant($"{parent.Geometry.LogicalSectorSize} bytes"),
            });
        }

        Guid found = parent.Header!.DataWriteGuid;
        string? mismatch = locator.Accepts(found) ? null : Evidence(child, locator, parent);
        if (mismatch is not null && !ignoreMismatch)
        {
            throw new VhdxException(VhdxFinding.Of(
                VhdxRules.ParentMismatch,
                childPath,
                $"'{parentPath}' is not in the state that this image was made from. {mismatch} -IgnoreIdMismatch links it all the same; what the disk then reads may be wrong.") with
            {
                Expected = $"DataWriteGuid {Linkages(locator)}",
                Actual = $"DataWriteGuid {found}",
            });
        }

        return new()
        {
            Locator = Relinked(locator, found, mismatch is not null, PathsOf(locator, childPath, parentPath)),
            Mismatch = mismatch,
            Warnings = warnings,
        };
    }

    private static void ThrowIfSame(string childPath, string link, string parentPath)
    {
        if (FileKinds.AreSame(childPath, link))
        {
            throw Ring(childPath, link == parentPath ? $"'{parentPath}' is this image itself, which cannot be its own parent." : $"The parent '{parentPath}' depends on this image: the chain would be a ring.");
        }
    }

    private static VhdxException Ring(string path, string message) => new(VhdxFinding.Of(VhdxRules.ParentLoop, path, message));

    private static string? WarningOf(VhdxChainLink link) => link.LinkageState switch
    {
        LinkageState.Loop => throw Ring(link.Path, $"Its parent '{link.ParentPath}' depends on it: the chain is a ring."),
        LinkageState.Missing => $"The chain of the parent is broken: '{link.Path}' does not find its own parent, stored as '{link.StoredParentPath}', so the disk cannot be read.",
        LinkageState.Mismatch => $"The chain of the parent is broken: '{link.ParentPath}' is not in the state that '{link.Path}' was made from (DataWriteGuid {link.ParentDataWriteGuid} instead of {link.ParentLinkage}).",
        _ => null,
    };

    /// <summary>What a person needs to judge a parent that does not fit.</summary>
    private static string Evidence(VhdxFile child, ParentLocator locator, VhdxFile parent)
    {
        // A child takes over its parent's identifier, and keeps it whatever becomes of the parent's data.
        string verdict = child.VirtualDiskId == parent.VirtualDiskId
            ? "The disk identifiers are the same: it seems to be the parent that the image knew, in another state; it was changed since, or is an older or newer copy."
            : "The disk identifiers differ: it seems to be another disk.";
        return FormattableString.Invariant($"The image knows the parent by DataWriteGuid {Linkages(locator)}; this file has {parent.Header!.DataWriteGuid}. ")
            + $"The image: {Facts(child)}. The parent: {Facts(parent)}. {verdict}";
    }

    private static string Facts(VhdxFile image) => FormattableString.Invariant(
        $"disk of {ByteText.ExactSize(image.Geometry!.VirtualDiskSize)} ({image.Geometry.VirtualDiskSize} bytes), disk identifier {image.VirtualDiskId}, logical sectors of {image.Geometry.LogicalSectorSize} bytes");

    private static string Linkages(ParentLocator locator)
    {
        string first = locator.Linkage(ParentLocator.ParentLinkageKey)?.ToString() ?? "(none that can be read)";
        return locator.Linkage(ParentLocator.ParentLinkage2Key) is Guid second ? $"{first} or {second}" : first;
    }

    /// <summary>The stored paths that lead to the parent: those that are there when they are right, else new ones as a new child gets them.</summary>
    private static List<KeyValuePair<string, string>> PathsOf(ParentLocator locator, string childPath, string parentPath)
    {
        List<KeyValuePair<string, string>> stored = ParentPaths.Stored(locator).ToList();
        IReadOnlyList<KeyValuePair<string, string>> wanted = ParentPaths.Store(ParentPaths.RealFile(childPath), parentPath, portable: false);
        bool areRight = wanted.All(path => locator[path.Key] is string value && ParentPaths.Candidate(childPath, new(path.Key, value)) == ParentPaths.Candidate(childPath, path))
            && !stored.Exists(path => LinkChecker.IsStale(childPath, path, parentPath));
        return areRight ? stored : [.. wanted];
    }

    private static ParentLocator Relinked(ParentLocator locator, Guid found, bool isMismatch, List<KeyValuePair<string, string>> paths)
    {
        if (!isMismatch && locator.Linkage(ParentLocator.ParentLinkageKey) is not null && paths.SequenceEqual(ParentPaths.Stored(locator)))
        {
            return locator;
        }

        bool isKept = !isMismatch && locator.Linkage(ParentLocator.ParentLinkageKey) is not null;
        List<KeyValuePair<string, string>> entries = [new(ParentLocator.ParentLinkageKey, isKept ? locator[ParentLocator.ParentLinkageKey]! : found.ToString("B"))];

        // A merge that was begun finishes with the other of the two GUIDs, whichever the parent has now.
        if (!isMismatch && locator[ParentLocator.ParentLinkage2Key] is string second)
        {
            entries.Add(new(ParentLocator.ParentLinkage2Key, second));
        }

        entries.AddRange(paths);
        entries.AddRange(locator.Entries.Where(entry => entry.Key is not (ParentLocator.ParentLinkageKey or ParentLocator.ParentLinkage2Key
            or ParentLocator.RelativePathKey or ParentLocator.VolumePathKey or ParentLocator.AbsolutePathKey)));
        return locator with { Entries = entries };
    }
}
