using System;
using System.Collections.Generic;
using System.Linq;
using VhdxTools.Disks;
using VhdxTools.Format;
using VhdxTools.IO;
using VhdxTools.Layout;

namespace VhdxTools.Operations;

/// <summary>The files that are merged, open so that nobody else writes to them, and the links from each to its parent.</summary>
internal sealed class MergeSources : IDisposable
{
    private readonly List<ImageEditor> _editors = [];
    private readonly Guid[] _parents;

    /// <param name="plan">The plan.</param>
    /// <param name="newGuid">Gives a new GUID at each call.</param>
    /// <param name="wrap">For tests: puts another file over each that is opened.</param>
    public MergeSources(MergePlan plan, Func<Guid> newGuid, Func<IRandomAccessFile, IRandomAccessFile>? wrap)
    {
        // What the parents of the files will have as DataWriteGuid: all of them show another disk once the merge begins, the tip does not.
        _parents = plan.Sources.Select(_ => newGuid()).ToArray();
        try
        {
            for (int i = 0; i < plan.Sources.Count; i++)
            {
                _editors.Add(ImageEditor.Open(plan.Sources[i], newGuid, wrap, i == 0 ? null : _parents[i - 1]));
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The DataWriteGuid that the target gets.</summary>
    public Guid TargetGuid => _parents[_parents.Length - 1];

    /// <summary>What the files hold above the target.</summary>
    public DiskChain Disk => DiskChain.Over(_editors.Select(editor => editor.Layer).ToArray());

    public VhdxLayer Tip => _editors[0].Layer;

    /// <summary>
    /// Before the target changes: each file accepts its parent as it is and as it will be (MS-VHDX 2.6.2.6.3), from the tip down, so that
    /// the chain can be read at any moment.
    /// </summary>
    /// <param name="target">The target's DataWriteGuid as it is.</param>
    public void Announce(Guid target)
    {
        Guid[] current = _editors.Skip(1).Select(editor => editor.Layer.Image.Header!.DataWriteGuid).Append(target).ToArray();
        for (int i = 0; i < _editors.Count; i++)
        {
            if (!_editors[i].Layer.Image.ParentLocator!.Accepts(current[i]))
            {
                throw new VhdxException(VhdxFinding.Of(VhdxRules.ParentMismatch, _editors[i].Layer.Path, "Its parent was changed just now. Nothing was merged."));
            }
        }

        for (int i = 0; i < _editors.Count; i++)
        {
            SetLinkage(_editors[i], current[i], _parents[i], isVisible: i > 0);
        }
    }

    /// <summary>After the merge: only the parents as they are now are accepted.</summary>
    public void Settle()
    {
        for (int i = 0; i < _editors.Count; i++)
        {
            SetLinkage(_editors[i], _parents[i], null, isVisible: false);
        }
    }

    public void Dispose() => _editors.ForEach(editor => editor.Dispose());

    private static void SetLinkage(ImageEditor editor, Guid linkage, Guid? second, bool isVisible)
    {
        ParentLocator locator = editor.Layer.Image.ParentLocator!;
        List<KeyValuePair<string, string>> entries = locator.Entries
            .Where(entry => entry.Key is not (ParentLocator.ParentLinkageKey or ParentLocator.ParentLinkage2Key))
            .ToList();
        entries.Insert(0, new(ParentLocator.ParentLinkageKey, linkage.ToString("B")));
        if (second is Guid guid)
        {
            entries.Insert(1, new(ParentLocator.ParentLinkage2Key, guid.ToString("B")));
        }

        byte[] content = new ParentLocator(locator.LocatorType, entries).ToBytes();
        MetadataItem[] items = StructureWriter.ItemsOf(editor.Layer.Image)
            .Select(item => item.Id == WellKnownGuids.ParentLocator && !item.IsUser ? item with { Content = content } : item)
            .ToArray();
        editor.Session.Begin(isVisible);
        StructureWriter.SetItems(editor.Session, items);
        editor.Reload();
    }
}
