namespace VhdxTools;

/// <summary>Whether the log of an image holds something.</summary>
public enum LogState
{
    /// <summary>The image was closed properly.</summary>
    Clean,

    /// <summary>The log is to be replayed: the image is in use, or was not closed properly. What this product tells is as if replayed.</summary>
    Dirty,
}
