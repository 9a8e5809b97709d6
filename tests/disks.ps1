# Dot-sourced after common.ps1 by the tests of the disk engine: a reader of VHDX files and chains of its own, by the offsets of
# MS-VHDX and without caches, and helpers that change bytes. Shares no code with the module.

if (-not ('VhdxToolsTests.DiskImage' -as [type])) {
    Add-Type -TypeDefinition @'
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using System.Threading.Tasks;

namespace VhdxToolsTests
{
    /// <summary>One VHDX file with a clean log, read again from the file with each question.</summary>
    public sealed class DiskImage
    {
        public const long MiB = 1 << 20;
        public string Path;
        public DiskImage Parent;
        public long BatOffset, BatLength, MetadataOffset, LogOffset, LogLength, Size;
        public int BlockSize, SectorSize;
        public bool HasParent;
        public Guid FileWriteGuid, DataWriteGuid, LogGuid;
        public ulong SequenceNumber;

        public DiskImage(string path, DiskImage parent = null)
        {
            Path = path;
            Parent = parent;
            byte[] first = Bytes(64 * 1024, 4096);
            byte[] second = Bytes(128 * 1024, 4096);
            byte[] header = BitConverter.ToUInt64(second, 8) > BitConverter.ToUInt64(first, 8) ? second : first;
            SequenceNumber = BitConverter.ToUInt64(header, 8);
            FileWriteGuid = GuidAt(header, 16);
            DataWriteGuid = GuidAt(header, 32);
            LogGuid = GuidAt(header, 48);
            LogLength = BitConverter.ToUInt32(header, 68);
            LogOffset = BitConverter.ToInt64(header, 72);
            byte[] regions = Bytes(192 * 1024, 64 * 1024);
            for (int i = 0; i < BitConverter.ToInt32(regions, 8); i++)
            {
                Guid id = GuidAt(regions, 16 + (32 * i));
                long offset = BitConverter.ToInt64(regions, 32 + (32 * i));
                if (id == new Guid("2DC27766-F623-4200-9D64-115E9BFD4A08"))
                {
                    BatOffset = offset;
                    BatLength = BitConverter.ToUInt32(regions, 40 + (32 * i));
                }
                else if (id == new Guid("8B7CA206-4790-4B9A-B8FE-575F050F886E")) { MetadataOffset = offset; }
            }

            byte[] parameters = Item("CAA16737-FA36-4D43-B3B6-33F0AA44E76B");
            BlockSize = BitConverter.ToInt32(parameters, 0);
            HasParent = (parameters[4] & 2) != 0;
            Size = BitConverter.ToInt64(Item("2FA54224-CD1B-4876-B211-5DBED83BF4B8"), 0);
            SectorSize = BitConverter.ToInt32(Item("8141BF1D-A96F-4709-BA47-F233A8FAAB5F"), 0);
        }

        public long BlockCount { get { return (Size + BlockSize - 1) / BlockSize; } }

        public long ChunkRatio { get { return (1L << 23) * SectorSize / BlockSize; } }

        /// <summary>Where the 8 bytes of a payload block's entry are in the file.</summary>
        public long PayloadPlace(long block) { return BatOffset + (8 * (block + (block / ChunkRatio))); }

        /// <summary>Where the 8 bytes of the sector bitmap entry for a block's chunk are in the file.</summary>
        public long BitmapPlace(long block) { return BatOffset + (8 * ((block / ChunkRatio * (ChunkRatio + 1)) + ChunkRatio)); }

        public ulong PayloadEntry(long block) { return BitConverter.ToUInt64(Bytes(PayloadPlace(block), 8), 0); }

        public ulong BitmapEntry(long block) { return BitConverter.ToUInt64(Bytes(BitmapPlace(block), 8), 0); }

        /// <summary>Where the bits of a block start in the file; a block's bits fill whole bytes.</summary>
        public long BitsPlace(long block)
        {
            return ((long)(BitmapEntry(block) >> 20) * MiB) + (block % ChunkRatio * (BlockSize / SectorSize) / 8);
        }

        /// <summary>Offset and length in the file of a metadata item, or null.</summary>
        public long[] ItemPlace(string id)
        {
            byte[] table = Bytes(MetadataOffset, 64 * 1024);
            for (int i = 0; i < BitConverter.ToUInt16(table, 10); i++)
            {
                if (GuidAt(table, 32 + (32 * i)) == new Guid(id))
                {
                    return new[] { MetadataOffset + BitConverter.ToUInt32(table, 48 + (32 * i)), BitConverter.ToUInt32(table, 52 + (32 * i)), MetadataOffset + 52 + (32 * i) };
                }
            }

            return null;
        }

        public byte[] Item(string id)
        {
            long[] place = ItemPlace(id);
            return place == null ? null : Bytes(place[0], (int)place[1]);
        }

        public byte[] Bytes(long offset, int count)
        {
            byte[] bytes = new byte[count];
            using (FileStream stream = new FileStream(Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete))
            {
                stream.Position = offset;
                for (int done = 0, read; done < count && (read = stream.Read(bytes, done, count - done)) > 0; done += read) { }
            }

            return bytes;
        }

        /// <summary>The rows of the BAT as text: offset length block state kind file offset; joined or a row a block.</summary>
        public string[] BatRows(bool join)
        {
            List<string> rows = new List<string>();
            long start = -1, startPlace = -1, lastState = -1;
            for (long block = 0; block <= BlockCount; block++)
            {
                ulong entry = block < BlockCount ? PayloadEntry(block) : 0;
                long state = block < BlockCount ? (long)(entry & 7) : -1;
                long place = state == 6 || state == 7 ? (long)(entry >> 20) * MiB : -1;
                bool continues = join && start >= 0 && state == lastState && (place < 0 || place == startPlace + ((block - start) * BlockSize));
                if (continues) { continue; }

                if (start >= 0)
                {
                    long end = Math.Min(block * BlockSize, Size);
                    string kind = lastState >= 6 ? "Data" : lastState == 0 ? "Absent" : "Zero";
                    rows.Add(Row(start * BlockSize, end - (start * BlockSize), start, lastState, kind, startPlace));
                }

                start = block;
                startPlace = place;
                lastState = state;
            }

            return rows.ToArray();
        }

        /// <summary>Who holds one sector of the disk: this file or one of its parents, and where; looked up bit by bit.</summary>
        public string Find(long offset, out long state, out long place, out DiskImage file)
        {
            state = place = -1;
            file = null;
            if (offset >= Size) { return "Absent"; }

            long block = offset / BlockSize;
            ulong entry = PayloadEntry(block);
            state = (long)(entry & 7);
            file = this;
            bool isHere = state == 6;
            if (state == 7)
            {
                long sector = offset % BlockSize / SectorSize;
                isHere = (Bytes(BitsPlace(block) + (sector / 8), 1)[0] >> (int)(sector % 8) & 1) != 0;
            }

            if (isHere)
            {
                place = ((long)(entry >> 20) * MiB) + (offset % BlockSize);
                return "Data";
            }

            if (state == 1 || state == 2 || state == 3) { return "Zero"; }

            if (Parent != null) { return Parent.Find(offset, out state, out place, out file); }

            state = -1;
            file = null;
            return "Absent";
        }

        /// <summary>The rows of the whole chain, found sector by sector in a range; split at the tip's blocks or not.</summary>
        public string[] ChainRows(bool join)
        {
            List<string> rows = new List<string>();
            long start = 0, startState = 0, startPlace = 0;
            string startKind = null;
            DiskImage startFile = null;
            for (long offset = 0; offset <= Size; offset += SectorSize)
            {
                long state = -1, place = -1;
                DiskImage file = null;
                string kind = offset < Size ? Find(offset, out state, out place, out file) : null;
                bool continues = offset > 0 && kind == startKind && file == startFile && state == startState
                    && (place < 0 || place == startPlace + (offset - start)) && (join || offset % BlockSize != 0);
                if (continues) { continue; }

                if (offset > 0)
                {
                    rows.Add(Row(start, offset - start, start / BlockSize, startState, startKind, startPlace) + " " + (startFile == null ? "-" : System.IO.Path.GetFileName(startFile.Path)));
                }

                start = offset;
                startState = state;
                startPlace = place;
                startKind = kind;
                startFile = file;
            }

            return rows.ToArray();
        }

        /// <summary>The bytes of the whole disk, sector by sector.</summary>
        public byte[] Content()
        {
            byte[] content = new byte[Size];
            for (long offset = 0; offset < Size; offset += SectorSize)
            {
                long state, place;
                DiskImage file;
                if (Find(offset, out state, out place, out file) == "Data")
                {
                    Array.Copy(file.Bytes(place, SectorSize), 0, content, offset, SectorSize);
                }
            }

            return content;
        }

        private static string Row(long offset, long length, long block, long state, string kind, long place)
        {
            string[] names = { "NotPresent", "Undefined", "Zero", "Unmapped", "4", "5", "FullyPresent", "PartiallyPresent" };
            return offset + " " + length + " " + block + " " + (state < 0 ? "-" : names[state]) + " " + kind + " " + (place < 0 ? "-" : place.ToString());
        }

        private static Guid GuidAt(byte[] bytes, int offset)
        {
            byte[] guid = new byte[16];
            Array.Copy(bytes, offset, guid, 0, 16);
            return new Guid(guid);
        }
    }

    public static class Disks
    {
        /// <summary>The digest that samples/README.md describes, of a stream with a length.</summary>
        public static string Digest(Stream stream)
        {
            byte[] mebibyte = new byte[1 << 20];
            using (IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256))
            {
                for (long index = 0; ; index++)
                {
                    int length = Fill(stream, mebibyte);
                    if (length == 0) { return BitConverter.ToString(hash.GetHashAndReset()).Replace("-", "").ToLowerInvariant(); }

                    Array.Clear(mebibyte, length, mebibyte.Length - length);
                    if (IsZero(mebibyte)) { continue; }

                    hash.AppendData(BitConverter.GetBytes(index));
                    hash.AppendData(mebibyte);
                }
            }
        }

        /// <summary>Where two streams differ first, or -1. What the shorter one lacks counts as zeros.</summary>
        public static long FirstDifference(Stream one, Stream other)
        {
            byte[] left = new byte[1 << 20];
            byte[] right = new byte[1 << 20];
            for (long offset = 0; ; offset += left.Length)
            {
                int leftLength = Fill(one, left);
                int rightLength = Fill(other, right);
                if (leftLength == 0 && rightLength == 0) { return -1; }

                Array.Clear(left, leftLength, left.Length - leftLength);
                Array.Clear(right, rightLength, right.Length - rightLength);
                if (left.AsSpan().SequenceEqual(right)) { continue; }

                for (int i = 0; i < left.Length; i++)
                {
                    if (left[i] != right[i]) { return offset + i; }
                }
            }
        }

        /// <summary>Copies a file in pieces of random lengths at random places from several threads at once; zeros are left out.</summary>
        public static int CopyInPieces(string from, Action<long, byte[], int, int> write, int maximum, int threads, int seed)
        {
            Random random = new Random(seed);
            List<KeyValuePair<long, int>> pieces = new List<KeyValuePair<long, int>>();
            long length = new FileInfo(from).Length;
            for (long offset = 0; offset < length;)
            {
                int count = (int)Math.Min(length - offset, 1 + random.Next(maximum));
                pieces.Add(new KeyValuePair<long, int>(offset, count));
                offset += count;
            }

            int written = 0;
            using (Microsoft.Win32.SafeHandles.SafeFileHandle handle = File.OpenHandle(from))
            {
                Parallel.ForEach(pieces.OrderBy(piece => random.Next()).ToList(), new ParallelOptions { MaxDegreeOfParallelism = threads }, piece =>
                {
                    byte[] bytes = new byte[piece.Value + 7];
                    for (int done = 0; done < piece.Value;)
                    {
                        done += RandomAccess.Read(handle, bytes.AsSpan(7 + done, piece.Value - done), piece.Key + done);
                    }

                    if (IsZero(bytes)) { return; }

                    write(piece.Key, bytes, 7, piece.Value);
                    System.Threading.Interlocked.Increment(ref written);
                });
            }

            return written;
        }

        /// <summary>Writes a stream into a new file with holes where it is zero.</summary>
        public static void Save(Stream stream, string path)
        {
            byte[] mebibyte = new byte[1 << 20];
            using (FileStream file = File.Create(path))
            {
                int length;
                while ((length = Fill(stream, mebibyte)) > 0)
                {
                    if (IsZero(mebibyte.AsSpan(0, length))) { file.Seek(length, SeekOrigin.Current); }
                    else { file.Write(mebibyte, 0, length); }
                }

                file.SetLength(file.Position);
            }
        }

        /// <summary>Bytes that are never zero and tell their own place and who wrote them.</summary>
        public static byte[] Pattern(long offset, int count, int seed)
        {
            byte[] bytes = new byte[count];
            for (int i = 0; i < count; i++) { bytes[i] = (byte)(1 + (((offset + i) * 31) + ((offset + i) >> 9) + (seed * 97L)) % 255); }

            return bytes;
        }

        public static bool IsZero(ReadOnlySpan<byte> bytes) { return bytes.IndexOfAnyExcept((byte)0) < 0; }

        private static int Fill(Stream stream, byte[] buffer)
        {
            int total = 0;
            for (int read; total < buffer.Length && (read = stream.Read(buffer, total, buffer.Length - total)) > 0; total += read) { }

            return total;
        }
    }
}
'@
}

$locatorId = 'A8D35F2D-B30B-454D-ABF7-D3D84834AB0C'

function Get-Pattern {
    # Bytes that tell where on a disk they belong, and which of several patterns they are of.
    param([long] $Offset, [int] $Count, [int] $Seed = 1)

    , [VhdxToolsTests.Disks]::Pattern($Offset, $Count, $Seed)
}

function New-Folder {
    # A folder of its own for a test, by its name in the file system.
    param([string] $Name = [IO.Path]::GetRandomFileName())

    (New-Item -ItemType Directory -Path (Join-Path (Get-PSDrive -Name TestDrive).Root $Name) -Force).FullName
}

function Write-FileBytes {
    param([Parameter(Mandatory)] [string] $Path, [Parameter(Mandatory)] [long] $Offset, [Parameter(Mandatory)] [byte[]] $Bytes)

    $stream = [IO.FileStream]::new($Path, [IO.FileMode]::Open, [IO.FileAccess]::ReadWrite)
    try {
        $stream.Position = $Offset
        $stream.Write($Bytes, 0, $Bytes.Length)
    }
    finally {
        $stream.Dispose()
    }
}

function Set-FileLength {
    param([string] $Path, [long] $Length)

    $stream = [IO.FileStream]::new($Path, [IO.FileMode]::Open, [IO.FileAccess]::ReadWrite)
    try { $stream.SetLength($Length) } finally { $stream.Dispose() }
}

function New-Image {
    # An image of the module, 1 MiB blocks unless asked otherwise.
    param([string] $Path, [long] $Size, [hashtable] $With = @{})

    $arguments = @{ Path = $Path; BlockSizeBytes = 1MB }
    foreach ($key in $With.Keys) { $arguments[$key] = $With[$key] }
    if ($Size) { $arguments.SizeBytes = $Size }
    (New-VhdxImage @arguments).Path
}

function Set-Entry {
    # Sets payload entries by the test's own hand: block, state, place in MiB. The file gets long enough.
    param([string] $Path, [object[]] $Entry)

    $image = [VhdxToolsTests.DiskImage]::new($Path)
    foreach ($one in $Entry) {
        $block, $state, $place = $one
        Write-FileBytes $Path $image.PayloadPlace($block) ([BitConverter]::GetBytes([ulong] (([ulong] $place -shl 20) -bor [ulong] $state)))
        if ($state -ge 6) {
            $end = $place * 1MB + $image.BlockSize
            if ([IO.FileInfo]::new($Path).Length -lt $end) { Set-FileLength $Path $end }
        }
    }
}

function Set-Bitmap {
    # Puts the sector bitmap block of block 0's chunk at a place in MiB and sets the bits of runs: first sector of the disk, count.
    param([string] $Path, [long] $Place, [object[]] $Run)

    $image = [VhdxToolsTests.DiskImage]::new($Path)
    $bits = [byte[]]::new(1MB)
    foreach ($one in $Run) {
        for ($sector = $one[0]; $sector -lt $one[0] + $one[1]; $sector++) { $bits[$sector -shr 3] = $bits[$sector -shr 3] -bor (1 -shl ($sector -band 7)) }
    }
    if ([IO.FileInfo]::new($Path).Length -lt ($Place + 1) * 1MB) { Set-FileLength $Path (($Place + 1) * 1MB) }
    Write-FileBytes $Path ($Place * 1MB) $bits
    Write-FileBytes $Path $image.BitmapPlace(0) ([BitConverter]::GetBytes([ulong] (([ulong] $Place -shl 20) -bor 6)))
}

function Get-Locator {
    # The pairs of a parent locator, read by offsets.
    param([string] $Path)

    $bytes = [VhdxToolsTests.DiskImage]::new($Path).Item($locatorId)
    $pairs = [ordered]@{}
    for ($i = 0; $i -lt (Get-UInt16 $bytes 18); $i++) {
        $entry = 20 + 12 * $i
        $key = [Text.Encoding]::Unicode.GetString($bytes, (Get-UInt32 $bytes $entry), (Get-UInt16 $bytes ($entry + 8)))
        $pairs[$key] = [Text.Encoding]::Unicode.GetString($bytes, (Get-UInt32 $bytes ($entry + 4)), (Get-UInt16 $bytes ($entry + 10)))
    }
    $pairs
}

function Set-Locator {
    # Writes a parent locator anew in its place, which must be the last item of its region or have the room.
    param([string] $Path, [Collections.Specialized.OrderedDictionary] $Pair)

    $texts = [Collections.Generic.List[byte]]::new()
    $start = 20 + 12 * $Pair.Count
    $head = [byte[]]::new($start)
    ([guid] 'B04AEFB7-D19E-4A81-B789-25B8E9445913').ToByteArray().CopyTo($head, 0)
    [BitConverter]::GetBytes([uint16] $Pair.Count).CopyTo($head, 18)
    $i = 0
    foreach ($key in $Pair.Keys) {
        $entry = 20 + 12 * $i++
        $part = 0
        foreach ($text in $key, $Pair[$key]) {
            $bytes = [Text.Encoding]::Unicode.GetBytes($text)
            [BitConverter]::GetBytes([uint32] ($start + $texts.Count)).CopyTo($head, $entry + 4 * $part)
            [BitConverter]::GetBytes([uint16] $bytes.Length).CopyTo($head, $entry + 8 + 2 * $part)
            $texts.AddRange($bytes)
            $part++
        }
    }
    $all = [byte[]] ($head + $texts.ToArray())
    $place = [VhdxToolsTests.DiskImage]::new($Path).ItemPlace($locatorId)
    Write-FileBytes $Path $place[0] $all
    Write-FileBytes $Path $place[2] ([BitConverter]::GetBytes([uint32] $all.Length))
}

function Get-Row {
    # What Get-VhdxBlock gives, as the text that DiskImage expects.
    param([object[]] $Extent, [switch] $WithFile)

    foreach ($one in $Extent) {
        $state = if ($null -eq $one.State) { '-' } else { $one.State }
        $place = if ($null -eq $one.FileOffset) { '-' } else { $one.FileOffset }
        $row = "$($one.VirtualOffset) $($one.Length) $($one.Block) $state $($one.Kind) $place"
        if ($WithFile) { $row += ' ' + $(if ($one.File) { Split-Path -Leaf $one.File } else { '-' }) }
        $row
    }
}

function Test-Cover {
    # Whether ranges cover a disk exactly: in order, no gap, no overlap, none empty.
    param([object[]] $Extent, [long] $Size)

    $end = 0
    foreach ($one in $Extent) {
        if ($one.VirtualOffset -ne $end -or $one.Length -le 0) { return $false }
        $end += $one.Length
    }
    $end -eq $Size
}

function Use-Disk {
    # Opens a disk, runs a script with it as $disk and closes it, whatever happens.
    param([Parameter(Mandatory)] [string] $Path, [Parameter(Mandatory)] [scriptblock] $Script, [IO.FileAccess] $Access = 'ReadWrite')

    $disk = [VhdxTools.VhdxDisk]::Open($Path, $Access)
    try { & $Script $disk } finally { $disk.Dispose() }
}

function Get-Digest {
    param([Parameter(Mandatory)] [string] $Path)

    Use-Disk $Path -Access Read { [VhdxToolsTests.Disks]::Digest($disk) }
}

function Get-OpenHandle {
    # How many handles this process has on a file; nothing where the system does not tell.
    param([string] $Path)

    if (-not $IsLinux) { return }
    @(Get-ChildItem -LiteralPath /proc/self/fd -ErrorAction Ignore | Where-Object { $_.LinkTarget -eq $Path }).Count
}

function Compare-Raw {
    # Where a disk read through the module and a raw file differ first; -1 when they do not.
    param([string] $Path, [string] $Raw)

    Use-Disk $Path -Access Read {
        $file = [IO.File]::OpenRead($Raw)
        try { [VhdxToolsTests.Disks]::FirstDifference($disk, $file) } finally { $file.Dispose() }
    }
}

function ConvertTo-Raw {
    # What qemu-img reads, as a raw file.
    param([string] $Path)

    $raw = "$Path.raw"
    $said = & qemu-img convert -f vhdx -O raw $Path $raw 2>&1
    if ($LASTEXITCODE -ne 0) { throw "qemu-img convert failed: $said" }
    $raw
}

function Get-InnerError {
    # The error behind what a method call throws.
    param([scriptblock] $Script)

    try { $null = & $Script }
    catch {
        $exception = $_.Exception
        if ($exception -is [Management.Automation.MethodInvocationException]) { $exception = $exception.InnerException }
        return $exception
    }
}
