namespace VhdxTools;

/// <summary>What kind of thing went wrong; the cmdlets map it to a PowerShell error category.</summary>
public enum ErrorKind
{
    /// <summary>A value is outside its range or contradicts another one.</summary>
    InvalidArgument,

    /// <summary>The file's bytes break the format, or the file is something else.</summary>
    InvalidData,

    /// <summary>A file or folder is not there.</summary>
    NotFound,

    /// <summary>The destination exists already.</summary>
    AlreadyExists,

    /// <summary>The account may not do this, or the medium is read-only.</summary>
    PermissionDenied,

    /// <summary>The file is open elsewhere.</summary>
    InUse,

    /// <summary>No space is left on the volume or in the quota.</summary>
    DiskFull,

    /// <summary>The file system or the system cannot do this at all.</summary>
    NotSupported,

    /// <summary>The file system cannot hold a file like that, or the process has not enough memory.</summary>
    LimitExceeded,

    /// <summary>Something that should not happen: a fault of this product.</summary>
    Unexpected,

    /// <summary>The device or the network failed while reading or writing.</summary>
    DeviceError,
}
