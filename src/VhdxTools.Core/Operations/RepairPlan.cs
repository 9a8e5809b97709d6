using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using VhdxTools.Layout;

namespace VhdxTools.Operations;

/// <summary>What one round of a repair does with a file: worked out without changing it, shown to the user, then done.</summary>
internal sealed class RepairPlan
{
    /// <summary>Actions that a question names; beyond, they are counted.</summary>
    private const int MaximumNamed = 20;

    private readonly List<VhdxRepairAction> _actions = [];

    public IReadOnlyList<VhdxRepairAction> Actions => _actions;

    /// <summary>All actions, also those that are not listed.</summary>
    public long ActionCount { get; private set; }

    /// <summary>The log is replayed into the file.</summary>
    public bool ReplaysLog { get; set; }

    /// <summary>The log is given up; nothing else is done in the same round.</summary>
    public bool DiscardsLog { get; set; }

    /// <summary>Where a new log goes; null when the old place is good.</summary>
    public FileRange? NewLog { get; set; }

    public bool RenewsHeaders { get; set; }

    public bool WritesSignature { get; set; }

    public bool WritesTables { get; set; }

    public bool WritesMetadata { get; set; }

    public bool WritesEntries { get; set; }

    /// <summary>Whether bad blocks are given up, and not only reserved bits cleared.</summary>
    public bool DropsBadBlocks { get; set; }

    /// <summary>Whether a reader of the disk sees a difference.</summary>
    public bool IsVisible { get; set; }

    /// <summary>Where copies of shared blocks go, in bytes.</summary>
    public long CopyOffset { get; set; }

    /// <summary>The length that the file gets at the end; null when it stays.</summary>
    public long? NewLength { get; set; }

    /// <summary>How many blocks and regions move into gaps when all else is done.</summary>
    public long Moves { get; set; }

    /// <summary>Why unused space stays, in a sentence; null when none stays or nobody asked.</summary>
    public string? Obstacle { get; set; }

    /// <summary>Bytes of the disk that become zero.</summary>
    public long LostLength { get; private set; }

    /// <summary>Whether something is lost, or may be.</summary>
    public bool IsLossy => DiscardsLog || DropsBadBlocks;

    public bool IsEmpty => ActionCount == 0;

    public void Add(VhdxRepairAction action)
    {
        LostLength += action.IsLost ? action.VirtualLength ?? 0 : 0;
        ActionCount++;
        if (_actions.Count < VhdxRepairResult.MaximumListed)
        {
            _actions.Add(action);
        }
    }

    /// <summary>Adds an action for each of some findings.</summary>
    public void AddEach(IEnumerable<VhdxFinding> findings, Func<VhdxFinding, string> describe)
    {
        foreach (VhdxFinding finding in findings)
        {
            Add(VhdxRepairAction.Of(finding, describe(finding)));
        }
    }

    /// <summary>The plan in words and numbers, for -WhatIf and -Confirm.</summary>
    public string Describe()
    {
        StringBuilder text = new();
        text.Append(string.Join(" ", _actions.Take(MaximumNamed).Select(action => action.Description)));
        if (ActionCount > MaximumNamed)
        {
            text.Append(FormattableString.Invariant($" And {ActionCount - MaximumNamed} more changes."));
        }

        if (LostLength > 0)
        {
            text.Append(FormattableString.Invariant($" In all {LostLength} bytes of the disk become zero."));
        }

        return text.ToString();
    }
}
