using System;
using System.Collections.Generic;
using System.Linq;
using VhdxTools.Format;
using VhdxTools.Images;
using VhdxTools.Layout;

namespace VhdxTools.Operations;

/// <summary>Sets and removes the metadata items of users (MS-VHDX 2.6).</summary>
internal static class UserMetadata
{
    /// <summary>Changes a list of items.</summary>
    /// <param name="items">All items of the image.</param>
    /// <param name="options">What is asked for.</param>
    /// <param name="path">The image, for messages.</param>
    /// <returns>Each change with its old and its new length.</returns>
    /// <exception cref="VhdxException">An id or a length is not valid, or there is no room.</exception>
    public static List<string> Change(List<MetadataItem> items, SetOptions options, string path)
    {
        List<string> changes = [];
        HashSet<Guid> seen = [];
        foreach ((Guid id, byte[]? content) in options.Metadata.Select(pair => (pair.Key, pair.Value)))
        {
            Check(id, content, isFirst: seen.Add(id));
            int index = items.FindIndex(item => item.IsUser && item.Id == id);
            string old = index < 0 ? "none" : LengthText(items[index].Content);
            if (content is null)
            {
                if (index >= 0)
                {
                    items.RemoveAt(index);
                    changes.Add($"remove the metadata item {id} ({old})");
                }
            }
            else if (index < 0)
            {
                items.Add(new(id, options.MetadataIsVirtualDisk ? MetadataFlags.IsUser | MetadataFlags.IsVirtualDisk : MetadataFlags.IsUser, 0, content));
                changes.Add($"add the metadata item {id} ({LengthText(content)})");
            }
            else if (!content.AsSpan().SequenceEqual(items[index].Content))
            {
                items[index] = items[index] with { Content = content };
                changes.Add($"change the metadata item {id} from {old} to {LengthText(content)}");
            }
        }

        if (changes.Count > 0)
        {
            CheckRoom(items, path);
        }

        return changes;
    }

    private static void Check(Guid id, byte[]? content, bool isFirst)
    {
        if (id == Guid.Empty)
        {
            throw Invalid("The id of a metadata item is not all zeros.");
        }

        if (content is not null && WellKnownGuids.MetadataItemName(id) != id.ToString())
        {
            throw Invalid($"{id} is the id of the format's own item {WellKnownGuids.MetadataItemName(id)}: as user metadata, other programs take it for that, or refuse the image.");
        }

        if (!isFirst)
        {
            throw Invalid($"The metadata item {id} is given twice.");
        }

        if (content?.Length > FormatConstants.MaximumMetadataItemLength)
        {
            throw Invalid(FormattableString.Invariant($"The value of the metadata item {id} has {content.Length} bytes; a value has at most {FormatConstants.MaximumMetadataItemLength} bytes (1 MiB)."));
        }
    }

    private static void CheckRoom(List<MetadataItem> items, string path)
    {
        int users = items.Count(item => item.IsUser);
        if (users > FormatConstants.MaximumUserMetadataEntries || items.Count > FormatConstants.MaximumTableEntries)
        {
            throw Invalid(FormattableString.Invariant(
                $"'{path}' would have {users} user metadata items and {items.Count} in all; the format has room for {FormatConstants.MaximumUserMetadataEntries} and {FormatConstants.MaximumTableEntries}."));
        }

        long total = items.Sum(item => (long)item.Content.Length);
        if (total > MetadataReader.MaximumContentLength)
        {
            throw Invalid(FormattableString.Invariant(
                $"The metadata items of '{path}' would have {total} bytes together; VhdxTools reads and writes at most {MetadataReader.MaximumContentLength} bytes ({ByteText.Size(MetadataReader.MaximumContentLength)})."));
        }
    }

    private static string LengthText(byte[] content) => FormattableString.Invariant($"{content.Length} bytes");

    private static VhdxException Invalid(string message) => new(ErrorIds.InvalidMetadata, ErrorKind.InvalidArgument, message);
}
