using System;

namespace VhdxTools.Layout;

/// <summary>What the caller wants of a new VHD (version 1). Null means the default; nothing is checked here (see <see cref="VhdPlanner"/>).</summary>
internal sealed record VhdCreateOptions
{
    /// <summary>The four letters of this product.</summary>
    public const string DefaultCreatorApplication = "vhdt";

    /// <summary>Null means differencing with a parent, fixed for Azure, else dynamic.</summary>
    public VhdType? Type { get; init; }

    /// <summary>Virtual size in bytes, kept exactly unless Azure wants it rounded up; null is good for differencing images only, and means the parent's.</summary>
    public ulong? SizeBytes { get; init; }

    /// <summary>Dynamic and differencing images only.</summary>
    public ulong? BlockSizeBytes { get; init; }

    /// <summary>Whether the disk is rounded up to a size that Azure takes. Fixed images only.</summary>
    public bool AzureCompatible { get; init; }

    public required Guid UniqueId { get; init; }

    /// <summary>When the image is made.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Four ASCII characters.</summary>
    public string CreatorApplication { get; init; } = DefaultCreatorApplication;

    /// <summary>Major and minor number go into the file.</summary>
    public required Version CreatorVersion { get; init; }

    /// <summary>Differencing images only.</summary>
    public VhdParentReference? Parent { get; init; }
}
