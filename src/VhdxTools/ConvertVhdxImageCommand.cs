using System;
using System.IO;
using System.Management.Automation;
using VhdxTools.Operations;

namespace VhdxTools;

/// <summary>Convert-VhdxImage: makes an image of another format, type, block or sector size of the disk in an image.</summary>
[Cmdlet(VerbsData.Convert, "VhdxImage", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Medium)]
[OutputType(typeof(VhdxImageInfo))]
public sealed class ConvertVhdxImageCommand : NewImageCmdlet
{
    /// <summary>The time stamp of all VHD files that are made from a seed: where the format's clock begins.</summary>
    private static readonly DateTimeOffset s_seededTime = new(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);

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

    /// <summary>The image that a differencing image builds on.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? ParentPath { get; set; }

    /// <summary>Makes a fixed VHD of a size that Azure takes.</summary>
    [Parameter]
    public SwitchParameter AzureCompatible { get; set; }

    /// <summary>Deletes the source when the new image is complete and on the device.</summary>
    [Parameter]
    public SwitchParameter DeleteSource { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => ForPath(Path, () => Convert(OptionsOf(new(this))));

    private void Convert(ConvertOptions options)
    {
        string destination = options.DestinationPath;
        using ImageConverter converter = ImageConverter.Open(options);
        NextIdentifiers();
        WriteWarnings(converter.Warnings, destination);

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
                converter.DeleteSource(StopToken);
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
        Type = WishedType,
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
        Identifiers = IdentifiersFor,
        IsPortable = IdentifierSeed is not null,
    };
}
