using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using VhdxTools.Disks;
using VhdxTools.Format;
using VhdxTools.Layout;
using Xunit;

namespace VhdxTools.Core.Tests.Disks;

/// <summary>
/// Cuts the power in thousands of ways: walks along a recording, and at each flush (and at the end) makes the images that the device may
/// hold then, with any subset of what was not flushed lost or torn. Each must open as a disk of flushed, older or newer sectors.
/// </summary>
internal sealed class EngineCutWalker
{
    private const int SectorLength = EngineRecordingFile.SectorLength;
    private const int WholeReadLimit = 1 << 25;
    private static readonly byte[] s_zeros = new byte[SectorLength];

    private readonly string _path;
    private readonly Random _random;
    private readonly byte[] _buffer = new byte[1 << 20];
    private readonly Func<Guid> _guids;
    private readonly VhdxHeader _firstHeader;
    private readonly Dictionary<long, byte[]> _original = [];
    private readonly Dictionary<long, byte[]> _flushed = [];
    private readonly Dictionary<long, byte[]> _current = [];
    private readonly Dictionary<long, List<byte[]>> _since = [];
    private readonly HashSet<long> _doubtful = [];
    private readonly EngineMemoryFile _device;
    private EngineMemoryFile _onDisk;

    /// <param name="path">The file as it was when the recording began; it is rewritten all the time.</param>
    /// <param name="random">Decides which pieces are lost.</param>
    public EngineCutWalker(string path, Random random)
    {
        _path = path;
        _random = random;
        _guids = EngineImages.Guids(random.Next());
        _firstHeader = EngineImages.Header(path);
        _device = EngineMemoryFile.Load(path);
        _onDisk = _device.Clone();
        using (DiskChain disk = DiskChain.OpenRead(path))
        {
            ReadDisk(disk, (sector, bytes) =>
            {
                if (bytes.IndexOfAnyExcept((byte)0) >= 0)
                {
                    _original[sector] = bytes.ToArray();
                }
            });
        }

        foreach (KeyValuePair<long, byte[]> sector in _original)
        {
            _flushed.Add(sector.Key, sector.Value);
            _current.Add(sector.Key, sector.Value);
        }
    }

    /// <summary>Random cuts at each place, of each of the two sorts.</summary>
    public int Samples { get; init; } = 10;

    /// <summary>Up to so many writes, every subset of them is tried.</summary>
    public int ExhaustiveLimit { get; init; } = 5;

    /// <summary>How deep cuts are cut again while the image is replayed.</summary>
    public bool CutsReplay { get; init; }

    /// <summary>Percentage of flushes at which the power is cut; where an entry wraps round the end of the log it always is.</summary>
    public int Likelihood { get; init; } = 100;

    /// <summary>How many problems are enough.</summary>
    public int Enough { get; init; } = 3;

    public int Cuts { get; private set; }

    public List<string> Problems { get; } = [];

    /// <param name="events">What was recorded.</param>
    /// <param name="dropped">The number of a flush that the device ignores, or -1.</param>
    public void Walk(IReadOnlyList<EngineEvent> events, int dropped = -1)
    {
        List<EngineEvent> pending = [];
        int flushes = 0;
        for (int i = 0; i < events.Count && Problems.Count < Enough; i++)
        {
            switch (events[i])
            {
                case EngineEvent.Flushed when flushes++ != dropped:
                    if (_random.Next(100) < Likelihood || pending.Count(happened => happened is EngineEvent.Written written && IsLog(written)) > 1)
                    {
                        CutAll(pending, FormattableString.Invariant($"flush {flushes - 1}"));
                    }

                    pending.ForEach(happened => EngineCuts.Apply(_device, happened));
                    pending.Clear();
                    break;
                case EngineEvent.Marked marked:
                    Remember(marked);
                    break;
                case EngineEvent.Written or EngineEvent.Resized:
                    pending.Add(events[i]);
                    break;
            }
        }

        if (Problems.Count < Enough)
        {
            CutAll(pending, "the end");
        }
    }

    private static bool IsHeader(EngineEvent.Written written) => written.Offset < FormatConstants.RegionTable1Offset;

    private bool IsLog(EngineEvent.Written written) =>
        written.Offset >= (long)_firstHeader.LogOffset && written.Offset < (long)_firstHeader.LogOffset + _firstHeader.LogLength;

    private void Remember(EngineEvent.Marked marked)
    {
        if (marked.Kind == EngineMark.Begun)
        {
            if (marked.Operation is EngineOperation.Write write)
            {
                Change(write.Offset, write.Data.Length, bytes => write.Data.CopyTo(bytes));
            }
            else if (marked.Operation is EngineOperation.Trim trim)
            {
                Change(trim.Offset, trim.Length, bytes => bytes.Clear());
            }
        }
        else if (marked is { Kind: EngineMark.Done, Operation: EngineOperation.Flush or EngineOperation.Close })
        {
            foreach (long sector in _since.Keys.Where(sector => !_doubtful.Contains(sector)).ToList())
            {
                _flushed[sector] = _current[sector];
                _since.Remove(sector);
            }
        }
        else if (marked.Kind == EngineMark.Failed)
        {
            (long offset, long length) = marked.Operation switch
            {
                EngineOperation.Write failed => (failed.Offset, failed.Data.Length),
                EngineOperation.Trim failed => (failed.Offset, failed.Length),
                _ => (0, 0),
            };

            // A write that failed may be there or not for ever, or until the next one.
            for (long sector = offset / SectorLength; sector * SectorLength < offset + length; sector++)
            {
                _doubtful.Add(sector);
            }
        }
    }

    private delegate void Changer(Span<byte> bytes);

    private void Change(long offset, long length, Changer change)
    {
        long first = offset / SectorLength;
        long end = (offset + length + SectorLength - 1) / SectorLength;
        byte[] bytes = new byte[(end - first) * SectorLength];
        for (long sector = first; sector < end; sector++)
        {
            Value(_current, sector).CopyTo(bytes, (sector - first) * SectorLength);
        }

        change(bytes.AsSpan((int)(offset - (first * SectorLength)), (int)length));
        for (long sector = first; sector < end; sector++)
        {
            byte[] value = bytes.AsSpan((int)((sector - first) * SectorLength), SectorLength).ToArray();
            _current[sector] = value;
            _doubtful.Remove(sector);
            if (!_since.TryGetValue(sector, out List<byte[]>? values))
            {
                _since.Add(sector, values = []);
            }

            values.Add(value);
        }
    }

    private static byte[] Value(Dictionary<long, byte[]> values, long sector) => values.TryGetValue(sector, out byte[]? value) ? value : s_zeros;

    private void CutAll(List<EngineEvent> pending, string place)
    {
        int count = pending.Count;
        if (count <= ExhaustiveLimit)
        {
            for (int subset = 0; subset < 1 << count; subset++)
            {
                Cut(pending, place, i => (subset & (1 << i)) != 0);
            }
        }
        else
        {
            Cut(pending, place, _ => false);
            Cut(pending, place, _ => true);
            for (int sample = 0; sample < Samples; sample++)
            {
                int chosen = _random.Next(count);
                int likelihood = _random.Next(1, 100);
                switch (sample % 4)
                {
                    case 0:
                        Cut(pending, place, i => i <= chosen);
                        break;
                    case 1:
                        Cut(pending, place, i => i != chosen);
                        break;
                    case 2:
                        Cut(pending, place, i => i == chosen);
                        break;
                    default:
                        Cut(pending, place, _ => _random.Next(100) < likelihood);
                        break;
                }
            }
        }

        for (int sample = 0; sample < Samples && count > 0; sample++)
        {
            Tear(pending, place);
        }
    }

    private void Cut(List<EngineEvent> pending, string place, Func<int, bool> keep)
    {
        EngineMemoryFile image = _device.Clone();
        for (int i = 0; i < pending.Count; i++)
        {
            if (keep(i))
            {
                EngineCuts.Apply(image, pending[i]);
            }
        }

        Check(image, place);
    }

    private void Tear(List<EngineEvent> pending, string place)
    {
        EngineMemoryFile image = _device.Clone();
        int likelihood = _random.Next(1, 100);
        bool isHeaderTorn = false;
        foreach (EngineEvent happened in pending)
        {
            if (happened is not EngineEvent.Written written)
            {
                if (_random.Next(2) == 0)
                {
                    EngineCuts.Apply(image, happened);
                }

                continue;
            }

            // What has a checksum, headers and log entries, may be torn anywhere.
            switch (_random.Next(IsHeader(written) ? 8 : IsLog(written) ? 5 : 4))
            {
                case 0:
                    EngineCuts.ApplyPiece(image, written, 0, _random.Next(written.Count + 1));
                    break;
                case 1:
                    int first = _random.Next(written.Count);
                    EngineCuts.ApplyPiece(image, written, first, written.Count - first);
                    break;
                case 2:
                    for (int piece = 0; piece < written.Count; piece++)
                    {
                        if (_random.Next(100) < likelihood)
                        {
                            EngineCuts.ApplyPiece(image, written, piece, 1);
                        }
                    }

                    break;
                case 3:
                    EngineCuts.Apply(image, written);
                    break;
                default:
                    // Inside a sector, where the parts differ. A header that is torn so is noticed, and the other one counts.
                    isHeaderTorn |= IsHeader(written);
                    image.Write(written.Offset, written.Sectors.AsSpan(0, _random.Next(1, IsHeader(written) || _random.Next(2) == 0 ? 64 : written.Sectors.Length)));
                    break;
            }
        }

        Check(image, place, isHeaderTorn);
    }

    private void Check(EngineMemoryFile image, string place, bool isHeaderTorn = false)
    {
        Cuts++;
        string? problem;
        try
        {
            problem = ProblemOf(image, isHeaderTorn);
        }
        catch (VhdxException exception)
        {
            problem = exception.Message;
        }

        if (problem is not null && Problems.Count < Enough)
        {
            Problems.Add(FormattableString.Invariant($"Cut {Cuts} at {place}: {problem}"));
        }
    }

    private string? ProblemOf(EngineMemoryFile image, bool isHeaderTorn)
    {
        Show(image);
        VhdxHeader header;
        using (DiskChain disk = DiskChain.OpenRead(_path))
        {
            header = disk.Layers[0].Image.Header!;
            if (ProblemOf(disk, header) is string problem)
            {
                return problem;
            }
        }

        List<VhdxFinding> findings = [.. new VhdxTools.Checking.Checker(skipParent: true).Check(_path)];
        if (isHeaderTorn)
        {
            findings.RemoveAll(finding => finding is { RuleId: "VX302", Severity: FindingSeverity.Warning });
        }

        if (findings.Find(finding => finding.Severity != FindingSeverity.Note || finding.RuleId is not ("VX503" or "VX611" or "VX907")) is { } fault)
        {
            return fault.ToString();
        }

        return (header.LogGuid == Guid.Empty || _random.Next(4) > 0 ? null : ReplayProblem(image, CutsReplay && _random.Next(6) == 0))
            ?? (_random.Next(12) == 0 ? ProblemAfterwards(image) : null);
    }

    private string? ProblemOf(DiskChain disk, VhdxHeader header)
    {
        string? problem = null;
        bool isOld = header.DataWriteGuid == _firstHeader.DataWriteGuid;
        HashSet<long> missing = [.. _flushed.Where(sector => !sector.Value.AsSpan().SequenceEqual(s_zeros)).Select(sector => sector.Key)];
        ReadDisk(disk, (sector, bytes) =>
        {
            missing.Remove(sector);
            byte[] flushed = Value(_flushed, sector);
            if (!bytes.SequenceEqual(flushed) && !IsNewer(sector, bytes))
            {
                problem ??= Describe(sector, bytes);
            }

            if (isOld && !bytes.SequenceEqual(Value(_original, sector)))
            {
                problem ??= FormattableString.Invariant($"sector {sector} has changed and DataWriteGuid has not");
            }
        });
        foreach (long sector in missing)
        {
            if (!IsNewer(sector, s_zeros))
            {
                problem ??= Describe(sector, s_zeros);
            }
        }

        return problem;
    }

    private bool IsNewer(long sector, ReadOnlySpan<byte> bytes)
    {
        if (_since.TryGetValue(sector, out List<byte[]>? values))
        {
            foreach (byte[] value in values)
            {
                if (bytes.SequenceEqual(value))
                {
                    return true;
                }
            }
        }

        return false;
    }

    private string Describe(long sector, ReadOnlySpan<byte> bytes)
    {
        string what = bytes.SequenceEqual(s_zeros) ? "zeros" : bytes.SequenceEqual(Value(_original, sector)) ? "its first value" : "foreign bytes";
        int newer = _since.TryGetValue(sector, out List<byte[]>? values) ? values.Count : 0;
        return FormattableString.Invariant($"sector {sector} has {what}: neither what was flushed nor one of {newer} later values");
    }

    /// <summary>Opens for writing: replays, and must leave the same bytes in a clean image.</summary>
    private string? ReplayProblem(EngineMemoryFile image, bool isCut)
    {
        ulong before = HashDisk();
        EngineRecordingFile? recording = null;
        using (DiskChain.OpenWrite(_path, _guids, file =>
        {
            file.Dispose();
            return recording = new(image.Clone());
        }))
        {
        }

        Show(recording!.Content);
        if (EngineImages.Header(_path).LogGuid != Guid.Empty || HashDisk() != before || EngineImages.Faults(_path, skipParent: true).Count > 0)
        {
            return "a replay that is written leaves a dirty log or other bytes";
        }

        if (!isCut)
        {
            return null;
        }

        // Cut again, while it is replayed.
        EngineMemoryFile device = image.Clone();
        List<EngineEvent> pending = [];
        foreach (EngineEvent happened in recording.Events)
        {
            if (happened is not EngineEvent.Flushed)
            {
                pending.Add(happened);
                continue;
            }

            for (int sample = 0; sample < 4; sample++)
            {
                EngineMemoryFile torn = device.Clone();
                foreach (EngineEvent lost in pending)
                {
                    if (lost is EngineEvent.Written written && sample > 0)
                    {
                        int first = _random.Next(written.Count);
                        EngineCuts.ApplyPiece(torn, written, first, _random.Next(1, written.Count - first + 1));
                    }
                    else if (_random.Next(2) == 0)
                    {
                        EngineCuts.Apply(torn, lost);
                    }
                }

                Cuts++;
                Show(torn);
                if (HashDisk() != before || EngineImages.Faults(_path, skipParent: true).Exists(finding => finding.Severity == FindingSeverity.Error))
                {
                    return "a cut while the log is replayed leaves other bytes";
                }

                if (ReplayProblem(torn, isCut: false) is string problem)
                {
                    return problem;
                }
            }

            pending.ForEach(kept => EngineCuts.Apply(device, kept));
            pending.Clear();
        }

        return null;
    }

    /// <summary>Life goes on: what the cut left is opened and written to.</summary>
    private string? ProblemAfterwards(EngineMemoryFile image)
    {
        Show(image);
        Dictionary<long, byte[]> expected = ReadAll();
        EngineMemoryFile copy = image.Clone();
        using (DiskChain disk = DiskChain.OpenWrite(_path, _guids, EngineScenario.Over(() => copy)))
        {
            for (int i = 0; i < 6; i++)
            {
                int blockSize = disk.Layers[0].Geometry.BlockSize;
                long block = _random.NextInt64(Math.Min(8, disk.Capacity / blockSize));
                byte[] data = i == 3 ? new byte[blockSize] : EngineImages.RandomBytes(_random, SectorLength * _random.Next(1, 20));
                long offset = (block * blockSize) + (i == 3 ? 0 : _random.Next(100) * SectorLength);
                if (i == 3)
                {
                    disk.Trim(offset, data.Length);
                }
                else
                {
                    disk.Write(offset, data);
                }

                for (int place = 0; place < data.Length; place += SectorLength)
                {
                    byte[] value = data.AsSpan(place, SectorLength).ToArray();
                    expected.Remove((offset + place) / SectorLength);
                    if (!value.AsSpan().SequenceEqual(s_zeros))
                    {
                        expected.Add((offset + place) / SectorLength, value);
                    }
                }
            }
        }

        Show(copy);
        return Differs(expected, ReadAll()) ? "what was written after the cut is not there, or other bytes are gone"
            : EngineImages.Faults(_path, skipParent: true).Find(_ => true) is { } fault ? "after writing to what the cut left: " + fault
            : null;
    }

    private static bool Differs(Dictionary<long, byte[]> left, Dictionary<long, byte[]> right) =>
        left.Count != right.Count || left.Any(sector => !Value(right, sector.Key).AsSpan().SequenceEqual(sector.Value));

    private ulong HashDisk()
    {
        using DiskChain disk = DiskChain.OpenRead(_path);
        ulong hash = 14695981039346656037;
        ReadDisk(disk, (sector, bytes) =>
        {
            if (!bytes.SequenceEqual(s_zeros))
            {
                hash = (hash ^ (ulong)sector) * 1099511628211;
                foreach (ulong word in MemoryMarshal.Cast<byte, ulong>(bytes))
                {
                    hash = (hash ^ word) * 1099511628211;
                }
            }
        });
        return hash;
    }

    private Dictionary<long, byte[]> ReadAll()
    {
        Dictionary<long, byte[]> sectors = [];
        using DiskChain disk = DiskChain.OpenRead(_path);
        ReadDisk(disk, (sector, bytes) =>
        {
            if (!bytes.SequenceEqual(s_zeros))
            {
                sectors.Add(sector, bytes.ToArray());
            }
        });
        return sectors;
    }

    /// <summary>Puts an image where the product finds it.</summary>
    private void Show(EngineMemoryFile image)
    {
        using FileStream stream = new(_path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 1);
        image.Save(stream, _onDisk);
        _onDisk = image;
    }

    private delegate void Visitor(long sector, ReadOnlySpan<byte> bytes);

    /// <summary>Small disks as a whole; of large ones what the file holds.</summary>
    private void ReadDisk(DiskChain disk, Visitor visit)
    {
        if (disk.Capacity <= WholeReadLimit)
        {
            ReadRange(0, disk.Capacity);
            return;
        }

        foreach (DiskExtent extent in disk.Extents(0, disk.Capacity).Where(extent => extent.Kind == DiskExtentKind.Data))
        {
            Assert.Equal(0, extent.Layer);
            long end = extent.FileOffset + extent.Length;
            for (long place = extent.FileOffset; _onDisk.FindData(place, end) is FileRange data; place = data.End)
            {
                long start = data.Offset / SectorLength * SectorLength;
                ReadRange(extent.Offset + (start - extent.FileOffset), data.End - start);
            }
        }

        void ReadRange(long start, long length)
        {
            for (long offset = start; offset < start + length; offset += _buffer.Length)
            {
                Span<byte> part = _buffer.AsSpan(0, (int)Math.Min(_buffer.Length, start + length - offset));
                disk.Read(offset, part);
                for (int place = 0; place < part.Length; place += SectorLength)
                {
                    visit((offset + place) / SectorLength, part.Slice(place, SectorLength));
                }
            }
        }
    }
}
