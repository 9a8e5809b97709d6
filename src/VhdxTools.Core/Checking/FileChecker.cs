using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using VhdxTools.Diagnostics;
using VhdxTools.Format;
using VhdxTools.Images;
using VhdxTools.Layout;

namespace VhdxTools.Checking;

/// <summary>Checks one file: what the readers noticed, the rest of its structures, its BAT, and what other products do not like.</summary>
internal sealed class FileChecker(VhdxFile image, CollectingSink readers, Action<long, long>? progress)
{
    /// <summary>What Windows calls the attribute of a ReFS integrity stream; .NET Standard 2.0 has the same number under this name.</summary>
    private const FileAttributes Integrity = FileAttributes.IntegrityStream;

    public IEnumerable<VhdxFinding> Check(string path, CancellationToken cancellation)
    {
        foreach (VhdxFinding finding in readers.Findings.Concat(Structures()))
        {
            yield return finding;
        }

        if (image is { Bat: { } bat, Geometry: { } geometry })
        {
            foreach (VhdxFinding finding in new BatChecker(image, bat, geometry, progress).Check(cancellation))
            {
                yield return finding;
            }
        }

        foreach (VhdxFinding finding in Interoperability().Concat(OfAttributes(File.GetAttributes(path), path)))
        {
            yield return finding;
        }
    }

    /// <summary>Windows attaches no image whose file is sparse, compressed, encrypted, or protected by an integrity stream.</summary>
    public static IEnumerable<VhdxFinding> OfAttributes(FileAttributes attributes, string path)
    {
        foreach ((FileAttributes attribute, VhdxRule rule) in new[]
        {
            (FileAttributes.SparseFile, VhdxRules.FileSparse),
            (FileAttributes.Compressed, VhdxRules.FileCompressed),
            (FileAttributes.Encrypted, VhdxRules.FileEncrypted),
            (Integrity, VhdxRules.FileIntegrity),
        })
        {
            if ((attributes & attribute) != 0)
            {
                yield return VhdxFinding.Of(rule, path, $"The file has the attribute {attribute}; Windows does not attach it.");
            }
        }
    }

    private IEnumerable<VhdxFinding> Structures()
    {
        if (image.Header is { } header && (header.FileWriteGuid == Guid.Empty || header.DataWriteGuid == Guid.Empty))
        {
            yield return Finding(VhdxRules.HeaderGuid, ZeroGuids(header)) with
            {
                FileOffset = image.Headers.First(copy => copy.IsCurrent).FileOffset,
            };
        }

        if (image.Log is FileRange log && log.End > image.View.Length)
        {
            yield return Finding(VhdxRules.FileTooShort, $"The file ends before the log does: {RegionReader.LostPart(log, image.View.Length)}.") with
            {
                // A log that is empty or cannot be replayed can have another place.
                Repair = image.Replayed is null ? RepairMethod.DiscardLog : VhdxRules.FileTooShort.Repair,
                FileOffset = log.Offset,
                Length = log.Length,
                Expected = FormattableString.Invariant($"at least {log.End} bytes"),
                Actual = FormattableString.Invariant($"{image.View.Length} bytes"),
            };
        }

        if (image.RegionTables.FirstOrDefault(table => table.IsCurrent) is { IsReservedZero: false } table)
        {
            yield return Finding(VhdxRules.RegionReserved, "Reserved fields of the current region table are not zero.") with { FileOffset = table.FileOffset };
        }

        foreach (VhdxFinding finding in MetadataItems().Concat(Locator()))
        {
            yield return finding;
        }
    }

    private static string ZeroGuids(VhdxHeader header) =>
        header.FileWriteGuid != Guid.Empty ? "DataWriteGuid of the current header is all zeros."
        : header.DataWriteGuid != Guid.Empty ? "FileWriteGuid of the current header is all zeros."
        : "FileWriteGuid and DataWriteGuid of the current header are all zeros.";

    private IEnumerable<VhdxFinding> MetadataItems()
    {
        if (image.MetadataRegion is not FileRange region)
        {
            yield break;
        }

        byte[] table = new byte[MetadataTable.Length];
        IO.RandomAccessFileExtensions.ReadPadded(image.View, region.Offset, table);
        if (MetadataTable.IsSignatureValid(table) && !MetadataTable.IsReservedZero(table))
        {
            yield return Finding(VhdxRules.MetadataReserved, "Reserved fields of the metadata table are not zero.") with { FileOffset = region.Offset };
        }

        if (image.VirtualDiskId == Guid.Empty)
        {
            yield return Finding(VhdxRules.DiskIdentifierZero, "The identifier of the virtual disk is all zeros.") with
            {
                FileOffset = MetadataReader.PlaceOf(image, WellKnownGuids.VirtualDiskId),
                Length = 16,
                Item = "Virtual Disk ID",
            };
        }
    }

    private IEnumerable<VhdxFinding> Locator()
    {
        if (image.FileParameters is { HasParent: false } && image.SystemItem(WellKnownGuids.ParentLocator) is not null)
        {
            yield return Finding(VhdxRules.ParentLocatorUnused, "The image has a parent locator, and does not call itself differencing.") with { Item = "Parent Locator" };
        }

        if (image.ParentLocator is not { } locator || readers.Findings.Any(finding => finding.RuleId == VhdxRules.ParentLocatorMalformed.Id))
        {
            yield break;
        }

        if (locator.Linkage(ParentLocator.ParentLinkageKey) is null)
        {
            yield return Finding(VhdxRules.ParentLinkage, "The parent locator has no valid parent_linkage.") with
            {
                Item = "Parent Locator",
                Expected = "a GUID in braces, not all zeros",
                Actual = locator[ParentLocator.ParentLinkageKey] ?? "nothing",
            };
        }

        if (locator[ParentLocator.ParentLinkage2Key] is string second && !Guid.TryParseExact(second, "B", out _))
        {
            yield return Finding(VhdxRules.ParentLinkage, "The parent locator has a parent_linkage2 that is no GUID; it is not looked at.") with
            {
                Severity = FindingSeverity.Warning,
                Item = "Parent Locator",
                Expected = "a GUID in braces, or nothing",
                Actual = second,
            };
        }

        if (!ParentPaths.Stored(locator).Any())
        {
            yield return Finding(VhdxRules.ParentPathMissing, "The parent locator has none of relative_path, volume_path and absolute_win32_path.") with { Item = "Parent Locator" };
        }
    }

    private IEnumerable<VhdxFinding> Interoperability()
    {
        // The real file, whatever a replay would make of it.
        if (image.Raw.Length % FormatConstants.MiB != 0)
        {
            yield return Finding(VhdxRules.FileLengthOdd, "The length of the file is no multiple of 1 MiB.") with { Actual = FormattableString.Invariant($"{image.Raw.Length} bytes") };
        }

        if (image.Geometry is { } geometry && geometry.VirtualDiskSize < LayoutPlanner.MinimumWindowsSize)
        {
            yield return Finding(VhdxRules.DiskTooSmall, "The virtual disk is smaller than Windows attaches.") with
            {
                Expected = FormattableString.Invariant($"at least {LayoutPlanner.MinimumWindowsSize} bytes"),
                Actual = FormattableString.Invariant($"{geometry.VirtualDiskSize} bytes"),
            };
        }
    }

    private VhdxFinding Finding(VhdxRule rule, string message) => VhdxFinding.Of(rule, image.Raw.Name, message);
}
