namespace VhdxTools.IO;

/// <summary>What came of asking the system to have two files share extents.</summary>
internal enum ShareResult
{
    /// <summary>They share the range.</summary>
    Shared,

    /// <summary>They do not share this range; perhaps another.</summary>
    Failed,

    /// <summary>The system cannot do it with these files.</summary>
    Refused,
}
