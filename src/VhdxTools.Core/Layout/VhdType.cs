namespace VhdxTools;

/// <summary>The type of a virtual disk image; the numbers are those of the Hyper-V module.</summary>
public enum VhdType
{
    /// <summary>Not known.</summary>
    Unknown = 0,

    /// <summary>All blocks have their space in the file from the beginning.</summary>
    Fixed = 2,

    /// <summary>Blocks get space when they are first written.</summary>
    Dynamic = 3,

    /// <summary>Holds what differs from a parent image.</summary>
    Differencing = 4,
}
