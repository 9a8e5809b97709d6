using System;
using System.IO;
using System.Management.Automation;
using VhdxTools.Layout;
using VhdxTools.Operations;

namespace VhdxTools;

/// <summary>Convert-VhdxImage: makes an image of another format, type, block or sector size of the disk in an image.</summary>
[Cmdlet(VerbsData.Convert, "VhdxImage", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Medium)]
[OutputType(typeof(VhdxImageInfo))]
public sealed class ConvertVhdxImageCommand : VhdxCmdlet
{
    /// <summary>The time stamp of all VHD files that are made from a seed: where the format's clock begins.</summary>
    private static readonly DateTimeOffset s_seededTime = new(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private int _ordinal;

    /// <summary>The image that is read, to the letter.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("FullName", "PSPath")]
    [ValidateNotNullOrEmpty]
    public string Path { get; set; } = "";

    /// <summary>Where the new image goes, to the letter; the folder must exist.</summary>
    [Parameter(Mandatory = true, Position = 1, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    public string DestinationPath { get; set; } = "";

    /// <summary>The format of the new file; without it the extension tells.</summary>
    [Parameter]
    [ValidateSet("Vhdx", "Vhd", "Raw")]
    public VhdFormat DestinationFormat { get; set; }

    /// <summary>The type of the new image.</summary>
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

    /// <summary>The image that a differencing image builds on.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? ParentPath { get; set; }

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

    /// <summary>How a fixed image or a raw file gets its space.</summary>
    [Parameter]
    public Preallocation? Preallocation { get; set; }

    /// <summary>Makes a fixed VHD of a size that Azure takes.</summary>
    [Parameter]
    public SwitchParameter AzureCompatible { get; set; }

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

    /// <summary>Deletes the source when the new image is complete and on the device.</summary>
    [Parameter]
    public SwitchParameter DeleteSource { get; set; }

    /// <summary>Replaces an existing file.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => ForPath(Path, () => Convert(OptionsOf(new(this))));

    private void Convert(ConvertOptions options)
    {
        string destination = options.DestinationPath;
        using ImageConverter converter = ImageConverter.Open(options);
        _ordinal++;
        foreach (string warning in converter.Warnings)
        {
            WriteWarning(warning);
        }

        foreach (string warning in NewImageDefaults.FolderWarnings(destination))
        {
            WriteWarning(warning);
        }

        string action = $"Convert {converter.Describe(StopToken)}";
        string replacing = File.Exists(destination) ? ", replacing the file there" : "";
        if (!ShouldProcess($"{action}: '{destination}'{replacing}.", $"{action}{replacing}?", destination))
        {
            return;
        }

        VhdxImageInfo made;
        using (ProgressReporter progress = new(this, "Converting", options.SourcePath))
        {
            made = converter.Run(Guid.NewGuid().ToString("N"), progress.Report, wrap: null, StopToken);
        }

        try
        {
            // Before the output: whoever takes it may stop the pipeline.
            if (options.DeleteSource)
            {
                converter.DeleteSource();
            }
        }
        finally
        {
            WriteObject(made);
        }
    }

    private ConvertOptions OptionsOf(PathResolver resolver) => new()
    {
        SourcePath = resolver.Literal(Path),
        DestinationPath = resolver.Literal(DestinationPath),
        Format = MyInvocation.BoundParameters.ContainsKey(nameof(DestinationFormat)) ? DestinationFormat : null,
        Type = ImageTypeWish.Of(MyInvocation.BoundParameters.ContainsKey(nameof(Type)) ? Type : null, Dynamic, Fixed, Differencing),
        BlockSizeBytes = BlockSizeBytes,
        LogSizeBytes = LogSizeBytes,
        LogicalSectorSizeBytes = LogicalSectorSizeBytes,
        PhysicalSectorSizeBytes = PhysicalSectorSizeBytes,
        ParentPath = ParentPath is null ? null : resolver.Literal(ParentPath),
        Preallocation = Preallocation,
        AzureCompatible = AzureCompatible,
        DeleteSource = DeleteSource,
        Replace = Force,
        DiskIdentifier = DiskIdentifier,
        Creator = Creator,
        DefaultCreator = NewImageDefaults.Creator,
        CreatorVersion = typeof(ConvertVhdxImageCommand).Assembly.GetName().Version,
        CreatedAt = IdentifierSeed is null ? DateTimeOffset.UtcNow : s_seededTime,
        Identifiers = kind => IdentifierSeed is null ? NewImageDefaults.Identifiers() : ImageIdentifiers.FromSeed(IdentifierSeed, _ordinal, kind),
        IsPortable = IdentifierSeed is not null,
    };
}
