using System.Collections.Generic;

namespace VhdxTools.Core.Tests.Support;

/// <summary>A region table entry as the specification lays it out.</summary>
internal sealed record RegionModel(string Id, ulong Offset, ulong Length, bool IsRequired)
{
    public const string Bat = "2DC27766-F623-4200-9D64-115E9BFD4A08";
    public const string Metadata = "8B7CA206-4790-4B9A-B8FE-575F050F886E";
    public const string Unknown = "0BADF00D-0001-0002-0003-000000000004";

    public static byte[] Table(IReadOnlyList<RegionModel> regions, uint? count = null)
    {
        byte[] bytes = new byte[65536];
        Bytes.Put(bytes, 0, "regi"u8);
        Bytes.Put(bytes, 8, Bytes.U32(count ?? (uint)regions.Count));
        for (int i = 0; i < regions.Count; i++)
        {
            int place = 16 + (32 * i);
            Bytes.Put(bytes, place, Bytes.Guid(regions[i].Id));
            Bytes.Put(bytes, place + 16, Bytes.U64(regions[i].Offset));
            Bytes.Put(bytes, place + 24, Bytes.U32(regions[i].Length));
            Bytes.Put(bytes, place + 28, Bytes.U32(regions[i].IsRequired ? 1u : 0u));
        }

        return Bytes.Sealed(bytes);
    }
}
