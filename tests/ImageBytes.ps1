# Dot-sourced beside common.ps1 by the tests of New-VhdxImage: takes a VHDX apart by offsets (MS-VHDX), and helpers that
# watch files and folders. Shares no code with the module.

if (-not ('VhdxToolsTests.ByteScan' -as [type])) {
    Add-Type -TypeDefinition @'
namespace VhdxToolsTests
{
    public static class ByteScan
    {
        /// <summary>Where the first byte that is not zero lies in a file before an end, outside of the ranges given as offset, length, offset, length...; -1 when there is none.</summary>
        public static long FirstNonZero(string path, long end, long[] except)
        {
            using (var stream = System.IO.File.OpenRead(path))
            {
                byte[] buffer = new byte[1 << 20];
                long offset = 0;
                for (int read; (read = stream.Read(buffer, 0, (int)System.Math.Min(buffer.Length, end - offset))) > 0; offset += read)
                {
                    for (int i = 0; i + 1 < except.Length; i += 2)
                    {
                        long from = System.Math.Max(except[i], offset);
                        long to = System.Math.Min(except[i] + except[i + 1], offset + read);
                        if (from < to) { System.Array.Clear(buffer, (int)(from - offset), (int)(to - from)); }
                    }

                    for (int i = 0; i < read; i++)
                    {
                        if (buffer[i] != 0) { return offset + i; }
                    }
                }

                return -1;
            }
        }

        /// <summary>Compares a BAT with what the format asks of a uniform image; null, or what differs first.</summary>
        public static string CompareBat(byte[] bat, long blocks, long chunkRatio, ulong state, ulong firstOffset, ulong blockSize)
        {
            long block = 0;
            for (int i = 0; i < bat.Length / 8; i++)
            {
                // The offset in MiB from bit 20 on is the offset in bytes; the state lies in bits 0 to 2.
                ulong expected = 0;
                if (block < blocks && i % (chunkRatio + 1) != chunkRatio)
                {
                    expected = state + (firstOffset == 0 ? 0 : firstOffset + ((ulong)block * blockSize));
                    block++;
                }

                ulong actual = System.BitConverter.ToUInt64(bat, i * 8);
                if (actual != expected) { return "entry " + i + " is " + actual.ToString("x") + " and not " + expected.ToString("x"); }
            }

            return block == blocks ? null : "room for " + block + " blocks only";
        }

        public static ulong[] ToUInt64(byte[] bytes)
        {
            ulong[] values = new ulong[bytes.Length / 8];
            System.Buffer.BlockCopy(bytes, 0, values, 0, values.Length * 8);
            return values;
        }
    }
}
'@
}

# Metadata items by their id.
$itemIds = @{
    FileParameters     = 'caa16737-fa36-4d43-b3b6-33f0aa44e76b'
    VirtualDiskSize    = '2fa54224-cd1b-4876-b211-5dbed83bf4b8'
    VirtualDiskId      = 'beca12ab-b2e6-4523-93ef-c309e000c746'
    LogicalSectorSize  = '8141bf1d-a96f-4709-ba47-f233a8faab5f'
    PhysicalSectorSize = 'cda348c7-445d-4471-9cc9-e9885251c556'
    ParentLocator      = 'a8d35f2d-b30b-454d-abf7-d3d84834ab0c'
}
$batGuid = '2dc27766-f623-4200-9d64-115e9bfd4a08'
$metadataGuid = '8b7ca206-4790-4b9a-b8fe-575f050f886e'

function Get-Hex {
    param([byte[]] $Bytes, [int] $Offset = 0, [int] $Count = $Bytes.Length - $Offset)
    [Convert]::ToHexString($Bytes, $Offset, $Count)
}

function Get-ChecksumOf {
    # CRC-32C over a structure with its own field, bytes 4 to 7, taken as zero.
    param([byte[]] $Bytes)

    $copy = [byte[]] $Bytes.Clone()
    [Array]::Clear($copy, 4, 4)
    Get-Crc32C $copy
}

function Test-Zero {
    param([byte[]] $Bytes, [int] $Offset = 0, [int] $Count = $Bytes.Length - $Offset)
    (Get-Hex $Bytes $Offset $Count) -notmatch '[^0]'
}

function Read-HeaderAt {
    param([string] $Path, [long] $Offset)

    $bytes = Read-Bytes $Path $Offset 4096
    [pscustomobject]@{
        Signature = [Text.Encoding]::ASCII.GetString($bytes, 0, 4)
        Checksum = Get-UInt32 $bytes 4
        Computed = Get-ChecksumOf $bytes
        SequenceNumber = Get-UInt64 $bytes 8
        FileWriteGuid = Get-GuidAt $bytes 16
        DataWriteGuid = Get-GuidAt $bytes 32
        LogGuid = Get-GuidAt $bytes 48
        LogVersion = Get-UInt16 $bytes 64
        Version = Get-UInt16 $bytes 66
        LogLength = Get-UInt32 $bytes 68
        LogOffset = Get-UInt64 $bytes 72
        Bytes = $bytes
    }
}

function Read-RegionTableAt {
    param([string] $Path, [long] $Offset)

    $bytes = Read-Bytes $Path $Offset 65536
    $count = Get-UInt32 $bytes 8
    [pscustomobject]@{
        Signature = [Text.Encoding]::ASCII.GetString($bytes, 0, 4)
        Checksum = Get-UInt32 $bytes 4
        Computed = Get-ChecksumOf $bytes
        Count = $count
        Reserved = Get-UInt32 $bytes 12
        Entries = @(
            for ($i = 0; $i -lt $count; $i++) {
                $place = 16 + (32 * $i)
                [pscustomobject]@{
                    Guid = Get-GuidAt $bytes $place
                    FileOffset = Get-UInt64 $bytes ($place + 16)
                    Length = Get-UInt32 $bytes ($place + 24)
                    Required = Get-UInt32 $bytes ($place + 28)
                }
            })
        Bytes = $bytes
    }
}

function Read-ImageBytes {
    # All structures of an image, region table copy 1 leading to the regions.
    param([string] $Path)

    $regions = @((Read-RegionTableAt $Path 196608), (Read-RegionTableAt $Path 262144))
    $bat = $regions[0].Entries | Where-Object Guid -EQ $batGuid
    $metadata = $regions[0].Entries | Where-Object Guid -EQ $metadataGuid
    $region = Read-Bytes $Path $metadata.FileOffset $metadata.Length
    $count = Get-UInt16 $region 10
    [pscustomobject]@{
        Identifier = Read-Bytes $Path 0 65536
        Headers = @((Read-HeaderAt $Path 65536), (Read-HeaderAt $Path 131072))
        Regions = $regions
        Bat = $bat
        Metadata = $metadata
        MetadataBytes = $region
        ItemCount = $count
        Items = @(
            for ($i = 0; $i -lt $count; $i++) {
                $place = 32 + (32 * $i)
                $offset = Get-UInt32 $region ($place + 16)
                $length = Get-UInt32 $region ($place + 20)
                [pscustomobject]@{
                    Id = Get-GuidAt $region $place
                    Offset = $offset
                    Length = $length
                    Flags = Get-UInt32 $region ($place + 24)
                    Reserved = Get-UInt32 $region ($place + 28)
                    Bytes = [byte[]] $region[$offset..($offset + $length - 1)]
                }
            })
        Length = ([IO.FileInfo] $Path).Length
    }
}

function Get-ItemBytes {
    # The content of a metadata item by its name.
    param($Image, [string] $Name)
    , [byte[]] ($Image.Items | Where-Object Id -EQ $itemIds[$Name]).Bytes
}

function Read-Bat {
    param([string] $Path, [long] $Offset, [int] $Count)
    , [VhdxToolsTests.ByteScan]::ToUInt64((Read-Bytes $Path $Offset ($Count * 8)))
}

function Read-Locator {
    # The pairs of a parent locator, in the file's order.
    param([byte[]] $Bytes)

    $pairs = [ordered]@{}
    for ($i = 0; $i -lt (Get-UInt16 $Bytes 18); $i++) {
        $place = 20 + (12 * $i)
        $key = [Text.Encoding]::Unicode.GetString($Bytes, (Get-UInt32 $Bytes $place), (Get-UInt16 $Bytes ($place + 8)))
        $pairs[$key] = [Text.Encoding]::Unicode.GetString($Bytes, (Get-UInt32 $Bytes ($place + 4)), (Get-UInt16 $Bytes ($place + 10)))
    }
    $pairs
}

function Write-BytesAt {
    param([string] $Path, [long] $Offset, [byte[]] $Bytes)

    $stream = [IO.File]::Open($Path, 'Open', 'Write')
    try {
        $stream.Position = $Offset
        $stream.Write($Bytes, 0, $Bytes.Length)
    }
    finally { $stream.Dispose() }
}

function Get-Sha256 {
    param([string] $Path)
    (Get-FileHash -LiteralPath $Path -Algorithm SHA256).Hash
}

function New-TestFolder {
    # An empty folder below TestDrive, as a real path.
    param([string] $Name = [IO.Path]::GetRandomFileName())

    $path = Join-Path (Get-PSDrive -Name TestDrive).Root $Name
    $null = [IO.Directory]::CreateDirectory($path)
    $path
}

function Get-FolderList {
    # Every name in a folder, hidden ones too, as one string.
    param([string] $Path)
    @([IO.Directory]::GetFileSystemEntries($Path) | ForEach-Object { [IO.Path]::GetFileName($_) } | Sort-Object) -join '|'
}

function Invoke-NewImage {
    # Runs New-VhdxImage and gives back all that came of it; an error that ends the command counts like one that does not.
    param([hashtable] $Parameters)

    $made = @()
    $errorList = $warningList = $null
    try {
        $made = @(New-VhdxImage @Parameters -ErrorAction SilentlyContinue -ErrorVariable errorList -WarningAction SilentlyContinue -WarningVariable warningList)
    }
    catch { $errorList = @($_) }
    [pscustomobject]@{ Output = $made; Errors = @($errorList); Warnings = @($warningList) }
}

function Assert-Refused {
    # One error with this id and category, nothing made, the folder as it was.
    param([hashtable] $Parameters, [string] $Id, [string] $Category, [string] $Folder = (Split-Path $Parameters.Path), [string[]] $Match = @())

    $before = Get-FolderList $Folder
    $result = Invoke-NewImage $Parameters
    $result.Output | Should -BeNullOrEmpty
    $result.Errors | Should -HaveCount 1
    $result.Errors[0].FullyQualifiedErrorId | Should -BeExactly "$Id,VhdxTools.NewVhdxImageCommand"
    if ($Category) { $result.Errors[0].CategoryInfo.Category | Should -Be $Category }
    foreach ($text in $Match) { [string] $result.Errors[0] | Should -Match ([regex]::Escape($text)) }
    Get-FolderList $Folder | Should -BeExactly $before -Because 'a refused command leaves nothing behind'
    $result.Errors[0]
}

function Test-Root {
    $IsLinux -and (& id -u) -eq '0'
}

function Test-Mount {
    # Whether volumes can be mounted here for a test.
    (Test-Root) -and (Test-Peer mount)
}

function Get-AllocatedBytes {
    # Space that a file has on its device (Linux, macOS).
    param([string] $Path)
    if ($IsMacOS) { 512 * [long] (& stat -f %b $Path) } else { 512 * [long] (& stat -c %b $Path) }
}
