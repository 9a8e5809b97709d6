using VhdxTools.Layout;
using VhdxTools.Operations;

namespace VhdxTools.Core.Tests.Support;

/// <summary>Sound images that damage is done to.</summary>
internal static class SmallImages
{
    public static MemoryFile Created(VhdType type)
    {
        ParentReference? parent = type != VhdType.Differencing ? null : TestIds.Parent(
            new MetadataItem(new(ItemModel.Unknown), MetadataFlags.IsUser | MetadataFlags.IsVirtualDisk, 0, Bytes.Pattern(1, 100)));
        MemoryFile file = new();
        ImageCreator.Write(
            LayoutPlanner.Plan(TestIds.Options(type, 8 << 20, parent) with { BlockSizeBytes = 1 << 20, Preallocation = type == VhdType.Fixed ? Preallocation.None : null }),
            file);
        return file;
    }

    /// <summary>A dynamic image with blocks, an unknown region, user metadata, and three entries in its log, which fill 9 sectors.</summary>
    public static MemoryFile Dirty()
    {
        ImageBuilder builder = new();
        builder.Regions.Add(new(RegionModel.Unknown, 5 << 20, 1 << 20, false));
        builder.Items.Add(new(ItemModel.Unknown, 0x20000, Bytes.Pattern(1, 500), 1));
        builder.Bat[0] = (8 << 20) | 6;
        builder.Bat[1] = (9 << 20) | 6;
        builder.Bat[2] = 2;
        byte[] bat = new byte[4096];
        Bytes.Put(bat, 0, Bytes.U64((7 << 20) | 6));
        byte[] first = new LogModel(LogModel.Guid1, 5).Data(3 << 20, bat).Zero(12 << 20, 8192).ToBytes();
        byte[] second = new LogModel(LogModel.Guid1, 6).Data(8 << 20, Bytes.Pattern(2, 4096)).Data(20 << 20, Bytes.Pattern(3, 4096)).ToBytes();
        byte[] third = new LogModel(LogModel.Guid1, 7) { Tail = 0, LastFileOffset = 24 << 20 }.Data(0x200000 + 0x20000, Bytes.Pattern(4, 4096)).Zero(14 << 20, 4096).ToBytes();
        builder.WithLog(LogModel.Guid1, (0, first), (first.Length, second), (first.Length + second.Length, third));
        return builder.Build();
    }
}
