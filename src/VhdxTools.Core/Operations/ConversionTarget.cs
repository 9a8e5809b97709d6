using System;
using System.Collections.Generic;
using System.Threading;
using VhdxTools.Disks;
using VhdxTools.IO;
using VhdxTools.Layout;

namespace VhdxTools.Operations;

/// <summary>A new file of one format that a disk is written to. Everything is checked and planned when it exists.</summary>
internal abstract class ConversionTarget
{
    public abstract VhdFormat Format { get; }

    public abstract VhdType Type { get; }

    /// <summary>Size of the new disk in bytes.</summary>
    public abstract long Size { get; }

    /// <summary>Things that are legal and that the user should know.</summary>
    public List<string> Warnings { get; } = [];

    /// <summary>The target in a few words, with the longest file that can come of it, for -WhatIf and -Confirm.</summary>
    public abstract string Describe(CancellationToken cancellation);

    /// <summary>Writes an empty file; flushing it and giving it its name is the caller's.</summary>
    public abstract void Write(IRandomAccessFile file, Action<long, long>? progress, CancellationToken cancellation);

    /// <summary>How many of the pieces of a length some ranges touch.</summary>
    protected static long CountTouched(IEnumerable<FileRange> ranges, long length)
    {
        long count = 0;
        long last = -1;
        foreach (FileRange range in ranges)
        {
            long first = Math.Max(last + 1, range.Offset / length);
            long end = (range.End - 1) / length;
            if (first <= end)
            {
                count += end - first + 1;
                last = end;
            }
        }

        return count;
    }

    /// <summary>The ranges of a disk that may be anything but zero, as its files tell.</summary>
    protected static IEnumerable<FileRange> DataOf(IVirtualDisk disk, CancellationToken cancellation)
    {
        foreach (DiskExtent extent in disk.Extents(0, disk.Capacity, cancellation))
        {
            if (extent.Kind == DiskExtentKind.Data)
            {
                yield return extent.Range;
            }
        }
    }

    protected static string LengthText(string bound, long length) => FormattableString.Invariant($"the new file is {bound}{ByteText.Size(length)} ({length} bytes) long");

    protected static string PreallocationText(Preallocation preallocation) => preallocation switch
    {
        Preallocation.Reserve => ", its space is reserved",
        Preallocation.Full => ", zeros are written",
        _ => ", holes are left",
    };
}
