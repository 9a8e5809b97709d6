using VhdxTools.IO;
using VhdxTools.Layout;

namespace VhdxTools.Core.Tests.Support;

/// <summary>How much of a file is there.</summary>
internal static class SparseSpace
{
    /// <summary>Bytes that are no holes, as the file system tells it.</summary>
    public static long Of(string path)
    {
        using OsFile file = OsFile.OpenRead(path);
        long held = 0;
        for (long place = 0; file.FindData(place, file.Length) is FileRange data; place = data.End)
        {
            held += data.Length;
        }

        return held;
    }
}
