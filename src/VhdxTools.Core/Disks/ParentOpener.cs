using System;
using System.Collections.Generic;
using System.Linq;
using VhdxTools.Format;
using VhdxTools.Images;
using VhdxTools.IO;

namespace VhdxTools.Disks;

/// <summary>Opens the parent of a layer, and refuses one that does not fit.</summary>
internal static class ParentOpener
{
    /// <param name="child">The child.</param>
    /// <param name="chain">The files from the tip to the child.</param>
    /// <exception cref="VhdxException">There is no parent, it cannot be read, or it is not the one that the child was made from.</exception>
    public static VhdxLayer Open(VhdxLayer child, IReadOnlyList<IDiskLayer> chain)
    {
        ParentLocator locator = child.Image.ParentLocator!;
        string path = ParentPaths.Find(child.Path, locator)
            ?? throw Broken(VhdxRules.ParentNotFound, "None of the stored paths of the parent leads to a file: " + ParentPaths.DescribeTried(child.Path, locator) + ".");
        if (chain.Any(link => FileKinds.AreSame(link.Path, path)))
        {
            throw Broken(VhdxRules.ParentLoop, $"The parent '{path}' depends on this image: the chain is a ring.");
        }

        VhdxFile parent = VhdxFile.OpenRead(path);
        try
        {
            if (!locator.Accepts(parent.Header!.DataWriteGuid))
            {
                throw Broken(VhdxRules.ParentMismatch, $"The parent '{path}' is not in the state that the child was made from.", $"DataWriteGuid {locator[ParentLocator.ParentLinkageKey]}", $"{parent.Header.DataWriteGuid}");
            }

            if (parent.Geometry!.LogicalSectorSize != child.Geometry.LogicalSectorSize)
            {
                throw Broken(VhdxRules.ParentSectorSize, $"The parent '{path}' has another logical sector size.", FormattableString.Invariant($"{child.Geometry.LogicalSectorSize}"), FormattableString.Invariant($"{parent.Geometry.LogicalSectorSize}"));
            }

            return new(path, parent);
        }
        catch
        {
            parent.Dispose();
            throw;
        }

        VhdxException Broken(VhdxRule rule, string message, string? expected = null, string? actual = null) =>
            new(VhdxFinding.Of(rule, child.Path, message) with { Expected = expected, Actual = actual });
    }
}
