using System;
using System.Collections.Generic;
using System.Threading;
using VhdxTools.Format;
using VhdxTools.Layout;

namespace VhdxTools.Disks;

/// <summary>The disk that the files of a chain show together, the tip first. Chains of any depth are walked, never recursed into.</summary>
internal sealed class LayerStack
{
    /// <summary>The smallest sector of any disk: ranges of zeros begin and end at multiples of it.</summary>
    private const long Sector = 512;

    private readonly IReadOnlyList<IDiskLayer> _layers;

    public LayerStack(IReadOnlyList<IDiskLayer> layers)
    {
        _layers = layers;
        foreach (IDiskLayer layer in layers)
        {
            layer.ShareMemory(layers.Count);
        }
    }

    public long Capacity => _layers[0].Size;

    /// <exception cref="ArgumentOutOfRangeException">The range does not lie on the disk.</exception>
    public void ThrowIfOutside(long offset, long length)
    {
        if (offset < 0 || length < 0 || offset > Capacity - length)
        {
            throw new ArgumentOutOfRangeException(nameof(offset), FormattableString.Invariant($"{length} bytes from {offset} on do not lie on the disk, which has {Capacity}."));
        }
    }

    /// <summary>Reads layer after layer: what one leaves to its parent is the work list of the next.</summary>
    public void Read(long offset, Span<byte> buffer)
    {
        if (_layers[0].TryRead(offset, buffer))
        {
            return;
        }

        List<FileRange> wanted = [new(offset, buffer.Length)];
        for (int i = 0; i < _layers.Count && wanted.Count > 0; i++)
        {
            IDiskLayer layer = _layers[i];
            List<FileRange> left = [];
            foreach ((long start, long length) in wanted)
            {
                foreach (LayerExtent extent in layer.Extents(start, length))
                {
                    Span<byte> part = buffer.Slice((int)(extent.Offset - offset), (int)extent.Length);
                    if (extent.Source == LayerSource.Data)
                    {
                        layer.ReadData(extent.FileOffset, part);
                    }
                    else if (extent.Source == LayerSource.Zero || i == _layers.Count - 1)
                    {
                        part.Clear();
                    }
                    else
                    {
                        left.Add(new(extent.Offset, extent.Length));
                    }
                }

                // What lies beyond the end of a shorter parent reads as zeros.
                long beyond = Math.Min(length, start + length - layer.Size);
                if (beyond > 0)
                {
                    buffer.Slice((int)(start + length - beyond - offset), (int)beyond).Clear();
                }
            }

            wanted = left;
        }
    }

    /// <summary>The ranges of the disk in order, neighbours of one kind joined.</summary>
    public IEnumerable<DiskExtent> Extents(long offset, long length, CancellationToken cancellation)
    {
        ThrowIfOutside(offset, length);
        DiskExtent? joined = null;
        foreach (DiskExtent extent in Pieces(offset, length, cancellation))
        {
            if (joined is DiskExtent before && before.IsContinuedBy(extent))
            {
                joined = before with { Length = before.Length + extent.Length };
                continue;
            }

            if (joined is DiskExtent complete)
            {
                yield return complete;
            }

            joined = extent;
        }

        if (joined is DiskExtent last)
        {
            yield return last;
        }
    }

    /// <summary>The same, with the holes of the files as zeros.</summary>
    public IEnumerable<DiskExtent> HeldExtents(long offset, long length, CancellationToken cancellation)
    {
        foreach (DiskExtent extent in Extents(offset, length, cancellation))
        {
            if (extent.Kind != DiskExtentKind.Data || _layers[extent.Layer].LeavesOutHoles)
            {
                yield return extent;
                continue;
            }

            long fileEnd = extent.FileOffset + extent.Length;
            for (long place = extent.FileOffset; place < fileEnd;)
            {
                cancellation.ThrowIfCancellationRequested();

                // Whole sectors: a hole that begins inside one begins behind it.
                FileRange data = _layers[extent.Layer].FindData(place, fileEnd) ?? new(fileEnd, 0);
                long start = Math.Max(place, data.Offset / Sector * Sector);
                long end = Math.Min(fileEnd, FormatConstants.AlignUp(data.End, Sector));
                if (start > place)
                {
                    yield return Part(extent, place, start) with { Kind = DiskExtentKind.Zero };
                }

                if (end > start)
                {
                    yield return Part(extent, start, end);
                }

                place = Math.Max(end, start);
            }
        }
    }

    private static DiskExtent Part(DiskExtent whole, long fileStart, long fileEnd) => whole with
    {
        Offset = whole.Offset + (fileStart - whole.FileOffset),
        Length = fileEnd - fileStart,
        FileOffset = fileStart,
    };

    private IEnumerable<DiskExtent> Pieces(long offset, long length, CancellationToken cancellation)
    {
        Stack<(IEnumerator<LayerExtent> Source, long End)> stack = new();
        stack.Push((_layers[0].Extents(offset, length, cancellation).GetEnumerator(), offset + length));
        long position = offset;
        try
        {
            while (stack.Count > 0)
            {
                (IEnumerator<LayerExtent> source, long end) = stack.Peek();
                int layer = stack.Count - 1;
                if (!source.MoveNext())
                {
                    if (position < end)
                    {
                        // Beyond the end of a shorter parent.
                        yield return new(position, end - position, DiskExtentKind.Absent, -1, 0, null);
                        position = end;
                    }

                    stack.Pop().Source.Dispose();
                    continue;
                }

                LayerExtent extent = source.Current;
                if (extent.Source == LayerSource.Parent && layer < _layers.Count - 1)
                {
                    stack.Push((_layers[layer + 1].Extents(extent.Offset, extent.Length, cancellation).GetEnumerator(), extent.Offset + extent.Length));
                    continue;
                }

                position = extent.Offset + extent.Length;
                yield return extent.Source switch
                {
                    LayerSource.Data => new(extent.Offset, extent.Length, DiskExtentKind.Data, layer, extent.FileOffset, extent.State),
                    LayerSource.Zero => new(extent.Offset, extent.Length, DiskExtentKind.Zero, layer, 0, extent.State),
                    _ => new(extent.Offset, extent.Length, DiskExtentKind.Absent, -1, 0, null),
                };
            }
        }
        finally
        {
            while (stack.Count > 0)
            {
                stack.Pop().Source.Dispose();
            }
        }
    }
}
