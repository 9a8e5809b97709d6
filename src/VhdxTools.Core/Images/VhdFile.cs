using System;
using VhdxTools.Format;
using VhdxTools.IO;

namespace VhdxTools.Images;

/// <summary>What the structures of a VHD (version 1) file tell: enough to describe the image.</summary>
internal sealed record VhdFile(VhdFooter Footer, VhdDynamicHeader? DynamicHeader)
{
    public static bool HasFooter(IRandomAccessFile file) => FindFooter(file) is not null;

    /// <exception cref="VhdxException">Neither footer copy can be used, or the dynamic header is missing.</exception>
    public static VhdFile Open(IRandomAccessFile file)
    {
        VhdFooter footer = FindFooter(file)!;
        if (!footer.IsChecksumValid)
        {
            throw Damaged("the checksum of its footer is wrong, and there is no good copy");
        }

        if (footer.DiskType == VhdFooter.TypeFixed)
        {
            return new(footer, null);
        }

        if (footer.DiskType is not (VhdFooter.TypeDynamic or VhdFooter.TypeDifferencing))
        {
            throw Damaged(FormattableString.Invariant($"its footer has the unknown disk type {footer.DiskType}"));
        }

        byte[] header = file.ReadPadded(ByteFields.Clamp(footer.DataOffset), VhdDynamicHeader.Length);
        return new(footer, VhdDynamicHeader.Read(header) ?? throw Damaged("its dynamic header is missing"));

        VhdxException Damaged(string reason) => new(ErrorIds.VhdDamaged, ErrorKind.InvalidData, $"'{file.Name}' is a damaged VHD: {reason}.");
    }

    /// <summary>The last footer when it is sound, else the copy at the start, else whichever has the signature.</summary>
    private static VhdFooter? FindFooter(IRandomAccessFile file)
    {
        long length = file.Length;
        VhdFooter? last = At(length - VhdFooter.Length, VhdFooter.Length) ?? At(length - VhdFooter.Length + 1, VhdFooter.Length - 1);
        if (last is { IsChecksumValid: true })
        {
            return last;
        }

        VhdFooter? first = At(0, VhdFooter.Length);
        return first is { IsChecksumValid: true } ? first : last ?? first;

        VhdFooter? At(long offset, int count) => offset < 0 || offset + count > length ? null : VhdFooter.Read(file.ReadPadded(offset, count));
    }
}
