using System;
using System.Collections.Generic;

namespace VhdxTools;

/// <summary>A valid entry of the log (MS-VHDX 2.3.1.1).</summary>
public sealed class VhdxLogEntry
{
    /// <summary>Where the entry starts in the file, in bytes; it may wrap round the log's end.</summary>
    public required long FileOffset { get; init; }

    /// <summary>Length in bytes.</summary>
    public required long Length { get; init; }

    /// <summary>One more than that of the entry before.</summary>
    public required ulong SequenceNumber { get; init; }

    /// <summary>Offset in the log of the oldest entry that was still needed.</summary>
    public required long Tail { get; init; }

    /// <summary>Equal to the header's in entries that count.</summary>
    public required Guid LogGuid { get; init; }

    /// <summary>A file length, in bytes, that was stable when the entry was written.</summary>
    public required ulong FlushedFileOffset { get; init; }

    /// <summary>A file length, in bytes, that holds every structure.</summary>
    public required ulong LastFileOffset { get; init; }

    /// <summary>Whether the entry belongs to the sequence that is to be replayed.</summary>
    public required bool IsActive { get; init; }

    /// <summary>How many descriptors the entry has.</summary>
    public required long DescriptorCount { get; init; }

    /// <summary>The descriptors; of all entries together at most 65536 are kept, so this may hold fewer than DescriptorCount.</summary>
    public required IReadOnlyList<VhdxLogDescriptor> Descriptors { get; init; }

    /// <inheritdoc/>
    public override string ToString() => FormattableString.Invariant(
        $"Log entry {SequenceNumber} at 0x{FileOffset:X}, {DescriptorCount} descriptors{(IsActive ? ", to be replayed" : "")}");
}
