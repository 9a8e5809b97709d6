using System;
using System.Security.Cryptography;
using System.Text;
using VhdxTools.Format;

namespace VhdxTools.Layout;

/// <summary>Everything in a new image that is random, or derived from a seed.</summary>
internal sealed record ImageIdentifiers
{
    public required Guid FileWriteGuid { get; init; }

    public required Guid DataWriteGuid { get; init; }

    public required Guid DiskIdentifier { get; init; }

    /// <summary>Sequence number of the first header; the second, current one has the next.</summary>
    public required ulong SequenceNumber { get; init; }

    /// <summary>Derives all of them from a string: SHA-256 of a purpose and the seed, the same on every system.</summary>
    /// <param name="seed">Any text.</param>
    /// <param name="ordinal">The number of the image among those that one command makes with this seed, from 0.</param>
    /// <param name="kind">What tells images of one seed apart: type, size, parent. Were it left out, a whole chain could have one DataWriteGuid.</param>
    public static ImageIdentifiers FromSeed(string seed, int ordinal, string kind)
    {
        byte[] sequence = Derive("SequenceNumber");
        return new()
        {
            FileWriteGuid = ToGuid(Derive("FileWriteGuid")),
            DataWriteGuid = ToGuid(Derive("DataWriteGuid")),
            DiskIdentifier = ToGuid(Derive("DiskIdentifier")),

            // 31 bits, never 0: far from the end of the range that later updates count towards.
            SequenceNumber = (ByteFields.U32(sequence, 0) >> 1) + 1,
        };

        byte[] Derive(string purpose)
        {
            byte[] text = Encoding.UTF8.GetBytes(FormattableString.Invariant($"VhdxTools/{purpose}/{ordinal}/{kind}/{seed}"));
#if NET
            return SHA256.HashData(text);
#else
            using SHA256 sha = SHA256.Create();
            return sha.ComputeHash(text);
#endif
        }
    }

    /// <summary>The first 16 bytes of a hash as a GUID that is marked as name-based by its own rules (RFC 9562, version 8).</summary>
    private static Guid ToGuid(byte[] hash)
    {
        byte[] bytes = hash.AsSpan(0, 16).ToArray();
        bytes[7] = (byte)((bytes[7] & 0x0F) | 0x80);
        bytes[8] = (byte)((bytes[8] & 0x3F) | 0x80);
        return new(bytes);
    }
}
