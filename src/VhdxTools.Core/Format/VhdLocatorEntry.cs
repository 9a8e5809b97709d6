namespace VhdxTools.Format;

/// <summary>One of the eight places of a VHD's dynamic header that tell where the parent is.</summary>
/// <param name="Code">What kind of path it is, see the constants.</param>
/// <param name="DataLength">Length of the text in bytes.</param>
/// <param name="DataOffset">Where the text is in the file, in bytes.</param>
internal readonly record struct VhdLocatorEntry(string Code, uint DataLength, long DataOffset)
{
    public const int Length = 24;

    /// <summary>A path relative to the child's folder, UTF-16 little-endian.</summary>
    public const string RelativeCode = "W2ru";

    /// <summary>An absolute path, UTF-16 little-endian.</summary>
    public const string AbsoluteCode = "W2ku";
}
