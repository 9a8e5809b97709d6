using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using VhdxTools.Format;
using static VhdxTools.Format.FormatConstants;

namespace VhdxTools.Layout;

/// <summary>Turns wishes into a plan, in the order that Windows uses: header section, log, metadata, BAT, payload.</summary>
internal static class LayoutPlanner
{
    public const int DefaultBlockSize = (int)(32 * MiB);
    public const int DefaultDifferencingBlockSize = (int)(2 * MiB);
    public const long DefaultLogSize = MiB;
    public const int DefaultLogicalSectorSize = 512;
    public const int DefaultPhysicalSectorSize = 4096;

    /// <summary>Windows neither creates nor attaches smaller disks.</summary>
    public const long MinimumWindowsSize = 3 * MiB;

    private static readonly long[] s_sectorSizes = [512, 4096];
    private static readonly long[] s_blockSizes = Enumerable.Range(20, 9).Select(bit => 1L << bit).ToArray();

    /// <summary>Checks the options and lays the file out.</summary>
    /// <exception cref="VhdxException">A value breaks a rule (the message has the two nearest valid ones), or two contradict.</exception>
    public static LayoutPlan Plan(CreateOptions options)
    {
        CheckType(options);
        bool isChild = options.Type == VhdType.Differencing;
        int logicalSectorSize = LogicalSectorSizeOf(options);
        uint? physicalSectorSize = PhysicalSectorSizeOf(options);
        int blockSize = BlockSizeOf(options.BlockSizeBytes ?? (isChild ? (ulong)DefaultDifferencingBlockSize : DefaultBlockSize));
        long logSize = LogSizeOf(options.LogSizeBytes ?? (ulong)DefaultLogSize);
        long size = SizeOf(options, logicalSectorSize);
        CheckTexts(options);

        VhdxGeometry geometry = new(size, blockSize, logicalSectorSize, isChild);
        FileRange log = new(HeaderSectionLength, logSize);
        List<MetadataItem> metadata = LayOutMetadata(options, geometry, physicalSectorSize);
        FileRange metadataRegion = new(log.End, AlignUp(MetadataPlacer.End(metadata), Alignment));
        FileRange batRegion = new(metadataRegion.End, AlignUp(geometry.BatLength, Alignment));
        bool isFixed = options.Type == VhdType.Fixed;

        VhdxHeader header = new()
        {
            SequenceNumber = options.Identifiers.SequenceNumber,
            FileWriteGuid = options.Identifiers.FileWriteGuid,
            DataWriteGuid = options.Identifiers.DataWriteGuid,
            LogOffset = (ulong)log.Offset,
            LogLength = (uint)log.Length,
        };
        return new()
        {
            Type = options.Type,
            Creator = options.Creator,
            Header1 = header,
            Header2 = header with { SequenceNumber = header.SequenceNumber + 1 },
            Regions =
            [
                new(WellKnownGuids.BatRegion, (ulong)batRegion.Offset, (uint)batRegion.Length, IsRequired: true),
                new(WellKnownGuids.MetadataRegion, (ulong)metadataRegion.Offset, (uint)metadataRegion.Length, IsRequired: true),
            ],
            Metadata = metadata,
            Geometry = geometry,
            Blocks = new(0, geometry.PayloadBlockCount, isFixed ? BlockState.FullyPresent : (BlockState)(options.BlockState ?? InitialBlockState.NotPresent), isFixed ? batRegion.End : 0),
            Log = log,
            MetadataRegion = metadataRegion,
            BatRegion = batRegion,
            FileLength = batRegion.End + (isFixed ? geometry.PayloadBlockCount * blockSize : 0),
            Preallocation = options.Preallocation ?? Preallocation.Reserve,
            Warnings = size < MinimumWindowsSize
                ? [string.Format(CultureInfo.InvariantCulture, "A virtual disk of {0} bytes is legal, but Windows neither creates nor attaches VHDX images below 3 MiB ({1} bytes).", size, MinimumWindowsSize)]
                : [],
        };
    }

    /// <summary>Checks a size of a virtual disk.</summary>
    /// <exception cref="VhdxException">It is not valid; the message has the two nearest valid ones.</exception>
    public static long DiskSizeOf(ulong value, int sectorSize) =>
        value is > 0 and <= (ulong)MaximumVirtualDiskSize && value % (ulong)sectorSize == 0 ? (long)value : throw Invalid(
            ErrorIds.InvalidSize,
            NearestValues.RuleText(
                "size of the virtual disk",
                value,
                FormattableString.Invariant($"is a multiple of the logical sector size ({sectorSize} bytes), greater than 0 and at most 64 TiB"),
                NearestValues.OnGrid(value, sectorSize, sectorSize, MaximumVirtualDiskSize)));

    private static void CheckType(CreateOptions options)
    {
        if (options.Type is not (VhdType.Fixed or VhdType.Dynamic or VhdType.Differencing))
        {
            throw Invalid(ErrorIds.ContradictingParameters, $"The type {options.Type} cannot be created: use Dynamic, Fixed or Differencing.");
        }

        if (options.Type == VhdType.Differencing && options.Parent is null)
        {
            throw Invalid(ErrorIds.ParentRequired, "A differencing image needs a parent: give -ParentPath.");
        }

        if (options.Type != VhdType.Differencing && options.Parent is not null)
        {
            throw Invalid(ErrorIds.ContradictingParameters, $"An image of type {options.Type} has no parent: leave -ParentPath out, or create a differencing image.");
        }

        if (options.BlockState is not null && options.Type != VhdType.Dynamic)
        {
            throw Invalid(ErrorIds.ContradictingParameters, $"-BlockState is for dynamic images, and this one is {options.Type}.");
        }

        if (options.Preallocation is not null && options.Type != VhdType.Fixed)
        {
            throw Invalid(ErrorIds.ContradictingParameters, $"-Preallocation is for fixed images, and this one is {options.Type}.");
        }
    }

    private static void CheckTexts(CreateOptions options)
    {
        if (options.Creator.Length > FileTypeIdentifier.MaximumCreatorChars)
        {
            throw Invalid(ErrorIds.InvalidCreator, string.Format(CultureInfo.InvariantCulture, "The creator has {0} characters; the file has room for {1}.", options.Creator.Length, FileTypeIdentifier.MaximumCreatorChars));
        }

        if (options.Creator.Contains('\0'))
        {
            throw Invalid(ErrorIds.InvalidCreator, "The creator holds a NUL character, which ends the text in the file.");
        }

        if (HasLoneSurrogate(options.Creator))
        {
            throw Invalid(ErrorIds.InvalidCreator, "The creator holds half of a surrogate pair, which is no character.");
        }

        if (options.DiskIdentifier == Guid.Empty)
        {
            throw Invalid(ErrorIds.InvalidDiskIdentifier, "A disk identifier of all zeros identifies nothing: give another GUID, or leave -DiskIdentifier out.");
        }
    }

    private static bool HasLoneSurrogate(string text)
    {
        for (int i = 0; i < text.Length; i++)
        {
            if (char.IsSurrogatePair(text, i))
            {
                i++;
            }
            else if (char.IsSurrogate(text[i]))
            {
                return true;
            }
        }

        return false;
    }

    private static int LogicalSectorSizeOf(CreateOptions options)
    {
        int parents = options.Parent?.LogicalSectorSize ?? DefaultLogicalSectorSize;
        if (options.LogicalSectorSizeBytes is not ulong wanted)
        {
            return parents;
        }

        int size = SectorSizeOf(wanted, ErrorIds.InvalidLogicalSectorSize, "logical");
        return options.Parent is null || size == parents ? size : throw Invalid(
            ErrorIds.InvalidLogicalSectorSize,
            string.Format(CultureInfo.InvariantCulture, "A child's logical sector size is its parent's: '{0}' has {1} bytes, not {2}.", options.Parent.Path, parents, size));
    }

    /// <summary>The size that was asked for; null means the default, or the parent's item as it is.</summary>
    private static uint? PhysicalSectorSizeOf(CreateOptions options) => options.PhysicalSectorSizeBytes is ulong wanted
        ? (uint)SectorSizeOf(wanted, ErrorIds.InvalidPhysicalSectorSize, "physical")
        : null;

    /// <summary>A sector size that was asked for.</summary>
    /// <exception cref="VhdxException">It is neither 512 nor 4096 bytes; the error has the id that is given.</exception>
    public static int SectorSizeOf(ulong value, string id, string which) => value is 512 or 4096 ? (int)value : throw Invalid(
        id, NearestValues.RuleText($"{which} sector size", value, "is 512 or 4096 bytes", NearestValues.Among(value, s_sectorSizes)));

    private static int BlockSizeOf(ulong value) => value <= int.MaxValue && IsBlockSize((long)value) ? (int)value : throw Invalid(
        ErrorIds.InvalidBlockSize,
        NearestValues.RuleText("block size", value, "is a power of two from 1 MiB to 256 MiB", NearestValues.Among(value, s_blockSizes)));

    private static long LogSizeOf(ulong value) => value is > 0 and <= (ulong)MaximumLogLength && IsAligned((long)value) ? (long)value : throw Invalid(
        ErrorIds.InvalidLogSize,
        NearestValues.RuleText("log size", value, "is a multiple of 1 MiB, at least 1 MiB and at most 4095 MiB", NearestValues.OnGrid(value, MiB, MiB, MaximumLogLength)));

    private static long SizeOf(CreateOptions options, int sectorSize)
    {
        if (options.SizeBytes is not ulong value)
        {
            return options.Parent?.VirtualDiskSize
                ?? throw Invalid(ErrorIds.SizeRequired, "The size of the virtual disk is needed: give -SizeBytes, for example -SizeBytes 10GB.");
        }

        return DiskSizeOf(value, sectorSize);
    }

    private static VhdxException Invalid(string id, string message) => new(id, ErrorKind.InvalidArgument, message);

    /// <summary>Items in the order and at the offsets that Windows uses; what comes from a parent beyond the known five follows.</summary>
    private static List<MetadataItem> LayOutMetadata(CreateOptions options, VhdxGeometry geometry, uint? physicalSectorSize)
    {
        const MetadataFlags file = MetadataFlags.IsRequired;
        const MetadataFlags disk = MetadataFlags.IsRequired | MetadataFlags.IsVirtualDisk;
        IReadOnlyList<MetadataItem> parents = options.Parent?.VirtualDiskItems ?? [];
        byte[] physical = physicalSectorSize is uint wanted ? Bytes(wanted)
            : Inherited(WellKnownGuids.PhysicalSectorSize) ?? Bytes(DefaultPhysicalSectorSize);
        byte[] identifier = options.DiskIdentifier?.ToByteArray()
            ?? Inherited(WellKnownGuids.VirtualDiskId)
            ?? options.Identifiers.DiskIdentifier.ToByteArray();

        List<MetadataItem> items = [];
        long next = MetadataTable.Length;
        Add(WellKnownGuids.FileParameters, file, new FileParameters((uint)geometry.BlockSize, options.Type == VhdType.Fixed, geometry.HasParent).ToBytes());
        Add(WellKnownGuids.VirtualDiskSize, disk, Bytes((ulong)geometry.VirtualDiskSize));
        Add(WellKnownGuids.LogicalSectorSize, disk, Bytes((uint)geometry.LogicalSectorSize));
        Add(WellKnownGuids.PhysicalSectorSize, disk, physical);
        Add(WellKnownGuids.VirtualDiskId, disk, identifier);
        if (options.Parent is not null)
        {
            Add(WellKnownGuids.ParentLocator, file, LocatorOf(options.Parent).ToBytes());
        }

        foreach (MetadataItem item in options.Items ?? parents)
        {
            if (item.IsUser || !items.Any(known => known.Id == item.Id))
            {
                Add(item.Id, item.Flags, item.Content);
            }
        }

        return items.Count <= MaximumTableEntries ? items : throw new VhdxException(
            VhdxRules.MetadataCount.Id,
            ErrorKind.InvalidData,
            options.Items is null
                ? $"'{options.Parent!.Path}' has so many metadata items that a child's table has no room for them."
                : "The disk has so many metadata items that the new image's table has no room for them.");

        void Add(Guid id, MetadataFlags flags, byte[] content)
        {
            items.Add(new(id, flags, content.Length == 0 ? 0u : (uint)next, content));
            next += content.Length;
        }

        byte[]? Inherited(Guid id) => parents.FirstOrDefault(item => item.Id == id && !item.Flags.HasFlag(MetadataFlags.IsUser))?.Content;
    }

    private static ParentLocator LocatorOf(ParentReference parent)
    {
        List<KeyValuePair<string, string>> entries = [new(ParentLocator.ParentLinkageKey, parent.DataWriteGuid.ToString("B"))];
        entries.AddRange(parent.Paths);
        return new(WellKnownGuids.VhdxParentLocatorType, entries);
    }

    private static byte[] Bytes(uint value)
    {
        byte[] bytes = new byte[sizeof(uint)];
        ByteFields.U32(bytes, 0, value);
        return bytes;
    }

    private static byte[] Bytes(ulong value)
    {
        byte[] bytes = new byte[sizeof(ulong)];
        ByteFields.U64(bytes, 0, value);
        return bytes;
    }
}
