using System;

namespace VhdxTools;

/// <summary>Flags of a metadata table entry (MS-VHDX 2.6.1.2).</summary>
[Flags]
public enum MetadataFlags
{
    /// <summary>A system item of the file, which a reader may ignore.</summary>
    None = 0,

    /// <summary>Owned by a user or program, not by the format.</summary>
    IsUser = 1,

    /// <summary>Describes the virtual disk rather than the file: it goes along into differencing children and back in merges.</summary>
    IsVirtualDisk = 2,

    /// <summary>A reader that does not know the item must refuse the file.</summary>
    IsRequired = 4,
}
