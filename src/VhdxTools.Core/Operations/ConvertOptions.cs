using System;
using VhdxTools.Layout;

namespace VhdxTools.Operations;

/// <summary>What the caller wants of a conversion. Null means the default, which mostly is what the source has.</summary>
internal sealed record ConvertOptions
{
    /// <summary>Full path of the source.</summary>
    public required string SourcePath { get; init; }

    /// <summary>Full path of the new file.</summary>
    public required string DestinationPath { get; init; }

    /// <summary>Null means what the extension of the destination says.</summary>
    public VhdFormat? Format { get; init; }

    public VhdType? Type { get; init; }

    public ulong? BlockSizeBytes { get; init; }

    public ulong? LogSizeBytes { get; init; }

    public ulong? LogicalSectorSizeBytes { get; init; }

    public ulong? PhysicalSectorSizeBytes { get; init; }

    /// <summary>Full path of the image that a differencing target builds on.</summary>
    public string? ParentPath { get; init; }

    /// <summary>Fixed images and raw files only.</summary>
    public Preallocation? Preallocation { get; init; }

    public bool AzureCompatible { get; init; }

    /// <summary>Whether the source is deleted afterwards, by <see cref="ImageConverter.DeleteSource"/>.</summary>
    public bool DeleteSource { get; init; }

    /// <summary>Whether an existing destination is replaced.</summary>
    public bool Replace { get; init; }

    public Guid? DiskIdentifier { get; init; }

    /// <summary>Null means this product, in the way of the format.</summary>
    public string? Creator { get; init; }

    /// <summary>The creator of a VHDX without a wish.</summary>
    public required string DefaultCreator { get; init; }

    /// <summary>The creator version of a VHD.</summary>
    public required Version CreatorVersion { get; init; }

    /// <summary>When the image is made; a VHD keeps it.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Gives the identifiers for a kind of image: type, size, parent.</summary>
    public required Func<string, ImageIdentifiers> Identifiers { get; init; }

    /// <summary>Whether paths that hold on this machine only are left out of a parent locator.</summary>
    public bool IsPortable { get; init; }

    /// <summary>Refuses a wish that the target has no use for: what is ignored silently is a trap.</summary>
    /// <exception cref="VhdxException">The wish is there.</exception>
    public static void ThrowIfGiven(bool isGiven, string parameter, string what)
    {
        if (isGiven)
        {
            throw Contradiction($"-{parameter} does not apply to {what}: leave it out.");
        }
    }

    public static VhdxException Contradiction(string message) => new(ErrorIds.ContradictingParameters, ErrorKind.InvalidArgument, message);
}
