using System;

namespace VhdxTools.Format;

/// <summary>The File Parameters metadata item (MS-VHDX 2.6.2.1).</summary>
internal sealed record FileParameters(uint BlockSize, bool LeaveBlocksAllocated, bool HasParent)
{
    public const int Length = 8;

    private const int FlagsOffset = 4;

    public static FileParameters Read(ReadOnlySpan<byte> bytes)
    {
        uint flags = ByteFields.U32(bytes, FlagsOffset);
        return new(ByteFields.U32(bytes, 0), (flags & 1) != 0, (flags & 2) != 0);
    }

    public byte[] ToBytes()
    {
        byte[] bytes = new byte[Length];
        ByteFields.U32(bytes, 0, BlockSize);
        ByteFields.U32(bytes, FlagsOffset, (LeaveBlocksAllocated ? 1u : 0u) | (HasParent ? 2u : 0u));
        return bytes;
    }
}
