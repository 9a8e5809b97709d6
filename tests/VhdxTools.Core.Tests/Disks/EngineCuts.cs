using System;
using System.Collections.Generic;

namespace VhdxTools.Core.Tests.Disks;

/// <summary>The files that a device may hold when the power goes while a recording is made, for verbs that change the structure of an image.</summary>
internal static class EngineCuts
{
    private const int SectorLength = EngineRecordingFile.SectorLength;

    /// <summary>Every file that is possible at a flush, as a sample: all, nothing, and random subsets and torn pieces of what was not flushed.</summary>
    /// <param name="before">The file when the recording began.</param>
    /// <param name="events">What was recorded.</param>
    /// <param name="random">Decides which pieces are lost.</param>
    /// <param name="samples">Random files at each flush.</param>
    public static IEnumerable<EngineMemoryFile> Of(EngineMemoryFile before, IReadOnlyList<EngineEvent> events, Random random, int samples)
    {
        EngineMemoryFile device = before.Clone();
        List<EngineEvent> pending = [];
        foreach (EngineEvent happened in events)
        {
            if (happened is EngineEvent.Written or EngineEvent.Resized)
            {
                pending.Add(happened);
            }
            else if (happened is EngineEvent.Flushed)
            {
                foreach (EngineMemoryFile file in Subsets(device, pending, random, samples))
                {
                    yield return file;
                }

                pending.ForEach(kept => Apply(device, kept));
                pending.Clear();
            }
        }

        foreach (EngineMemoryFile file in Subsets(device, pending, random, samples))
        {
            yield return file;
        }
    }

    /// <summary>A file that is possible after some events: what was flushed is there, of the rest any pieces.</summary>
    /// <param name="before">The file when the recording began.</param>
    /// <param name="events">What happened until the power went.</param>
    /// <param name="random">Decides which pieces are lost.</param>
    public static EngineMemoryFile At(EngineMemoryFile before, IReadOnlyList<EngineEvent> events, Random random)
    {
        EngineMemoryFile device = before.Clone();
        List<EngineEvent> pending = [];
        foreach (EngineEvent happened in events)
        {
            if (happened is not EngineEvent.Flushed)
            {
                pending.Add(happened);
                continue;
            }

            pending.ForEach(kept => Apply(device, kept));
            pending.Clear();
        }

        int sample = random.Next(-2, 4);
        return Subset(device, pending, random, sample);
    }

    public static void Apply(EngineMemoryFile file, EngineEvent happened)
    {
        if (happened is EngineEvent.Resized resized)
        {
            file.SetLength(resized.Length);
        }
        else if (happened is EngineEvent.Written written)
        {
            ApplyPiece(file, written, 0, written.Count);
        }
    }

    public static void ApplyPiece(EngineMemoryFile file, EngineEvent.Written written, int first, int count) =>
        file.Write(written.Offset + (first * SectorLength), written.Sectors.AsSpan(first * SectorLength, count * SectorLength));

    private static IEnumerable<EngineMemoryFile> Subsets(EngineMemoryFile device, List<EngineEvent> pending, Random random, int samples)
    {
        if (pending.Count == 0)
        {
            yield break;
        }

        for (int sample = -2; sample < samples; sample++)
        {
            yield return Subset(device, pending, random, sample);
        }
    }

    /// <summary>-2 loses all that is pending, -1 nothing; even samples lose whole writes, odd ones tear some.</summary>
    private static EngineMemoryFile Subset(EngineMemoryFile device, List<EngineEvent> pending, Random random, int sample)
    {
        EngineMemoryFile file = device.Clone();
        foreach (EngineEvent happened in pending)
        {
            bool isTorn = sample >= 0 && sample % 2 == 1 && random.Next(2) == 0;
            if (isTorn && happened is EngineEvent.Written written)
            {
                int first = random.Next(written.Count);
                ApplyPiece(file, written, first, random.Next(1, written.Count - first + 1));
            }
            else if (sample == -1 || (sample >= 0 && random.Next(2) == 0))
            {
                Apply(file, happened);
            }
        }

        return file;
    }
}
