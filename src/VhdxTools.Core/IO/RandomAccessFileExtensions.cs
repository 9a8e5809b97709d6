using System;
using VhdxTools.Format;

namespace VhdxTools.IO;

internal static class RandomAccessFileExtensions
{
    /// <summary>No system refuses to read at such an offset, whether the file reaches there or not.</summary>
    private const long OrdinaryOffset = 1L << 60;

    /// <summary>Writes all bytes, or shares with another file what lies there and is aligned alike. The place lies inside the file.</summary>
    public static void Write(this IRandomAccessFile file, long offset, ReadOnlySpan<byte> data, DataOrigin? origin)
    {
        if (origin is DataOrigin known)
        {
            int start = (int)(FormatConstants.AlignUp(offset + known.Start, ExtentSharer.Alignment) - offset);
            int length = (known.Start + known.Length - start) / ExtentSharer.Alignment * ExtentSharer.Alignment;
            long sourceOffset = known.Offset + (start - known.Start);
            if (length >= DataOrigin.MinimumLength && sourceOffset % ExtentSharer.Alignment == 0 && file.TryShare(known.File, sourceOffset, offset + start, length))
            {
                WriteRest(file, offset, data.Slice(0, start));
                WriteRest(file, offset + start + length, data.Slice(start + length));
                return;
            }
        }

        file.Write(offset, data);
    }

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

    private static void WriteRest(IRandomAccessFile file, long offset, ReadOnlySpan<byte> data)
    {
        if (data.Length > 0)
        {
            file.Write(offset, data);
        }
    }
}
