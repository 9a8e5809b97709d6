using System;

namespace VhdxTools.Format;

/// <summary>One 64-bit entry of the BAT: state in bits 0 to 2, file offset in MiB in bits 20 to 63 (MS-VHDX 2.5.1).</summary>
internal readonly struct BatEntry(ulong value) : IEquatable<BatEntry>
{
    public const int Length = 8;

    private const ulong StateMask = 7;
    private const ulong ReservedMask = 0xF_FFF8;
    private const int OffsetShift = 20;

    public ulong Value { get; } = value;

    /// <summary>The raw state; 4 and 5 are reserved (<see cref="IsStateValid"/>).</summary>
    public BlockState State => (BlockState)(Value & StateMask);

    public bool IsStateValid => (Value & StateMask) is not (4 or 5);

    public bool HasReservedBits => (Value & ReservedMask) != 0;

    /// <summary>The offset in MiB; it means something in the states with data only.</summary>
    public ulong FileOffsetMiB => Value >> OffsetShift;

    /// <summary>The offset in bytes, or the greatest number when it is beyond 2^63.</summary>
    public long FileOffset => ByteFields.Clamp(FileOffsetMiB >= 1UL << 43 ? ulong.MaxValue : FileOffsetMiB << OffsetShift);

    /// <summary>Whether the entry owns file space. A sector bitmap entry does so in state 6 (PRESENT).</summary>
    public bool HasData => State is BlockState.FullyPresent or BlockState.PartiallyPresent;

    public static BatEntry Create(BlockState state, long fileOffset) => new((ulong)fileOffset | (ulong)state);

    public BatEntry WithoutReservedBits() => new(Value & ~ReservedMask);

    public bool Equals(BatEntry other) => Value == other.Value;

    public override bool Equals(object? obj) => obj is BatEntry other && Equals(other);

    public override int GetHashCode() => Value.GetHashCode();

    public override string ToString() => FormattableString.Invariant($"{State} @ 0x{FileOffset:X}");
}
