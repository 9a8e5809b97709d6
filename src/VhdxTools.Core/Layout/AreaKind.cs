namespace VhdxTools;

/// <summary>What a part of the file is used for.</summary>
public enum AreaKind
{
    /// <summary>Signature and creator (MS-VHDX 2.2.1).</summary>
    FileTypeIdentifier,

    /// <summary>A header copy (MS-VHDX 2.2.2).</summary>
    Header,

    /// <summary>A region table copy (MS-VHDX 2.2.3).</summary>
    RegionTable,

    /// <summary>The reserved rest of the header section (MS-VHDX 2.2).</summary>
    Reserved,

    /// <summary>The log (MS-VHDX 2.3).</summary>
    Log,

    /// <summary>The metadata region (MS-VHDX 2.6).</summary>
    Metadata,

    /// <summary>The BAT region (MS-VHDX 2.5).</summary>
    Bat,

    /// <summary>A region that the specification does not name; it is kept as it is.</summary>
    UnknownRegion,

    /// <summary>Payload blocks (MS-VHDX 2.4).</summary>
    PayloadBlock,

    /// <summary>Sector bitmap blocks (MS-VHDX 2.4).</summary>
    SectorBitmapBlock,

    /// <summary>Nothing references it, and it is a hole or holds zeros.</summary>
    Free,

    /// <summary>Nothing references it, and it holds data (or more than the reader looks through to find out).</summary>
    Leaked,
}
