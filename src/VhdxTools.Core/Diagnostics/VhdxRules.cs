using System.Collections.Generic;
using static VhdxTools.FindingSeverity;

namespace VhdxTools;

/// <summary>Every rule that a file can break, in one table. Ids are grouped by structure and never reused.</summary>
public static class VhdxRules
{
    private static readonly List<VhdxRule> s_all = [];

    /// <summary>All rules, by id.</summary>
    public static IReadOnlyList<VhdxRule> All => s_all;

    internal static readonly VhdxRule ObjectsOverlap = Add("VX101", Error, "structures overlap", "MS-VHDX 2.1");
    internal static readonly VhdxRule FileTooShort = Add("VX102", Error, "the file ends before one of its structures", "MS-VHDX 2.1");

    internal static readonly VhdxRule FileSignature = Add("VX201", Error, "file type identifier", "MS-VHDX 2.2.1");

    internal static readonly VhdxRule HeaderSignature = Add("VX301", Error, "header signature", "MS-VHDX 2.2.2");
    internal static readonly VhdxRule HeaderChecksum = Add("VX302", Error, "header checksum", "MS-VHDX 2.2.2");
    internal static readonly VhdxRule NoCurrentHeader = Add("VX303", Error, "no current header", "MS-VHDX 2.2.2");
    internal static readonly VhdxRule HeaderVersion = Add("VX304", Error, "format version", "MS-VHDX 2.2.2");
    internal static readonly VhdxRule LogVersion = Add("VX305", Error, "log version", "MS-VHDX 2.2.2");
    internal static readonly VhdxRule LogOffset = Add("VX306", Error, "log offset", "MS-VHDX 2.2.2");
    internal static readonly VhdxRule LogLength = Add("VX307", Error, "log length", "MS-VHDX 2.2.2");
    internal static readonly VhdxRule OneHeaderLost = Add("VX308", Warning, "only one header copy is valid", "MS-VHDX 2.2.2");
    internal static readonly VhdxRule HeaderReserved = Add("VX309", Note, "reserved header bytes are set", "MS-VHDX 2.2.2");

    internal static readonly VhdxRule RegionSignature = Add("VX401", Error, "region table signature", "MS-VHDX 2.2.3.1");
    internal static readonly VhdxRule RegionChecksum = Add("VX402", Error, "region table checksum", "MS-VHDX 2.2.3.1");
    internal static readonly VhdxRule RegionCount = Add("VX403", Error, "region table entry count", "MS-VHDX 2.2.3.1");
    internal static readonly VhdxRule RegionCopiesDiffer = Add("VX404", Warning, "the region table copies differ, or one is lost", "MS-VHDX 2.2.3");
    internal static readonly VhdxRule RegionDuplicate = Add("VX405", Error, "a region is listed twice", "MS-VHDX 2.2.3.2");
    internal static readonly VhdxRule RegionOffset = Add("VX406", Error, "region offset", "MS-VHDX 2.2.3.2");
    internal static readonly VhdxRule RegionLength = Add("VX407", Error, "region length", "MS-VHDX 2.2.3.2");
    internal static readonly VhdxRule RegionUnknownRequired = Add("VX408", Error, "unknown required region", "MS-VHDX 2.2.3.2");
    internal static readonly VhdxRule BatRegionMissing = Add("VX409", Error, "no BAT region", "MS-VHDX 2.2.3");
    internal static readonly VhdxRule MetadataRegionMissing = Add("VX410", Error, "no metadata region", "MS-VHDX 2.2.3");
    internal static readonly VhdxRule RegionNotRequired = Add("VX411", Note, "a known region is not marked required", "MS-VHDX 2.2.3.2");

    internal static readonly VhdxRule LogLost = Add("VX501", Error, "the log is destroyed", "MS-VHDX 2.3.3");
    internal static readonly VhdxRule LogFileTruncated = Add("VX502", Error, "the file is shorter than its log says", "MS-VHDX 2.3.3");
    internal static readonly VhdxRule LogDirty = Add("VX503", Note, "the log is to be replayed", "MS-VHDX 2.3.3");
    internal static readonly VhdxRule LogDescriptorTarget = Add("VX504", Error, "a log entry points where it must not", "MS-VHDX 2.3.1");

    internal static readonly VhdxRule BatTooShort = Add("VX601", Error, "the BAT region is too short", "MS-VHDX 2.5");
    internal static readonly VhdxRule BatState = Add("VX602", Error, "reserved block state", "MS-VHDX 2.5.1.1");

    internal static readonly VhdxRule BlockOffset = Add("VX607", Error, "a block lies inside the header section", "MS-VHDX 2.5.1");
    internal static readonly VhdxRule BlockBeyondFile = Add("VX608", Error, "a block runs past the end of the file", "MS-VHDX 2.5.1");

    internal static readonly VhdxRule MetadataSignature = Add("VX701", Error, "metadata table signature", "MS-VHDX 2.6.1.1");
    internal static readonly VhdxRule MetadataCount = Add("VX702", Error, "metadata entry count", "MS-VHDX 2.6.1.1");
    internal static readonly VhdxRule MetadataUserCount = Add("VX703", Error, "too many user metadata entries", "MS-VHDX 2.6.1.2");
    internal static readonly VhdxRule MetadataDuplicate = Add("VX704", Error, "a metadata item is listed twice", "MS-VHDX 2.6.1.2");
    internal static readonly VhdxRule MetadataItemPlace = Add("VX705", Error, "a metadata item is in the wrong place", "MS-VHDX 2.6.1.2");
    internal static readonly VhdxRule MetadataUnknownRequired = Add("VX706", Error, "unknown required metadata item", "MS-VHDX 2.6.1.2");
    internal static readonly VhdxRule MetadataMissing = Add("VX707", Error, "a metadata item is missing", "MS-VHDX 2.6.2");
    internal static readonly VhdxRule MetadataLength = Add("VX708", Error, "a metadata item has the wrong length", "MS-VHDX 2.6.2");
    internal static readonly VhdxRule MetadataFlags = Add("VX709", Note, "metadata flags differ from the specification", "MS-VHDX 2.6.2");
    internal static readonly VhdxRule BlockSize = Add("VX710", Error, "block size", "MS-VHDX 2.6.2.1");
    internal static readonly VhdxRule VirtualSize = Add("VX711", Error, "virtual disk size", "MS-VHDX 2.6.2.2");
    internal static readonly VhdxRule SectorSize = Add("VX712", Error, "sector size", "MS-VHDX 2.6.2.4");
    internal static readonly VhdxRule ParentLocatorMissing = Add("VX713", Error, "no parent locator", "MS-VHDX 2.6.2.6");

    internal static readonly VhdxRule ParentLocatorMalformed = Add("VX801", Error, "parent locator", "MS-VHDX 2.6.2.6");
    internal static readonly VhdxRule ParentLinkage = Add("VX802", Error, "parent linkage", "MS-VHDX 2.6.2.6.3");
    internal static readonly VhdxRule ParentPathMissing = Add("VX803", Error, "the parent locator has no path", "MS-VHDX 2.6.2.6.3");
    internal static readonly VhdxRule ParentNotFound = Add("VX804", Error, "the parent is not found", "MS-VHDX 2.6.2.6.3");

    private static VhdxRule Add(string id, FindingSeverity severity, string title, string reference)
    {
        VhdxRule rule = new(id, severity, title, reference);
        s_all.Add(rule);
        return rule;
    }
}
