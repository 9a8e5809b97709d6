using System.Collections.Generic;
using VhdxTools.Diagnostics;
using VhdxTools.Images;

namespace VhdxTools.Core.Tests.Support;

/// <summary>
/// Builds a VHDX file byte by byte from the specification, without the product's help; every part can be set wrong on purpose.
/// By default: 64 MiB, blocks of 1 MiB, log at 1 MiB, metadata at 2 MiB, BAT at 3 MiB, file length 16 MiB.
/// </summary>
internal sealed class ImageBuilder
{
    public const ulong MiB = 0x100000;

    public ImageBuilder(ulong size = 64 * MiB, ulong blockSize = MiB, ulong logicalSectorSize = 512, bool hasParent = false)
    {
        Items =
        [
            new(ItemModel.FileParameters, 0x10000, [.. Bytes.U32(blockSize), .. Bytes.U32(hasParent ? 2u : 0u)], 4),
            new(ItemModel.VirtualDiskSize, 0x10008, Bytes.U64(size), 6),
            new(ItemModel.LogicalSectorSize, 0x10010, Bytes.U32(logicalSectorSize), 6),
            new(ItemModel.PhysicalSectorSize, 0x10014, Bytes.U32(4096), 6),
            new(ItemModel.VirtualDiskId, 0x10018, Bytes.Guid("DDDDDDDD-1111-2222-3333-444444444444"), 6),
        ];
        if (hasParent)
        {
            byte[] locator = LocatorModel.ToBytes(
                ("parent_linkage", "{66666666-7777-8888-9999-AAAAAAAAAAAA}"),
                ("relative_path", @".\parent.vhdx"));
            Items.Add(new(ItemModel.ParentLocator, 0x10028, locator, 4));
        }
    }

    public string Signature { get; set; } = "vhdxfile";

    public string Creator { get; set; } = "a test";

    public HeaderModel Header1 { get; set; } = new() { SequenceNumber = 7 };

    public HeaderModel Header2 { get; set; } = new() { SequenceNumber = 8 };

    public List<RegionModel> Regions { get; } =
    [
        new(RegionModel.Bat, 3 * MiB, MiB, true),
        new(RegionModel.Metadata, 2 * MiB, MiB, true),
    ];

    /// <summary>Whole tables of 64 KiB in place of those made from <see cref="Regions"/>.</summary>
    public byte[]? RegionTable1 { get; set; }

    public byte[]? RegionTable2 { get; set; }

    public List<ItemModel> Items { get; }

    public byte[]? MetadataTable { get; set; }

    public Dictionary<long, ulong> Bat { get; } = [];

    /// <summary>What is put into the file at the end, by offset: log entries, payload, damage.</summary>
    public List<(long Offset, byte[] Bytes)> Extra { get; } = [];

    public long FileLength { get; set; } = (long)(16 * MiB);

    /// <summary>Sets both headers' log GUID: the log is dirty.</summary>
    public ImageBuilder WithLog(string logGuid, params (long RingOffset, byte[] Entry)[] entries)
    {
        Header1.LogGuid = logGuid;
        Header2.LogGuid = logGuid;
        return WithEntries(entries);
    }

    /// <summary>Puts entries into the ring; what reaches beyond its end continues at its start.</summary>
    public ImageBuilder WithEntries(params (long RingOffset, byte[] Entry)[] entries)
    {
        foreach ((long offset, byte[] entry) in entries)
        {
            for (int sector = 0; sector < entry.Length; sector += 4096)
            {
                Extra.Add(((long)Header2.LogOffset + ((offset + sector) % (long)Header2.LogLength), entry[sector..(sector + 4096)]));
            }
        }

        return this;
    }

    public MemoryFile Build()
    {
        MemoryFile file = new();
        file.Resize(FileLength);
        byte[] type = new byte[520];
        Bytes.Put(type, 0, System.Text.Encoding.ASCII.GetBytes(Signature));
        Bytes.Put(type, 8, Bytes.Utf16(Creator));
        file.Put(0, type);
        file.Put(0x10000, Header1.ToBytes());
        file.Put(0x20000, Header2.ToBytes());
        file.Put(0x30000, RegionTable1 ?? RegionModel.Table(Regions));
        file.Put(0x40000, RegionTable2 ?? RegionModel.Table(Regions));
        if (Regions.Find(region => region.Id == RegionModel.Metadata) is { } metadata && metadata.Offset + 0x10000 <= (ulong)FileLength)
        {
            file.Put((long)metadata.Offset, MetadataTable ?? ItemModel.Table(Items));
            foreach (ItemModel item in Items)
            {
                if (item.Content.Length > 0 && metadata.Offset + item.Offset + (uint)item.Content.Length <= (ulong)FileLength)
                {
                    file.Put((long)metadata.Offset + item.Offset, item.Content);
                }
            }
        }

        if (Regions.Find(region => region.Id == RegionModel.Bat) is { } bat)
        {
            foreach (KeyValuePair<long, ulong> entry in Bat)
            {
                file.Put((long)bat.Offset + (8 * entry.Key), Bytes.U64(entry.Value));
            }
        }

        foreach ((long offset, byte[] bytes) in Extra)
        {
            file.Put(offset, bytes);
        }

        return file;
    }

    public VhdxFile Open() => VhdxFile.Open(Build(), StrictSink.Instance);

    /// <summary>Opens leniently and gives the ids of all findings with the image.</summary>
    public VhdxFile Open(out CollectingSink findings)
    {
        findings = new();
        return VhdxFile.Open(Build(), findings);
    }

    /// <summary>The error of a strict open.</summary>
    public VhdxException OpenError() => Xunit.Assert.Throws<VhdxException>(() => Open());
}
