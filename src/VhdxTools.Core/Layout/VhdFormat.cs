namespace VhdxTools;

/// <summary>The file format of an image, by content; the numbers are those of the Hyper-V module.</summary>
public enum VhdFormat
{
    /// <summary>Neither of the two.</summary>
    Unknown = 0,

    /// <summary>Version 1, <c>conectix</c>.</summary>
    VHD = 2,

    /// <summary>Version 2, <c>vhdxfile</c>.</summary>
    VHDX = 3,
}
