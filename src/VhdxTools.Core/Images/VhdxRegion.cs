using System;
using VhdxTools.Format;

namespace VhdxTools;

/// <summary>An entry of the region table (MS-VHDX 2.2.3.2).</summary>
public sealed class VhdxRegion
{
    internal VhdxRegion(RegionEntry entry, long entryOffset)
    {
        Id = entry.Id;
        Name = WellKnownGuids.RegionName(entry.Id);
        FileOffset = entry.FileOffset;
        Length = entry.Length;
        IsRequired = entry.IsRequired;
        EntryOffset = entryOffset;
    }

    /// <summary>What kind of region it is.</summary>
    public Guid Id { get; }

    /// <summary><c>BAT</c>, <c>Metadata</c>, or the GUID of a region that the specification does not name.</summary>
    public string Name { get; }

    /// <summary>Where the region is, in bytes.</summary>
    public ulong FileOffset { get; }

    /// <summary>How long it is, in bytes.</summary>
    public long Length { get; }

    /// <summary>Whether a reader that does not know the region must refuse the file.</summary>
    public bool IsRequired { get; }

    /// <summary>Where its entry stands in the file, in bytes.</summary>
    public long EntryOffset { get; }

    /// <inheritdoc/>
    public override string ToString() => FormattableString.Invariant(
        $"{Name} region at 0x{FileOffset:X}, {Length} bytes{(IsRequired ? ", required" : "")}");
}
