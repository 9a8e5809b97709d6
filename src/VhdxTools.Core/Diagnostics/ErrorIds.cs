namespace VhdxTools;

/// <summary>
/// The ids of all errors that are not breaches of a format rule (those carry the rule's id, see <see cref="VhdxRules"/>).
/// They are the first part of PowerShell's FullyQualifiedErrorId, and a contract: an id is never given a new meaning.
/// </summary>
public static class ErrorIds
{
    /// <summary>The virtual size is not valid.</summary>
    public const string InvalidSize = nameof(InvalidSize);

    /// <summary>A size is needed and was not given.</summary>
    public const string SizeRequired = nameof(SizeRequired);

    /// <summary>The disk holds something beyond the size that was asked for.</summary>
    public const string SizeTooSmall = nameof(SizeTooSmall);

    /// <summary>Only the backup of the partition table is sound, and it would be lost.</summary>
    public const string PartitionTableDamaged = nameof(PartitionTableDamaged);

    /// <summary>The block size is not valid.</summary>
    public const string InvalidBlockSize = nameof(InvalidBlockSize);

    /// <summary>The log size is not valid.</summary>
    public const string InvalidLogSize = nameof(InvalidLogSize);

    /// <summary>A logical sector size is not valid, or differs from the parent's.</summary>
    public const string InvalidLogicalSectorSize = nameof(InvalidLogicalSectorSize);

    /// <summary>A physical sector size is not valid.</summary>
    public const string InvalidPhysicalSectorSize = nameof(InvalidPhysicalSectorSize);

    /// <summary>The creator string is too long or holds a NUL.</summary>
    public const string InvalidCreator = nameof(InvalidCreator);

    /// <summary>The disk identifier is all zero.</summary>
    public const string InvalidDiskIdentifier = nameof(InvalidDiskIdentifier);

    /// <summary>The identifier or the value of a user metadata item is not valid, or there is no room for it.</summary>
    public const string InvalidMetadata = nameof(InvalidMetadata);

    /// <summary>A command that changes values was given none.</summary>
    public const string NothingToSet = nameof(NothingToSet);

    /// <summary>Two parameters contradict each other, or one does not apply to the type of image.</summary>
    public const string ContradictingParameters = nameof(ContradictingParameters);

    /// <summary>A differencing image was asked for without a parent.</summary>
    public const string ParentRequired = nameof(ParentRequired);

    /// <summary>The path from the child to the parent cannot be stored in a parent locator.</summary>
    public const string ParentPathNotStorable = nameof(ParentPathNotStorable);

    /// <summary>The destination is the parent, or an image that the parent depends on.</summary>
    public const string DestinationIsParent = nameof(DestinationIsParent);

    /// <summary>The destination is the source, or a file that the source is read from.</summary>
    public const string DestinationIsSource = nameof(DestinationIsSource);

    /// <summary>The source is to be deleted, and something still needs it.</summary>
    public const string SourceIsNeeded = nameof(SourceIsNeeded);

    /// <summary>Neither a parameter nor the extension of the destination tells the format.</summary>
    public const string FormatRequired = nameof(FormatRequired);

    /// <summary>Other images build on the file that would be deleted.</summary>
    public const string HasChildren = nameof(HasChildren);

    /// <summary>The path is not one of the file system.</summary>
    public const string NotAFileSystemPath = nameof(NotAFileSystemPath);

    /// <summary>The path is not valid.</summary>
    public const string InvalidPath = nameof(InvalidPath);

    /// <summary>The file does not exist.</summary>
    public const string FileNotFound = nameof(FileNotFound);

    /// <summary>The folder does not exist.</summary>
    public const string FolderNotFound = nameof(FolderNotFound);

    /// <summary>The path or a part of it is longer than the file system takes.</summary>
    public const string PathTooLong = nameof(PathTooLong);

    /// <summary>The destination exists and -Force was not given.</summary>
    public const string FileExists = nameof(FileExists);

    /// <summary>The path is a folder.</summary>
    public const string PathIsFolder = nameof(PathIsFolder);

    /// <summary>The path is a device, a pipe or a socket.</summary>
    public const string NotARegularFile = nameof(NotARegularFile);

    /// <summary>The file is empty.</summary>
    public const string FileEmpty = nameof(FileEmpty);

    /// <summary>The file is compressed or an archive.</summary>
    public const string FileCompressed = nameof(FileCompressed);

    /// <summary>The file is a VHD where only a VHDX will do.</summary>
    public const string FileIsVhd = nameof(FileIsVhd);

    /// <summary>The file is neither VHDX nor VHD.</summary>
    public const string NotAVirtualDisk = nameof(NotAVirtualDisk);

    /// <summary>A VHD whose structures cannot be used.</summary>
    public const string VhdDamaged = nameof(VhdDamaged);

    /// <summary>No stored path of a differencing VHD leads to its parent.</summary>
    public const string VhdParentNotFound = nameof(VhdParentNotFound);

    /// <summary>What the paths of a differencing VHD lead to is not its parent.</summary>
    public const string VhdParentMismatch = nameof(VhdParentMismatch);

    /// <summary>The image has no parent, where only a differencing one will do.</summary>
    public const string NotDifferencing = nameof(NotDifferencing);

    /// <summary>The file is none of the image's parents.</summary>
    public const string NotAnAncestor = nameof(NotAnAncestor);

    /// <summary>The account may not read or write here.</summary>
    public const string AccessDenied = nameof(AccessDenied);

    /// <summary>The file is open elsewhere.</summary>
    public const string FileInUse = nameof(FileInUse);

    /// <summary>The file became shorter while it was read.</summary>
    public const string FileCut = nameof(FileCut);

    /// <summary>The volume is full.</summary>
    public const string DiskFull = nameof(DiskFull);

    /// <summary>The file would be larger than the file system can hold.</summary>
    public const string FileSystemLimit = nameof(FileSystemLimit);

    /// <summary>The file is longer than any image needs to be, and is only read.</summary>
    public const string FileTooLong = nameof(FileTooLong);

    /// <summary>The system cannot reserve space without writing it.</summary>
    public const string ReserveNotSupported = nameof(ReserveNotSupported);

    /// <summary>The process has not enough memory for this.</summary>
    public const string OutOfMemory = nameof(OutOfMemory);

    /// <summary>Something that should not happen: a fault of this product.</summary>
    public const string UnexpectedError = nameof(UnexpectedError);

    /// <summary>Reading or writing failed.</summary>
    public const string IOFailed = nameof(IOFailed);
}
