using System;
using System.Buffers;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using VhdxTools.Format;
using VhdxTools.IO;
using VhdxTools.Layout;

namespace VhdxTools.Operations;

/// <summary>Writes a plan to a new file.</summary>
internal static class ImageCreator
{
    private const int PageLength = 4096;
    private const int ChunkLength = (int)(4 * FormatConstants.MiB);

    /// <summary>Makes the file that a plan describes. It gets its name when it is complete and on the device, and not before.</summary>
    /// <param name="plan">What to write.</param>
    /// <param name="path">Full path of the new file.</param>
    /// <param name="replace">Whether an existing file is replaced.</param>
    /// <param name="uniqueName">A text for the temporary name that no other file of the folder has.</param>
    /// <param name="progress">Gets bytes done and bytes in all.</param>
    /// <param name="wrap">For tests: puts another file over the one that is made.</param>
    /// <param name="cancellation">Stops the work; nothing stays behind.</param>
    /// <exception cref="VhdxException">The file cannot be made; nothing stays behind.</exception>
    /// <exception cref="OperationCanceledException">The work was stopped; nothing stays behind.</exception>
    public static void Create(
        LayoutPlan plan,
        string path,
        bool replace,
        string uniqueName,
        Action<long, long>? progress = null,
        Func<IRandomAccessFile, IRandomAccessFile>? wrap = null,
        CancellationToken cancellation = default)
    {
        using PendingFile pending = PendingFile.Create(path, replace, uniqueName, wrap);
        Write(plan, pending.File, progress, cancellation);
        pending.Commit(cancellation);
    }

    /// <summary>Writes a plan into an empty file. Zones that are all zero are left to the file system, unless the plan wants them written.</summary>
    public static void Write(LayoutPlan plan, IRandomAccessFile file, Action<long, long>? progress = null, CancellationToken cancellation = default)
    {
        WriteStructures(plan, file, progress, cancellation);
        if (plan.Type == VhdType.Fixed && plan.Preallocation == Preallocation.Full)
        {
            WriteZeros(file, new(plan.Blocks.FileOffset, plan.FileLength - plan.Blocks.FileOffset), progress, cancellation);
        }

        WriteHeaders(plan, file);
    }

    /// <summary>Gives an empty file its length and everything but payload and headers.</summary>
    public static void WriteStructures(LayoutPlan plan, IRandomAccessFile file, Action<long, long>? progress, CancellationToken cancellation)
    {
        FlatImageWriter.SetLength(file, plan.FileLength, plan.Type == VhdType.Fixed ? plan.Preallocation : Preallocation.None);
        WriteStructure(file, FormatConstants.FileTypeIdentifierOffset, PageLength, new FileTypeIdentifier(true, plan.Creator).Write);
        WriteRegionTables(plan, file);
        WriteMetadata(plan, file);
        WriteBat(plan, file, progress, cancellation);
    }

    /// <summary>The last step: without a header no program takes the file for an image.</summary>
    public static void WriteHeaders(LayoutPlan plan, IRandomAccessFile file)
    {
        WriteStructure(file, FormatConstants.Header1Offset, VhdxHeader.Length, plan.Header1.Write);
        WriteStructure(file, FormatConstants.Header2Offset, VhdxHeader.Length, plan.Header2.Write);
    }

    /// <summary>Writes zeros where a file must not have a hole.</summary>
    /// <param name="file">The file.</param>
    /// <param name="range">Where.</param>
    /// <param name="progress">Gets bytes done and bytes in all.</param>
    /// <param name="cancellation">Stops the work.</param>
    public static void WriteZeros(IRandomAccessFile file, FileRange range, Action<long, long>? progress, CancellationToken cancellation)
    {
        byte[] zeros = new byte[Math.Min(ChunkLength, range.Length)];
        for (long done = 0; done < range.Length;)
        {
            cancellation.ThrowIfCancellationRequested();
            int length = (int)Math.Min(zeros.Length, range.Length - done);
            file.Write(range.Offset + done, zeros.AsSpan(0, length));
            done += length;
            progress?.Invoke(done, range.Length);
        }
    }

    private static void WriteStructure(IRandomAccessFile file, long offset, int length, SpanWriter write)
    {
        byte[] bytes = new byte[length];
        write(bytes);
        file.Write(offset, bytes);
    }

    private static void WriteRegionTables(LayoutPlan plan, IRandomAccessFile file)
    {
        // The checksum covers 64 KiB, of which all behind the entries is zero and need not be written.
        byte[] table = new byte[RegionTable.Length];
        RegionTable.Write(plan.Regions, table);
        file.Write(FormatConstants.RegionTable1Offset, table.AsSpan(0, PageLength));
        file.Write(FormatConstants.RegionTable2Offset, table.AsSpan(0, PageLength));
    }

    private static void WriteMetadata(LayoutPlan plan, IRandomAccessFile file)
    {
        List<MetadataEntry> entries = plan.Metadata.Select(item => item.ToEntry()).ToList();
        WriteStructure(
            file,
            plan.MetadataRegion.Offset,
            (int)FormatConstants.AlignUp(MetadataTable.OffsetOfEntry(entries.Count), PageLength),
            bytes => MetadataTable.Write(entries, bytes));

        long end = MetadataPlacer.End(plan.Metadata);
        WriteStructure(
            file,
            plan.MetadataRegion.Offset + MetadataTable.Length,
            (int)FormatConstants.AlignUp(end - MetadataTable.Length, PageLength),
            bytes =>
            {
                foreach (MetadataItem item in plan.Metadata.Where(item => item.Content.Length > 0))
                {
                    item.Content.AsSpan().CopyTo(bytes.Slice((int)item.Offset - MetadataTable.Length));
                }
            });
    }

    private static void WriteBat(LayoutPlan plan, IRandomAccessFile file, Action<long, long>? progress, CancellationToken cancellation)
    {
        if (plan.Blocks.State == BlockState.NotPresent)
        {
            return;
        }

        VhdxGeometry geometry = plan.Geometry;
        byte[] buffer = ArrayPool<byte>.Shared.Rent(ChunkLength);
        try
        {
            long block = 0;
            long untilBitmap = geometry.ChunkRatio;
            for (long index = 0; index < geometry.BatEntryCount;)
            {
                cancellation.ThrowIfCancellationRequested();
                int count = (int)Math.Min(ChunkLength / BatEntry.Length, geometry.BatEntryCount - index);
                Span<byte> chunk = buffer.AsSpan(0, count * BatEntry.Length);
                for (int place = 0; place < chunk.Length; place += BatEntry.Length)
                {
                    ulong value = 0;
                    if (untilBitmap == 0)
                    {
                        untilBitmap = geometry.ChunkRatio;
                    }
                    else
                    {
                        long offset = plan.Blocks.FileOffset == 0 ? 0 : plan.Blocks.FileOffset + (block * geometry.BlockSize);
                        value = BatEntry.Create(plan.Blocks.State, offset).Value;
                        block++;
                        untilBitmap--;
                    }

                    ByteFields.U64(chunk, place, value);
                }

                file.Write(plan.BatRegion.Offset + (index * BatEntry.Length), chunk);
                index += count;
                progress?.Invoke(index * BatEntry.Length, plan.BatRegion.Length);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private delegate void SpanWriter(Span<byte> bytes);
}
