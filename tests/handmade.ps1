# Dot-sourced after common.ps1: images made byte by byte from MS-VHDX, and readers of their structures. Nothing here
# uses the module, so what the module says of such a file can be held against it.

$identifiers = @{
    FileWrite = [guid] '11111111-2222-3333-4444-555555555501'
    DataWrite = [guid] '11111111-2222-3333-4444-555555555502'
    Disk      = [guid] '11111111-2222-3333-4444-555555555503'
    Log       = [guid] '11111111-2222-3333-4444-555555555504'
    Linkage   = [guid] '11111111-2222-3333-4444-555555555505'
}
$regionIds = @{
    Bat      = [guid] '2DC27766-F623-4200-9D64-115E9BFD4A08'
    Metadata = [guid] '8B7CA206-4790-4B9A-B8FE-575F050F886E'
}
$itemIds = @{
    FileParameters     = [guid] 'CAA16737-FA36-4D43-B3B6-33F0AA44E76B'
    VirtualDiskSize    = [guid] '2FA54224-CD1B-4876-B211-5DBED83BF4B8'
    VirtualDiskId      = [guid] 'BECA12AB-B2E6-4523-93EF-C309E000C746'
    LogicalSectorSize  = [guid] '8141BF1D-A96F-4709-BA47-F233A8FAAB5F'
    PhysicalSectorSize = [guid] 'CDA348C7-445D-4471-9CC9-E9885251C556'
    ParentLocator      = [guid] 'A8D35F2D-B30B-454D-ABF7-D3D84834AB0C'
}

function Set-Bytes {
    # Writes a number, GUID, text (ASCII) or byte array into a buffer.
    param([byte[]] $Buffer, [int] $Offset, [object] $Value)

    if ($Value -is [guid]) { $Value = $Value.ToByteArray() }
    elseif ($Value -is [string]) { $Value = [Text.Encoding]::ASCII.GetBytes($Value) }
    elseif ($Value -isnot [byte[]]) { $Value = [BitConverter]::GetBytes($Value) }
    [Array]::Copy($Value, 0, $Buffer, $Offset, $Value.Length)
}

function Set-Crc {
    # The checksum of headers, region tables and log entries: at offset 4, over the whole with that field taken as zero.
    param([byte[]] $Buffer)

    Set-Bytes $Buffer 4 ([uint32] 0)
    Set-Bytes $Buffer 4 ([uint32] (Get-Crc32C $Buffer))
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

function Edit-Structure {
    # Changes a structure of a file in place and, with a length of 4096 or 65536 for headers and region tables, mends its checksum.
    param([string] $Path, [long] $Offset, [int] $Length, [scriptblock] $Change, [switch] $KeepChecksum)

    $bytes = Read-Bytes $Path $Offset $Length
    $null = & $Change $bytes
    if (-not $KeepChecksum) { Set-Crc $bytes }
    Write-FileBytes $Path $Offset $bytes
}

function Set-FileLength {
    param([string] $Path, [long] $Length)

    $stream = [IO.FileStream]::new($Path, [IO.FileMode]::Open, [IO.FileAccess]::ReadWrite)
    try { $stream.SetLength($Length) } finally { $stream.Dispose() }
}

function New-BatValue {
    param([int] $State, [long] $OffsetMB = 0)
    [ulong] (([ulong] $OffsetMB -shl 20) -bor [ulong] $State)
}

function New-HeaderBytes {
    param([hashtable] $With = @{})

    $header = @{
        SequenceNumber = 7; LogGuid = [guid]::Empty; LogVersion = 0; Version = 1; LogLength = 1MB; LogOffset = 1MB
        FileWriteGuid = $identifiers.FileWrite; DataWriteGuid = $identifiers.DataWrite
    }
    foreach ($key in $With.Keys) { $header[$key] = $With[$key] }
    $bytes = [byte[]]::new(4096)
    Set-Bytes $bytes 0 'head'
    Set-Bytes $bytes 8 ([ulong] $header.SequenceNumber)
    Set-Bytes $bytes 16 $header.FileWriteGuid
    Set-Bytes $bytes 32 $header.DataWriteGuid
    Set-Bytes $bytes 48 $header.LogGuid
    Set-Bytes $bytes 64 ([uint16] $header.LogVersion)
    Set-Bytes $bytes 66 ([uint16] $header.Version)
    Set-Bytes $bytes 68 ([uint32] $header.LogLength)
    Set-Bytes $bytes 72 ([ulong] $header.LogOffset)
    Set-Crc $bytes
    , $bytes
}

function New-RegionTableBytes {
    param([object[]] $Region)

    $bytes = [byte[]]::new(64KB)
    Set-Bytes $bytes 0 'regi'
    Set-Bytes $bytes 8 ([uint32] $Region.Count)
    for ($i = 0; $i -lt $Region.Count; $i++) {
        $entry = 16 + 32 * $i
        Set-Bytes $bytes $entry $Region[$i].Id
        Set-Bytes $bytes ($entry + 16) ([ulong] $Region[$i].Offset)
        Set-Bytes $bytes ($entry + 24) ([uint32] $Region[$i].Length)
        Set-Bytes $bytes ($entry + 28) ([uint32] $Region[$i].Required)
    }
    Set-Crc $bytes
    , $bytes
}

function New-LocatorBytes {
    param([Collections.Specialized.OrderedDictionary] $Pair)

    $texts = [Collections.Generic.List[byte]]::new()
    $start = 20 + 12 * $Pair.Count
    $head = [byte[]]::new($start)
    Set-Bytes $head 0 ([guid] 'B04AEFB7-D19E-4A81-B789-25B8E9445913')
    Set-Bytes $head 18 ([uint16] $Pair.Count)
    $i = 0
    foreach ($key in $Pair.Keys) {
        $keyBytes = [Text.Encoding]::Unicode.GetBytes($key)
        $valueBytes = [Text.Encoding]::Unicode.GetBytes($Pair[$key])
        $entry = 20 + 12 * $i++
        Set-Bytes $head $entry ([uint32] ($start + $texts.Count))
        $texts.AddRange($keyBytes)
        Set-Bytes $head ($entry + 4) ([uint32] ($start + $texts.Count))
        $texts.AddRange($valueBytes)
        Set-Bytes $head ($entry + 8) ([uint16] $keyBytes.Length)
        Set-Bytes $head ($entry + 10) ([uint16] $valueBytes.Length)
    }
    , [byte[]] ($head + $texts.ToArray())
}

function New-MetadataBytes {
    # The table and the items right behind one another, as long as needed. Flags: 1 user, 2 virtual disk, 4 required.
    param([object[]] $Item)

    $length = 64KB
    foreach ($one in $Item) { $length += $one.Content.Length }
    $bytes = [byte[]]::new($length)
    Set-Bytes $bytes 0 'metadata'
    Set-Bytes $bytes 10 ([uint16] $Item.Count)
    $next = 64KB
    for ($i = 0; $i -lt $Item.Count; $i++) {
        $content = [byte[]] $Item[$i].Content
        $entry = 32 + 32 * $i
        Set-Bytes $bytes $entry $Item[$i].Id
        Set-Bytes $bytes ($entry + 16) ([uint32] $(if ($content.Length) { $next } else { 0 }))
        Set-Bytes $bytes ($entry + 20) ([uint32] $content.Length)
        Set-Bytes $bytes ($entry + 24) ([uint32] $Item[$i].Flags)
        Set-Bytes $bytes $next $content
        $next += $content.Length
    }
    , $bytes
}

function New-LogEntryBytes {
    # Update: a list of @{ Offset; Data } (4096 bytes) and @{ Offset; ZeroLength }.
    param([ulong] $Sequence, [uint32] $Tail, [object[]] $Update = @(), [guid] $LogGuid = $identifiers.Log, [ulong] $Flushed = 4MB, [ulong] $Last = 4MB)

    $descriptorSectors = [int] [Math]::Ceiling((64 + 32 * $Update.Count) / 4096)
    $dataCount = @($Update | Where-Object { $_.ContainsKey('Data') }).Count
    $bytes = [byte[]]::new(4096 * ($descriptorSectors + $dataCount))
    Set-Bytes $bytes 0 'loge'
    Set-Bytes $bytes 8 ([uint32] $bytes.Length)
    Set-Bytes $bytes 12 $Tail
    Set-Bytes $bytes 16 $Sequence
    Set-Bytes $bytes 24 ([uint32] $Update.Count)
    Set-Bytes $bytes 32 $LogGuid
    Set-Bytes $bytes 48 $Flushed
    Set-Bytes $bytes 56 $Last
    $sector = 4096 * $descriptorSectors
    for ($i = 0; $i -lt $Update.Count; $i++) {
        $place = 64 + 32 * $i
        Set-Bytes $bytes ($place + 16) ([ulong] $Update[$i].Offset)
        Set-Bytes $bytes ($place + 24) $Sequence
        if (-not $Update[$i].ContainsKey('Data')) {
            Set-Bytes $bytes $place 'zero'
            Set-Bytes $bytes ($place + 8) ([ulong] $Update[$i].ZeroLength)
            continue
        }
        $data = [byte[]] $Update[$i].Data
        Set-Bytes $bytes $place 'desc'
        [Array]::Copy($data, 4092, $bytes, $place + 4, 4)
        [Array]::Copy($data, 0, $bytes, $place + 8, 8)
        Set-Bytes $bytes $sector 'data'
        Set-Bytes $bytes ($sector + 4) ([uint32] ($Sequence -shr 32))
        [Array]::Copy($data, 8, $bytes, $sector + 8, 4084)
        Set-Bytes $bytes ($sector + 4092) ([uint32] ($Sequence -band 0xFFFFFFFFL))
        $sector += 4096
    }
    Set-Crc $bytes
    , $bytes
}

function New-HandmadeImage {
    # Log at 1 MiB, metadata at 2 MiB, BAT from 3 MiB. Bat: entry index -> value. Log: offset in the log -> bytes.
    # Data: file offset -> bytes. A locator makes the image differencing. The path is given back.
    param(
        [Parameter(Mandatory)] [string] $Path,
        [long] $Size = 64MB,
        [long] $BlockSize = 1MB,
        [int] $LogicalSectorSize = 512,
        [int] $PhysicalSectorSize = 4096,
        [switch] $Fixed,
        [string] $Creator = 'handmade',
        [Collections.Specialized.OrderedDictionary] $Locator,
        [hashtable] $Bat = @{},
        [object[]] $Item = @(),
        [switch] $ReverseItems,
        [object[]] $Region = @(),
        [long] $BatLength = 1MB,
        [hashtable] $Header = @{},
        [hashtable] $Header2,
        [hashtable] $Log = @{},
        [hashtable] $Data = @{},
        [long] $FileLength
    )

    if (-not $PSBoundParameters.ContainsKey('Header2')) {
        # As programs write them: the same values, and numbers that differ by one. The first is current.
        $Header2 = $Header.Clone()
        if (-not $Header2.ContainsKey('SequenceNumber')) { $Header2.SequenceNumber = 6 }
    }
    $parameters = [byte[]]::new(8)
    Set-Bytes $parameters 0 ([uint32] $BlockSize)
    Set-Bytes $parameters 4 ([uint32] ([int] [bool] $Fixed + 2 * [int] [bool] $Locator))
    $items = @(
        @{ Id = $itemIds.FileParameters; Flags = 4; Content = $parameters }
        @{ Id = $itemIds.VirtualDiskSize; Flags = 6; Content = [BitConverter]::GetBytes([ulong] $Size) }
        @{ Id = $itemIds.LogicalSectorSize; Flags = 6; Content = [BitConverter]::GetBytes([uint32] $LogicalSectorSize) }
        @{ Id = $itemIds.PhysicalSectorSize; Flags = 6; Content = [BitConverter]::GetBytes([uint32] $PhysicalSectorSize) }
        @{ Id = $itemIds.VirtualDiskId; Flags = 6; Content = $identifiers.Disk.ToByteArray() }
        if ($Locator) { @{ Id = $itemIds.ParentLocator; Flags = 4; Content = New-LocatorBytes $Locator } }
    ) + $Item
    if ($ReverseItems) { [Array]::Reverse($items) }
    $regions = @(
        @{ Id = $regionIds.Bat; Offset = 3MB; Length = $BatLength; Required = 1 }
        @{ Id = $regionIds.Metadata; Offset = 2MB; Length = 1MB; Required = 1 }
    ) + $Region

    $first = [byte[]]::new(520)
    Set-Bytes $first 0 'vhdxfile'
    Set-Bytes $first 8 ([Text.Encoding]::Unicode.GetBytes($Creator))
    $pieces = @(
        @{ Offset = 0; Bytes = $first }
        @{ Offset = 64KB; Bytes = New-HeaderBytes $Header }
        @{ Offset = 128KB; Bytes = New-HeaderBytes $Header2 }
        @{ Offset = 192KB; Bytes = New-RegionTableBytes $regions }
        @{ Offset = 256KB; Bytes = New-RegionTableBytes $regions }
        @{ Offset = 2MB; Bytes = New-MetadataBytes $items }
        foreach ($index in $Bat.Keys) { @{ Offset = 3MB + 8 * $index; Bytes = [BitConverter]::GetBytes([ulong] $Bat[$index]) } }
        foreach ($offset in $Log.Keys) { @{ Offset = 1MB + $offset; Bytes = $Log[$offset] } }
        foreach ($offset in $Data.Keys) { @{ Offset = $offset; Bytes = $Data[$offset] } }
    )

    $end = [long] (3MB + $BatLength)
    foreach ($value in $Bat.Values) {
        if (($value -band 7) -ge 6 -and -not $PSBoundParameters.ContainsKey('FileLength')) { $end = [Math]::Max($end, [long] (($value -shr 20) * 1MB + $BlockSize)) }
    }
    $stream = [IO.FileStream]::new($Path, [IO.FileMode]::CreateNew)
    try {
        foreach ($piece in $pieces) {
            $stream.Position = $piece.Offset
            $stream.Write($piece.Bytes, 0, $piece.Bytes.Length)
        }
        $stream.SetLength($(if ($PSBoundParameters.ContainsKey('FileLength')) { $FileLength } else { [Math]::Max($end, $stream.Length) }))
    }
    finally {
        $stream.Dispose()
    }
    $Path
}

function New-VhdFooterBytes {
    # 512 bytes, big-endian.
    param([ulong] $Size, [int] $Type = 2, [string] $Creator = 'win ', [int[]] $Geometry = @(1, 1, 1), [ulong] $DataOffset = [ulong]::MaxValue)

    $bytes = [byte[]]::new(512)
    $big = { param($offset, $value) $part = [BitConverter]::GetBytes($value); [Array]::Reverse($part); Set-Bytes $bytes $offset $part }
    Set-Bytes $bytes 0 'conectix'
    & $big 8 ([uint32] 2)
    & $big 12 ([uint32] 0x10000)
    & $big 16 $DataOffset
    Set-Bytes $bytes 28 $Creator
    Set-Bytes $bytes 36 'Wi2k'
    & $big 40 $Size
    & $big 48 $Size
    & $big 56 ([uint16] $Geometry[0])
    $bytes[58] = $Geometry[1]
    $bytes[59] = $Geometry[2]
    & $big 60 ([uint32] $Type)
    # The bytes of a UUID in network order.
    Set-Bytes $bytes 68 ([byte[]] (0x0A, 0x0B, 0x0C, 0x0D, 0x01, 0x02, 0x03, 0x04, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18))
    $sum = [long] 0
    foreach ($byte in $bytes) { $sum += $byte }
    & $big 64 ([uint32] (0xFFFFFFFFL - $sum))
    , $bytes
}

function Read-LogEntry {
    # All entries of a log that are valid by signature, length and checksum, with their descriptors; wraps round the end.
    param([string] $Path, [long] $LogOffset, [long] $LogLength)

    $log = Read-Bytes $Path $LogOffset $LogLength
    for ($offset = 0; $offset -lt $LogLength; $offset += 4096) {
        if ($log[$offset] -ne 0x6C -or [Text.Encoding]::ASCII.GetString($log, $offset, 4) -cne 'loge') { continue }
        $length = Get-UInt32 $log ($offset + 8)
        if ($length -eq 0 -or $length % 4096 -or $length -gt $LogLength) { continue }
        $entry = [byte[]]::new($length)
        $first = [Math]::Min($length, $LogLength - $offset)
        [Array]::Copy($log, $offset, $entry, 0, $first)
        [Array]::Copy($log, 0, $entry, $first, $length - $first)
        $stored = Get-UInt32 $entry 4
        Set-Crc $entry
        if ((Get-UInt32 $entry 4) -ne $stored) { continue }
        $count = Get-UInt32 $entry 24
        [pscustomobject]@{
            FileOffset = $LogOffset + $offset
            Length = $length
            Tail = Get-UInt32 $entry 12
            SequenceNumber = Get-UInt64 $entry 16
            LogGuid = Get-GuidAt $entry 32
            FlushedFileOffset = Get-UInt64 $entry 48
            LastFileOffset = Get-UInt64 $entry 56
            Descriptors = @(
                for ($i = 0; $i -lt $count; $i++) {
                    $place = 64 + 32 * $i
                    $isZero = [Text.Encoding]::ASCII.GetString($entry, $place, 4) -ceq 'zero'
                    $size = if ($isZero) { Get-UInt64 $entry ($place + 8) } else { 4096 }
                    '{0} 0x{1:X} {2}' -f $(if ($isZero) { 'zero' } else { 'data' }), (Get-UInt64 $entry ($place + 16)), $size
                }
            )
        }
    }
}
