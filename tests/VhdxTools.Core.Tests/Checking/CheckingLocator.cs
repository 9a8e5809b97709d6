using System;
using System.IO;
using System.Text;

namespace VhdxTools.Core.Tests.Checking;

/// <summary>Bytes of a parent locator (MS-VHDX 2.6.2.6), made without the product.</summary>
internal static class CheckingLocator
{
    public static byte[] Bytes(Guid type, params (string Key, string Value)[] pairs)
    {
        using MemoryStream bytes = new();
        using BinaryWriter writer = new(bytes);
        writer.Write(type.ToByteArray());
        writer.Write((ushort)0);
        writer.Write((ushort)pairs.Length);
        uint text = 20 + (12 * (uint)pairs.Length);
        foreach ((string key, string value) in pairs)
        {
            uint keyLength = 2 * (uint)key.Length;
            uint valueLength = 2 * (uint)value.Length;
            writer.Write(text);
            writer.Write(text + keyLength);
            writer.Write((ushort)keyLength);
            writer.Write((ushort)valueLength);
            text += keyLength + valueLength;
        }

        foreach ((string key, string value) in pairs)
        {
            writer.Write(Encoding.Unicode.GetBytes(key + value));
        }

        return bytes.ToArray();
    }
}
