namespace VhdxTools;

/// <summary>Where the bytes of a range of a virtual disk come from.</summary>
public enum DiskExtentKind
{
    /// <summary>From a file.</summary>
    Data,

    /// <summary>They are zero because a file says so.</summary>
    Zero,

    /// <summary>No file that was looked at has anything to say about them: they are zero, unless a parent was left out that holds them.</summary>
    Absent,
}
