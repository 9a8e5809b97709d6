using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using VhdxTools.Disks;
using VhdxTools.IO;

namespace VhdxTools.Operations;

/// <summary>Makes a new image of the disk in a file. The source and its parents are only read.</summary>
internal sealed class ImageConverter : IDisposable
{
    private readonly ConvertOptions _options;
    private readonly OpenedDisk _source;
    private readonly OpenedDisk? _parent;
    private readonly ConversionTarget _target;
    private readonly (long Length, DateTime Written) _state;

    private ImageConverter(ConvertOptions options, OpenedDisk source, OpenedDisk? parent, ConversionTarget target)
    {
        _options = options;
        _source = source;
        _parent = parent;
        _target = target;
        _state = StateOf(options.SourcePath);
    }

    /// <summary>Things that are legal and that the user should know.</summary>
    public IReadOnlyList<string> Warnings => _target.Warnings;

    /// <summary>Opens the source, and the parent to be, and plans the target. Nothing is written, and everything that can be refused is.</summary>
    /// <exception cref="VhdxException">The source cannot be read, a value breaks a rule, or the target would replace what it is made from.</exception>
    public static ImageConverter Open(ConvertOptions options)
    {
        VhdFormat format = DestinationFormats.Choose(options.DestinationPath, options.Format);
        if (options.AzureCompatible && format != VhdFormat.VHD)
        {
            throw ConvertOptions.Contradiction($"-AzureCompatible is for VHD, the only format that Azure takes, and '{options.DestinationPath}' becomes {DestinationFormats.NameOf(format)}.");
        }

        if (options.DeleteSource)
        {
            FileKinds.ThrowIfNotRegular(options.SourcePath, "read");

            // Before it is opened here: on some systems our own reading would count as use.
            OsFile.ThrowIfInUse(options.SourcePath, "delete");
        }

        OpenedDisk source = DiskOpener.OpenRead(options.SourcePath);
        OpenedDisk? parent = null;
        try
        {
            ThrowIfReplacing(options.DestinationPath, source.Files, ErrorIds.DestinationIsSource, source.Path);
            VhdType type = TypeOf(options, format, source);
            parent = type == VhdType.Differencing && options.ParentPath is not null ? OpenParent(options, format, source) : null;
            PendingFile.ThrowIfNotCreatable(options.DestinationPath, options.Replace);
            // A raw disk is shown in whole sectors; its file need not end at one.
            long length = source.Format == VhdFormat.Raw ? StateOf(source.Path).Length : source.Disk.Capacity;
            ConversionTarget target = format switch
            {
                VhdFormat.VHDX => new VhdxTarget(options, type, source, length, parent),
                VhdFormat.VHD => new VhdTarget(options, type, source, length, parent),
                _ => new RawTarget(options, source, length),
            };
            if (source.Chain?.Layers.FirstOrDefault(layer => layer.Image.IsLogDirty) is VhdxLayer dirty)
            {
                target.Warnings.Insert(0, $"The log of '{dirty.Path}' is not empty: it is in use, or was not closed cleanly. The disk is read as it is once the log is replayed; if a running machine writes to it, the new image may be inconsistent.");
            }

            return new(options, source, parent, target);
        }
        catch
        {
            source.Dispose();
            parent?.Dispose();
            throw;
        }
    }

    /// <summary>The conversion in a sentence, for -WhatIf and -Confirm.</summary>
    public string Describe(CancellationToken cancellation) =>
        $"the {(_source.Format == VhdFormat.Raw ? "raw disk" : $"{_source.Type} {_source.Format}")} '{_source.Path}' to {_target.Describe(cancellation)}"
        + (_options.DeleteSource ? "; the source is deleted afterwards" : "");

    /// <summary>Writes the new file. It gets its name when it is complete and on the device, and not before.</summary>
    /// <param name="uniqueName">A text for the temporary name that no other file of the folder has.</param>
    /// <param name="progress">Gets bytes of the disk that are done, and all of them.</param>
    /// <param name="wrap">For tests: puts another file over the one that is made.</param>
    /// <param name="cancellation">Stops the work; nothing stays behind.</param>
    /// <returns>What the new image is.</returns>
    /// <exception cref="VhdxException">The source cannot be read or the file cannot be made; nothing stays behind.</exception>
    /// <exception cref="OperationCanceledException">The work was stopped; nothing stays behind.</exception>
    public VhdxImageInfo Run(
        string uniqueName, Action<long, long>? progress = null, Func<IRandomAccessFile, IRandomAccessFile>? wrap = null, CancellationToken cancellation = default)
    {
        using (PendingFile pending = PendingFile.Create(_options.DestinationPath, _options.Replace, uniqueName, wrap))
        {
            _target.Write(pending.File, progress, cancellation);
            _source.Watch.ThrowIfCut();
            _parent?.Watch.ThrowIfCut();
            pending.Commit(cancellation);
        }

        return _target.Format == VhdFormat.Raw
            ? ImageInspector.DescribeRaw(_options.DestinationPath)
            : ImageInspector.Inspect(_options.DestinationPath, warn: null, cancellation);
    }

    /// <summary>Deletes the file of the source, and none of its parents. The new image is durable by then.</summary>
    /// <param name="cancellation">A stop that came since the new image has its name leaves the source.</param>
    /// <exception cref="VhdxException">It cannot be deleted, or was written to meanwhile.</exception>
    /// <exception cref="OperationCanceledException">The work was stopped; the source is there.</exception>
    public void DeleteSource(CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        Dispose();
        OsFile.ThrowIfInUse(_source.Path, "delete");
        if (StateOf(_source.Path) != _state)
        {
            throw new VhdxException(
                ErrorIds.FileInUse, ErrorKind.InUse, $"'{_source.Path}' is not deleted, because it was written to while it was read. '{_options.DestinationPath}' may be inconsistent.");
        }

        try
        {
            File.Delete(_source.Path);
        }
        catch (Exception exception) when (SystemErrors.IsSystemError(exception))
        {
            throw SystemErrors.Translate(exception, _source.Path, "delete");
        }
    }

    public void Dispose()
    {
        _source.Dispose();
        _parent?.Dispose();
    }

    private static (long Length, DateTime Written) StateOf(string path)
    {
        using OsFile file = OsFile.OpenRead(path);
        return (file.Length, File.GetLastWriteTimeUtc(path));
    }

    private static VhdType TypeOf(ConvertOptions options, VhdFormat format, OpenedDisk source)
    {
        if (options.Type == VhdType.Differencing && options.ParentPath is null && format != VhdFormat.Raw)
        {
            throw new VhdxException(ErrorIds.ParentRequired, ErrorKind.InvalidArgument, "A differencing image needs a parent: give -ParentPath.");
        }

        if (options.ParentPath is not null && options.Type is not (null or VhdType.Differencing))
        {
            throw ConvertOptions.Contradiction($"An image of type {options.Type} has no parent: leave -ParentPath out, or make a differencing image.");
        }

        return options.Type
            ?? (options.ParentPath is not null ? VhdType.Differencing
                : options.AzureCompatible || format == VhdFormat.Raw ? VhdType.Fixed
                : source is { Type: VhdType.Fixed, Format: not VhdFormat.Raw } ? VhdType.Fixed
                : VhdType.Dynamic);
    }

    private static OpenedDisk OpenParent(ConvertOptions options, VhdFormat format, OpenedDisk source)
    {
        OpenedDisk parent = DiskOpener.OpenRead(options.ParentPath!);
        try
        {
            if (parent.Format != format)
            {
                throw ConvertOptions.Contradiction($"The parent of a {DestinationFormats.NameOf(format)} is one itself, and '{parent.Path}' is {DestinationFormats.NameOf(parent.Format)}.");
            }

            ThrowIfReplacing(options.DestinationPath, parent.Files, ErrorIds.DestinationIsParent, parent.Path);
            if (options.DeleteSource && parent.Files.Any(file => FileKinds.AreSame(file, source.Path)))
            {
                throw new VhdxException(ErrorIds.SourceIsNeeded, ErrorKind.InvalidArgument, $"'{source.Path}' cannot be deleted: the new image's parent is it, or depends on it.");
            }

            return parent;
        }
        catch
        {
            parent.Dispose();
            throw;
        }
    }

    private static void ThrowIfReplacing(string destination, IReadOnlyList<string> files, string id, string owner)
    {
        if (File.Exists(destination) && files.FirstOrDefault(file => FileKinds.AreSame(file, destination)) is string same)
        {
            throw new VhdxException(id, ErrorKind.InvalidArgument, same == owner
                ? $"'{destination}' cannot be replaced: the new image is made from it."
                : $"'{destination}' cannot be replaced: '{owner}' depends on it.");
        }
    }
}
