using System;
using System.Collections.Generic;
using VhdxTools.Format;
using VhdxTools.Layout;

namespace VhdxTools.Operations;

/// <summary>Turns changes of BAT entries into actions that a user can read; blocks in a row with the same trouble become one.</summary>
/// <param name="geometry">The geometry of the image.</param>
/// <param name="batOffset">Where its BAT starts, in bytes.</param>
internal sealed class EntryActions(VhdxGeometry geometry, long batOffset)
{
    private (EntryChange First, long Block, long Count)? _run;

    /// <summary>Whether a change so far makes the disk read otherwise.</summary>
    public bool IsVisible { get; private set; }

    /// <summary>Takes a change and gives the actions that are complete by now.</summary>
    public IEnumerable<VhdxRepairAction> Take(EntryChange change)
    {
        if (change.Fix == EntryFix.Clear)
        {
            // Reserved bits are reported from their findings.
            yield break;
        }

        bool isBitmap = geometry.IsSectorBitmapEntry(change.Index);
        IsVisible |= change.Fix is EntryFix.Drop or EntryFix.Extend && change.Rule != VhdxRules.BitmapWithoutParent;
        long block = isBitmap ? -1 : geometry.PayloadBlockOfEntry(change.Index);
        if (!isBitmap && change.Sound == 0 && _run is (EntryChange first, long start, long count) && first.Fix == change.Fix && first.Rule == change.Rule && block == start + count)
        {
            _run = (first, start, count + 1);
            yield break;
        }

        foreach (VhdxRepairAction action in Complete())
        {
            yield return action;
        }

        if (isBitmap)
        {
            yield return OfBitmap(change);
        }
        else if (change.Sound > 0)
        {
            yield return OfBlocks(change, block, 1);
        }
        else
        {
            _run = (change, block, 1);
        }
    }

    /// <summary>Gives what is left.</summary>
    public IEnumerable<VhdxRepairAction> Complete()
    {
        if (_run is (EntryChange first, long block, long count))
        {
            _run = null;
            yield return OfBlocks(first, block, count);
        }
    }

    private VhdxRepairAction OfBlocks(EntryChange change, long block, long count)
    {
        long start = (block * geometry.BlockSize) + change.Sound;
        long length = Math.Min((count * geometry.BlockSize) - change.Sound, geometry.VirtualDiskSize - start);
        string name = AreaNames.Numbered("payload block", block, count);
        string range = FormattableString.Invariant($"bytes {ByteText.Hex(start)} to {ByteText.Hex(start + length)} of the disk");
        string lost = change.Sound > 0 ? $"; {range} are lost with the end of the file and become zero" : "";
        return new()
        {
            RuleId = change.Rule.Id,
            Method = RepairMethod.DropBadBlocks,
            Description = change.Fix switch
            {
                EntryFix.Extend => $"Keep what is left of {name}: {range} become zero.",
                EntryFix.Part => $"Give {name} a copy of the space that others have, too: which of them the data belongs to is not known, and all read as before ({range}){lost}.",
                _ => $"Give up {name} ({change.Rule.Title}): {range} become zero.",
            },
            FileOffset = batOffset + (change.Index * BatEntry.Length),
            Length = BatEntry.Length,
            Block = block,
            BlockCount = count,
            VirtualOffset = start,
            VirtualLength = length,
            IsLost = change.Fix != EntryFix.Part || change.Sound > 0,
        };
    }

    private VhdxRepairAction OfBitmap(EntryChange change)
    {
        string item = FormattableString.Invariant($"Sector bitmap block {geometry.ChunkOfEntry(change.Index)}");
        string name = item.ToLowerInvariant();
        return new()
        {
            RuleId = change.Rule.Id,
            Method = RepairMethod.DropBadBlocks,
            Description = change.Fix switch
            {
                EntryFix.Extend => $"Lengthen the file so that it holds {name}.",
                EntryFix.Part => $"Give {name} a copy of the space that others have, too.",
                _ => $"Give up {name} ({change.Rule.Title}).",
            },
            FileOffset = batOffset + (change.Index * BatEntry.Length),
            Length = BatEntry.Length,
            Item = item,
        };
    }
}
