namespace VhdxTools;

/// <summary>The state of a payload block, as the BAT stores it (MS-VHDX 2.5.1.1).</summary>
public enum BlockState
{
    /// <summary>Not in this file: reads as zeros, or as the parent in a differencing image.</summary>
    NotPresent = 0,

    /// <summary>Content undefined; this product reads zeros.</summary>
    Undefined = 1,

    /// <summary>All zeros, without space in the file; hides the parent.</summary>
    Zero = 2,

    /// <summary>Trimmed; reads as zeros and hides the parent.</summary>
    Unmapped = 3,

    /// <summary>Wholly in this file.</summary>
    FullyPresent = 6,

    /// <summary>Partly in this file, partly in the parent: the sector bitmap tells. Differencing images only.</summary>
    PartiallyPresent = 7,
}
