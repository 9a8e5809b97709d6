using System;
using System.Linq;
using CsCheck;
using VhdxTools.Layout;

namespace VhdxTools.Core.Tests.Support;

/// <summary>Random valid options for new images.</summary>
internal static class PlanOptions
{
    private const ulong MiB = 1UL << 20;
    private const ulong TiB = 1UL << 40;

    /// <summary>Fixed images and those whose BAT is written full have at most so many blocks, so that a test writes no more than 1 MiB for each.</summary>
    private const ulong MaximumWrittenBlocks = 131_072;

    private static readonly Gen<ulong> s_sectorSize = Gen.Bool.Select(large => large ? 4096UL : 512UL);

    private static readonly Gen<Guid> s_guid = Gen.Guid.Where(guid => guid != Guid.Empty);

    private static readonly Gen<ImageIdentifiers> s_identifiers = Gen.Select(s_guid, s_guid, s_guid, Gen.ULong[0, ulong.MaxValue - 1])
        .Select((file, data, disk, sequence) => new ImageIdentifiers { FileWriteGuid = file, DataWriteGuid = data, DiskIdentifier = disk, SequenceNumber = sequence });

    private static readonly Gen<string> s_creator = Gen.String[Gen.OneOf(Gen.Char[' ', '~'], Gen.Char['\u00A1', '\u0FFF']), 0, 255];

    private static readonly Gen<MetadataItem> s_item = Gen.Select(s_guid, Gen.Bool, Gen.Byte.Array[0, 5000])
        .Select((id, isUser, content) => new MetadataItem(id, MetadataFlags.IsVirtualDisk | (isUser ? MetadataFlags.IsUser : 0), 0, content));

    public static Gen<CreateOptions> Valid { get; } =
        Gen.Select(
            Gen.Int[(int)VhdType.Fixed, (int)VhdType.Differencing].Select(type => (VhdType)type),
            s_sectorSize,
            Gen.Int[20, 28].Select(bit => 1UL << bit),
            Gen.Int[0, 3].SelectMany(SizeKind),
            s_identifiers,
            Gen.Select(s_creator, Gen.UInt, s_item.Array[0, 6]))
        .Select((type, sector, block, size, identifiers, rest) => Make(type, sector, block, size, identifiers, rest.Item1, rest.Item2, rest.Item3));

    /// <summary>A rule for the size: near nothing, anything, the greatest, or round a chunk boundary.</summary>
    private static Gen<(int Kind, ulong Value)> SizeKind(int kind) => kind switch
    {
        0 => Gen.ULong[1, 64 * MiB].Select(value => (kind, value)),
        1 => Gen.ULong[1, 64 * TiB].Select(value => (kind, value)),
        2 => Gen.ULong[0, 4 * MiB].Select(value => (kind, (64 * TiB) - value)),
        _ => Gen.ULong[0, 12].Select(value => (kind, value)),
    };

    private static CreateOptions Make(VhdType type, ulong sector, ulong block, (int Kind, ulong Value) size, ImageIdentifiers identifiers, string creator, uint bits, MetadataItem[] items)
    {
        // A chunk is what one sector bitmap block of 2^23 bits describes.
        ulong chunk = (1UL << 23) * sector;
        ulong wanted = size.Kind < 3 ? size.Value : (chunk * (1 + (size.Value / 3))) + (((size.Value % 3) - 1) * sector);
        bool isZero = type == VhdType.Dynamic && Bit(0);
        if (type == VhdType.Fixed || isZero)
        {
            wanted = Math.Min(wanted, MaximumWrittenBlocks * block);
        }

        ulong bytes = Math.Clamp(wanted / sector * sector, sector, 64 * TiB);
        bool isChild = type == VhdType.Differencing;
        return new()
        {
            Type = type,
            SizeBytes = isChild && Bit(1) ? null : bytes,
            BlockSizeBytes = Bit(2) && type == VhdType.Differencing ? null : block,
            LogSizeBytes = Bit(3) ? null : ((bits >> 16 & 0x3F) + 1) * MiB,
            LogicalSectorSizeBytes = sector == 512 && Bit(4) && !isChild ? null : isChild && Bit(4) ? null : sector,
            PhysicalSectorSizeBytes = Bit(5) ? null : Bit(6) ? 512UL : 4096UL,
            BlockState = isZero ? InitialBlockState.Zero : type == VhdType.Dynamic && Bit(7) ? InitialBlockState.NotPresent : null,
            Preallocation = type == VhdType.Fixed && Bit(8) ? Preallocation.None : null,
            Creator = creator,
            Identifiers = identifiers,
            DiskIdentifier = Bit(9) ? new Guid("15000002-0002-0003-0405-060708090A0B") : null,
            Parent = !isChild ? null : new()
            {
                Path = "parent.vhdx",
                DataWriteGuid = identifiers.DiskIdentifier,
                VirtualDiskSize = (long)bytes,
                LogicalSectorSize = (int)sector,
                VirtualDiskItems =
                [
                    new(new(ItemModel.PhysicalSectorSize), MetadataFlags.IsVirtualDisk | MetadataFlags.IsRequired, 0, Bytes.U32(Bit(10) ? 512u : 4096u)),
                    .. items.Take(3),
                    new(new(ItemModel.VirtualDiskId), MetadataFlags.IsVirtualDisk | MetadataFlags.IsRequired, 0, Bytes.Guid("15000003-0002-0003-0405-060708090A0B")),
                    .. items.Skip(3),
                ],
                Paths = [new("relative_path", @"..\Eltern teil [1].vhdx"), new("volume_path", @"\\?\Volume{1}\x")],
            },
        };

        bool Bit(int number) => (bits >> number & 1) != 0;
    }
}
