namespace VhdxTools.Disks;

/// <summary>What one file of a chain knows about a range.</summary>
internal enum LayerSource
{
    /// <summary>The bytes are in this file.</summary>
    Data,

    /// <summary>The bytes are zero, whatever a parent says.</summary>
    Zero,

    /// <summary>The parent decides; without one they are zero.</summary>
    Parent,
}
