using System;
using System.Collections.Concurrent;

namespace VhdxTools.IO;

/// <summary>
/// Has one file share extents with others. What the system cannot do with two files it is asked once, not for each of their blocks.
/// </summary>
/// <param name="share">Has the system do it: source, its offset, offset in the file, length.</param>
internal sealed class ExtentSharer(Func<IRandomAccessFile, long, long, long, ShareResult> share)
{
    /// <summary>The unit of most file systems. Those with larger ones refuse by themselves.</summary>
    public const int Alignment = 4096;

    private readonly ConcurrentDictionary<IRandomAccessFile, bool> _refusing = new();

    /// <summary>See <see cref="IRandomAccessFile.TryShare"/>.</summary>
    public bool TryShare(IRandomAccessFile source, long sourceOffset, long offset, long length)
    {
        if (length <= 0 || (sourceOffset | offset | length) % Alignment != 0 || _refusing.ContainsKey(source))
        {
            return false;
        }

        ShareResult result = share(source, sourceOffset, offset, length);
        if (result == ShareResult.Refused)
        {
            _refusing.TryAdd(source, true);
        }

        return result == ShareResult.Shared;
    }
}
