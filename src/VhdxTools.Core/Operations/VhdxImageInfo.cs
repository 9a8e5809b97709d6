using System;

namespace VhdxTools;

/// <summary>What an image is: the properties of Get-VHD by their names, and more. All sizes in bytes.</summary>
public sealed class VhdxImageInfo
{
    /// <summary>Full path of the file.</summary>
    public required string Path { get; init; }

    /// <summary>The file format, by content.</summary>
    public required VhdFormat VhdFormat { get; init; }

    /// <summary>Fixed, dynamic or differencing.</summary>
    public required VhdType VhdType { get; init; }

    /// <summary>Length of the file.</summary>
    public required long FileSize { get; init; }

    /// <summary>Size of the virtual disk.</summary>
    public required long Size { get; init; }

    /// <summary>
    /// The smallest size that holds every partition of the disk, and behind them, with a GPT, room for the backup table. Null when
    /// the disk has no valid partition table or it cannot be read (a parent that is missing or has changed), and for VHD files.
    /// </summary>
    public long? MinimumSize { get; internal set; }

    /// <summary>
    /// Whether both copies of the GUID partition table are sound and the backup lies in the last sector; after a change of the size it often
    /// does not. Null when the disk has no such table or it cannot be read, and for VHD files.
    /// </summary>
    public bool? IsGptBackupAtEnd { get; internal set; }

    /// <summary>512 or 4096.</summary>
    public required int LogicalSectorSize { get; init; }

    /// <summary>512 or 4096.</summary>
    public required int PhysicalSectorSize { get; init; }

    /// <summary>Size of a payload block. Unlike Get-VHD this tells it of fixed VHDX images too; 0 for fixed VHD files.</summary>
    public required int BlockSize { get; init; }

    /// <summary>
    /// The parent's full path when one of the stored paths leads to a file, else the path as stored (absolute, else relative, else
    /// volume path); null without a parent.
    /// </summary>
    public string? ParentPath { get; init; }

    /// <summary>The disk's identity (SCSI page 83); UniqueId of a VHD.</summary>
    public required Guid DiskIdentifier { get; init; }

    /// <summary>
    /// Of all pairs of allocated blocks that follow one another on the disk, the percentage whose second block does not lie right
    /// behind the first in the file; rounded. Null for VHD files.
    /// </summary>
    public int? FragmentationPercentage { get; init; }

    /// <summary>1 when all allocated blocks start on a multiple of the physical sector size, else 0; as Hyper-V has it. Null for VHD files.</summary>
    public int? Alignment { get; init; }

    /// <summary>Whether the log is to be replayed; null for VHD files.</summary>
    public LogState? LogState { get; init; }

    /// <summary>The program that made the file.</summary>
    public required string Creator { get; init; }

    /// <summary>Changed by the first change to the file after each open; null for VHD files.</summary>
    public Guid? FileWriteGuid { get; init; }

    /// <summary>Changed whenever what a reader of the disk sees was changed; null for VHD files.</summary>
    public Guid? DataWriteGuid { get; init; }

    /// <summary>Payload blocks that own space in the file; null for VHD files.</summary>
    public long? BlocksAllocated { get; init; }

    /// <summary>Payload blocks of the disk; null for VHD files.</summary>
    public long? BlockCount { get; init; }

    /// <summary>The DataWriteGuid that the parent had when the child was made (UniqueId with a VHD); null without a parent.</summary>
    public Guid? ParentLinkage { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"{Path} ({VhdType} {VhdFormat}, {ByteText.Size(Size)})";
}
