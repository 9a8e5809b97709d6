using System;
using System.Threading;
using VhdxTools.Disks;
using VhdxTools.IO;

namespace VhdxTools.Operations;

/// <summary>Changes the size of a disk: old or new, with one entry of the log.</summary>
internal static class ImageResizer
{
    /// <param name="plan">What to do.</param>
    /// <param name="newGuid">Gives a new GUID at each call.</param>
    /// <param name="progress">Gets bytes done and bytes in all.</param>
    /// <param name="wrap">For tests: puts another file over the one that is opened.</param>
    /// <param name="dataWriteGuid">The DataWriteGuid that the image gets; null for a new one.</param>
    /// <param name="cancellation">Stops the work; the size is the old one then.</param>
    /// <exception cref="VhdxException">The file is in use, damaged, or cannot be written to; the size is the old one then.</exception>
    public static void Resize(
        ResizePlan plan,
        Func<Guid> newGuid,
        Action<long, long>? progress = null,
        Func<IRandomAccessFile, IRandomAccessFile>? wrap = null,
        Guid? dataWriteGuid = null,
        CancellationToken cancellation = default)
    {
        bool isOwn = false;

        // A backup table goes where it will be found: before the end is cut, or when there is a new one.
        if (plan.UpdatesGpt && (plan.SizeAfter < plan.SizeBefore || plan.RestoresGpt))
        {
            UpdateGpt(plan.SizeBefore, Math.Min(plan.SizeAfter, plan.SizeBefore));
        }

        if (plan.SizeAfter != plan.SizeBefore)
        {
            using DiskChain disk = Open(plan.SizeBefore);
            if (plan.SizeAfter > plan.SizeBefore)
            {
                disk.Edit(session => new DiskGrower(session, disk, plan.SizeAfter).Grow(progress, cancellation));
            }
            else
            {
                disk.Edit(session => DiskShrinker.Shrink(session, plan.SizeAfter));
            }
        }

        if (plan.UpdatesGpt && plan.SizeAfter >= plan.SizeBefore)
        {
            UpdateGpt(plan.SizeAfter, plan.SizeAfter);
        }

        if (plan.Finishes)
        {
            using DiskChain disk = Open(plan.SizeAfter);
            disk.Edit(DiskShrinker.Finish);
        }

        void UpdateGpt(long size, long end)
        {
            using DiskChain disk = Open(size);
            if (GptEditor.Find(disk) is { } table)
            {
                GptEditor.MoveBackup(disk, table, end);
            }
        }

        DiskChain Open(long size)
        {
            DiskChain disk = DiskChain.OpenWrite(plan.Path, newGuid, wrap, dataWriteGuid);

            // What is cut was looked at before the caller was asked, and that may be a while ago.
            if (disk.Capacity != size || (!isOwn && disk.Layers[0].Image.Header!.DataWriteGuid != plan.DataWriteGuid))
            {
                disk.Dispose();
                throw new VhdxException(ErrorIds.FileInUse, ErrorKind.InUse, $"'{plan.Path}' was changed by another program just now. Nothing was changed.");
            }

            isOwn = true;
            return disk;
        }
    }
}
