using System;

namespace VhdxTools;

/// <summary>A metadata item (MS-VHDX 2.6.1.2).</summary>
public sealed class VhdxMetadataItem
{
    /// <summary>What the item is; unique together with IsUser.</summary>
    public required Guid Id { get; init; }

    /// <summary>The specification's name, or the GUID of an item that it does not know.</summary>
    public required string Name { get; init; }

    /// <summary>The entry's flags.</summary>
    public required MetadataFlags Flags { get; init; }

    /// <summary>Where the content stands in the file, in bytes; null when the item is empty or its place is not valid.</summary>
    public long? FileOffset { get; init; }

    /// <summary>Length of the content in bytes, as the entry has it.</summary>
    public required long Length { get; init; }

    /// <summary>
    /// The content: decoded for the items of the specification (numbers, GUIDs, text), a byte array for all others; null when it
    /// lies where no item may lie, or all items together are too large to be kept (16 MiB).
    /// </summary>
    public object? Value { get; init; }

    /// <summary>Whether a user or program owns the item.</summary>
    public bool IsUser => Flags.HasFlag(MetadataFlags.IsUser);

    /// <summary>Whether the item belongs to the virtual disk rather than to the file.</summary>
    public bool IsVirtualDisk => Flags.HasFlag(MetadataFlags.IsVirtualDisk);

    /// <summary>Whether a reader that does not know the item must refuse the file.</summary>
    public bool IsRequired => Flags.HasFlag(MetadataFlags.IsRequired);

    /// <inheritdoc/>
    public override string ToString() => FormattableString.Invariant($"{Name}: {(Value is byte[] bytes ? $"{bytes.Length} bytes" : Value)}");
}
