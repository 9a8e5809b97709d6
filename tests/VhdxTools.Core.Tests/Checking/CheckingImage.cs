using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using VhdxTools.Checking;
using VhdxTools.Layout;
using VhdxTools.Operations;

namespace VhdxTools.Core.Tests.Checking;

/// <summary>
/// A real image whose bytes a test sets. The places are written here once more, from the specification and not from the product; the
/// images that <see cref="Create"/> makes have log, metadata and BAT at 1, 2 and 3 MiB, and payload blocks from 4 MiB on.
/// </summary>
internal sealed class CheckingImage
{
    public const long KiB = 1 << 10;
    public const long MiB = 1 << 20;
    public const long GiB = 1 << 30;
    public const long TiB = 1L << 40;

    public const long Header1 = 64 * KiB;
    public const long Header2 = 128 * KiB;
    public const long Table1 = 192 * KiB;
    public const long Table2 = 256 * KiB;
    public const long Log = 1 * MiB;
    public const long Metadata = 2 * MiB;
    public const long Bat = 3 * MiB;
    public const long Payload = 4 * MiB;

    // Within a header.
    public const int Sequence = 8;
    public const int FileWriteGuid = 16;
    public const int DataWriteGuid = 32;
    public const int LogGuid = 48;
    public const int LogVersion = 64;
    public const int Version = 66;
    public const int LogLength = 68;
    public const int LogOffset = 72;

    // Items of the metadata region as they stand in a new image, and where their table entries are.
    public const long FileParameters = Metadata + (64 * KiB);
    public const long DiskSize = FileParameters + 8;
    public const long LogicalSector = FileParameters + 16;
    public const long PhysicalSector = FileParameters + 20;
    public const long DiskId = FileParameters + 24;
    public const long Locator = FileParameters + 40;

    public static readonly Guid BatRegion = new("2DC27766-F623-4200-9D64-115E9BFD4A08");
    public static readonly Guid MetadataRegion = new("8B7CA206-4790-4B9A-B8FE-575F050F886E");
    public static readonly Guid Unknown = new("11111111-2222-3333-4444-555555555555");
    public static readonly Guid LocatorType = new("B04AEFB7-D19E-4A81-B789-25B8E9445913");

    public CheckingImage(string path) => Path = path;

    public string Path { get; }

    public long Length
    {
        get => new FileInfo(Path).Length;
        set
        {
            using FileStream stream = OpenWrite();
            stream.SetLength(value);
        }
    }

    /// <summary>A new image: 16 blocks of 1 MiB unless told otherwise. Its identifiers follow from its name.</summary>
    public static CheckingImage Create(
        string path, VhdType type = VhdType.Dynamic, long? size = null, long blockSize = MiB, int? sector = null, string? parent = null, InitialBlockState? state = null)
    {
        LayoutPlan plan = LayoutPlanner.Plan(new()
        {
            Type = parent is null ? type : VhdType.Differencing,
            SizeBytes = size is long bytes ? (ulong)bytes : parent is null ? (ulong)(16 * MiB) : null,
            BlockSizeBytes = (ulong)blockSize,
            LogicalSectorSizeBytes = (ulong?)sector,
            BlockState = state,
            Preallocation = type == VhdType.Fixed && parent is null ? Preallocation.None : null,
            Creator = "VhdxTools tests",
            Identifiers = ImageIdentifiers.FromSeed(System.IO.Path.GetFileName(path), 0, ""),
            Parent = parent is null ? null : ParentReader.Read(parent, path, portable: true, _ => { }),
        });
        ImageCreator.Create(plan, path, replace: false, "new");
        return new(path);
    }

    /// <summary>All findings of a file and its chain.</summary>
    public static List<VhdxFinding> Check(string path, bool skipParent = false) => new Checker(skipParent).Check(path).ToList();

    public List<VhdxFinding> Check(bool skipParent = false) => Check(Path, skipParent);

    public byte[] Read(long offset, int count)
    {
        using FileStream stream = new(Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        stream.Position = offset;
        byte[] bytes = new byte[count];
        stream.ReadExactly(bytes);
        return bytes;
    }

    public CheckingImage Write(long offset, ReadOnlySpan<byte> bytes)
    {
        using FileStream stream = OpenWrite();
        stream.Position = offset;
        stream.Write(bytes);
        return this;
    }

    public CheckingImage Write(long offset, uint value) => Write(offset, BitConverter.GetBytes(value));

    public CheckingImage Write(long offset, ulong value) => Write(offset, BitConverter.GetBytes(value));

    public CheckingImage Write(long offset, Guid value) => Write(offset, value.ToByteArray());

    /// <summary>Changes one header and repairs its checksum.</summary>
    public CheckingImage Header(long place, Action<byte[]> change) => Structure(place, 4096, change);

    /// <summary>Changes the current header, which is the second in a new image.</summary>
    public CheckingImage Current(Action<byte[]> change) => Header(Header2, change);

    public CheckingImage Table(long place, Action<byte[]> change) => Structure(place, 64 * 1024, change);

    /// <summary>Changes both copies of the region table in the same way.</summary>
    public CheckingImage Tables(Action<byte[]> change) => Table(Table1, change).Table(Table2, change);

    /// <summary>Adds a region to both tables.</summary>
    public CheckingImage AddRegion(Guid id, ulong offset, uint length, bool required = false) => Tables(table =>
    {
        int count = BitConverter.ToInt32(table, 8);
        Set(table, 8, (uint)(count + 1));
        int place = 16 + (32 * count);
        Set(table, place, id);
        Set(table, place + 16, offset);
        Set(table, place + 24, length);
        Set(table, place + 28, required ? 1u : 0u);
    });

    /// <summary>Adds an entry to the metadata table; flags: 1 user, 2 virtual disk, 4 required.</summary>
    public CheckingImage AddItem(Guid id, uint offset, uint length, uint flags)
    {
        int count = BitConverter.ToUInt16(Read(Metadata + 10, 2));
        byte[] entry = new byte[32];
        Set(entry, 0, id);
        Set(entry, 16, offset);
        Set(entry, 20, length);
        Set(entry, 24, flags);
        return Write(Metadata + 32 + (32 * count), entry).Write(Metadata + 10, BitConverter.GetBytes((ushort)(count + 1)));
    }

    /// <summary>Where the table entry of the item with that number is: 0 File Parameters, 1 Size, 2 Logical, 3 Physical, 4 Id, 5 Locator.</summary>
    public static long ItemEntry(int index) => Metadata + 32 + (32 * index);

    /// <summary>Sets an entry of the BAT.</summary>
    public CheckingImage Entry(long index, ulong state, ulong offsetMiB = 0, ulong reserved = 0) => Write(Bat + (8 * index), (offsetMiB << 20) | (reserved << 3) | state);

    /// <summary>Maps blocks 0 to count - 1, one behind the other from 4 MiB on, and lengthens the file.</summary>
    public CheckingImage Map(int count, long blockSize = MiB)
    {
        byte[] entries = new byte[8 * count];
        for (int i = 0; i < count; i++)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(entries.AsSpan(8 * i), (ulong)(Payload + (i * blockSize)) | 6);
        }

        Length = Payload + (count * blockSize);
        return Write(Bat, entries);
    }

    /// <summary>Replaces the parent locator by one of these pairs.</summary>
    public CheckingImage SetLocator(params (string Key, string Value)[] pairs) => SetLocator(CheckingLocator.Bytes(LocatorType, pairs));

    public CheckingImage SetLocator(byte[] item) => Write(Locator, item).Write(ItemEntry(5) + 20, (uint)item.Length);

    public string Linkage => new Guid(Read(Header2 + DataWriteGuid, 16)).ToString("B");

    public static void Set(byte[] bytes, int offset, uint value) => BitConverter.TryWriteBytes(bytes.AsSpan(offset), value);

    public static void Set(byte[] bytes, int offset, ulong value) => BitConverter.TryWriteBytes(bytes.AsSpan(offset), value);

    public static void Set(byte[] bytes, int offset, Guid value) => value.ToByteArray().CopyTo(bytes, offset);

    private CheckingImage Structure(long place, int length, Action<byte[]> change)
    {
        byte[] bytes = Read(place, length);
        change(bytes);
        CheckingCrc.Repair(bytes);
        return Write(place, bytes);
    }

    private FileStream OpenWrite() => new(Path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 1);
}
