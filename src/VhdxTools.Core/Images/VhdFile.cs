using System;
using System.Collections.Generic;
using System.Linq;
using VhdxTools.Format;
using VhdxTools.IO;

namespace VhdxTools.Images;

/// <summary>What the structures of a VHD (version 1) file tell: enough to describe the image.</summary>
/// <param name="Footer">The footer that counts.</param>
/// <param name="FooterOffset">Where it is in the file, in bytes; 0 when the copy at the start serves.</param>
/// <param name="DynamicHeader">Null in fixed images.</param>
/// <param name="StoredPaths">The paths of the parent as they are stored, with the codes of their entries.</param>
internal sealed record VhdFile(VhdFooter Footer, long FooterOffset, VhdDynamicHeader? DynamicHeader, IReadOnlyList<KeyValuePair<string, string>> StoredPaths)
{
    /// <summary>No system takes longer paths; what a damaged entry announces beyond it is not read.</summary>
    private const int MaximumPathBytes = (int)(64 * FormatConstants.KiB);

    public VhdType Type => (VhdType)Footer.DiskType;

    public static bool HasFooter(IRandomAccessFile file) => FindFooter(file) is not null;

    /// <exception cref="VhdxException">Neither footer copy can be used, or the dynamic header is missing.</exception>
    public static VhdFile Open(IRandomAccessFile file)
    {
        (VhdFooter footer, long offset) = FindFooter(file)!.Value;
        if (!footer.IsChecksumValid)
        {
            throw Damaged(file.Name, "the checksum of its footer is wrong, and there is no good copy");
        }

        if (footer.DiskType == VhdFooter.TypeFixed)
        {
            return new(footer, offset, null, []);
        }

        if (footer.DiskType is not (VhdFooter.TypeDynamic or VhdFooter.TypeDifferencing))
        {
            throw Damaged(file.Name, FormattableString.Invariant($"its footer has the unknown disk type {footer.DiskType}"));
        }

        VhdDynamicHeader header = VhdDynamicHeader.Read(file.ReadPadded(ByteFields.Clamp(footer.DataOffset), VhdDynamicHeader.Length))
            ?? throw Damaged(file.Name, "its dynamic header is missing");
        return new(footer, offset, header, footer.DiskType == VhdFooter.TypeDifferencing ? [.. ReadPaths(file, header)] : []);
    }

    public static VhdxException Damaged(string path, string reason) => new(ErrorIds.VhdDamaged, ErrorKind.InvalidData, $"'{path}' is a damaged VHD: {reason}.");

    private static IEnumerable<KeyValuePair<string, string>> ReadPaths(IRandomAccessFile file, VhdDynamicHeader header) =>
        from entry in header.Locators
        where entry.Code is VhdLocatorEntry.RelativeCode or VhdLocatorEntry.AbsoluteCode
        let bytes = file.ReadPadded(entry.DataOffset, (int)Math.Min(entry.DataLength, MaximumPathBytes) / 2 * 2)
        select new KeyValuePair<string, string>(entry.Code, ByteFields.Utf16(bytes).Split('\0')[0]);

    /// <summary>The last footer when it is sound, else the copy at the start, else whichever has the signature.</summary>
    private static (VhdFooter Footer, long Offset)? FindFooter(IRandomAccessFile file)
    {
        long length = file.Length;
        (VhdFooter Footer, long Offset)? last = At(length - VhdFooter.Length, VhdFooter.Length) ?? At(length - VhdFooter.Length + 1, VhdFooter.Length - 1);
        if (last is { Footer.IsChecksumValid: true })
        {
            return last;
        }

        (VhdFooter Footer, long Offset)? first = At(0, VhdFooter.Length);
        return first is { Footer.IsChecksumValid: true } ? first : last ?? first;

        (VhdFooter Footer, long Offset)? At(long offset, int count) =>
            offset < 0 || offset + count > length || VhdFooter.Read(file.ReadPadded(offset, count)) is not { } footer ? null : (footer, offset);
    }
}
