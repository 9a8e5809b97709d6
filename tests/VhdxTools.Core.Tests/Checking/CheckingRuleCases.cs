using System.Collections.Generic;
using static VhdxTools.Core.Tests.Checking.CheckingImage;

namespace VhdxTools.Core.Tests.Checking;

/// <summary>For each rule the images that break it and nothing else.</summary>
internal static class CheckingRuleCases
{
    public static IReadOnlyList<CheckingCase> All { get; } =
    [
        new("VX101", folder => New(folder).AddRegion(Unknown, (ulong)Log, (uint)MiB), "?"),
        new("VX102", folder => With(New(folder), image => image.Length = 3 * MiB), "?"),
        new("VX201", folder => New(folder).Write(0, "xhdxfile"u8), "?"),
        new("VX301", folder => New(folder).Write(Header1, "tail"u8), "?"),
        new("VX302", folder => New(folder).Write(Header1 + 100, 1u), "?"),
        new("VX303", folder => New(folder).Write(Header1 + 100, 1u).Write(Header2 + 100, 1u), "?"),
        new("VX303", folder => New(folder).Header(Header1, header => Set(header, Sequence, Number(folder))), "?"),
        new("VX304", folder => New(folder).Current(header => header[Version] = 2), "?"),
        new("VX305", folder => New(folder).Current(header => { header[LogVersion] = 1; Set(header, LogGuid, CheckingLog.Guid); }), "?"),
        new("VX306", folder => New(folder).Current(header => Set(header, LogOffset, (ulong)(64 * KiB))), "?"),
        new("VX306", folder => New(folder).Current(header => Set(header, LogOffset, ulong.MaxValue - MiB + 1)), "?"),
        new("VX306", folder => New(folder).Current(header => Set(header, LogOffset, (ulong)(MiB + (512 * KiB)))), "?"),
        new("VX307", folder => New(folder).Current(header => Set(header, LogLength, 0u)), "?"),
        new("VX307", folder => New(folder).Current(header => Set(header, LogLength, (uint)MiB + 4096)), "?"),
        new("VX308", folder => New(folder).Write(Header1, new byte[4096]), "?"),
        new("VX309", folder => New(folder).Current(header => header[4095] = 1), "?"),
        new("VX310", folder => New(folder).Current(header => Set(header, DataWriteGuid, System.Guid.Empty)), "?"),
        new("VX310", folder => New(folder).Current(header => Set(header, FileWriteGuid, System.Guid.Empty)), "?"),
        new("VX401", folder => New(folder).Write(Table1, "geri"u8), "?"),
        new("VX401", folder => New(folder).Write(Table1, "geri"u8).Write(Table2, "geri"u8), "?"),
        new("VX402", folder => New(folder).Write(Table2 + 20, 7u), "?"),
        new("VX402", folder => New(folder).Write(Table1 + 20, 7u).Write(Table2 + 20, 7u), "?"),
        new("VX403", folder => New(folder).Table(Table2, table => Set(table, 8, 2048u)), "?"),
        new("VX403", folder => New(folder).Tables(table => Set(table, 8, uint.MaxValue)), "?"),
        new("VX404", folder => New(folder).Table(Table2, table => Set(table, 16 + 16, (ulong)(5 * MiB))), "?"),
        new("VX404", folder => New(folder).Write(Table2, new byte[64 * KiB]), "?"),
        new("VX405", folder => New(folder).AddRegion(BatRegion, (ulong)Bat, (uint)MiB, required: true), "?"),
        new("VX406", folder => New(folder).AddRegion(Unknown, (ulong)(512 * KiB), (uint)MiB), "?"),
        new("VX406", folder => New(folder).AddRegion(Unknown, 1UL << 63, (uint)MiB), "?"),
        new("VX406", folder => New(folder).AddRegion(Unknown, (ulong)(Payload + 4096), (uint)MiB), "?"),
        new("VX407", folder => New(folder).AddRegion(Unknown, (ulong)Payload, 0), "?"),
        new("VX407", folder => New(folder).AddRegion(Unknown, (ulong)Payload, uint.MaxValue), "?"),
        new("VX408", folder => With(New(folder), image => image.Length += MiB).AddRegion(Unknown, (ulong)Payload, (uint)MiB, required: true), "?"),
        new("VX409", folder => New(folder).Tables(table => Set(table, 16, Unknown)).Tables(table => Set(table, 16 + 28, 0u)), "?"),
        new("VX410", folder => New(folder).Tables(table => Set(table, 48, Unknown)).Tables(table => Set(table, 48 + 28, 0u)), "?"),
        new("VX411", folder => New(folder).Tables(table => Set(table, 16 + 28, 0u)), "?"),
        new("VX412", folder => New(folder).Tables(table => Set(table, 12, 1u)), "?"),
        new("VX412", folder => New(folder).Tables(table => Set(table, 16 + 28, 3u)), "?"),
        new("VX501", folder => New(folder).Current(header => Set(header, LogGuid, CheckingLog.Guid)), "?"),
        new("VX502", folder => CheckingLog.Dirty(New(folder), CheckingLog.Entry(1, 0, (ulong)(5 * MiB), (ulong)(5 * MiB))), "?"),
        new("VX503", folder => CheckingLog.Dirty(New(folder)), "?"),
        new("VX504", folder => CheckingLog.Dirty(New(folder), new CheckingLog.Update((ulong)Header1, new byte[4096])), "?"),
        new("VX504", folder => CheckingLog.Dirty(New(folder), new CheckingLog.Update((ulong)Log, null, 4096)), "?"),
        new("VX504", folder => CheckingLog.Dirty(New(folder), new CheckingLog.Update((ulong)Payload, null, ulong.MaxValue - 4095)), "?"),
        new("VX504", folder => CheckingLog.Dirty(New(folder), new CheckingLog.Update((ulong)Payload + 1, null, 4096)), "?"),
        new("VX601", folder => New(folder).Write(DiskSize, (ulong)(200 * GiB)), "?"),
        new("VX602", folder => New(folder).Entry(3, 4), "?"),
        new("VX602", folder => New(folder).Entry(3, 5, 9), "?"),
        new("VX602", folder => Large(folder).Entry(16, 7, 9), "?"),
        new("VX603", folder => New(folder).Map(1).Entry(0, 6, 4, reserved: 1), "?"),
        new("VX603", folder => New(folder).Entry(2, 2, 4), "?"),
        new("VX603", folder => LargeChild(folder).Entry(16, 0, 0, reserved: 1 << 16), "?"),
        new("VX604", folder => New(folder).Map(1).Entry(0, 7, 4), "?"),
        new("VX605", folder => Large(folder).Entry(16, 6, 0), "?"),
        new("VX606", folder => Child(folder).Map(2).Entry(0, 7, 4).Entry(1, 7, 5), "?"),
        new("VX607", folder => New(folder).Entry(5, 6, 0), "?"),
        new("VX607", folder => LargeChild(folder).Entry(16, 6, 0), "?"),
        new("VX608", folder => New(folder).Entry(5, 6, 9), "?"),
        new("VX608", folder => New(folder).Entry(5, 6, (1UL << 44) - 1), "?"),
        new("VX608", folder => LargeChild(folder).Entry(16, 6, 1UL << 43), "?"),
        new("VX609", folder => New(folder).Map(2).Entry(7, 6, 5), "?"),
        new("VX610", folder => New(folder).Entry(5, 6, 1), "?"),
        new("VX610", folder => New(folder).Entry(5, 6, 2), "?"),
        new("VX610", folder => New(folder).Entry(5, 6, 3), "?"),
        new("VX611", folder => With(New(folder).Map(1), image => image.Length += 2 * MiB), "?"),
        new("VX612", folder => New(folder).Write(FileParameters + 4, 1u), "?"),
        new("VX701", folder => New(folder).Write(Metadata, "metadatA"u8), "?"),
        new("VX702", folder => New(folder).Write(Metadata + 10, [0xFF, 0xFF]), "?"),
        new("VX703", folder => Items(New(folder), 1025, flags: 1), "?"),
        new("VX704", folder => New(folder).AddItem(Unknown, 0, 0, 0).AddItem(Unknown, 0, 0, 0), "?"),
        new("VX705", folder => New(folder).AddItem(Unknown, 8, 8, 0), "?"),
        new("VX705", folder => New(folder).AddItem(Unknown, (uint)(MiB - 4), 8, 0), "?"),
        new("VX705", folder => New(folder).AddItem(Unknown, 64 * 1024, 4, 0), "?"),
        new("VX705", folder => New(folder).AddItem(Unknown, 70_000, 0, 0), "?"),
        new("VX705", folder => New(folder).Write(ItemEntry(3) + 16, uint.MaxValue), "?"),
        new("VX706", folder => New(folder).AddItem(Unknown, 0, 0, 4), "?"),
        new("VX707", folder => New(folder).Write(ItemEntry(3), Unknown).Write(ItemEntry(3) + 24, 0u), "?"),
        new("VX708", folder => New(folder).Write(ItemEntry(3) + 20, 2u), "?"),
        new("VX709", folder => New(folder).Write(ItemEntry(0) + 24, 0u), "?"),
        new("VX710", folder => New(folder).Write(FileParameters, (uint)(3 * MiB)), "?"),
        new("VX711", folder => New(folder).Write(DiskSize, 0UL), "?"),
        new("VX711", folder => New(folder).Write(DiskSize, (ulong)(64 * TiB) + 512), "?"),
        new("VX711", folder => New(folder).Write(DiskSize, (ulong)(16 * MiB) - 1), "?"),
        new("VX712", folder => New(folder).Write(PhysicalSector, 1024u), "?"),
        new("VX713", folder => New(folder).Write(FileParameters + 4, 2u), "?"),
        new("VX714", folder => New(folder).Write(DiskId, System.Guid.Empty), "?"),
        new("VX715", folder => New(folder).Write(Metadata + 12, 1u), "?"),
        new("VX715", folder => New(folder).Write(ItemEntry(0) + 28, 1u), "?"),
        new("VX716", folder => Child(folder).Write(FileParameters + 4, 0u), "?"),
        new("VX801", folder => Child(folder).Write(Locator, Unknown), "?"),
        new("VX801", folder => Child(folder).SetLocator([1, 2, 3]), "?"),
        new("VX802", folder => Child(folder).SetLocator(("relative_path", @".\parent.vhdx")), "?"),
        new("VX802", folder => Child(folder).SetLocator(("parent_linkage", "{00000000-0000-0000-0000-000000000000}"), ("relative_path", @".\parent.vhdx")), "?"),
        new("VX803", folder => Child(folder).SetLocator(("parent_linkage", Parent(folder).Linkage)), "?"),
        new("VX804", folder => Child(folder).SetLocator(("parent_linkage", Parent(folder).Linkage), ("relative_path", @".\elsewhere.vhdx")), "?"),
        new("VX805", folder => Child(folder).SetLocator(("parent_linkage", Unknown.ToString("B")), ("relative_path", @".\parent.vhdx")), "?"),
        new("VX806", folder => Child(folder).Write(LogicalSector, 4096u), "?"),
        new("VX807", folder => Child(folder).SetLocator(("parent_linkage", Unknown.ToString("B")), ("relative_path", @".\image.vhdx")), "?"),
        new("VX808", folder => Child(folder).SetLocator(("parent_linkage", Parent(folder).Linkage), ("relative_path", @".\parent.vhdx"), ("absolute_win32_path", @"C:\other.vhdx")), "?"),
        new("VX809", folder => Child(folder).Write(DiskSize, (ulong)(15 * MiB)), "?"),
        new("VX901", folder => With(New(folder, state: InitialBlockState.Zero).Write(FileParameters + 4, 1u), image => image.Length = 20 * MiB), "?"),
        new("VX902", folder => With(New(folder), image => image.Write(Header1, image.Read(Header2, 4096))), "?"),
        new("VX907", folder => With(New(folder), image => image.Length += 512), "?"),
        new("VX908", folder => New(folder, size: (3 * MiB) - 512), "?"),
    ];

    public static CheckingImage New(CheckingFolder folder, long? size = null, InitialBlockState? state = null) =>
        Create(folder["image.vhdx"], size: size, state: state);

    /// <summary>32 blocks of 256 MiB: every 17th entry is a sector bitmap's.</summary>
    public static CheckingImage Large(CheckingFolder folder) => Create(folder["image.vhdx"], size: 8 * GiB, blockSize: 256 * MiB);

    public static CheckingImage LargeChild(CheckingFolder folder)
    {
        Create(folder["parent.vhdx"], size: 8 * GiB, blockSize: 256 * MiB);
        return Create(folder["image.vhdx"], blockSize: 256 * MiB, parent: folder["parent.vhdx"]);
    }

    public static CheckingImage Child(CheckingFolder folder)
    {
        Create(folder["parent.vhdx"]);
        return Create(folder["image.vhdx"], parent: folder["parent.vhdx"]);
    }

    public static CheckingImage Parent(CheckingFolder folder) => new(folder["parent.vhdx"]);

    public static CheckingImage With(CheckingImage image, System.Action<CheckingImage> change)
    {
        change(image);
        return image;
    }

    /// <summary>Adds empty items with ids of their own.</summary>
    public static CheckingImage Items(CheckingImage image, int count, uint flags)
    {
        byte[] entries = new byte[32 * count];
        for (int i = 0; i < count; i++)
        {
            Set(entries, 32 * i, new System.Guid(i + 1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10));
            Set(entries, (32 * i) + 24, flags);
        }

        return image.Write(ItemEntry(5), entries).Write(Metadata + 10, System.BitConverter.GetBytes((ushort)(5 + count)));
    }

    /// <summary>The sequence number of the current header.</summary>
    private static ulong Number(CheckingFolder folder) => System.BitConverter.ToUInt64(new CheckingImage(folder["image.vhdx"]).Read(Header2 + Sequence, 8));
}
