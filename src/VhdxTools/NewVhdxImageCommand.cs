using System;
using System.IO;
using System.Management.Automation;
using VhdxTools.IO;
using VhdxTools.Layout;
using VhdxTools.Operations;

namespace VhdxTools;

/// <summary>New-VhdxImage: makes fixed, dynamic and differencing images.</summary>
[Cmdlet(VerbsCommon.New, "VhdxImage", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Medium)]
[OutputType(typeof(VhdxImageInfo))]
public sealed class NewVhdxImageCommand : NewImageCmdlet
{
    /// <summary>Where the images go, to the letter; the folders must exist.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("FullName")]
    [ValidateNotNullOrEmpty]
    public string[] Path { get; set; } = [];

    /// <summary>Size of the virtual disk in bytes.</summary>
    [Parameter(Position = 1, ValueFromPipelineByPropertyName = true)]
    [EmptyIsNull]
    public ulong? SizeBytes { get; set; }

    /// <summary>The image that a differencing image builds on.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [AllowNull]
    [AllowEmptyString]
    public string? ParentPath { get; set; }

    /// <summary>What the BAT of a dynamic image says of its blocks.</summary>
    [Parameter]
    public InitialBlockState? BlockState { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        VhdType type;
        string? parent;
        try
        {
            type = WishedType ?? (string.IsNullOrEmpty(ParentPath) ? VhdType.Dynamic : VhdType.Differencing);
            parent = string.IsNullOrEmpty(ParentPath) ? null : new PathResolver(this).Literal(ParentPath!);
        }
        catch (VhdxException exception)
        {
            Fail(exception, ParentPath);
            return;
        }

        foreach (string path in Path)
        {
            ForPath(path, () => Create(new PathResolver(this).Literal(path), type, parent));
        }
    }

    private void Create(string path, VhdType type, string? parentPath)
    {
        PendingFile.ThrowIfNotCreatable(path, Force);
        ParentReference? parent = parentPath is null ? null : ParentReader.Read(parentPath, path, IdentifierSeed is not null, WriteWarning);
        string kind = FormattableString.Invariant($"{type}/{SizeBytes}/{parent?.DataWriteGuid}");
        LayoutPlan plan = LayoutPlanner.Plan(new()
        {
            Type = type,
            SizeBytes = SizeBytes,
            BlockSizeBytes = BlockSizeBytes,
            LogSizeBytes = LogSizeBytes,
            LogicalSectorSizeBytes = LogicalSectorSizeBytes,
            PhysicalSectorSizeBytes = PhysicalSectorSizeBytes,
            BlockState = BlockState,
            Preallocation = Preallocation,
            Creator = Creator ?? NewImageDefaults.Creator,
            Identifiers = IdentifiersFor(kind),
            DiskIdentifier = DiskIdentifier,
            Parent = parent,
        });
        NextIdentifiers();
        WriteWarnings(plan.Warnings, path);

        string action = File.Exists(path) ? "Replace the file by a new" : "Create a";
        if (!ShouldProcess($"{action} {plan.Describe()}: '{path}'.", $"{action} {plan.Describe()}?", path))
        {
            return;
        }

        using (ProgressReporter progress = new(this, "Creating the image", path))
        {
            ImageCreator.Create(plan, path, Force, Guid.NewGuid().ToString("N"), progress.Report, wrap: null, StopToken);
        }

        WriteObject(ImageInspector.Inspect(path, warn: null, StopToken));
    }
}
