namespace VhdxTools;

/// <summary>Where the bytes of a range of a virtual disk come from.</summary>
public enum DiskExtentKind
{
    /// <summary>From a file.</summary>
    Data,

    /// <summary>They are zero because a file says so.</summary>
    Zero,

    /// <summary>They are zero because no file has anything to say about them.</summary>
    Absent,
}
