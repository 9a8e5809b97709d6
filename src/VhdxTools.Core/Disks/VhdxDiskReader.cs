using System;
using VhdxTools.Format;
using VhdxTools.Images;
using VhdxTools.IO;
using VhdxTools.Layout;

namespace VhdxTools.Disks;

/// <summary>Reads the virtual disk of one file that has no parent (MS-VHDX 2.5.1.1).</summary>
internal sealed class VhdxDiskReader
{
    private readonly BlockAllocationTable _bat;
    private readonly VhdxGeometry _geometry;
    private readonly IRandomAccessFile _view;

    /// <param name="image">An image that is open without errors.</param>
    /// <exception cref="InvalidOperationException">The image has a parent, whose data this reader does not see.</exception>
    public VhdxDiskReader(VhdxFile image)
    {
        _bat = image.Bat!;
        _geometry = image.Geometry!;
        _view = image.View;
        if (_geometry.HasParent)
        {
            throw new InvalidOperationException("A differencing image is read with its parents.");
        }
    }

    public long Capacity => _geometry.VirtualDiskSize;

    /// <summary>Fills the buffer from a place on the virtual disk; what lies beyond the disk is zero.</summary>
    /// <exception cref="VhdxException">A block has a reserved state, or lies outside the file.</exception>
    public void Read(long offset, Span<byte> buffer)
    {
        while (buffer.Length > 0)
        {
            long block = offset / _geometry.BlockSize;
            long within = offset % _geometry.BlockSize;
            if (offset >= Capacity)
            {
                buffer.Clear();
                return;
            }

            int count = (int)Math.Min(Math.Min(buffer.Length, _geometry.BlockSize - within), Capacity - offset);
            ReadBlock(block, within, buffer.Slice(0, count));
            buffer = buffer.Slice(count);
            offset += count;
        }
    }

    private void ReadBlock(long block, long within, Span<byte> part)
    {
        long index = _geometry.EntryOfPayloadBlock(block);
        BatEntry entry = _bat[index];
        if (!entry.IsStateValid || entry.State == BlockState.PartiallyPresent)
        {
            throw new VhdxException(VhdxFinding.Of(
                VhdxRules.BatState, _view.Name, FormattableString.Invariant($"Payload block {block} has a state that a file without a parent must not have.")) with
            {
                Block = block,
                Actual = FormattableString.Invariant($"{(int)entry.State}"),
            });
        }

        // The offset may be near 2^63: no sum before it is known to be small.
        if (entry.State == BlockState.FullyPresent && entry.FileOffset > _view.Length - within - part.Length)
        {
            throw new VhdxException(VhdxFinding.Of(
                VhdxRules.BlockBeyondEnd, _view.Name, FormattableString.Invariant($"Payload block {block} runs past the end of the file.")) with
            {
                Block = block,
                FileOffset = entry.FileOffset,
            });
        }

        if (entry.State == BlockState.FullyPresent && entry.FileOffset >= FormatConstants.HeaderSectionLength)
        {
            _view.ReadPadded(entry.FileOffset + within, part);
        }
        else if (entry.State == BlockState.FullyPresent)
        {
            throw new VhdxException(VhdxFinding.Of(
                VhdxRules.BlockOffset, _view.Name, FormattableString.Invariant($"Payload block {block} lies inside the header section.")) with
            {
                Block = block,
                FileOffset = entry.FileOffset,
            });
        }
        else
        {
            part.Clear();
        }
    }
}
