using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using VhdxTools.Format;
using static VhdxTools.Format.FormatConstants;

namespace VhdxTools.Layout;

/// <summary>Turns wishes into the plan of a VHD: copy of the footer, dynamic header, BAT, parent paths, blocks, footer.</summary>
internal static class VhdPlanner
{
    public const int DefaultBlockSize = (int)(2 * MiB);

    /// <summary>No system attaches larger VHD files.</summary>
    public const long MaximumWindowsSize = 2040 * GiB;

    /// <summary>Larger fixed ones exist for upload to Azure, up to this size.</summary>
    public const long MaximumFixedSize = 32 * TiB;

    /// <summary>Azure takes no smaller disks.</summary>
    public const long MinimumAzureSize = 20 * MiB;

    private const int SmallBlockSize = (int)(512 * KiB);

    /// <summary>Data that starts inside a sector of a modern disk makes every write a read too.</summary>
    private const int PreferredAlignment = 4096;

    private static readonly long[] s_blockSizes = Enumerable.Range(19, 10).Select(bit => 1L << bit).ToArray();

    /// <summary>Checks the options and lays the file out.</summary>
    /// <exception cref="VhdxException">A value breaks a rule (the message has the two nearest valid ones), or two contradict.</exception>
    public static VhdPlan Plan(VhdCreateOptions options)
    {
        VhdType type = TypeOf(options);
        CheckTexts(options);
        List<string> warnings = [];
        long size = SizeOf(options, type, warnings);
        VhdFooter footer = new()
        {
            DataOffset = type == VhdType.Fixed ? ulong.MaxValue : (ulong)VhdPlan.DynamicHeaderOffset,
            Timestamp = VhdTime.Of(options.CreatedAt),
            CreatorApplication = options.CreatorApplication,
            CreatorVersion = ((uint)options.CreatorVersion.Major << 16) | (ushort)options.CreatorVersion.Minor,
            CreatorHost = VhdFooter.WindowsHost,
            OriginalSize = (ulong)size,
            CurrentSize = (ulong)size,
            Geometry = GeometryOf(size),
            DiskType = (uint)type,
            UniqueId = options.UniqueId,
            IsChecksumValid = true,
        };
        return type == VhdType.Fixed
            ? new() { Footer = footer, DynamicHeader = null, LocatorTexts = [], BlockLayout = default, BlocksOffset = 0, Warnings = warnings }
            : LayOut(options, footer, BlockSizeOf(options.BlockSizeBytes ?? DefaultBlockSize, warnings), warnings);
    }

    private static VhdPlan LayOut(VhdCreateOptions options, VhdFooter footer, int blockSize, List<string> warnings)
    {
        uint entries = (uint)CeilingDivide((long)footer.CurrentSize, blockSize);
        long place = VhdPlan.TableOffset + AlignUp((long)entries * sizeof(uint), VhdFooter.SectorLength);
        List<VhdLocatorEntry> locators = [];
        List<string> texts = [];
        foreach (KeyValuePair<string, string> path in options.Parent?.Paths ?? [])
        {
            VhdLocatorEntry locator = new(path.Key, (uint)path.Value.Length * sizeof(char), place);
            locators.Add(locator);
            texts.Add(path.Value);
            place += locator.DataSpace;
        }

        return new()
        {
            Footer = footer,
            DynamicHeader = new()
            {
                TableOffset = VhdPlan.TableOffset,
                MaxTableEntries = entries,
                BlockSize = (uint)blockSize,
                ParentUniqueId = options.Parent?.UniqueId ?? Guid.Empty,
                ParentTimestamp = options.Parent is null ? 0 : VhdTime.Of(options.Parent.ModifiedAt),
                ParentName = options.Parent?.Name ?? "",
                Locators = locators,
                IsChecksumValid = true,
            },
            LocatorTexts = texts,
            BlockLayout = BlockLayoutOf(blockSize, entries, place),
            BlocksOffset = place,
            Warnings = warnings,
        };
    }

    /// <summary>
    /// The table's geometry is seldom the whole disk. QEMU before version 10 cuts the disks of makers that it does not know to it, so
    /// where it would cut anything the greatest geometry is taken, which every reader knows to say nothing.
    /// </summary>
    private static ChsGeometry GeometryOf(long size) => ChsGeometry.Of(size) is var geometry && geometry.Size == size ? geometry : ChsGeometry.Maximum;

    /// <summary>With small blocks the gaps of a very large disk would push the last ones beyond what a sector number reaches.</summary>
    private static VhdBlockLayout BlockLayoutOf(int blockSize, long entries, long place)
    {
        VhdBlockLayout layout = new(blockSize, PreferredAlignment);
        long lastBlock = layout.EndAfter(place, entries) - blockSize - layout.BitmapLength;
        return lastBlock / VhdFooter.SectorLength < VhdDynamicHeader.UnusedEntry ? layout : layout with { DataAlignment = VhdFooter.SectorLength };
    }

    private static VhdType TypeOf(VhdCreateOptions options)
    {
        VhdType type = options.Type ?? (options.Parent is not null ? VhdType.Differencing : options.AzureCompatible ? VhdType.Fixed : VhdType.Dynamic);
        if (type is not (VhdType.Fixed or VhdType.Dynamic or VhdType.Differencing))
        {
            throw Invalid(ErrorIds.ContradictingParameters, $"The type {type} cannot be created: use Dynamic, Fixed or Differencing.");
        }

        if (type == VhdType.Differencing && options.Parent is null)
        {
            throw Invalid(ErrorIds.ParentRequired, "A differencing image needs a parent: give -ParentPath.");
        }

        if (type != VhdType.Differencing && options.Parent is not null)
        {
            throw Invalid(ErrorIds.ContradictingParameters, $"An image of type {type} has no parent: leave -ParentPath out, or create a differencing image.");
        }

        if (type != VhdType.Fixed && options.AzureCompatible)
        {
            throw Invalid(ErrorIds.ContradictingParameters, $"Azure takes fixed images only, and this one is {type}: leave -AzureCompatible out, or create a fixed image.");
        }

        return type == VhdType.Fixed && options.BlockSizeBytes is not null
            ? throw Invalid(ErrorIds.ContradictingParameters, "A fixed VHD has no blocks: leave -BlockSizeBytes out, or create a dynamic image.")
            : type;
    }

    private static void CheckTexts(VhdCreateOptions options)
    {
        if (options.CreatorApplication.Length != 4 || options.CreatorApplication.Any(letter => letter is < ' ' or > '~'))
        {
            throw Invalid(ErrorIds.InvalidCreator, $"The creator of a VHD is four ASCII characters, not '{options.CreatorApplication}'.");
        }

        if (options.UniqueId == Guid.Empty)
        {
            throw Invalid(ErrorIds.InvalidDiskIdentifier, "A disk identifier of all zeros identifies nothing: give another GUID, or leave -DiskIdentifier out.");
        }

        if (options.Parent is { } parent && parent.Name.Length > VhdDynamicHeader.MaximumNameChars)
        {
            throw Invalid(
                ErrorIds.ParentPathNotStorable,
                FormattableString.Invariant($"The name of the parent '{parent.Path}' has {parent.Name.Length} characters; a VHD has room for {VhdDynamicHeader.MaximumNameChars}."));
        }
    }

    private static int BlockSizeOf(ulong value, List<string> warnings)
    {
        if (value > int.MaxValue || !s_blockSizes.Contains((long)value))
        {
            throw Invalid(
                ErrorIds.InvalidBlockSize,
                NearestValues.RuleText("block size of a VHD", value, "is a power of two from 512 KiB to 256 MiB", NearestValues.Among(value, s_blockSizes)));
        }

        if (value is not (SmallBlockSize or DefaultBlockSize))
        {
            warnings.Add(string.Format(
                CultureInfo.InvariantCulture, "Windows makes VHD files with blocks of 512 KiB or 2 MiB only; blocks of {0} are legal, but it may refuse them.", ByteText.Size((long)value)));
        }

        return (int)value;
    }

    private static long SizeOf(VhdCreateOptions options, VhdType type, List<string> warnings)
    {
        ulong wanted = options.SizeBytes ?? (ulong?)options.Parent?.VirtualDiskSize
            ?? throw Invalid(ErrorIds.SizeRequired, "The size of the virtual disk is needed: give -SizeBytes, for example -SizeBytes 10GB.");
        if (options.Parent is { } parent && wanted != (ulong)parent.VirtualDiskSize)
        {
            throw Invalid(
                ErrorIds.InvalidSize,
                FormattableString.Invariant($"A differencing VHD has the size of its parent: '{parent.Path}' has {parent.VirtualDiskSize} bytes, not {wanted}."));
        }

        long maximum = type == VhdType.Fixed ? MaximumFixedSize : MaximumWindowsSize;
        if (wanted == 0 || wanted > (ulong)maximum || (wanted % VhdFooter.SectorLength != 0 && !options.AzureCompatible))
        {
            throw Invalid(
                ErrorIds.InvalidSize,
                NearestValues.RuleText(
                    $"size of a {type} VHD",
                    wanted,
                    $"is a multiple of 512 bytes, greater than 0 and at most {ByteText.ExactSize(maximum)}",
                    NearestValues.OnGrid(wanted, VhdFooter.SectorLength, VhdFooter.SectorLength, maximum)));
        }

        long size = options.AzureCompatible ? Math.Max(MinimumAzureSize, AlignUp((long)wanted, MiB)) : (long)wanted;
        warnings.AddRange(SizeWarnings((long)wanted, size, type));
        return size;
    }

    private static IEnumerable<string> SizeWarnings(long wanted, long size, VhdType type)
    {
        if (size != wanted)
        {
            yield return string.Format(
                CultureInfo.InvariantCulture,
                "Azure takes disks of whole MiB, 20 MiB at least: the disk has {0} bytes ({1}) instead of {2}, with zeros at its end.",
                size, ByteText.ExactSize(size), wanted);
        }
        else if (type == VhdType.Fixed && size % MiB != 0)
        {
            yield return string.Format(
                CultureInfo.InvariantCulture,
                "The disk has {0} bytes, which is no multiple of 1 MiB: Azure does not take it. With -AzureCompatible it is rounded up to {1}.",
                size, ByteText.ExactSize(Math.Max(MinimumAzureSize, AlignUp(size, MiB))));
        }

        if (size > MaximumWindowsSize)
        {
            yield return $"A VHD of more than 2040 GiB is good for an upload to Azure only: no other system attaches this one of {ByteText.Size(size)}.";
        }

        if (size < LayoutPlanner.MinimumWindowsSize)
        {
            yield return string.Format(
                CultureInfo.InvariantCulture,
                "A virtual disk of {0} bytes is legal, but Windows neither creates nor attaches VHD images below 3 MiB ({1} bytes).", size, LayoutPlanner.MinimumWindowsSize);
        }
    }

    private static VhdxException Invalid(string id, string message) => new(id, ErrorKind.InvalidArgument, message);
}
