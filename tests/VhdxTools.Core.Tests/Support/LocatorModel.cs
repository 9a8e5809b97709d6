using System.Collections.Generic;

namespace VhdxTools.Core.Tests.Support;

/// <summary>A parent locator as the specification lays it out.</summary>
internal static class LocatorModel
{
    public const string VhdxType = "B04AEFB7-D19E-4A81-B789-25B8E9445913";

    public static byte[] ToBytes(params (string Key, string Value)[] pairs)
    {
        List<byte> head = [.. Bytes.Guid(VhdxType), 0, 0, .. Bytes.U16(pairs.Length)];
        List<byte> text = [];
        int start = 20 + (12 * pairs.Length);
        foreach ((string key, string value) in pairs)
        {
            head.AddRange(Bytes.U32((ulong)(start + text.Count)));
            text.AddRange(Bytes.Utf16(key));
            head.AddRange(Bytes.U32((ulong)(start + text.Count)));
            text.AddRange(Bytes.Utf16(value));
            head.AddRange(Bytes.U16(key.Length * 2));
            head.AddRange(Bytes.U16(value.Length * 2));
        }

        return [.. head, .. text];
    }
}
