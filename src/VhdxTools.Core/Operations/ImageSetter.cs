using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using VhdxTools.Disks;
using VhdxTools.Format;
using VhdxTools.Images;
using VhdxTools.IO;
using VhdxTools.Layout;

namespace VhdxTools.Operations;

/// <summary>Changes what the metadata of an image tells: parent, physical sector size, disk identifier, user items. All with one commit.</summary>
internal static class ImageSetter
{
    /// <summary>Children that a warning names; beyond, they are counted.</summary>
    private const int MaximumNames = 8;

    /// <summary>Tells what would change. The file is only read.</summary>
    /// <param name="path">Full path of the image.</param>
    /// <param name="options">What is asked for.</param>
    /// <param name="cancellation">Stops the work.</param>
    /// <exception cref="VhdxException">A value is not valid, the image or the parent cannot be read, or the parent cannot be this image's parent.</exception>
    public static SetPlan Plan(string path, SetOptions options, CancellationToken cancellation = default)
    {
        SetPlan plan;
        using (VhdxFile image = VhdxFile.OpenRead(path))
        {
            plan = PlanOf(image, path, options, cancellation);
        }

        return plan.IsVisible ? plan with { Warnings = [.. plan.Warnings, .. ChildWarnings(path, cancellation)] } : plan;
    }

    /// <summary>Changes the file: old or new, never a mixture. When there is nothing to change, only a dirty log is replayed.</summary>
    /// <param name="path">Full path of the image.</param>
    /// <param name="options">What is asked for; judged again, as the file may have changed since the plan.</param>
    /// <param name="newGuid">Gives a new GUID at each call.</param>
    /// <param name="wrap">For tests: puts another file over the one that is opened.</param>
    /// <param name="cancellation">Stops the work before the first change.</param>
    /// <exception cref="VhdxException">As <see cref="Plan"/>, or the file is in use or cannot be written.</exception>
    public static void Apply(
        string path,
        SetOptions options,
        Func<Guid> newGuid,
        Func<IRandomAccessFile, IRandomAccessFile>? wrap = null,
        CancellationToken cancellation = default)
    {
        cancellation.ThrowIfCancellationRequested();
        using ImageEditor editor = ImageEditor.Open(path, newGuid, wrap);
        SetPlan plan = PlanOf(editor.Layer.Image, path, options, cancellation);
        cancellation.ThrowIfCancellationRequested();
        if (plan.Changes.Count > 0)
        {
            editor.Session.Begin(plan.IsVisible);
            StructureWriter.SetItems(editor.Session, plan.Items);
            editor.Session.Commit();
        }
    }

    private static SetPlan PlanOf(VhdxFile image, string path, SetOptions options, CancellationToken cancellation)
    {
        List<MetadataItem> items = [.. StructureWriter.ItemsOf(image)];
        List<string> changes = [];
        if (options.PhysicalSectorSizeBytes is ulong wanted)
        {
            int size = LayoutPlanner.SectorSizeOf(wanted, ErrorIds.InvalidPhysicalSectorSize, "physical");
            byte[] content = new byte[sizeof(uint)];
            ByteFields.U32(content, 0, (uint)size);
            Set(items, WellKnownGuids.PhysicalSectorSize, content, changes, FormattableString.Invariant($"PhysicalSectorSize from {image.PhysicalSectorSize} to {size} bytes"));
        }

        if (options.DiskIdentifier is Guid identifier)
        {
            if (identifier == Guid.Empty)
            {
                throw new VhdxException(ErrorIds.InvalidDiskIdentifier, ErrorKind.InvalidArgument, "The disk identifier is not all zeros.");
            }

            Set(items, WellKnownGuids.VirtualDiskId, identifier.ToByteArray(), changes, $"DiskIdentifier from {image.VirtualDiskId} to {identifier}");
        }

        changes.AddRange(UserMetadata.Change(items, options, path));
        bool isVisible = changes.Count > 0;
        ParentLink? link = options.ParentPath is string parent ? ParentLinker.Link(image, path, parent, options.IgnoreIdMismatch, cancellation) : null;
        if (link is not null && link.Locator != image.ParentLocator)
        {
            byte[] content = link.Locator.ToBytes();
            if (content.Length > FormatConstants.MaximumMetadataItemLength)
            {
                throw new VhdxException(ErrorIds.ParentPathNotStorable, ErrorKind.InvalidArgument, $"The path of the parent '{options.ParentPath}' cannot be stored in '{path}': its parent locator would be longer than 1 MiB.");
            }

            Set(items, WellKnownGuids.ParentLocator, content, changes, $"ParentPath from {PathText(image.ParentLocator!)} to {PathText(link.Locator)}");
            isVisible |= link.Mismatch is not null;
        }

        return new()
        {
            Items = items,
            Changes = changes,
            IsVisible = isVisible,
            Mismatch = link?.Mismatch,
            Warnings = link?.Warnings ?? [],
        };
    }

    private static void Set(List<MetadataItem> items, Guid id, byte[] content, List<string> changes, string change)
    {
        int index = items.FindIndex(item => item.Id == id && !item.IsUser);
        if (!content.AsSpan().SequenceEqual(items[index].Content))
        {
            items[index] = items[index] with { Content = content };
            changes.Add(change);
        }
    }

    private static string PathText(ParentLocator locator) =>
        $"'{string.Join("', '", ParentPaths.Stored(locator).Select(path => path.Value))}' (parent_linkage {locator[ParentLocator.ParentLinkageKey]})";

    /// <summary>A new DataWriteGuid breaks the links of the children: those that lie beside the image and fit now are named.</summary>
    private static List<string> ChildWarnings(string path, CancellationToken cancellation)
    {
        List<string> warnings = [];
        List<string> children = ChainInspector.Children(path, Path.GetDirectoryName(path)!, recurse: false, warnings.Add, cancellation)
            .Where(child => child is { Depth: 1, LinkageState: LinkageState.Match or LinkageState.MatchSecond })
            .Select(child => child.Path)
            .ToList();
        if (children.Count > 0)
        {
            string names = string.Join(", ", children.Take(MaximumNames).Select(child => $"'{child}'"));
            string more = children.Count > MaximumNames ? FormattableString.Invariant($" and {children.Count - MaximumNames} more") : "";
            warnings.Add($"A new DataWriteGuid for '{path}' means that its children no longer fit: {names}{more}. Link each of them again with Set-VhdxImage -ParentPath and -IgnoreIdMismatch.");
        }

        return warnings;
    }
}
