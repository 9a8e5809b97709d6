using System.Globalization;

namespace VhdxTools.Layout;

/// <summary>Areas of blocks, named the same way in plans and in files that were read.</summary>
internal static class AreaNames
{
    public static FileArea PayloadBlocks(long fileOffset, long blockSize, long first, long count) =>
        new(fileOffset, count * blockSize, AreaKind.PayloadBlock, Numbered("Payload block", first, count));

    public static string Numbered(string noun, long first, long count) => count == 1
        ? $"{noun} {Text(first)}"
        : $"{noun}s {Text(first)}-{Text(first + count - 1)}";

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
