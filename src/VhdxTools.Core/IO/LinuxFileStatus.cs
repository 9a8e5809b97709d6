using System;

namespace VhdxTools.IO;

/// <summary>The fields of Linux's <c>struct statx</c> that we use; its layout is the same on every architecture.</summary>
internal sealed class LinuxFileStatus(byte[] statx)
{
    private const int OwnerOffset = 20;
    private const int GroupOffset = 24;
    private const int ModeOffset = 28;
    private const int InodeOffset = 32;
    private const int DeviceOffset = 136;

    public uint Owner { get; } = BitConverter.ToUInt32(statx, OwnerOffset);

    public uint Group { get; } = BitConverter.ToUInt32(statx, GroupOffset);

    public int Mode { get; } = BitConverter.ToUInt16(statx, ModeOffset);

    /// <summary>Inode and device: two paths with the same are one file.</summary>
    public (ulong Inode, ulong Device) Identity { get; } = (BitConverter.ToUInt64(statx, InodeOffset), BitConverter.ToUInt64(statx, DeviceOffset));

    /// <summary>What the path leads to when it is neither a file nor a folder, else null.</summary>
    public string? SpecialKind => (Mode >> 12) switch
    {
        1 => "a pipe",
        2 => "a character device",
        6 => "a block device",
        12 => "a socket",
        _ => null,
    };
}
