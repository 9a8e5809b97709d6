namespace VhdxTools.Operations;

/// <summary>What the caller wants of a change of the size.</summary>
internal sealed record ResizeOptions
{
    /// <summary>The size in bytes; null means as small as possible.</summary>
    public ulong? SizeBytes { get; init; }

    /// <summary>Whether what the disk holds may be cut.</summary>
    public bool Force { get; init; }

    /// <summary>Whether the backup of a GUID partition table goes to the end of the disk.</summary>
    public bool UpdateGpt { get; init; }
}
