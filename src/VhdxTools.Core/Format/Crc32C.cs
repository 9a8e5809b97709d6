using System;
#if NET
using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
#endif

namespace VhdxTools.Format;

/// <summary>CRC-32C (Castagnoli), the checksum of headers, region tables and log entries (MS-VHDX 2.2.2), over bytes that come in parts.</summary>
internal sealed class Crc32C
{
    private static readonly byte[] s_zeroField = new byte[4];

#if NET
    private uint _state = uint.MaxValue;

    /// <summary>The checksum of all bytes so far.</summary>
    public uint Value => ~_state;
#else
    private readonly System.IO.Hashing.Crc32 _crc = new(System.IO.Hashing.Crc32ParameterSet.Crc32C);

    /// <summary>The checksum of all bytes so far.</summary>
    public uint Value => _crc.GetCurrentHashAsUInt32();
#endif

    /// <summary>The checksum of a structure with its own 4-byte checksum field taken as zero.</summary>
    /// <param name="structure">The whole structure.</param>
    /// <param name="checksumOffset">Where its checksum field is.</param>
    public static uint OfStructure(ReadOnlySpan<byte> structure, int checksumOffset)
    {
        Crc32C crc = new();
        crc.AppendStructure(structure, checksumOffset);
        return crc.Value;
    }

    /// <summary>Appends the first part of a structure, which holds the checksum field; more may follow.</summary>
    public void AppendStructure(ReadOnlySpan<byte> structure, int checksumOffset)
    {
        Append(structure.Slice(0, checksumOffset));
        Append(s_zeroField);
        Append(structure.Slice(checksumOffset + s_zeroField.Length));
    }

#if NET
    // Processors have an instruction for it. Compiled well at once: the first call is on the way to the first result that a user sees.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Append(ReadOnlySpan<byte> bytes)
    {
        uint state = _state;
        for (; bytes.Length >= sizeof(ulong); bytes = bytes.Slice(sizeof(ulong)))
        {
            state = BitOperations.Crc32C(state, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        }

        foreach (byte value in bytes)
        {
            state = BitOperations.Crc32C(state, value);
        }

        _state = state;
    }
#else
    public void Append(ReadOnlySpan<byte> bytes) => _crc.Append(bytes);
#endif
}
