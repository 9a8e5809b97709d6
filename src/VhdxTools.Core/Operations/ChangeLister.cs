using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using VhdxTools.Disks;
using VhdxTools.IO;

namespace VhdxTools.Operations;

/// <summary>Lists what differencing images changed, from their block tables and bitmaps alone: no data is read.</summary>
internal static class ChangeLister
{
    /// <param name="tipPath">Full path of the image.</param>
    /// <param name="ancestorPath">Full path of the parent, or of one further down, since which changes count; null for the parent, which need not be there.</param>
    /// <param name="cancellation">Stops the work.</param>
    /// <exception cref="VhdxException">A file cannot be opened, is damaged or is cut meanwhile, the image is no differencing one, or the ancestor is none of its parents.</exception>
    public static IEnumerable<VhdxDifference> Changes(string tipPath, string? ancestorPath, CancellationToken cancellation = default)
    {
        List<IDiskLayer> layers = [LayerOpener.Open(tipPath)];
        try
        {
            if (!layers[0].HasParent)
            {
                throw new VhdxException(ErrorIds.NotDifferencing, ErrorKind.InvalidArgument, $"'{tipPath}' is no differencing image: there is no parent that it could have changed.");
            }

            long ancestorSize = ancestorPath is null ? 0 : AddUpTo(ancestorPath, layers);
            CutWatch watch = new(layers);
            foreach (DifferenceRange range in DifferenceRange.Join(Ranges(layers, ancestorSize, cancellation)))
            {
                yield return new()
                {
                    Offset = range.Offset,
                    Length = range.Length,
                    Kind = range.Kind,
                    ReferencePath = ancestorPath,
                    DifferencePath = tipPath,
                };
            }

            watch.ThrowIfCut();
        }
        finally
        {
            layers.ForEach(layer => layer.Dispose());
        }
    }

    /// <summary>What the files above the ancestor say.</summary>
    /// <param name="layers">Those files, the tip first.</param>
    /// <param name="ancestorSize">Size of the ancestor's disk in bytes; of no meaning with one file.</param>
    /// <param name="cancellation">Stops the work.</param>
    public static IEnumerable<DifferenceRange> Ranges(IReadOnlyList<IDiskLayer> layers, long ancestorSize, CancellationToken cancellation)
    {
        // A file between that is shorter than the ancestor hides it: beyond its end the tip reads zeros.
        long hiddenStart = layers.Min(layer => layer.Size);
        long hiddenEnd = Math.Min(ancestorSize, layers[0].Size);
        foreach (DiskExtent extent in new LayerStack(layers).Extents(0, layers[0].Size, cancellation))
        {
            if (extent.Kind != DiskExtentKind.Absent)
            {
                yield return new(extent.Offset, extent.Length, extent.Kind == DiskExtentKind.Data ? VhdxDifferenceKind.Changed : VhdxDifferenceKind.Zeroed);
                continue;
            }

            long start = Math.Max(extent.Offset, hiddenStart);
            long end = Math.Min(extent.End, hiddenEnd);
            if (start < end)
            {
                yield return new(start, end - start, VhdxDifferenceKind.Zeroed);
            }
        }
    }

    /// <summary>Opens the files between the tip and an ancestor; the ancestor itself is looked at and closed.</summary>
    /// <returns>The size of the ancestor's disk in bytes.</returns>
    private static long AddUpTo(string ancestorPath, List<IDiskLayer> layers)
    {
        // A mistyped path is told as such, and not as a file that is elsewhere in no chain.
        OsFile.OpenRead(ancestorPath).Dispose();
        while (LayerOpener.OpenParent(layers[layers.Count - 1], layers) is IDiskLayer parent)
        {
            if (FileKinds.AreSame(parent.Path, ancestorPath))
            {
                using (parent)
                {
                    return parent.Size;
                }
            }

            layers.Add(parent);
        }

        throw new VhdxException(
            ErrorIds.NotAnAncestor,
            ErrorKind.InvalidArgument,
            $"'{ancestorPath}' is none of the parents of '{layers[0].Path}', which are: {string.Join(", ", layers.Skip(1).Select(layer => $"'{layer.Path}'"))}.");
    }
}
