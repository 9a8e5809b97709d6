using System.Collections.Generic;

namespace VhdxTools.Core.Tests.Support;

/// <summary>A metadata item as the specification lays it out. Flags: 1 user, 2 virtual disk, 4 required.</summary>
internal sealed record ItemModel(string Id, uint Offset, byte[] Content, uint Flags)
{
    public const string FileParameters = "CAA16737-FA36-4D43-B3B6-33F0AA44E76B";
    public const string VirtualDiskSize = "2FA54224-CD1B-4876-B211-5DBED83BF4B8";
    public const string VirtualDiskId = "BECA12AB-B2E6-4523-93EF-C309E000C746";
    public const string LogicalSectorSize = "8141BF1D-A96F-4709-BA47-F233A8FAAB5F";
    public const string PhysicalSectorSize = "CDA348C7-445D-4471-9CC9-E9885251C556";
    public const string ParentLocator = "A8D35F2D-B30B-454D-ABF7-D3D84834AB0C";
    public const string Unknown = "0BADF00D-0001-0002-0003-000000000005";

    /// <summary>The length that the table tells, when it is not that of the content.</summary>
    public uint? StoredLength { get; init; }

    public static byte[] Table(IReadOnlyList<ItemModel> items, int? count = null, string signature = "metadata")
    {
        byte[] bytes = new byte[65536];
        Bytes.Put(bytes, 0, System.Text.Encoding.ASCII.GetBytes(signature));
        Bytes.Put(bytes, 10, Bytes.U16(count ?? items.Count));
        for (int i = 0; i < items.Count; i++)
        {
            int place = 32 + (32 * i);
            Bytes.Put(bytes, place, Bytes.Guid(items[i].Id));
            Bytes.Put(bytes, place + 16, Bytes.U32(items[i].Offset));
            Bytes.Put(bytes, place + 20, Bytes.U32(items[i].StoredLength ?? (uint)items[i].Content.Length));
            Bytes.Put(bytes, place + 24, Bytes.U32(items[i].Flags));
        }

        return bytes;
    }
}
