using System;
using VhdxTools.Format;
using VhdxTools.Layout;

namespace VhdxTools.Images;

/// <summary>Chooses the current header and checks what it says (MS-VHDX 2.2.2).</summary>
internal static class HeaderReader
{
    public static VhdxHeader? Choose(VhdxFile image)
    {
        HeaderCopy first = image.Headers[0];
        HeaderCopy second = image.Headers[1];
        HeaderCopy? current = (first.IsValid, second.IsValid) switch
        {
            (true, true) when first.SequenceNumber != second.SequenceNumber => first.SequenceNumber > second.SequenceNumber ? first : second,
            (true, true) => first.Header == second.Header && first.StoredChecksum == second.StoredChecksum ? first : null,
            (true, false) => first,
            (false, true) => second,
            _ => null,
        };
        if (current is null)
        {
            image.Report(
                VhdxRules.NoCurrentHeader,
                first.IsValid
                    ? "Both headers are valid and have the same sequence number, but they differ: neither can be called current."
                    : $"Neither header is valid: {ProblemOf(image, first)}; {ProblemOf(image, second)}.",
                FormatConstants.Header1Offset,
                FormatConstants.RegionTable1Offset - FormatConstants.Header1Offset);
            return null;
        }

        current.IsCurrent = true;
        HeaderCopy other = current == first ? second : first;
        if (!other.IsValid)
        {
            // The most telling rule alone: that only one copy is left follows from it.
            VhdxRule rule = other.IsBlank ? VhdxRules.OneHeaderLost : other.IsSignatureValid ? VhdxRules.HeaderChecksum : VhdxRules.HeaderSignature;
            image.Report(
                rule,
                $"Only header {current.Number} is valid: {ProblemOf(image, other)}.",
                other.FileOffset,
                VhdxHeader.Length,
                other.IsSignatureValid ? FormattableString.Invariant($"0x{other.ComputedChecksum:X8}") : null,
                other.IsSignatureValid ? FormattableString.Invariant($"0x{other.StoredChecksum:X8}") : null,
                $"Header {other.Number}",
                FindingSeverity.Warning);
        }
        else if (other.SequenceNumber == current.SequenceNumber)
        {
            image.Report(VhdxRules.TwinHeaders, "Both headers have the same sequence number and the same content.", first.FileOffset, VhdxHeader.Length);
        }

        if (!current.IsReservedZero)
        {
            image.Report(VhdxRules.HeaderReserved, "Reserved bytes of the current header are not zero.", current.FileOffset, VhdxHeader.Length);
        }

        if (current.Version != 1)
        {
            image.Report(VhdxRules.HeaderVersion, "The file has a version of the format that nobody may process.", current.FileOffset, VhdxHeader.Length, "1", FormattableString.Invariant($"{current.Version}"));
            return null;
        }

        return current.Header;
    }

    /// <summary>The log's place, or null when the header gives none that could be right.</summary>
    public static FileRange? CheckLog(VhdxFile image, VhdxHeader header)
    {
        // An empty log is never read, so nobody who only reads depends on where it is.
        bool blocks = image.IsLogDirty;
        bool isSound = true;
        long place = image.Headers[0].IsCurrent ? image.Headers[0].FileOffset : image.Headers[1].FileOffset;
        if (header.LogVersion != 0 && image.IsLogDirty)
        {
            image.Report(VhdxRules.LogVersion, "The log is not empty and has a version that nobody may process.", place, VhdxHeader.Length, "0", FormattableString.Invariant($"{header.LogVersion}"));
            isSound = false;
        }

        if (header.LogOffset < (ulong)FormatConstants.HeaderSectionLength || header.LogOffset > (ulong)FormatConstants.MaximumFileLength || !FormatConstants.IsAligned((long)header.LogOffset))
        {
            image.Report(VhdxRules.LogOffset, "The log is not at a multiple of 1 MiB behind the header section.", place, VhdxHeader.Length, "a multiple of 1 MiB, at least 1 MiB", FormattableString.Invariant($"0x{header.LogOffset:X}"), blocksReading: blocks);
            isSound = false;
        }

        if (header.LogLength == 0 || !FormatConstants.IsAligned(header.LogLength))
        {
            image.Report(VhdxRules.LogLength, "The length of the log is no multiple of 1 MiB, or zero.", place, VhdxHeader.Length, "a multiple of 1 MiB, not zero", FormattableString.Invariant($"{header.LogLength} bytes"), blocksReading: blocks);
            isSound = false;
        }

        return isSound ? new FileRange((long)header.LogOffset, header.LogLength) : null;
    }

    private static string ProblemOf(VhdxFile image, HeaderCopy copy) =>
        image.Raw.Length < copy.FileOffset + VhdxHeader.Length ? FormattableString.Invariant($"the file ends before header {copy.Number} does")
        : copy.IsSignatureValid ? FormattableString.Invariant($"header {copy.Number} has the checksum 0x{copy.StoredChecksum:X8} where 0x{copy.ComputedChecksum:X8} is right")
        : copy.IsBlank ? FormattableString.Invariant($"header {copy.Number} is blank")
        : FormattableString.Invariant($"header {copy.Number} lacks its signature");
}
