using System;

namespace VhdxTools.IO;

/// <summary>Where some of the bytes in memory lie in a file: whoever writes them elsewhere may have the files share them.</summary>
/// <param name="File">The file.</param>
/// <param name="Offset">Where those bytes start in the file.</param>
/// <param name="Start">Where they start in memory.</param>
/// <param name="Length">How many they are.</param>
internal readonly record struct DataOrigin(IRandomAccessFile File, long Offset, int Start, int Length)
{
    /// <summary>Below this an entry more in the file system's map costs more than the bytes.</summary>
    public const int MinimumLength = 64 * 1024;

    /// <summary>The origin of a part of the memory; null when none of it is known to lie in the file.</summary>
    public DataOrigin? Slice(int start, int length)
    {
        int first = Math.Max(Start, start);
        int end = Math.Min(Start + Length, start + length);
        return first < end ? new(File, Offset + (first - Start), first - start, end - first) : null;
    }
}
