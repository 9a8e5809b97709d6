using System.Collections.Generic;
using VhdxTools.Format;

namespace VhdxTools.Layout;

/// <summary>The areas of the first 1 MiB, the same in every file (MS-VHDX 2.2).</summary>
internal static class HeaderSection
{
    public static IReadOnlyList<FileArea> Areas { get; } =
    [
        new(FormatConstants.FileTypeIdentifierOffset, FormatConstants.HeaderSlotLength, AreaKind.FileTypeIdentifier, "File type identifier"),
        new(FormatConstants.Header1Offset, FormatConstants.HeaderSlotLength, AreaKind.Header, "Header 1"),
        new(FormatConstants.Header2Offset, FormatConstants.HeaderSlotLength, AreaKind.Header, "Header 2"),
        new(FormatConstants.RegionTable1Offset, FormatConstants.HeaderSlotLength, AreaKind.RegionTable, "Region table 1"),
        new(FormatConstants.RegionTable2Offset, FormatConstants.HeaderSlotLength, AreaKind.RegionTable, "Region table 2"),
        new(FormatConstants.HeaderSectionReservedOffset, FormatConstants.HeaderSectionLength - FormatConstants.HeaderSectionReservedOffset, AreaKind.Reserved, "Reserved"),
    ];
}
