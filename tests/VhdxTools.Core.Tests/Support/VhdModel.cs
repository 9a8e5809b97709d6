using System;
using System.Buffers.Binary;

namespace VhdxTools.Core.Tests.Support;

/// <summary>A VHD footer as the specification of 2006 lays it out.</summary>
internal static class VhdModel
{
    public static byte[] Footer(uint type, ulong size, ulong dataOffset = ulong.MaxValue, string creator = "test", Guid? id = null)
    {
        byte[] bytes = new byte[512];
        Bytes.Put(bytes, 0, "conectix"u8);
        Bytes.Put(bytes, 8, [0, 0, 0, 2, 0, 1, 0, 0]);
        BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(16), dataOffset);
        Bytes.Put(bytes, 28, System.Text.Encoding.ASCII.GetBytes(creator));
        BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(40), size);
        BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(48), size);

        // 100 cylinders, 4 heads, 17 sectors.
        Bytes.Put(bytes, 56, [0, 100, 4, 17]);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(60), type);
        Bytes.Put(bytes, 68, id is Guid known ? Bytes.Guid(known.ToString()) : [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);
        return Sealed(bytes);
    }

    public static byte[] Sealed(byte[] footer, int place = 64)
    {
        Bytes.Put(footer, place, new byte[4]);
        uint sum = 0;
        foreach (byte value in footer)
        {
            sum += value;
        }

        BinaryPrimitives.WriteUInt32BigEndian(footer.AsSpan(place), ~sum);
        return footer;
    }
}
