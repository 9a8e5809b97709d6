using System.Collections.Generic;
using static VhdxTools.Core.Tests.Checking.CheckingImage;

namespace VhdxTools.Core.Tests.Checking;

/// <summary>For each rule the images that break it and nothing else.</summary>
internal static class CheckingRuleCases
{
    public static IReadOnlyList<CheckingCase> All { get; } =
    [
        new("VX101", folder => New(folder).AddRegion(Unknown, (ulong)Log, (uint)MiB),
            "VX101 Error at 0x100000 long 0x100000"),
        new("VX102", folder => With(New(folder), image => image.Length = 3 * MiB),
            "VX102 Error at 0x300000 long 0x100000 block 0 x16 disk 0x0+0x1000000 item [BAT] expected [at least 4194304 bytes] actual [3145728 bytes]"),
        new("VX201", folder => New(folder).Write(0, "xhdxfile"u8),
            "VX201 Error at 0x0 long 0x8 expected [vhdxfile]"),
        new("VX301", folder => New(folder).Write(Header1, "tail"u8),
            "VX301 Warning at 0x10000 long 0x1000 item [Header 1]"),
        new("VX302", folder => New(folder).Write(Header1 + 100, 1u),
            "VX302 Warning at 0x10000 long 0x1000 item [Header 1] expected [0x20C36DAD] actual [0x2A93EBAB]"),
        new("VX303", folder => New(folder).Write(Header1 + 100, 1u).Write(Header2 + 100, 1u),
            "VX303 Error at 0x10000 long 0x20000"),
        new("VX303", folder => New(folder).Header(Header1, header => { Set(header, Sequence, Number(folder)); Set(header, FileWriteGuid, Unknown); }),
            "VX303 Error at 0x10000 long 0x20000"),
        new("VX304", folder => New(folder).Current(header => header[Version] = 2),
            "VX304 Error at 0x20000 long 0x1000 expected [1] actual [2]"),
        new("VX305", folder => New(folder).Current(header => { header[LogVersion] = 1; Set(header, LogGuid, CheckingLog.Guid); }),
            "VX305 Error at 0x20000 long 0x1000 expected [0] actual [1]"),
        new("VX306", folder => New(folder).Current(header => Set(header, LogOffset, (ulong)(64 * KiB))),
            "VX306 Error at 0x20000 long 0x1000 expected [a multiple of 1 MiB, at least 1 MiB] actual [0x10000]"),
        new("VX306", folder => New(folder).Current(header => Set(header, LogOffset, ulong.MaxValue - MiB + 1)),
            "VX306 Error at 0x20000 long 0x1000 expected [a multiple of 1 MiB, at least 1 MiB] actual [0xFFFFFFFFFFF00000]"),
        new("VX306", folder => New(folder).Current(header => Set(header, LogOffset, (ulong)(MiB + (512 * KiB)))),
            "VX306 Error at 0x20000 long 0x1000 expected [a multiple of 1 MiB, at least 1 MiB] actual [0x180000]"),
        new("VX307", folder => New(folder).Current(header => Set(header, LogLength, 0u)),
            "VX307 Error at 0x20000 long 0x1000 expected [a multiple of 1 MiB, not zero] actual [0 bytes]"),
        new("VX307", folder => New(folder).Current(header => Set(header, LogLength, (uint)MiB + 4096)),
            "VX307 Error at 0x20000 long 0x1000 expected [a multiple of 1 MiB, not zero] actual [1052672 bytes]"),
        new("VX308", folder => New(folder).Write(Header1, new byte[4096]),
            "VX308 Warning at 0x10000 long 0x1000 item [Header 1]"),
        new("VX309", folder => New(folder).Current(header => header[4095] = 1),
            "VX309 Note at 0x20000 long 0x1000"),
        new("VX310", folder => New(folder).Current(header => Set(header, DataWriteGuid, System.Guid.Empty)),
            "VX310 Warning at 0x20000"),
        new("VX310", folder => New(folder).Current(header => Set(header, FileWriteGuid, System.Guid.Empty)),
            "VX310 Warning at 0x20000"),
        new("VX401", folder => New(folder).Write(Table1, "geri"u8),
            "VX401 Warning at 0x30000 long 0x10000 item [Region table 1]"),
        new("VX401", folder => New(folder).Write(Table1, "geri"u8).Write(Table2, "geri"u8),
            "VX401 Error at 0x30000 long 0x10000"),
        new("VX402", folder => New(folder).Write(Table2 + 20, 7u),
            "VX402 Warning at 0x40000 long 0x10000 item [Region table 2]"),
        new("VX402", folder => New(folder).Write(Table1 + 20, 7u).Write(Table2 + 20, 7u),
            "VX402 Error at 0x30000 long 0x10000"),
        new("VX403", folder => New(folder).Table(Table2, table => Set(table, 8, 2048u)),
            "VX403 Warning at 0x40000 long 0x10000 item [Region table 2]"),
        new("VX403", folder => New(folder).Tables(table => Set(table, 8, uint.MaxValue)),
            "VX403 Error at 0x30000 long 0x10000"),
        new("VX404", folder => New(folder).Table(Table2, table => Set(table, 16 + 16, (ulong)(5 * MiB))),
            "VX404 Warning at 0x40000 long 0x10000"),
        new("VX404", folder => New(folder).Write(Table2, new byte[64 * KiB]),
            "VX404 Warning at 0x40000 long 0x10000 item [Region table 2]"),
        new("VX405", folder => New(folder).AddRegion(BatRegion, (ulong)Bat, (uint)MiB, required: true),
            "VX405 Error at 0x30050 long 0x20 item [BAT]"),
        new("VX405", folder => New(folder).AddRegion(BatRegion, (ulong)Bat, (uint)MiB).AddRegion(BatRegion, (ulong)Bat, (uint)MiB).AddRegion(MetadataRegion, 0, 0),
            "VX405 Error at 0x30050 long 0x40 item [BAT]",
            "VX405 Error at 0x30090 long 0x20 item [Metadata]"),
        new("VX406", folder => New(folder).AddRegion(Unknown, (ulong)(512 * KiB), (uint)MiB),
            "VX406 Error at 0x30050 long 0x20 item [11111111-2222-3333-4444-555555555555] actual [0x80000]"),
        new("VX406", folder => New(folder).AddRegion(Unknown, 1UL << 63, (uint)MiB),
            "VX406 Error at 0x30050 long 0x20 item [11111111-2222-3333-4444-555555555555] actual [0x8000000000000000]"),
        new("VX406", folder => New(folder).AddRegion(Unknown, (ulong)(Payload + 4096), (uint)MiB),
            "VX406 Error at 0x30050 long 0x20 item [11111111-2222-3333-4444-555555555555] actual [0x401000]"),
        new("VX407", folder => New(folder).AddRegion(Unknown, (ulong)Payload, 0),
            "VX407 Error at 0x30050 long 0x20 item [11111111-2222-3333-4444-555555555555] actual [0 bytes]"),
        new("VX407", folder => New(folder).AddRegion(Unknown, (ulong)Payload, uint.MaxValue),
            "VX407 Error at 0x30050 long 0x20 item [11111111-2222-3333-4444-555555555555] actual [4294967295 bytes]"),
        new("VX408", folder => With(New(folder), image => image.Length += MiB).AddRegion(Unknown, (ulong)Payload, (uint)MiB, required: true),
            "VX408 Error at 0x30050 long 0x20 item [11111111-2222-3333-4444-555555555555]"),
        new("VX409", folder => New(folder).Tables(table => Set(table, 16, Unknown)).Tables(table => Set(table, 16 + 28, 0u)),
            "VX409 Error item [BAT]"),
        new("VX410", folder => New(folder).Tables(table => Set(table, 48, Unknown)).Tables(table => Set(table, 48 + 28, 0u)),
            "VX410 Error item [Metadata]"),
        new("VX411", folder => New(folder).Tables(table => Set(table, 16 + 28, 0u)),
            "VX411 Note at 0x30010 long 0x20 item [BAT]"),
        new("VX412", folder => New(folder).Tables(table => Set(table, 12, 1u)),
            "VX412 Note at 0x30000"),
        new("VX412", folder => New(folder).Tables(table => Set(table, 16 + 28, 3u)),
            "VX412 Note at 0x30000"),
        new("VX501", folder => New(folder).Current(header => Set(header, LogGuid, CheckingLog.Guid)),
            "VX501 Error at 0x100000"),
        new("VX502", folder => CheckingLog.Dirty(New(folder), CheckingLog.Entry(1, 0, (ulong)(5 * MiB), (ulong)(5 * MiB))),
            "VX502 Error at 0x100000 expected [at least 5242880 bytes] actual [4194304 bytes]"),
        new("VX503", folder => CheckingLog.Dirty(New(folder)),
            "VX503 Note at 0x100000"),
        new("VX504", folder => CheckingLog.Dirty(New(folder), new CheckingLog.Update((ulong)Header1, new byte[4096])),
            "VX504 Error at 0x100000 actual [offset 0x10000, length 0x1000]"),
        new("VX504", folder => CheckingLog.Dirty(New(folder), new CheckingLog.Update((ulong)Log, null, 4096)),
            "VX504 Error at 0x100000 actual [offset 0x100000, length 0x1000]"),
        new("VX504", folder => CheckingLog.Dirty(New(folder), new CheckingLog.Update((ulong)Payload, null, ulong.MaxValue - 4095)),
            "VX504 Error at 0x100000 actual [offset 0x400000, length 0xFFFFFFFFFFFFF000]"),
        new("VX504", folder => CheckingLog.Dirty(New(folder), new CheckingLog.Update((ulong)Payload + 1, null, 4096)),
            "VX504 Error at 0x100000 actual [offset 0x400001, length 0x1000]"),
        new("VX504", folder => CheckingLog.Dirty(New(folder), new CheckingLog.Update((ulong)Payload, null, 4096)),
            "VX504 Error at 0x100000 actual [offset 0x400000, length 0x1000]"),
        new("VX504", folder => CheckingLog.Dirty(New(folder), CheckingLog.Entry(1, 0, (ulong)Payload, 1UL << 62)),
            "VX504 Error at 0x100000 expected [at most 1125899906842624 bytes] actual [4611686018427387904 bytes]"),
        new("VX601", folder => New(folder).Write(DiskSize, (ulong)(200 * GiB)),
            "VX601 Error at 0x300000 long 0x100000 expected [at least 1638792 bytes] actual [1048576 bytes]"),
        new("VX602", folder => New(folder).Entry(3, 4),
            "VX602 Error at 0x300018 block 3 x1 disk 0x300000+0x100000 expected [0 to 3, 6 or 7] actual [state 4]"),
        new("VX602", folder => New(folder).Entry(3, 5, 9),
            "VX602 Error at 0x300018 block 3 x1 disk 0x300000+0x100000 expected [0 to 3, 6 or 7] actual [state 5]"),
        new("VX602", folder => Large(folder).Entry(16, 7, 9),
            "VX602 Error at 0x300080 item [Sector bitmap block 0] expected [0 or 6] actual [state 7]"),
        new("VX603", folder => New(folder).Map(1).Entry(0, 6, 4, reserved: 1),
            "VX603 Note at 0x300000 block 0 x1 disk 0x0+0x100000 expected [0 in bits 3 to 19] actual [entry 0x000000000040000E]"),
        new("VX603", folder => New(folder).Entry(2, 2, 4),
            "VX603 Note at 0x300010 block 2 x1 disk 0x200000+0x100000 expected [offset 0] actual [entry 0x0000000000400002]"),
        new("VX603", folder => LargeChild(folder).Entry(16, 0, 0, reserved: 1 << 16),
            "VX603 Note at 0x300080 item [Sector bitmap block 0] expected [0 in bits 3 to 19] actual [entry 0x0000000000080000]"),
        new("VX604", folder => New(folder).Map(1).Entry(0, 7, 4),
            "VX604 Error at 0x300000 block 0 x1 disk 0x0+0x100000 expected [0 to 3 or 6] actual [state 7]"),
        new("VX605", folder => Large(folder).Entry(16, 6, 0),
            "VX605 Error at 0x300080 item [Sector bitmap block 0] expected [state 0] actual [state 6]"),
        new("VX606", folder => Child(folder).Map(2).Entry(0, 7, 4).Entry(1, 7, 5),
            "VX606 Error at 0x300000 block 0 x1 disk 0x0+0x100000 expected [sector bitmap block 0 in state 6] actual [not present]"),
        new("VX607", folder => New(folder).Entry(5, 6, 0),
            "VX607 Error at 0x0 block 5 x1 disk 0x500000+0x100000 expected [at or behind 0x100000] actual [0x0 to 0x100000]"),
        new("VX607", folder => LargeChild(folder).Entry(16, 6, 0),
            "VX607 Error at 0x0 item [Sector bitmap block 0] expected [at or behind 0x100000] actual [0x0 to 0x100000]"),
        new("VX608", folder => New(folder).Entry(5, 6, 9),
            "VX608 Error at 0x900000 long 0x100000 block 5 x1 disk 0x500000+0x100000 expected [the end at or before 0x400000] actual [0x900000 to 0xA00000]"),
        new("VX608", folder => New(folder).Entry(5, 6, (1UL << 44) - 1),
            "VX608 Error block 5 x1 disk 0x500000+0x100000 expected [the end at or before 0x400000] actual [0xFFFFFFFFFFF00000 to 0x10000000000000000]"),
        new("VX608", folder => LargeChild(folder).Entry(16, 6, 1UL << 43),
            "VX608 Error item [Sector bitmap block 0] expected [the end at or before 0x400000] actual [0x8000000000000000 to 0x8000000000100000]"),
        new("VX609", folder => New(folder).Map(2).Entry(7, 6, 5),
            "VX609 Error at 0x500000 long 0x100000 block 7 x1 disk 0x700000+0x100000 expected [space of its own] actual [0x500000 to 0x600000]"),
        new("VX610", folder => New(folder).Entry(5, 6, 1),
            "VX610 Error at 0x100000 long 0x100000 block 5 x1 disk 0x500000+0x100000 expected [space of its own] actual [0x100000 to 0x200000]"),
        new("VX610", folder => New(folder).Entry(5, 6, 2),
            "VX610 Error at 0x200000 long 0x100000 block 5 x1 disk 0x500000+0x100000 expected [space of its own] actual [0x200000 to 0x300000]"),
        new("VX610", folder => New(folder).Entry(5, 6, 3),
            "VX610 Error at 0x300000 long 0x100000 block 5 x1 disk 0x500000+0x100000 expected [space of its own] actual [0x300000 to 0x400000]"),
        new("VX611", folder => With(New(folder).Map(1), image => image.Length += 2 * MiB),
            "VX611 Note at 0x500000 long 0x200000"),
        new("VX612", folder => New(folder).Write(FileParameters + 4, 1u),
            "VX612 Note"),
        new("VX701", folder => New(folder).Write(Metadata, "metadatA"u8),
            "VX701 Error at 0x200000 long 0x8 expected [metadata]"),
        new("VX702", folder => New(folder).Write(Metadata + 10, [0xFF, 0xFF]),
            "VX702 Error at 0x200000 long 0x10000 expected [at most 2047] actual [65535]"),
        new("VX703", folder => Items(New(folder), 1025, flags: 1),
            "VX703 Error at 0x200000 long 0x10000 expected [at most 1024] actual [1025]"),
        new("VX704", folder => New(folder).AddItem(Unknown, 0, 0, 0).AddItem(Unknown, 0, 0, 0),
            "VX704 Error at 0x2000E0 long 0x20 item [11111111-2222-3333-4444-555555555555]"),
        new("VX704", folder => New(folder).Write(Metadata + 10, [255, 7]),
            "VX704 Error at 0x2000E0 long 0xFF20 item [00000000-0000-0000-0000-000000000000]"),
        new("VX705", folder => New(folder).AddItem(Unknown, 8, 8, 0),
            "VX705 Error at 0x2000C0 long 0x20 item [11111111-2222-3333-4444-555555555555] expected [0x10000 to 0x100000] actual [0x8+0x8]"),
        new("VX705", folder => New(folder).AddItem(Unknown, (uint)(MiB - 4), 8, 0),
            "VX705 Error at 0x2000C0 long 0x20 item [11111111-2222-3333-4444-555555555555] expected [0x10000 to 0x100000] actual [0xFFFFC+0x8]"),
        new("VX705", folder => New(folder).AddItem(Unknown, 64 * 1024, 4, 0),
            "VX705 Error at 0x2000C0 long 0x20 item [11111111-2222-3333-4444-555555555555]"),
        new("VX705", folder => New(folder).AddItem(Unknown, 70_000, 0, 0),
            "VX705 Error at 0x2000C0 long 0x20 item [11111111-2222-3333-4444-555555555555] expected [0] actual [0x11170]"),
        new("VX705", folder => New(folder).Write(ItemEntry(3) + 16, uint.MaxValue),
            "VX705 Error at 0x200080 long 0x20 item [Physical Sector Size] expected [0x10000 to 0x100000] actual [0xFFFFFFFF+0x4]"),
        new("VX706", folder => New(folder).AddItem(Unknown, 0, 0, 4),
            "VX706 Error at 0x2000C0 long 0x20 item [11111111-2222-3333-4444-555555555555]"),
        new("VX707", folder => New(folder).Write(ItemEntry(3), Unknown).Write(ItemEntry(3) + 24, 0u),
            "VX707 Error item [Physical Sector Size]"),
        new("VX708", folder => New(folder).Write(ItemEntry(3) + 20, 2u),
            "VX708 Error at 0x210014 long 0x2 item [Physical Sector Size] expected [4 bytes] actual [2 bytes]"),
        new("VX709", folder => New(folder).Write(ItemEntry(0) + 24, 0u),
            "VX709 Note at 0x200020 long 0x20 item [File Parameters] expected [IsRequired] actual [None]"),
        new("VX710", folder => New(folder).Write(FileParameters, (uint)(3 * MiB)),
            "VX710 Error at 0x210000 long 0x8 item [File Parameters] expected [a power of two from 1 MiB to 256 MiB] actual [3145728 bytes]"),
        new("VX711", folder => New(folder).Write(DiskSize, 0UL),
            "VX711 Error at 0x210008 long 0x8 item [Virtual Disk Size] expected [greater than 0, up to 64 TiB] actual [0 bytes]"),
        new("VX711", folder => New(folder).Write(DiskSize, (ulong)(64 * TiB) + 512),
            "VX711 Error at 0x210008 long 0x8 item [Virtual Disk Size] expected [up to 64 TiB] actual [70368744178176 bytes]"),
        new("VX711", folder => New(folder).Write(DiskSize, (ulong)(16 * MiB) - 1),
            "VX711 Error at 0x210008 long 0x8 item [Virtual Disk Size] expected [a multiple of 512] actual [16777215 bytes]"),
        new("VX712", folder => New(folder).Write(PhysicalSector, 1024u),
            "VX712 Error at 0x210014 long 0x4 item [Physical Sector Size] expected [512 or 4096] actual [1024]"),
        new("VX713", folder => New(folder).Write(FileParameters + 4, 2u),
            "VX713 Error item [Parent Locator]"),
        new("VX714", folder => New(folder).Write(DiskId, System.Guid.Empty),
            "VX714 Warning at 0x210018 long 0x10 item [Virtual Disk ID]"),
        new("VX715", folder => New(folder).Write(Metadata + 12, 1u),
            "VX715 Note at 0x200000"),
        new("VX715", folder => New(folder).Write(ItemEntry(0) + 28, 1u),
            "VX715 Note at 0x200000"),
        new("VX716", folder => Child(folder).Write(FileParameters + 4, 0u),
            "VX716 Note item [Parent Locator]"),
        new("VX801", folder => Child(folder).Write(Locator, Unknown),
            "VX801 Error at 0x210028 long 0xC8 item [Parent Locator]"),
        new("VX801", folder => Child(folder).SetLocator([1, 2, 3]),
            "VX801 Error at 0x210028 long 0x3 item [Parent Locator]"),
        new("VX802", folder => Child(folder).SetLocator(("relative_path", @".\parent.vhdx")),
            "VX802 Error item [Parent Locator] expected [a GUID in braces, not all zeros] actual [nothing]"),
        new("VX802", folder => Child(folder).SetLocator(("parent_linkage", "{00000000-0000-0000-0000-000000000000}"), ("relative_path", @".\parent.vhdx")),
            "VX802 Error item [Parent Locator] expected [a GUID in braces, not all zeros] actual [{00000000-0000-0000-0000-000000000000}]"),
        new("VX802", folder => Child(folder).SetLocator(("parent_linkage", Parent(folder).Linkage), ("parent_linkage2", "x"), ("relative_path", @".\parent.vhdx")),
            "VX802 Warning item [Parent Locator] expected [a GUID in braces, or nothing] actual [x]"),
        new("VX803", folder => Child(folder).SetLocator(("parent_linkage", Parent(folder).Linkage)),
            "VX803 Error item [Parent Locator]"),
        new("VX804", folder => Child(folder).SetLocator(("parent_linkage", Parent(folder).Linkage), ("relative_path", @".\elsewhere.vhdx")),
            "VX804 Error item [Parent Locator]"),
        new("VX805", folder => Child(folder).SetLocator(("parent_linkage", Unknown.ToString("B")), ("relative_path", @".\parent.vhdx")),
            "VX805 Error item [Parent Locator] expected [DataWriteGuid 11111111-2222-3333-4444-555555555555] actual [DataWriteGuid d3102a07-0dc1-85fd-93d2-2844014ab2c6]"),
        new("VX806", folder => Child(folder).Write(LogicalSector, 4096u),
            "VX806 Error item [Parent Locator] expected [4096 bytes] actual [512 bytes]"),
        new("VX807", folder => Child(folder).SetLocator(("parent_linkage", Unknown.ToString("B")), ("relative_path", @".\image.vhdx")),
            "VX807 Error item [Parent Locator]"),
        new("VX808", folder => Child(folder).SetLocator(("parent_linkage", Parent(folder).Linkage), ("relative_path", @".\parent.vhdx"), ("absolute_win32_path", @"C:\other.vhdx")),
            "VX808 Note item [Parent Locator]"),
        new("VX809", folder => Child(folder).Write(DiskSize, (ulong)(15 * MiB)),
            "VX809 Note item [Parent Locator] expected [15728640 bytes] actual [16777216 bytes]"),
        new("VX901", folder => With(New(folder, state: InitialBlockState.Zero).Write(FileParameters + 4, 1u), image => image.Length = 20 * MiB),
            "VX901 Note"),
        new("VX902", folder => With(New(folder), image => image.Write(Header1, image.Read(Header2, 4096))),
            "VX902 Note at 0x10000 long 0x1000"),
        new("VX907", folder => With(New(folder), image => image.Length += 512),
            "VX907 Note actual [4194816 bytes]"),
        new("VX908", folder => New(folder, size: (3 * MiB) - 512),
            "VX908 Note expected [at least 3145728 bytes] actual [3145216 bytes]"),
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
