namespace VhdxTools;

/// <summary>How a fixed image gets its space.</summary>
public enum Preallocation
{
    /// <summary>The file system reserves the space without writing it, or the command fails.</summary>
    Reserve,

    /// <summary>The file is as long as it has to be, and the file system may leave holes in it.</summary>
    None,

    /// <summary>Zeros are written.</summary>
    Full,
}
