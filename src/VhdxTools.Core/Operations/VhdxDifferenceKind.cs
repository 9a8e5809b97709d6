namespace VhdxTools;

/// <summary>What a range in the output of Compare-VhdxImage is about.</summary>
public enum VhdxDifferenceKind
{
    /// <summary>The two disks hold different bytes there.</summary>
    Content,

    /// <summary>Only the longer of the two disks reaches there.</summary>
    BeyondEnd,

    /// <summary>A file above the ancestor holds data there, whether or not it is the same.</summary>
    Changed,

    /// <summary>A file above the ancestor says that there are zeros.</summary>
    Zeroed,
}
