using System;
using System.Collections.Generic;
using System.Management.Automation;
using VhdxTools.Layout;

namespace VhdxTools;

/// <summary>What the cmdlets that make images share: the wishes for the new image, and where its identifiers come from.</summary>
public abstract class NewImageCmdlet : VhdxCmdlet
{
    private int _ordinal;

    /// <summary>The type of the new images.</summary>
    [Parameter]
    [ValidateSet("Dynamic", "Fixed", "Differencing")]
    public VhdType Type { get; set; }

    /// <summary>The same as -Type Dynamic.</summary>
    [Parameter]
    public SwitchParameter Dynamic { get; set; }

    /// <summary>The same as -Type Fixed.</summary>
    [Parameter]
    public SwitchParameter Fixed { get; set; }

    /// <summary>The same as -Type Differencing.</summary>
    [Parameter]
    public SwitchParameter Differencing { get; set; }

    /// <summary>Size of a payload block in bytes.</summary>
    [Parameter]
    public ulong? BlockSizeBytes { get; set; }

    /// <summary>Size of the log in bytes.</summary>
    [Parameter]
    public ulong? LogSizeBytes { get; set; }

    /// <summary>512 or 4096.</summary>
    [Parameter]
    public ulong? LogicalSectorSizeBytes { get; set; }

    /// <summary>512 or 4096.</summary>
    [Parameter]
    public ulong? PhysicalSectorSizeBytes { get; set; }

    /// <summary>How a fixed image (with Convert-VhdxImage, a raw file too) gets its space.</summary>
    [Parameter]
    public Preallocation? Preallocation { get; set; }

    /// <summary>The identity of the virtual disk (SCSI page 83; UniqueId of a VHD).</summary>
    [Parameter]
    public Guid? DiskIdentifier { get; set; }

    /// <summary>The program name in the new file.</summary>
    [Parameter]
    public string? Creator { get; set; }

    /// <summary>A text from which everything random is derived.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? IdentifierSeed { get; set; }

    /// <summary>Replaces existing files.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <summary>The type that -Type or its short forms ask for; null when none of them is given.</summary>
    private protected VhdType? WishedType =>
        ImageTypeWish.Of(MyInvocation.BoundParameters.ContainsKey(nameof(Type)) ? Type : null, Dynamic, Fixed, Differencing);

    /// <summary>Identifiers for the next image: random, or derived from the seed and the images that this command made before.</summary>
    /// <param name="kind">What is made, so that two kinds of image from one seed have nothing in common.</param>
    private protected ImageIdentifiers IdentifiersFor(string kind) =>
        IdentifierSeed is null ? NewImageDefaults.Identifiers() : ImageIdentifiers.FromSeed(IdentifierSeed, _ordinal, kind);

    /// <summary>The next image gets other identifiers of the seed.</summary>
    private protected void NextIdentifiers() => _ordinal++;

    /// <summary>Says what the plan and the folder of an image warn of.</summary>
    /// <param name="warnings">Those of the plan.</param>
    /// <param name="path">Full path of the image to be.</param>
    private protected void WriteWarnings(IEnumerable<string> warnings, string path)
    {
        foreach (string warning in warnings)
        {
            WriteWarning(warning);
        }

        foreach (string warning in NewImageDefaults.FolderWarnings(path))
        {
            WriteWarning(warning);
        }
    }
}
