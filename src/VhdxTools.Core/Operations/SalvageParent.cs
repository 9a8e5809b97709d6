using System;
using System.Collections.Generic;
using System.Linq;
using VhdxTools.Disks;
using VhdxTools.Format;
using VhdxTools.Images;

namespace VhdxTools.Operations;

/// <summary>The parents of a damaged image, as far as they can be read.</summary>
internal sealed class SalvageParent : IDisposable
{
    private readonly DiskChain? _chain;
    private readonly CutWatch? _watch;
    private readonly (string Id, string Reason) _problem;

    private SalvageParent(DiskChain? chain, (string Id, string Reason) problem, IEnumerable<string> storedPaths)
    {
        _chain = chain;
        _watch = chain is null ? null : new(chain.Layers);
        _problem = problem;
        Paths = [.. chain is null ? [] : chain.Layers.Select(layer => layer.Path), .. storedPaths];
    }

    /// <summary>The full paths of the parents: those that are read, and those that the stored paths lead to, also where they no longer fit.</summary>
    public IReadOnlyList<string> Paths { get; }

    /// <summary>Opens the parents of an image; without one, or when there is nothing to open, the result says so.</summary>
    /// <param name="path">Full path of the image.</param>
    /// <param name="image">The image; its geometry is known.</param>
    public static SalvageParent Open(string path, VhdxFile image)
    {
        (string, string) problem = default;
        DiskChain? chain = image.Geometry!.HasParent ? OpenChain(path, image, out problem) : null;
        try
        {
            return new(chain, problem, StoredPaths(path, image));
        }
        catch
        {
            chain?.Dispose();
            throw;
        }
    }

    /// <exception cref="VhdxException">A parent was cut while it was read.</exception>
    public void ThrowIfCut() => _watch?.ThrowIfCut();

    public void Dispose() => _chain?.Dispose();

    /// <summary>Reads a part of a piece; what lies beyond the end of a shorter parent reads as zeros.</summary>
    /// <exception cref="VhdxException">It cannot be read.</exception>
    public void Read(long offset, Span<byte> buffer)
    {
        int there = (int)Math.Max(0, Math.Min(buffer.Length, _chain!.Capacity - offset));
        buffer.Slice(there).Clear();
        if (there > 0)
        {
            _chain.Read(offset, buffer.Slice(0, there));
        }
    }

    /// <summary>The ranges that may hold anything but zeros, in order; what cannot be read is added to the lost ones.</summary>
    public IEnumerable<SalvagePiece> Pieces(long offset, long length, LostRanges lost)
    {
        if (_chain is null)
        {
            lost.Add(offset, length, _problem.Id, _problem.Reason);
            yield break;
        }

        long end = Math.Min(offset + length, _chain.Capacity);
        while (offset < end)
        {
            // A damaged block of the parent ends its list; the list goes on behind it.
            List<DiskExtent> extents = [];
            long position = offset;
            string? id = null;
            string reason = "";
            using (IEnumerator<DiskExtent> source = _chain.Extents(offset, end - offset).GetEnumerator())
            {
                while (extents.Count < 4096 && id is null)
                {
                    try
                    {
                        if (!source.MoveNext())
                        {
                            position = end;
                            break;
                        }

                        extents.Add(source.Current);
                        position = source.Current.End;
                    }
                    catch (VhdxException exception)
                    {
                        id = exception.Id;
                        reason = "the parent is damaged: " + exception.Message;
                    }
                }
            }

            foreach (DiskExtent extent in extents.Where(extent => extent.Kind == DiskExtentKind.Data))
            {
                yield return new(extent.Offset, extent.Length, null);
            }

            if (id is not null)
            {
                long next = Math.Min(end, ((position / FormatConstants.MiB) + 1) * FormatConstants.MiB);
                lost.Add(position, next - position, id, reason);
                position = next;
            }

            offset = position;
        }
    }

    private static List<string> StoredPaths(string path, VhdxFile image)
    {
        List<string> parents = [];
        if (image.ParentLocator is { } locator && ParentPaths.Find(path, locator) is string parent)
        {
            parents.Add(parent);
            try
            {
                parents.AddRange(ChainInspector.Follow(parent, default).Select(link => link.Path));
            }
            catch (VhdxException)
            {
                // A parent that cannot be read tells of no further ones.
            }
        }

        return parents;
    }

    private static DiskChain? OpenChain(string path, VhdxFile image, out (string Id, string Reason) problem)
    {
        problem = default;
        if (image.ParentLocator is not { } locator)
        {
            problem = (VhdxRules.ParentLocatorMissing.Id, "only the parent has it, and nothing tells which that is");
            return null;
        }

        if (ParentPaths.Find(path, locator) is not string parentPath)
        {
            problem = (VhdxRules.ParentNotFound.Id, "only the parent has it, which is not found");
            return null;
        }

        DiskChain? chain = null;
        try
        {
            chain = DiskChain.OpenRead(parentPath);
            if (locator.Accepts(chain.Layers[0].Image.Header!.DataWriteGuid) && chain.LogicalSectorSize == image.Geometry!.LogicalSectorSize)
            {
                return chain;
            }

            problem = (VhdxRules.ParentMismatch.Id, "only the parent has it, and what is there is not the parent that the image was made from");
        }
        catch (VhdxException exception)
        {
            problem = (exception.Id, "only the parent has it, which cannot be read: " + exception.Message);
        }

        chain?.Dispose();
        return null;
    }
}
