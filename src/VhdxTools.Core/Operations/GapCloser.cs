using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using VhdxTools.Disks;
using VhdxTools.Format;
using VhdxTools.Images;
using VhdxTools.Layout;

namespace VhdxTools.Operations;

/// <summary>
/// Finds places nearer to the start of the file for what lies at its end, from the end on, until something does not fit into any gap or
/// cannot be moved. A region that is too large for each gap waits until blocks before it have made room, if they can. What has moved stays
/// there.
/// </summary>
/// <param name="space">Who uses which space.</param>
/// <param name="arrived">A bit for each MiB of the file: where something has moved to; kept when the image is opened anew.</param>
internal sealed class GapCloser(SpaceAllocator space, BitField arrived)
{
    /// <summary>So many blocks are looked at in one go, and kept in memory; each time the whole BAT is read.</summary>
    private const int WindowCount = 32_768;

    /// <summary>Blocks are counted in parts of the file of this many bytes, which hold no more than 1024 of them.</summary>
    private const long PartLength = FormatConstants.GiB;

    /// <summary>What could not be moved in the end, in a sentence; null when that has not happened.</summary>
    public string? Obstacle { get; private set; }

    /// <summary>The moves in their order; each has taken its new place already.</summary>
    /// <param name="image">The image; its BAT tells of every move that was made before it is asked again.</param>
    /// <param name="regions">The regions as they are.</param>
    /// <param name="end">Where to begin: what lies before this place is looked at.</param>
    /// <param name="beforeWindow">Called before the BAT is read.</param>
    /// <param name="cancellation">Stops the work.</param>
    public IEnumerable<BlockMove> Moves(VhdxFile image, IReadOnlyList<RegionEntry> regions, long end, Action beforeWindow, CancellationToken cancellation)
    {
        while (end > FormatConstants.HeaderSectionLength)
        {
            Thing? waiting = null;
            foreach (Thing thing in AllThings(image, regions, end, beforeWindow, cancellation))
            {
                if (thing.CanMove && space.AllocateBelow(thing.Place.Length, thing.Place.Offset) is long offset)
                {
                    yield return Move(thing, offset);
                }
                else if (waiting is null && thing.CanMove && thing.Region is not null && GetsRoom(thing, image, regions, cancellation))
                {
                    waiting = thing;
                }
                else
                {
                    Obstacle = Describe(thing, image.Log!.Value);
                    break;
                }
            }

            if (waiting is not Thing region)
            {
                yield break;
            }

            // What moved in the meantime is free from here on.
            beforeWindow();
            if (space.AllocateBelow(region.Place.Length, region.Place.Offset) is not long room)
            {
                yield break;
            }

            yield return Move(region, room);
            end = region.Place.Offset;
        }
    }

    private static string Describe(Thing thing, FileRange log) =>
        thing.Region is Guid region
            ? thing.CanMove
                ? $"The {WellKnownGuids.RegionName(region)} region lies at the end of the file, and no gap is large enough for it."
                : $"The region {region}, which this product does not know, lies at the end of the file, and it is not moved."
            : thing.Place == log
                ? "The log lies at the end of the file, and it is not moved."
                : "The gaps are too small for the block at the end of the file.";

    private BlockMove Move(Thing thing, long offset)
    {
        arrived.Set(offset / FormatConstants.MiB, thing.Place.Length / FormatConstants.MiB);
        return new(thing.Index, thing.State, thing.Region, thing.Place, offset);
    }

    /// <summary>Whether a region that no gap can hold finds room once what lies before it has moved into these gaps.</summary>
    private bool GetsRoom(Thing region, VhdxFile image, IReadOnlyList<RegionEntry> regions, CancellationToken cancellation)
    {
        SpaceAllocator trial = space.Clone();
        foreach (Thing thing in AllThings(image, regions, region.Place.Offset, () => { }, cancellation))
        {
            if (!thing.CanMove || trial.AllocateBelow(thing.Place.Length, thing.Place.Offset) is null)
            {
                break;
            }

            trial.Release(thing.Place);
        }

        return trial.AllocateBelow(region.Place.Length, region.Place.Offset) is not null;
    }

    /// <summary>What lies before a place, the last first.</summary>
    private IEnumerable<Thing> AllThings(VhdxFile image, IReadOnlyList<RegionEntry> regions, long end, Action beforeWindow, CancellationToken cancellation)
    {
        int[] counts = Counts(image, regions, end, cancellation);
        for (int part = counts.Length; part > 0;)
        {
            long count = counts[--part];
            while (part > 0 && count + counts[part - 1] <= WindowCount)
            {
                count += counts[--part];
            }

            cancellation.ThrowIfCancellationRequested();
            beforeWindow();
            long start = part * PartLength;
            List<Thing> things = [.. Things(image, regions, start, end, cancellation)];
            things.Sort((left, right) => right.Place.Offset.CompareTo(left.Place.Offset));
            foreach (Thing thing in things)
            {
                yield return thing;
            }

            end = start;
        }
    }

    /// <summary>How many things lie in each part of the file before a place, at the most: moves only take some away. All 0 where one go is enough.</summary>
    private int[] Counts(VhdxFile image, IReadOnlyList<RegionEntry> regions, long end, CancellationToken cancellation)
    {
        int[] counts = new int[FormatConstants.CeilingDivide(end, PartLength)];
        if (counts.Length * (PartLength / FormatConstants.MiB) > WindowCount)
        {
            foreach (Thing thing in Things(image, regions, 0, end, cancellation))
            {
                counts[thing.Place.Offset / PartLength]++;
            }
        }

        return counts;
    }

    /// <summary>What lies in a range of the file and has not moved, in no order.</summary>
    private IEnumerable<Thing> Things(VhdxFile image, IReadOnlyList<RegionEntry> regions, long start, long end, CancellationToken cancellation) =>
        Owners(image, regions, cancellation).Where(thing =>
            thing.Place.Offset >= start && thing.Place.Offset < end && !arrived[thing.Place.Offset / FormatConstants.MiB] && space.IsUsed(thing.Place));

    private static IEnumerable<Thing> Owners(VhdxFile image, IReadOnlyList<RegionEntry> regions, CancellationToken cancellation)
    {
        VhdxGeometry geometry = image.Geometry!;
        yield return new(-1, BlockState.NotPresent, null, image.Log!.Value, CanMove: false);
        foreach (RegionEntry region in regions)
        {
            if (RegionReader.RangeOf(region) is FileRange place)
            {
                bool isKnown = region.Id == WellKnownGuids.BatRegion || region.Id == WellKnownGuids.MetadataRegion;
                yield return new(-1, BlockState.NotPresent, region.Id, place, isKnown);
            }
        }

        foreach ((long index, BatEntry entry) in image.Bat!.NonZeroEntries(cancellation))
        {
            if (!entry.HasData)
            {
                continue;
            }

            bool isBitmap = geometry.IsSectorBitmapEntry(index);
            bool owns = isBitmap
                ? geometry.HasParent && entry.State == BlockState.FullyPresent
                : geometry.PayloadBlockOfEntry(index) < geometry.PayloadBlockCount;
            if (owns)
            {
                yield return new(index, entry.State, null, new(entry.FileOffset, isBitmap ? FormatConstants.SectorBitmapBlockLength : geometry.BlockSize), CanMove: true);
            }
        }
    }

    private readonly record struct Thing(long Index, BlockState State, Guid? Region, FileRange Place, bool CanMove);
}
