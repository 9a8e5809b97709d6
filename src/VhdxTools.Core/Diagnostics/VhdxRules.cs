using System.Collections.Generic;
using static VhdxTools.FindingSeverity;
using static VhdxTools.RepairMethod;

namespace VhdxTools;

/// <summary>
/// Every rule that a file can break, in one table: id, severity, repair, title, reference, what it means, what to do. Ids are grouped by
/// structure and never reused. A copy that is damaged while the other one is good has severity Warning instead of Error.
/// </summary>
public static class VhdxRules
{
    private static readonly List<VhdxRule> s_all = [];

    /// <summary>All rules, by id.</summary>
    public static IReadOnlyList<VhdxRule> All => s_all;

    internal static readonly VhdxRule ObjectsOverlap = Add(
        "VX101", Error, Salvage, "structures overlap", "MS-VHDX 2.1",
        "Two structures of the file claim the same space, so at least one of them is overwritten.",
        "Do not write to the image. Restore a backup, or copy what is readable with Repair-VhdxImage -Salvage. When one of the two is the log, and it is empty or destroyed, -DiscardLog gives the image a new one elsewhere (Repair: DiscardLog).");

    internal static readonly VhdxRule FileTooShort = Add(
        "VX102", Error, Salvage, "the file ends before one of its structures", "MS-VHDX 2.1",
        "The end of the file is lost, for example by an interrupted copy.",
        "Copy the file again from its source, or restore a backup. Repair-VhdxImage -Salvage copies what is readable. When only the log is cut off, and it is empty or destroyed, -DiscardLog gives the image a new one (Repair: DiscardLog).");

    internal static readonly VhdxRule FileSignature = Add(
        "VX201", Error, Automatic, "file type identifier", "MS-VHDX 2.2.1",
        "The first bytes of the file are overwritten; other products will not take it for a VHDX. The disk itself may be whole.",
        "Find out what wrote to the start of the file. Repair-VhdxImage puts the signature back once a header and a region table prove what the file is.");

    internal static readonly VhdxRule HeaderSignature = Add(
        "VX301", Error, Automatic, "header signature", "MS-VHDX 2.2.2",
        "One of the two headers is overwritten. The other one serves, and there is no safety copy any more.",
        "Repair-VhdxImage restores the lost copy from the good one.");

    internal static readonly VhdxRule HeaderChecksum = Add(
        "VX302", Error, Automatic, "header checksum", "MS-VHDX 2.2.2",
        "One of the two headers is damaged, for example by a power cut while it was written. The other one serves.",
        "Repair-VhdxImage restores the damaged copy from the good one.");

    internal static readonly VhdxRule NoCurrentHeader = Add(
        "VX303", Error, Salvage, "no current header", "MS-VHDX 2.2.2",
        "Neither header can be trusted, so nobody can tell where the log is and whether it is to be replayed.",
        "Restore a backup. Repair-VhdxImage -Salvage copies what the region table leads to, without the log.");

    internal static readonly VhdxRule HeaderVersion = Add(
        "VX304", Error, None, "format version", "MS-VHDX 2.2.2",
        "The file has a version of the format that this product does not know, and must not be processed.",
        "Use the product that made the file.");

    internal static readonly VhdxRule LogVersion = Add(
        "VX305", Error, None, "log version", "MS-VHDX 2.2.2",
        "The log is not empty and has a version that this product does not know.",
        "Open the image once with the product that made it, so that the log is replayed.");

    internal static readonly VhdxRule LogOffset = Add(
        "VX306", Error, DiscardLog, "log offset", "MS-VHDX 2.2.2",
        "The log is not where a log can be. Nobody can write to the image, and a log that is not empty cannot be replayed.",
        "Repair-VhdxImage -DiscardLog gives the image a new log; what only the old one held is lost.");

    internal static readonly VhdxRule LogLength = Add(
        "VX307", Error, DiscardLog, "log length", "MS-VHDX 2.2.2",
        "The log has a length that no log can have. Nobody can write to the image, and a log that is not empty cannot be replayed.",
        "Repair-VhdxImage -DiscardLog gives the image a new log; what only the old one held is lost.");

    internal static readonly VhdxRule OneHeaderLost = Add(
        "VX308", Warning, Automatic, "a header was never written", "MS-VHDX 2.2.2",
        "One of the two headers is blank. The other one serves, and there is no safety copy.",
        "Repair-VhdxImage writes the blank copy from the good one.");

    internal static readonly VhdxRule HeaderReserved = Add(
        "VX309", Note, Automatic, "reserved header bytes are set", "MS-VHDX 2.2.2",
        "The current header has bytes set that should be zero. Nobody looks at them.",
        "Nothing has to be done; Repair-VhdxImage clears them.");

    internal static readonly VhdxRule HeaderGuid = Add(
        "VX310", Warning, Automatic, "a write GUID of the header is zero", "MS-VHDX 2.2.2",
        "FileWriteGuid or DataWriteGuid is all zeros: a child could not tell whether this image changed.",
        "Repair-VhdxImage gives it new ones; so does every program that opens it for writing.");

    internal static readonly VhdxRule RegionSignature = Add(
        "VX401", Error, Automatic, "region table signature", "MS-VHDX 2.2.3.1",
        "A copy of the region table is overwritten. With a good copy the image works; without one nobody finds its contents.",
        "Repair-VhdxImage restores the lost copy from the good one. Without a good one, restore a backup, or try -Salvage: it looks for the regions in the remains.");

    internal static readonly VhdxRule RegionChecksum = Add(
        "VX402", Error, Automatic, "region table checksum", "MS-VHDX 2.2.3.1",
        "A copy of the region table is damaged. With a good copy the image works; without one nobody finds its contents.",
        "Repair-VhdxImage restores the damaged copy from the good one. Without a good one, restore a backup, or try -Salvage: it looks for the regions in the remains.");

    internal static readonly VhdxRule RegionCount = Add(
        "VX403", Error, Automatic, "region table entry count", "MS-VHDX 2.2.3.1",
        "A copy of the region table announces more entries than it has room for.",
        "Repair-VhdxImage restores the copy from the good one. Without a good one, restore a backup, or try -Salvage.");

    internal static readonly VhdxRule RegionCopiesDiffer = Add(
        "VX404", Warning, Automatic, "the region table copies differ, or one is blank", "MS-VHDX 2.2.3",
        "Two readers may see two different images, depending on which copy they take.",
        "Repair-VhdxImage writes the current copy over the other one, unless the current one leads to errors.");

    internal static readonly VhdxRule RegionDuplicate = Add(
        "VX405", Error, Salvage, "a region is listed twice", "MS-VHDX 2.2.3.2",
        "Nobody can tell which of the two is meant; this product reads the first.",
        "Copy what is readable into a new image with Repair-VhdxImage -Salvage.");

    internal static readonly VhdxRule RegionOffset = Add(
        "VX406", Error, Salvage, "region offset", "MS-VHDX 2.2.3.2",
        "A region is said to be where none can be.",
        "Restore a backup, or copy what is readable with Repair-VhdxImage -Salvage.");

    internal static readonly VhdxRule RegionLength = Add(
        "VX407", Error, Salvage, "region length", "MS-VHDX 2.2.3.2",
        "A region is said to have a length that none can have.",
        "Restore a backup, or copy what is readable with Repair-VhdxImage -Salvage.");

    internal static readonly VhdxRule RegionUnknownRequired = Add(
        "VX408", Error, None, "unknown required region", "MS-VHDX 2.2.3.2",
        "The file has a part that this product does not know and that its maker calls indispensable.",
        "Use the product that made the file.");

    internal static readonly VhdxRule BatRegionMissing = Add(
        "VX409", Error, None, "no BAT region", "MS-VHDX 2.2.3",
        "Nothing tells where the blocks of the disk are.",
        "Restore a backup.");

    internal static readonly VhdxRule MetadataRegionMissing = Add(
        "VX410", Error, None, "no metadata region", "MS-VHDX 2.2.3",
        "Nothing tells the size of the disk and of its blocks.",
        "Restore a backup.");

    internal static readonly VhdxRule RegionNotRequired = Add(
        "VX411", Note, Automatic, "a known region is not marked required", "MS-VHDX 2.2.3.2",
        "Some products, VirtualBox among them, refuse such files. QEMU makes them.",
        "Repair-VhdxImage marks the regions as required.");

    internal static readonly VhdxRule RegionReserved = Add(
        "VX412", Note, Automatic, "reserved region table fields are set", "MS-VHDX 2.2.3",
        "The current region table has bits set that should be zero. Nobody looks at them.",
        "Nothing has to be done; Repair-VhdxImage clears them in both copies.");

    internal static readonly VhdxRule LogLost = Add(
        "VX501", Error, DiscardLog, "the log is destroyed", "MS-VHDX 2.3.3",
        "The header says that the log holds updates, and no complete sequence of them is there. The structures of the file may be half updated.",
        "Restore a backup, or give up the log with Repair-VhdxImage -DiscardLog and check the file system inside.");

    internal static readonly VhdxRule LogFileTruncated = Add(
        "VX502", Error, DiscardLog, "the file is shorter than its log says", "MS-VHDX 2.3.3",
        "The file had a greater length when its log was written: its end is lost.",
        "Copy the file again from its source, or restore a backup. Repair-VhdxImage -DiscardLog gives the log up; lost blocks show then.");

    internal static readonly VhdxRule LogDirty = Add(
        "VX503", Note, Automatic, "the log is to be replayed", "MS-VHDX 2.3.3",
        "The image is in use, or was not closed properly. Everything is reported as it is after the replay.",
        "Close what has the image open. Repair-VhdxImage replays the log, and so does the next program that opens the image for writing.");

    internal static readonly VhdxRule LogDescriptorTarget = Add(
        "VX504", Error, DiscardLog, "a log entry points where it must not", "MS-VHDX 2.3.1",
        "The log would overwrite the headers, itself, or a place that no file reaches.",
        "Restore a backup, or give up the log with Repair-VhdxImage -DiscardLog.");

    internal static readonly VhdxRule BatTooShort = Add(
        "VX601", Error, Salvage, "the BAT region is too short", "MS-VHDX 2.5",
        "The table has fewer entries than the disk has blocks; the last blocks cannot be found.",
        "Restore a backup, or copy what is readable with Repair-VhdxImage -Salvage.");

    internal static readonly VhdxRule BatState = Add(
        "VX602", Error, DropBadBlocks, "reserved block state", "MS-VHDX 2.5.1",
        "A block or sector bitmap has a state that the format does not define; its data cannot be read.",
        "Restore the data of the block from a backup. Repair-VhdxImage -DropBadBlocks makes the block zero.");

    internal static readonly VhdxRule BatReserved = Add(
        "VX603", Note, Automatic, "reserved BAT bits are set", "MS-VHDX 2.5.1",
        "An entry has bits set that should be zero, or an offset in a state that has none. Some products refuse such files.",
        "Nothing has to be done here; Repair-VhdxImage clears them.");

    internal static readonly VhdxRule PartialWithoutParent = Add(
        "VX604", Error, DropBadBlocks, "a partly present block without a parent", "MS-VHDX 2.5.1.1",
        "A block is said to be partly in the parent, and the image has none.",
        "Restore the data of the block from a backup. Repair-VhdxImage -DropBadBlocks makes the block zero.");

    internal static readonly VhdxRule BitmapWithoutParent = Add(
        "VX605", Error, DropBadBlocks, "a sector bitmap without a parent", "MS-VHDX 2.5.1.2",
        "A sector bitmap is present in an image without a parent, where it means nothing.",
        "Make sure that the image was not a child whose parent link was lost. Repair-VhdxImage -DropBadBlocks clears the entry; the disk stays.");

    internal static readonly VhdxRule PartialWithoutBitmap = Add(
        "VX606", Error, DropBadBlocks, "a partly present block without its sector bitmap", "MS-VHDX 2.5.1.2",
        "Nothing tells which sectors of the block are in this file and which in the parent.",
        "Restore the data of the block from a backup. Repair-VhdxImage -DropBadBlocks makes the block zero.");

    internal static readonly VhdxRule BlockOffset = Add(
        "VX607", Error, DropBadBlocks, "a block inside the header section", "MS-VHDX 2.5.1",
        "A block is said to lie where the headers are, or has no offset; its data is not there.",
        "Restore the data of the block from a backup. Repair-VhdxImage -DropBadBlocks makes the block zero.");

    internal static readonly VhdxRule BlockBeyondEnd = Add(
        "VX608", Error, DropBadBlocks, "a block beyond the end of the file", "MS-VHDX 2.5.1",
        "The data of the block is lost with the end of the file, or its offset is damaged.",
        "Copy the file again from its source, or restore the named ranges from a backup. Repair-VhdxImage -DropBadBlocks makes what is lost zero and keeps the part of a block that is left.");

    internal static readonly VhdxRule BlocksShareSpace = Add(
        "VX609", Error, DropBadBlocks, "two blocks share file space", "MS-VHDX 2.4",
        "Two blocks of the disk lie in the same place: at least one has the other's data, and writing to one changes both.",
        "Do not write to the image. Restore the named ranges from a backup. Repair-VhdxImage -DropBadBlocks parts them: nobody can tell whose data it is, so each gets a copy and reads as before.");

    internal static readonly VhdxRule BlockOverStructure = Add(
        "VX610", Error, DropBadBlocks, "a block overlaps a structure", "MS-VHDX 2.4",
        "A block lies over the log, the BAT, the metadata or another region: writing to it destroys the image.",
        "Do not write to the image. Restore the named ranges from a backup. Repair-VhdxImage -DropBadBlocks makes the block zero. A block over the log is kept by -DiscardLog, which gives the image a new log elsewhere.");

    internal static readonly VhdxRule LeakedSpace = Add(
        "VX611", Note, Leaks, "leaked space", "MS-VHDX 2.1",
        "Nothing references a part of the file. It costs space, and nothing else.",
        "Nothing has to be done. Repair-VhdxImage -Leaks frees it: blocks from the end of the file move into the gaps, and the end is cut off. A gap that no block fits into stays (Repair: None).");

    internal static readonly VhdxRule FixedNotAllocated = Add(
        "VX612", Note, None, "a fixed image with blocks that are not allocated", "MS-VHDX 2.6.2.1",
        "The image calls itself fixed, but some of its blocks get their space only when they are written.",
        "Make sure that the volume has room for them.");

    internal static readonly VhdxRule MetadataSignature = Add(
        "VX701", Error, None, "metadata table signature", "MS-VHDX 2.6.1.1",
        "The metadata table is overwritten: size and block size of the disk are lost.",
        "Restore a backup.");

    internal static readonly VhdxRule MetadataCount = Add(
        "VX702", Error, None, "metadata entry count", "MS-VHDX 2.6.1.1",
        "The metadata table announces more entries than it has room for.",
        "Restore a backup.");

    internal static readonly VhdxRule MetadataUserCount = Add(
        "VX703", Error, None, "too many user metadata entries", "MS-VHDX 2.6.1.2",
        "The metadata table has more than 1024 entries of users; other products may refuse the file.",
        "Remove user metadata with the product that wrote it.");

    internal static readonly VhdxRule MetadataDuplicate = Add(
        "VX704", Error, None, "a metadata item is listed twice", "MS-VHDX 2.6.1.2",
        "Nobody can tell which of the two counts; this product reads the first.",
        "Restore a backup.");

    internal static readonly VhdxRule MetadataItemPlace = Add(
        "VX705", Error, None, "a metadata item is in the wrong place", "MS-VHDX 2.6.1.2",
        "A metadata item lies outside its region, over the table or over another item, or is too long.",
        "Restore a backup.");

    internal static readonly VhdxRule MetadataUnknownRequired = Add(
        "VX706", Error, None, "unknown required metadata item", "MS-VHDX 2.6.1.2",
        "The file has a metadata item that this product does not know and that its maker calls indispensable.",
        "Use the product that made the file.");

    internal static readonly VhdxRule MetadataMissing = Add(
        "VX707", Error, None, "a metadata item is missing", "MS-VHDX 2.6.2",
        "One of the items that every image has is not there.",
        "Restore a backup.");

    internal static readonly VhdxRule MetadataLength = Add(
        "VX708", Error, None, "a metadata item has the wrong length", "MS-VHDX 2.6.2",
        "An item of fixed length is longer or shorter than the format says.",
        "Restore a backup.");

    internal static readonly VhdxRule MetadataFlags = Add(
        "VX709", Note, Automatic, "metadata flags differ from the specification", "MS-VHDX 2.6.2",
        "Some products refuse files whose flags are not exactly the usual ones.",
        "Repair-VhdxImage sets the usual flags.");

    internal static readonly VhdxRule BlockSize = Add(
        "VX710", Error, None, "block size", "MS-VHDX 2.6.2.1",
        "The block size is none that an image can have, so no block can be found.",
        "Restore a backup.");

    internal static readonly VhdxRule VirtualSize = Add(
        "VX711", Error, None, "virtual disk size", "MS-VHDX 2.6.2.2",
        "The size of the disk is zero, over 64 TiB, or no multiple of the logical sector size.",
        "Restore a backup.");

    internal static readonly VhdxRule SectorSize = Add(
        "VX712", Error, None, "sector size", "MS-VHDX 2.6.2.4",
        "A sector size is neither 512 nor 4096.",
        "Restore a backup.");

    internal static readonly VhdxRule ParentLocatorMissing = Add(
        "VX713", Error, Salvage, "no parent locator", "MS-VHDX 2.6.2.6",
        "The image is a differencing one, and nothing tells which parent it has.",
        "Restore a backup. Repair-VhdxImage -Salvage copies what the image itself holds.");

    internal static readonly VhdxRule DiskIdentifierZero = Add(
        "VX714", Warning, Automatic, "the disk identifier is zero", "MS-VHDX 2.6.2.3",
        "All images with this identifier are one and the same disk to an operating system; clusters and multipath drivers mix them up.",
        "Repair-VhdxImage gives the disk an identifier of its own; Set-VhdxImage gives it one of your choice.");

    internal static readonly VhdxRule MetadataReserved = Add(
        "VX715", Note, Automatic, "reserved metadata table fields are set", "MS-VHDX 2.6.1",
        "The metadata table has bits set that should be zero. Nobody looks at them.",
        "Nothing has to be done; Repair-VhdxImage clears them.");

    internal static readonly VhdxRule ParentLocatorUnused = Add(
        "VX716", Note, None, "a parent locator without a parent", "MS-VHDX 2.6.2.6",
        "The image has a parent locator and does not call itself differencing; the locator is not looked at.",
        "Make sure that the image was not a child whose parent link was cut.");

    internal static readonly VhdxRule ParentLocatorMalformed = Add(
        "VX801", Error, None, "parent locator", "MS-VHDX 2.6.2.6",
        "The parent locator is damaged, or of a type that this product does not know.",
        "Link the image to its parent again.");

    internal static readonly VhdxRule ParentLinkage = Add(
        "VX802", Error, None, "parent linkage", "MS-VHDX 2.6.2.6.3",
        "Nothing tells which state of the parent the image builds on.",
        "Link the image to its parent again, if you are sure which it is.");

    internal static readonly VhdxRule ParentPathMissing = Add(
        "VX803", Error, None, "the parent locator has no path", "MS-VHDX 2.6.2.6.3",
        "Nothing tells where the parent is.",
        "Link the image to its parent again.");

    internal static readonly VhdxRule ParentNotFound = Add(
        "VX804", Error, None, "the parent is not found", "MS-VHDX 2.6.2.6.3",
        "None of the stored paths leads to a parent that can be read; without it the image is not complete.",
        "Bring the parent to one of the paths that were tried, or link the image to its parent again.");

    internal static readonly VhdxRule ParentMismatch = Add(
        "VX805", Error, None, "the parent has changed", "MS-VHDX 2.6.2.6.3",
        "The parent is another image, or was written to after the child was made: the child's data does not fit it any more.",
        "Find the parent with the right DataWriteGuid; never write to an image that has children.");

    internal static readonly VhdxRule ParentSectorSize = Add(
        "VX806", Error, None, "the parent has another logical sector size", "MS-VHDX 2.6.2.6",
        "A child and its parent count in different sectors; no product reads them together.",
        "Find the right parent.");

    internal static readonly VhdxRule ParentLoop = Add(
        "VX807", Error, None, "the chain of parents is a ring", "MS-VHDX 2.6.2.6",
        "An image depends on itself, directly or through others, so the data at its base is nowhere.",
        "Link the image to its real parent again.");

    internal static readonly VhdxRule ParentPathStale = Add(
        "VX808", Note, None, "a stored parent path is stale", "MS-VHDX 2.6.2.6.3",
        "One of the stored paths does not lead to the parent that another one found. Windows tries them in order.",
        "Store the paths anew with Set-VhdxImage -ParentPath before moving the files.");

    internal static readonly VhdxRule ParentSizeDiffers = Add(
        "VX809", Note, None, "child and parent differ in size", "MS-VHDX 2.6.2.6",
        "This is legal: what lies beyond the end of a shorter parent reads as zeros.",
        "Nothing has to be done.");

    internal static readonly VhdxRule ChainTooDeep = Add(
        "VX810", Error, None, "the chain is very long", "MS-VHDX 2.6.2.6",
        "The chain has more files than are followed, so its base was not looked at; a chain of that length is slow everywhere.",
        "Merge some of the children into their parents.");

    internal static readonly VhdxRule FixedAllZero = Add(
        "VX901", Note, None, "a fixed image whose blocks are all unallocated", "MS-VHDX 2.6.2.1",
        "QEMU makes fixed images so: the space of the disk is there, but no block uses it, and as the disk fills, the file grows by that much again.",
        "Convert the image, or make fixed images with another product.");

    internal static readonly VhdxRule TwinHeaders = Add(
        "VX902", Note, Automatic, "both headers are the same", "MS-VHDX 2.2.2",
        "Both headers have the same sequence number and content. Some products refuse such files.",
        "Repair-VhdxImage renews the headers; so does every program that opens the image for writing.");

    internal static readonly VhdxRule FileSparse = Add(
        "VX903", Note, None, "the file is sparse", "Windows",
        "Windows refuses to attach images with the NTFS sparse attribute (0xC03A001A).",
        "Copy the file so that the copy is not sparse.");

    internal static readonly VhdxRule FileCompressed = Add(
        "VX904", Note, None, "the file is compressed", "Windows",
        "Windows refuses to attach images with the NTFS compressed attribute (0xC03A001A).",
        "Clear the attribute of the file, and of its folder.");

    internal static readonly VhdxRule FileEncrypted = Add(
        "VX905", Note, None, "the file is encrypted", "Windows",
        "Windows refuses to attach images with the NTFS encrypted attribute (0xC03A001A).",
        "Clear the attribute of the file, and of its folder.");

    internal static readonly VhdxRule FileIntegrity = Add(
        "VX906", Note, None, "the file has an integrity stream", "Windows",
        "Windows refuses to attach images on ReFS whose integrity streams are on.",
        "Switch the integrity stream of the file off.");

    internal static readonly VhdxRule FileLengthOdd = Add(
        "VX907", Note, Automatic, "the file length is no multiple of 1 MiB", "MS-VHDX 2.1",
        "This is legal, and some products refuse it. Disk2vhd makes such files.",
        "Repair-VhdxImage makes the length a multiple: it cuts off what is unused and zero, or lengthens the file.");

    internal static readonly VhdxRule DiskTooSmall = Add(
        "VX908", Note, None, "the disk is smaller than 3 MiB", "Windows",
        "Windows does not attach VHDX images below 3 MiB.",
        "Make a larger disk.");

    /// <summary>The table as the text of the help topic about_VhdxTools_Rules.</summary>
    public static string ToHelpText() => Diagnostics.RulesHelpText.Print();

    private static VhdxRule Add(string id, FindingSeverity severity, RepairMethod repair, string title, string reference, string meaning, string action)
    {
        VhdxRule rule = new()
        {
            Id = id,
            Severity = severity,
            Repair = repair,
            Title = title,
            Reference = reference,
            Meaning = meaning,
            Action = action,
        };
        s_all.Add(rule);
        return rule;
    }
}
