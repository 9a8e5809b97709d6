using System;

namespace VhdxTools;

/// <summary>One update of a log entry (MS-VHDX 2.3.1.2, 2.3.1.3).</summary>
/// <param name="IsZero">Whether the place is set to zeros; else to 4096 bytes that the entry carries.</param>
/// <param name="FileOffset">The place in the file, in bytes.</param>
/// <param name="Length">How many bytes are set.</param>
public sealed record VhdxLogDescriptor(bool IsZero, ulong FileOffset, ulong Length)
{
    /// <inheritdoc/>
    public override string ToString() => FormattableString.Invariant($"{(IsZero ? "Zero" : "Data")} 0x{FileOffset:X}, {Length} bytes");
}
