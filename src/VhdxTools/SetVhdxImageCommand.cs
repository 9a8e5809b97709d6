using System;
using System.Collections;
using System.Management.Automation;
using VhdxTools.Operations;

namespace VhdxTools;

/// <summary>Set-VhdxImage: changes parent, physical sector size, disk identifier and user metadata of images.</summary>
[Cmdlet(VerbsCommon.Set, "VhdxImage", DefaultParameterSetName = "Path", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Medium)]
[OutputType(typeof(VhdxImageInfo))]
public sealed class SetVhdxImageCommand : PathCmdlet
{
    private SetOptions _options = new();
    private bool _yesToAll;
    private bool _noToAll;

    /// <summary>The image that the differencing images are to build on, to the letter.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? ParentPath { get; set; }

    /// <summary>Links a parent that is not the one that the image was made from.</summary>
    [Parameter]
    public SwitchParameter IgnoreIdMismatch { get; set; }

    /// <summary>512 or 4096.</summary>
    [Parameter]
    public ulong? PhysicalSectorSizeBytes { get; set; }

    /// <summary>The identity of the virtual disk (SCSI page 83).</summary>
    [Parameter]
    public Guid? DiskIdentifier { get; set; }

    /// <summary>Gives each disk a new random identity.</summary>
    [Parameter]
    public SwitchParameter ResetDiskIdentifier { get; set; }

    /// <summary>User metadata items: GUIDs with byte arrays or texts; null removes an item.</summary>
    [Parameter]
    [ValidateNotNull]
    public IDictionary? Metadata { get; set; }

    /// <summary>Marks new user metadata items as describing the disk.</summary>
    [Parameter]
    public SwitchParameter MetadataIsVirtualDisk { get; set; }

    /// <summary>Writes what the images are afterwards.</summary>
    [Parameter]
    public SwitchParameter Passthru { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        try
        {
            ThrowIfContradicting();
            _options = new()
            {
                ParentPath = ParentPath is null ? null : new PathResolver(this).Literal(ParentPath),
                IgnoreIdMismatch = IgnoreIdMismatch,
                PhysicalSectorSizeBytes = PhysicalSectorSizeBytes,
                DiskIdentifier = DiskIdentifier,
                Metadata = Metadata is null ? [] : UserMetadataArgument.Read(Metadata),
                MetadataIsVirtualDisk = MetadataIsVirtualDisk,
            };
        }
        catch (VhdxException exception)
        {
            Fail(exception, null);
        }
    }

    private protected override void Process(string path)
    {
        SetOptions options = ResetDiskIdentifier ? _options with { DiskIdentifier = Guid.NewGuid() } : _options;
        SetPlan plan = ImageSetter.Plan(path, options, StopToken);
        if (plan.Changes.Count == 0)
        {
            WriteVerbose($"'{path}' has these values already and is left alone.");
        }
        else
        {
            foreach (string warning in plan.Warnings)
            {
                WriteWarning(warning);
            }

            if (!IsWanted(plan, path))
            {
                return;
            }

            ImageSetter.Apply(path, options, Guid.NewGuid, wrap: null, StopToken);
        }

        if (Passthru)
        {
            WriteObject(ImageInspector.Inspect(path, warn: null, StopToken));
        }
    }

    private bool IsWanted(SetPlan plan, string path)
    {
        string danger = plan.Mismatch is null ? "" : $" The parent is not the one that the image was made from, and the data of the disk may be wrong. {plan.Mismatch}";
        if (!ShouldProcess($"Set {plan.Describe()}: '{path}'.{danger}", $"Set {plan.Describe()}?{danger}", path))
        {
            return false;
        }

        // The impact of a parent that does not fit is High, of all else Medium.
        return plan.Mismatch is null || !IsHighImpactUnasked || ShouldContinue($"Link the image all the same?{danger}", path, ref _yesToAll, ref _noToAll);
    }

    private void ThrowIfContradicting()
    {
        ThrowIf(DiskIdentifier is not null && ResetDiskIdentifier, "-DiskIdentifier names an identifier and -ResetDiskIdentifier makes a random one: give one of them.");
        ThrowIf(IgnoreIdMismatch && ParentPath is null, "-IgnoreIdMismatch is for -ParentPath, which names the parent.");
        ThrowIf(MetadataIsVirtualDisk && Metadata is null, "-MetadataIsVirtualDisk is for -Metadata, which has the items.");
        if (ParentPath is null && PhysicalSectorSizeBytes is null && DiskIdentifier is null && !ResetDiskIdentifier && Metadata is null)
        {
            throw new VhdxException(
                ErrorIds.NothingToSet,
                ErrorKind.InvalidArgument,
                "There is nothing to set: give -ParentPath, -PhysicalSectorSizeBytes, -DiskIdentifier, -ResetDiskIdentifier or -Metadata.");
        }

        static void ThrowIf(bool isContradiction, string message)
        {
            if (isContradiction)
            {
                throw new VhdxException(ErrorIds.ContradictingParameters, ErrorKind.InvalidArgument, message);
            }
        }
    }
}
