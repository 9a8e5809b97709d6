using System;
using VhdxTools.Format;

namespace VhdxTools.Layout;

/// <summary>A metadata item with its content. Offset counts from the start of the metadata region; 0 with an empty content.</summary>
internal sealed record MetadataItem(Guid Id, MetadataFlags Flags, uint Offset, byte[] Content)
{
    public bool IsUser => Flags.HasFlag(MetadataFlags.IsUser);

    public string Name => WellKnownGuids.MetadataItemName(Id);

    public MetadataEntry ToEntry() => new(Id, Content.Length == 0 ? 0 : Offset, (uint)Content.Length, Flags);
}
