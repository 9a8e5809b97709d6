using VhdxTools.Layout;

namespace VhdxTools.Core.Tests.Support;

internal static class TestIds
{
    public static readonly ImageIdentifiers Fixed = new()
    {
        FileWriteGuid = new("F0000001-0002-0003-0405-060708090A0B"),
        DataWriteGuid = new("D0000001-0002-0003-0405-060708090A0B"),
        DiskIdentifier = new("15000001-0002-0003-0405-060708090A0B"),
        SequenceNumber = 0x0102030405060708,
    };

    public static CreateOptions Options(VhdType type = VhdType.Dynamic, ulong? size = 64UL << 20, ParentReference? parent = null) =>
        new() { Type = type, SizeBytes = size, Creator = "a test", Identifiers = Fixed, Parent = parent };

    public static ParentReference Parent(params MetadataItem[] items) => new()
    {
        Path = "parent.vhdx",
        DataWriteGuid = new("66666666-7777-8888-9999-AAAAAAAAAAAA"),
        VirtualDiskSize = 64L << 20,
        LogicalSectorSize = 512,
        VirtualDiskItems = items,
        Paths = [new("relative_path", @".\parent.vhdx")],
    };
}
