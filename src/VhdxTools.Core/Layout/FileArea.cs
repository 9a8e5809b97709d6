using System;

namespace VhdxTools;

/// <summary>A part of the file and what it is used for.</summary>
/// <param name="FileOffset">Where it starts, in bytes.</param>
/// <param name="Length">How long it is, in bytes.</param>
/// <param name="Kind">What it is used for.</param>
/// <param name="Name">A name for people, for example <c>Payload blocks 0-15</c>.</param>
public sealed record FileArea(long FileOffset, long Length, AreaKind Kind, string Name)
{
    /// <summary>The first byte after the area.</summary>
    public long End => FileOffset + Length;

    /// <inheritdoc/>
    public override string ToString() => FormattableString.Invariant($"0x{FileOffset:X}-0x{End:X} {Name}");
}
