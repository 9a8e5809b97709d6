namespace VhdxTools;

/// <summary>The file format of an image, by content; the numbers are those of the Hyper-V module.</summary>
public enum VhdFormat
{
    /// <summary>None of these.</summary>
    Unknown = 0,

    /// <summary>Version 1, <c>conectix</c>.</summary>
    VHD = 2,

    /// <summary>Version 2, <c>vhdxfile</c>.</summary>
    VHDX = 3,

    /// <summary>The bytes of the disk and nothing else. The Hyper-V module has no such format, so the number is ours.</summary>
    Raw = 256,
}
