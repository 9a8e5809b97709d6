using System.Linq;
using VhdxTools.Disks;
using VhdxTools.Format;

namespace VhdxTools.Operations;

/// <summary>The metadata item that tells how large a disk is (MS-VHDX 2.6.2.2).</summary>
internal static class DiskSize
{
    /// <summary>Stages a new size.</summary>
    /// <param name="session">A session that has begun; what it has staged is committed first.</param>
    /// <param name="size">The size in bytes.</param>
    public static void Set(WriteSession session, long size)
    {
        byte[] content = new byte[sizeof(ulong)];
        ByteFields.U64(content, 0, (ulong)size);
        StructureWriter.SetItems(session, StructureWriter.ItemsOf(session.Layer.Image)
            .Select(item => item.Id == WellKnownGuids.VirtualDiskSize && !item.IsUser ? item with { Content = content } : item)
            .ToArray());
    }
}
