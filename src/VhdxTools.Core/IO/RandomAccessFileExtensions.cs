using System;

namespace VhdxTools.IO;

internal static class RandomAccessFileExtensions
{
    /// <summary>No system refuses to read at such an offset, whether the file reaches there or not.</summary>
    private const long OrdinaryOffset = 1L << 60;

    /// <summary>Reads into the whole buffer; what lies beyond the end of the file is zero.</summary>
    public static void ReadPadded(this IRandomAccessFile file, long offset, Span<byte> buffer)
    {
        int read = offset < OrdinaryOffset || offset < file.Length ? file.Read(offset, buffer) : 0;
        buffer.Slice(read).Clear();
    }

    /// <summary>Reads into a new array; what lies beyond the end of the file is zero.</summary>
    public static byte[] ReadPadded(this IRandomAccessFile file, long offset, int length)
    {
        byte[] bytes = new byte[length];
        file.ReadPadded(offset, bytes.AsSpan());
        return bytes;
    }
}
