# [VhdxTools.VhdxDisk]: a disk as a stream and by position, for scripts and other programs; what it leaves in the file, and what
# other programs read there.

BeforeDiscovery {
    $sampleNames = @(
        'dynamic.vhdx', 'fixed.vhdx', 'vhdx-log-replay.vhdx', 'iotest-dynamic-1G.vhdx', 'config2_base.vhdx',
        'iotest-dirtylog-10G-4M.vhdx', 'test-disk2vhd.vhdx'
    )
    $shapes = foreach ($sector in 512, 4096) {
        foreach ($type in 'Dynamic', 'Fixed', 'Differencing') { @{ Sector = $sector; Type = $type } }
    }
}

BeforeAll {
    . (Join-Path $PSScriptRoot 'common.ps1')
    . (Join-Path $PSScriptRoot 'disks.ps1')

    function Test-Same {
        param([byte[]] $One, [byte[]] $Other)
        [Linq.Enumerable]::SequenceEqual($One, $Other)
    }

    function Read-Disk {
        # All of a small disk by CopyTo.
        param([string] $Path)
        $memory = [IO.MemoryStream]::new()
        Use-Disk $Path -Access Read { $disk.CopyTo($memory) }
        , $memory.ToArray()
    }

    function Get-Guids {
        # From a copy: on Unix .NET's own readers ask for a lock that our writer has.
        param([string] $Path)
        if (-not $IsWindows) { & cp -- $Path "$Path.copy"; $Path = "$Path.copy" }
        [VhdxToolsTests.DiskImage]::new($Path) | Select-Object FileWriteGuid, DataWriteGuid, LogGuid, SequenceNumber
    }

    function Get-DigestOf {
        # The digest that the table of samples/README.md names.
        param([string] $Name)
        $line = Get-Content -LiteralPath (Join-Path $samples 'README.md') | Where-Object { $_ -match "^\| $([regex]::Escape($Name))\.(gz|bz2) " }
        [regex]::Match($line, '[0-9a-f]{64}').Value
    }
}

Describe 'The stream' {
    BeforeAll {
        $path = New-Image (Join-Path (New-Folder) 'a.vhdx') (3MB + 512)
        $model = [byte[]]::new(3MB + 512)
        Use-Disk $path {
            foreach ($piece in @(0, 10), @((1MB - 5), 10), @((3MB + 500), 12), @(2MB, 4096)) {
                $bytes = Get-Pattern $piece[0] $piece[1]
                $disk.Position = $piece[0]
                $disk.Write($bytes, 0, $bytes.Length)
                $disk.Position | Should -Be ($piece[0] + $piece[1])
                $bytes.CopyTo($model, $piece[0])
            }
        }
    }

    It 'has length, sector sizes and abilities' {
        Use-Disk $path -Access Read {
            $disk | Should -BeOfType ([IO.Stream])
            $disk.Length | Should -Be (3MB + 512)
            $disk.LogicalSectorSize | Should -Be 512
            $disk.PhysicalSectorSize | Should -Be (Get-VhdxImage $path).PhysicalSectorSize
            $disk.CanRead, $disk.CanSeek, $disk.CanWrite | Should -Be @($true, $true, $false)
            $disk.Position | Should -Be 0
        }
        Use-Disk $path { $disk.CanRead, $disk.CanSeek, $disk.CanWrite | Should -Be @($true, $true, $true) }
    }

    It 'opens for reading unless told otherwise' {
        $disk = [VhdxTools.VhdxDisk]::Open($path)
        try { $disk.CanWrite | Should -BeFalse } finally { $disk.Dispose() }
    }

    It 'copies to another stream, whole and from a position' {
        Test-Same (Read-Disk $path) $model | Should -BeTrue
        Use-Disk $path -Access Read {
            $memory = [IO.MemoryStream]::new()
            $null = $disk.Seek(-700, 'End')
            $disk.CopyTo($memory)
            Test-Same $memory.ToArray() $model[(3MB + 512 - 700)..(3MB + 511)] | Should -BeTrue
        }
    }

    It 'is what a reader of our own finds' {
        Test-Same ([VhdxToolsTests.DiskImage]::new($path)).Content() $model | Should -BeTrue
    }

    It 'seeks from the start, from here and from the end, also behind it, never before 0' {
        Use-Disk $path -Access Read {
            $disk.Seek(100, 'Begin') | Should -Be 100
            $disk.Seek(-40, 'Current') | Should -Be 60
            $disk.Seek(-1, 'End') | Should -Be (3MB + 511)
            $disk.ReadByte() | Should -Be $model[-1]
            $disk.ReadByte() | Should -Be -1
            $disk.Seek(10, 'End') | Should -Be (3MB + 522)
            $disk.Read([byte[]]::new(10), 0, 10) | Should -Be 0
            (Get-InnerError { $disk.Seek(-1, 'Begin') }) | Should -BeOfType ([ArgumentOutOfRangeException])
            (Get-InnerError { $disk.Seek(-4MB, 'End') }) | Should -BeOfType ([ArgumentOutOfRangeException])
            { $disk.Position = -1 } | Should -Throw
            $disk.Position | Should -Be (3MB + 522)
        }
    }

    It 'reads fewer bytes at the end of the disk only' {
        Use-Disk $path -Access Read {
            $bytes = [byte[]]::new(100)
            $disk.Position = 3MB + 500
            $disk.Read($bytes, 5, 90) | Should -Be 12
            Test-Same $bytes[5..16] $model[(3MB + 500)..(3MB + 511)] | Should -BeTrue
            @($bytes[0..4] + $bytes[17..99]) | Sort-Object -Unique | Should -Be 0
            $disk.ReadAt(3MB + 512, $bytes, 0, 100) | Should -Be 0
            $disk.ReadAt(9MB, $bytes, 0, 100) | Should -Be 0
            $disk.ReadAt(1MB - 20, $bytes, 0, 100) | Should -Be 100
            (Get-InnerError { $disk.ReadAt(-1, $bytes, 0, 100) }) | Should -BeOfType ([ArgumentOutOfRangeException])
            (Get-InnerError { $disk.ReadAt(0, $bytes, 50, 51) }) | Should -BeOfType ([ArgumentOutOfRangeException])
            (Get-InnerError { $disk.ReadAt(0, $null, 0, 1) }) | Should -BeOfType ([ArgumentNullException])
        }
    }

    It 'refuses to write across the end of the disk, and writes nothing of it' {
        $before = Get-FileState $path
        Use-Disk $path {
            $bytes = [byte[]] (1..100)
            foreach ($place in (3MB + 412 + 1), (3MB + 512), 9MB, -1, ([long]::MaxValue)) {
                (Get-InnerError { $disk.WriteAt($place, $bytes, 0, 100) }) | Should -BeOfType ([ArgumentOutOfRangeException]) -Because $place
                (Get-InnerError { $disk.Trim($place, 100) }) | Should -BeOfType ([ArgumentOutOfRangeException]) -Because $place
            }
            $disk.Position = 3MB + 511
            (Get-InnerError { $disk.Write($bytes, 0, 2) }) | Should -BeOfType ([ArgumentOutOfRangeException])
            $disk.Position | Should -Be (3MB + 511)
            (Get-InnerError { $disk.SetLength(1MB) }) | Should -BeOfType ([NotSupportedException])
        }
        Get-FileState $path | Should -BeExactly $before
    }

    It 'refuses every change when it is open for reading' {
        Use-Disk $path -Access Read {
            foreach ($change in { $disk.Write([byte[]] 1, 0, 1) }, { $disk.WriteAt(0, [byte[]] 1, 0, 1) }, { $disk.Trim(0, 1MB) }, { $disk.WriteByte(1) }, { $disk.SetLength(1MB) }) {
                Get-InnerError $change | Should -BeOfType ([NotSupportedException]) -Because $change
            }
            $disk.Flush()
        }
    }

    It 'is closed after Dispose, once and for all' {
        $disk = [VhdxTools.VhdxDisk]::Open($path, 'ReadWrite')
        $disk.Dispose()
        $disk.Dispose()
        $disk.CanRead, $disk.CanSeek, $disk.CanWrite | Should -Be @($false, $false, $false)
        foreach ($use in { $disk.Read([byte[]]::new(1), 0, 1) }, { $disk.ReadAt(0, [byte[]]::new(1), 0, 1) }, { $disk.Write([byte[]] 1, 0, 1) }, { $disk.WriteAt(0, [byte[]] 1, 0, 1) }, { $disk.Trim(0, 1) }, { $disk.Flush() }) {
            Get-InnerError $use | Should -BeOfType ([ObjectDisposedException]) -Because $use
        }
    }

    It 'is read by other parts of .NET: BinaryReader, SHA256' {
        Use-Disk $path -Access Read {
            [Convert]::ToHexString([Security.Cryptography.SHA256]::Create().ComputeHash($disk)) | Should -BeExactly ([Convert]::ToHexString([Security.Cryptography.SHA256]::HashData($model)))
            $disk.Position = 2MB
            [IO.BinaryReader]::new($disk).ReadUInt64() | Should -Be (Get-UInt64 $model 2MB)
        }
    }

    It 'counts a relative path from the directory of the process' {
        $process = [Environment]::CurrentDirectory
        try {
            [Environment]::CurrentDirectory = Split-Path $path
            Use-Disk 'a.vhdx' -Access Read { $disk.Length | Should -Be (3MB + 512) }
        }
        finally { [Environment]::CurrentDirectory = $process }
    }

    It 'says with a name what cannot be opened: <Title>' -ForEach @(
        @{ Title = 'nothing'; Id = 'FileNotFound'; Make = { param($p) } }
        @{ Title = 'a folder'; Id = 'PathIsFolder'; Make = { param($p) $null = New-Item -ItemType Directory -Path $p } }
        @{ Title = 'another file'; Id = 'NotAVirtualDisk'; Make = { param($p) [IO.File]::WriteAllText($p, 'This is no image.') } }
        @{ Title = 'an empty file'; Id = 'FileEmpty'; Make = { param($p) [IO.File]::WriteAllBytes($p, [byte[]]::new(0)) } }
    ) {
        $other = Join-Path (New-Folder) 'x.vhdx'
        & $Make $other
        foreach ($access in 'Read', 'ReadWrite') {
            $exception = Get-InnerError { [VhdxTools.VhdxDisk]::Open($other, $access) }
            $exception | Should -BeOfType ([VhdxTools.VhdxException])
            $exception.Id | Should -BeExactly $Id
        }
        if (Test-Path -LiteralPath $other) { Remove-Item -LiteralPath $other }
    }
}

Describe 'Reading the sample <_>' -ForEach $sampleNames {
    BeforeAll {
        if ($samples) {
            $expected = Get-DigestOf $_
            $path = Get-SampleFile $_
            $dirty = $_ -in 'vhdx-log-replay.vhdx', 'iotest-dirtylog-10G-4M.vhdx'
        }
    }

    It 'gives the digest that others found, and leaves every byte and time alone' {
        if (-not $samples) { Set-ItResult -Skipped -Because 'the samples are not here' }
        $expected | Should -Match '^[0-9a-f]{64}$'
        $before = Get-FileState $path
        Get-Digest $path | Should -BeExactly $expected
        Get-FileState $path | Should -BeExactly $before
        ([VhdxToolsTests.DiskImage]::new($path)).LogGuid -ne [guid]::Empty | Should -Be $dirty
    }

    It 'is not changed by opening it for writing, unless its log has to be replayed' {
        if (-not $samples) { Set-ItResult -Skipped -Because 'the samples are not here' }
        $before = Get-FileState $path
        $guids = Get-Guids $path
        Use-Disk $path { $disk.ReadByte() | Should -BeGreaterOrEqual 0; $disk.Flush() }
        if (-not $dirty) {
            Get-FileState $path | Should -BeExactly $before
            return
        }

        $after = Get-Guids $path
        $after.LogGuid | Should -Be ([guid]::Empty)
        $after.FileWriteGuid | Should -Not -Be $guids.FileWriteGuid
        $after.DataWriteGuid | Should -Be $guids.DataWriteGuid -Because 'a replay changes nothing that a reader of the disk sees'
        Get-Digest $path | Should -BeExactly $expected
        (Get-VhdxImage $path).LogState | Should -Be Clean
        # What the dirty one lacks besides was there before: Disk2vhd, QEMU and Windows are not ours to judge.
        if (Test-Peer qemu-img) {
            $said = & qemu-img check -f vhdx $path 2>&1
            $LASTEXITCODE | Should -Be 0 -Because "$said"
        }
    }

    It 'is written to like one of our own' {
        if (-not $samples) { Set-ItResult -Skipped -Because 'the samples are not here' }
        $guids = Get-Guids $path
        Use-Disk $path {
            $size = $disk.Length
            foreach ($at in 0, 123456, ($size - 5000)) { $disk.WriteAt($at, (Get-Pattern $at 5000 3), 0, 5000) }
        }
        $after = Get-Guids $path
        $after.DataWriteGuid | Should -Not -Be $guids.DataWriteGuid
        $after.LogGuid | Should -Be ([guid]::Empty)
        Use-Disk $path -Access Read {
            foreach ($at in 0, 123456, ($disk.Length - 5000)) {
                $bytes = [byte[]]::new(5000)
                $null = $disk.ReadAt($at, $bytes, 0, 5000)
                Test-Same $bytes (Get-Pattern $at 5000 3) | Should -BeTrue
            }
        }
        Test-VhdxImage $path | Should -BeTrue
        if (Test-Peer qemu-img) {
            $said = & qemu-img check -f vhdx $path 2>&1
            $LASTEXITCODE | Should -Be 0 -Because "$said"
            # 10 GB of zeros take too long for what they prove.
            if (([VhdxToolsTests.DiskImage]::new($path)).Size -gt 2GB) { return }
            $raw = ConvertTo-Raw $path
            try { Compare-Raw $path $raw | Should -Be -1 } finally { Remove-Item -LiteralPath $raw }
        }
    }
}

Describe 'Writing a <Type> image with <Sector>-byte sectors' -ForEach $shapes {
    BeforeAll {
        $own = New-Folder
        # 7zz refuses disks with an odd number of sectors.
        $size = 24MB + 8192
        $with = @{ BlockSizeBytes = 2MB }
        $model = [byte[]]::new($size)
        $path = Join-Path $own 'a.vhdx'
        if ($Type -eq 'Differencing') {
            $parent = New-Image (Join-Path $own 'base.vhdx') $size ($with + @{ LogicalSectorSizeBytes = $Sector })
            $bytes = Get-Pattern 0 9MB 7
            Use-Disk $parent { $disk.WriteAt(1MB, $bytes, 0, 9MB) }
            $bytes.CopyTo($model, 1MB)
            $null = New-Image $path 0 ($with + @{ ParentPath = $parent })
        }
        else { $null = New-Image $path $size ($with + @{ Type = $Type; LogicalSectorSizeBytes = $Sector }) }

        # Unaligned and aligned, inside a block and over several, the whole of a block, the end; then trims of all kinds.
        $disk = [VhdxTools.VhdxDisk]::Open($path, 'ReadWrite')
        try {
            foreach ($write in @(0, 1), @(511, 2), @(4096, 4096), @((2MB - 3), 6), @(5MB, 5MB), @(12MB, 2MB), @((16MB + 777), 100001), @(($size - 4097), 4097), @(18MB, 1MB), @(19MB, 1MB), @(20MB, 4096)) {
                $bytes = Get-Pattern $write[0] $write[1] 2
                $disk.WriteAt($write[0], $bytes, 0, $write[1])
                $bytes.CopyTo($model, $write[0])
            }
            $disk.Flush()
            foreach ($trim in @(12MB, 2MB), @(6MB, 100), @((8MB - 512), 3MB), @(24MB, 8192)) {
                $disk.Trim($trim[0], $trim[1])
                [Array]::Clear($model, $trim[0], $trim[1])
            }
            $disk.WriteAt(12MB + 5, [byte[]] (9, 8, 7), 0, 3)
            ([byte[]] (9, 8, 7)).CopyTo($model, 12MB + 5)
        }
        finally { $disk.Dispose() }
        $expected = Join-Path $own 'expected.raw'
        [IO.File]::WriteAllBytes($expected, $model)
        $image = [VhdxToolsTests.DiskImage]::new($path, $(if ($Type -eq 'Differencing') { [VhdxToolsTests.DiskImage]::new($parent) }))
    }

    It 'reads back, by us and by a reader of our own' {
        Compare-Raw $path $expected | Should -Be -1
        Test-Same $image.Content() $model | Should -BeTrue
    }

    It 'leaves nothing to find, and a clean log' {
        Test-VhdxImage $path -Detailed | Where-Object Severity -NE Note | Should -BeNullOrEmpty
        $image.LogGuid | Should -Be ([guid]::Empty)
    }

    It 'is read by qemu-img with the same bytes' {
        if (-not (Test-Peer qemu-img)) { Set-ItResult -Skipped -Because 'qemu-img is not here' }
        if ($Sector -ne 512 -or $Type -eq 'Differencing') { Set-ItResult -Skipped -Because 'qemu-img reads neither 4096-byte sectors nor differencing images (R22)' }
        $said = & qemu-img check -f vhdx $path 2>&1
        $LASTEXITCODE | Should -Be 0 -Because "$said"
        $said = & qemu-img compare -f vhdx -F raw $path $expected 2>&1
        $LASTEXITCODE | Should -Be 0 -Because "$said"
    }

    It 'is read by 7zz with the same bytes' {
        if (-not (Test-Peer 7zz)) { Set-ItResult -Skipped -Because '7zz is not here' }
        $out = Join-Path $own 'out'
        $said = & 7zz x -tVHDX -y "-o$out" $path 2>&1
        $LASTEXITCODE | Should -Be 0 -Because "$said"
        (Get-FileHash -LiteralPath (Get-ChildItem -LiteralPath $out -File)[0].FullName).Hash | Should -BeExactly (Get-FileHash -LiteralPath $expected).Hash
    }

    It 'is what vhdiinfo takes for the same disk' {
        if (-not (Test-Peer vhdiinfo)) { Set-ItResult -Skipped -Because 'vhdiinfo is not here' }
        $said = & vhdiinfo $path 2>&1 | Out-String
        $LASTEXITCODE | Should -Be 0 -Because $said
        $said | Should -Match "\($size bytes\)"
        # Its 'Identifier' is the DataWriteGuid (R22).
        $said | Should -Match "(?i)$($image.DataWriteGuid)"
    }

    It 'keeps the allocation of a fixed image, and releases what a dynamic one trims' {
        $states = (Get-VhdxBlock $path -NoCoalesce).State
        switch ($Type) {
            'Fixed' { $states | Sort-Object -Unique | Should -Be FullyPresent }
            'Dynamic' { $states[4] | Should -Be NotPresent; $states[12] | Should -Be NotPresent }
            'Differencing' { $states[4] | Should -Be Zero; $states[12] | Should -Be Zero; $states[0] | Should -Be PartiallyPresent; $states[3] | Should -Be FullyPresent; $states[9] | Should -Be FullyPresent -Because 'its two halves make a whole' }
        }
    }
}

Describe 'What a write does to the headers' {
    BeforeEach { $path = New-Image (Join-Path (New-Folder) 'a.vhdx') 8MB; $before = Get-Guids $path }

    It 'renews both GUIDs with the first change only, and leaves two valid headers and no log at the end' {
        $disk = [VhdxTools.VhdxDisk]::Open($path, 'ReadWrite')
        try {
            $disk.ReadByte() | Should -Be 0
            $disk.Flush()
            (Get-Guids $path).SequenceNumber | Should -Be $before.SequenceNumber
            $disk.WriteAt(5, [byte[]] 1, 0, 1)
            $open = Get-Guids $path
            $open.FileWriteGuid | Should -Not -Be $before.FileWriteGuid
            $open.DataWriteGuid | Should -Not -Be $before.DataWriteGuid
            $open.LogGuid | Should -Not -Be ([guid]::Empty)
            $disk.WriteAt(2MB, [byte[]] 1, 0, 1)
            $disk.Flush()
            $disk.WriteAt(7MB, [byte[]] 1, 0, 1)
            $disk.Flush()
            (Get-Guids $path).SequenceNumber | Should -Be $open.SequenceNumber
        }
        finally { $disk.Dispose() }
        $after = Get-Guids $path
        $after.FileWriteGuid | Should -Be $open.FileWriteGuid
        $after.DataWriteGuid | Should -Be $open.DataWriteGuid
        $after.LogGuid | Should -Be ([guid]::Empty)
        $after.SequenceNumber | Should -Be ($before.SequenceNumber + 4)
        $numbers = foreach ($offset in 64KB, 128KB) {
            $header = Read-Bytes $path $offset 4096
            $stored = Get-UInt32 $header 4
            [byte[]]::new(4).CopyTo($header, 4)
            Get-Crc32C $header | Should -Be $stored
            Get-GuidAt $header 48 | Should -Be ([guid]::Empty)
            Get-GuidAt $header 32 | Should -Be $after.DataWriteGuid
            Get-UInt64 $header 8
        }
        $numbers | Sort-Object | Should -Be @(($after.SequenceNumber - 1), $after.SequenceNumber)
    }

    It 'is nothing without a change: <Title>' -ForEach @(
        @{ Title = 'opened and closed'; Use = { } }
        @{ Title = 'read and flushed'; Use = { $disk.CopyTo([IO.Stream]::Null); $disk.Flush() } }
        @{ Title = 'trimmed where nothing is'; Use = { $disk.Trim(0, 8MB); $disk.Trim(77, 99); $disk.Flush() } }
        @{ Title = 'written nothing'; Use = { $disk.WriteAt(0, [byte[]]::new(0), 0, 0); $disk.Flush() } }
    ) {
        $state = Get-FileState $path
        Use-Disk $path $Use
        Get-FileState $path | Should -BeExactly $state
    }

    It 'is a change for a trim that takes something away' {
        Use-Disk $path { $disk.WriteAt(1MB, (Get-Pattern 0 1MB), 0, 1MB) }
        $written = Get-Guids $path
        Use-Disk $path { $disk.Trim(1MB, 1MB) }
        $after = Get-Guids $path
        $after.DataWriteGuid | Should -Not -Be $written.DataWriteGuid
        $after.FileWriteGuid | Should -Not -Be $written.FileWriteGuid
        [VhdxToolsTests.Disks]::IsZero((Read-Disk $path)) | Should -BeTrue
    }

    It 'never touches the parent' {
        Use-Disk $path { $disk.WriteAt(1MB, (Get-Pattern 0 1MB), 0, 1MB) }
        $state = Get-FileState $path
        $child = New-Image (Join-Path (Split-Path $path) 'tip.vhdx') 0 @{ ParentPath = $path }
        Use-Disk $child { $disk.WriteAt(1MB + 512, [byte[]]::new(512), 0, 512); $disk.WriteAt(5MB, (Get-Pattern 0 100), 0, 100); $disk.Trim(1MB + 1024, 5000) }
        Get-FileState $path | Should -BeExactly $state
        (Get-VhdxChain $child).LinkageState | Should -Be @('Match', 'Base')
    }

    It 'makes space that was used before read as zeros (W1)' {
        Use-Disk $path {
            $disk.WriteAt(1MB, (Get-Pattern 1MB 3MB), 0, 3MB)
            $disk.Flush()
            $disk.Trim(1MB, 3MB)
            $disk.Flush()
            $disk.WriteAt(6MB + 100, [byte[]] (1, 2), 0, 2)
            $disk.WriteAt(7MB + 100, [byte[]] (3, 4), 0, 2)
        }
        $length = ([IO.FileInfo]::new($path)).Length
        $bytes = Read-Disk $path
        @(for ($i = 0; $i -lt 4; $i++) { $bytes[@((6MB + 100), (6MB + 101), (7MB + 100), (7MB + 101))[$i]] }) | Should -Be @(1, 2, 3, 4)
        foreach ($at in (6MB + 100), (6MB + 101), (7MB + 100), (7MB + 101)) { $bytes[$at] = 0 }
        [VhdxToolsTests.Disks]::IsZero($bytes) | Should -BeTrue
        # The space of the trimmed blocks is what they got: the file did not have to grow for them.
        $length | Should -BeLessOrEqual 12MB
    }
}

Describe 'Who may open an image that is written to' {
    BeforeEach {
        $path = New-Image (Join-Path (New-Folder) 'a.vhdx') 4MB
        $writer = [VhdxTools.VhdxDisk]::Open($path, 'ReadWrite')
        $writer.WriteAt(0, [byte[]] (1, 2, 3), 0, 3)
        $writer.Flush()
    }
    AfterEach { $writer.Dispose() }

    It 'is no second writer' {
        $exception = Get-InnerError { [VhdxTools.VhdxDisk]::Open($path, 'ReadWrite') }
        $exception.Id | Should -BeExactly 'FileInUse'
        $exception.Message | Should -BeLike "*$path*"
        $writer.WriteAt(3, [byte[]] 4, 0, 1)
        $writer.Dispose()
        Use-Disk $path { $disk.WriteAt(4, [byte[]] 5, 0, 1) }
        (Read-Disk $path)[0..5] | Should -Be @(1, 2, 3, 4, 5, 0)
    }

    It 'is any reader, who sees what was flushed' {
        (Read-Disk $path)[0..3] | Should -Be @(1, 2, 3, 0)
        (Get-VhdxImage $path).LogState | Should -Be Dirty
        Get-VhdxBlock $path | Should -HaveCount 2
        Test-VhdxImage $path | Should -BeTrue
        $writer.WriteAt(3, [byte[]] 4, 0, 1)
    }

    It 'is a reader that was there before' {
        $writer.Dispose()
        $reader = [VhdxTools.VhdxDisk]::Open($path)
        try {
            Use-Disk $path { $disk.WriteAt(3MB, [byte[]] 9, 0, 1) }
            $reader.ReadByte() | Should -Be 1
        }
        finally { $reader.Dispose() }
    }

    It 'is neither writer nor spoiler from another process, but readers' {
        $quotedModule = $manifestPath.Replace("'", "''")
        $quotedPath = $path.Replace("'", "''")
        $result = Invoke-ChildShell -Json @"
Import-Module '$quotedModule'
`$id = try { [VhdxTools.VhdxDisk]::Open('$quotedPath', 'ReadWrite').Dispose(); 'none' } catch { `$_.Exception.InnerException.Id }
`$disk = [VhdxTools.VhdxDisk]::Open('$quotedPath')
`$first = `$disk.ReadByte()
`$disk.Dispose()
ConvertTo-Json -Compress @{ Id = `$id; First = `$first }
"@
        $result.Id | Should -BeExactly 'FileInUse'
        $result.First | Should -Be 1
    }

    It 'is no program of QEMU, and we are nobody while one writes' {
        if (-not $IsLinux) { Set-ItResult -Skipped -Because 'the locks of QEMU are those of Linux' }
        if (-not (Test-Peer qemu-io)) { Set-ItResult -Skipped -Because 'qemu-io is not here' }
        $said = & qemu-io -f vhdx -c 'write 0 512' $path 2>&1
        $LASTEXITCODE | Should -Not -Be 0
        "$said" | Should -Match 'lock'
        $said = & qemu-img check -f vhdx $path 2>&1
        "$said" | Should -Match 'lock'
        $writer.Dispose()

        # It waits for commands with the image open.
        $start = [Diagnostics.ProcessStartInfo]::new('qemu-io', "-f vhdx `"$path`"")
        $start.RedirectStandardInput = $true
        $start.RedirectStandardOutput = $true
        $process = [Diagnostics.Process]::Start($start)
        try {
            $process.StandardInput.WriteLine('write -P 65 1M 512')
            $process.StandardInput.Flush()
            $process.StandardOutput.ReadLine() | Should -Match 'wrote 512'
            $state = Get-FileState $path
            $exception = Get-InnerError { [VhdxTools.VhdxDisk]::Open($path, 'ReadWrite') }
            $exception | Should -BeOfType ([VhdxTools.VhdxException])
            $exception.Id | Should -BeExactly 'FileInUse'
            Get-FileState $path | Should -BeExactly $state
            (Read-Disk $path)[1MB] | Should -Be 65
        }
        finally {
            $process.StandardInput.Close()
            $process.WaitForExit()
        }
        Use-Disk $path { $disk.WriteAt(5, [byte[]] 9, 0, 1) }
        (Read-Disk $path)[5, 1MB] | Should -Be @(9, 65)
    }

    It 'is a reader who does not own the file' {
        # The owner's way of opening, which leaves the time of the last access alone, is closed to him.
        if (-not $IsLinux -or (& id -u) -ne '0' -or -not (Test-Peer setpriv)) { Set-ItResult -Skipped -Because 'it takes root on Linux to give a file away' }
        $script = "Import-Module '$($manifestPath.Replace("'", "''"))'; `$d = [VhdxTools.VhdxDisk]::Open('$($path.Replace("'", "''"))'); `$d.ReadByte(); `$d.Dispose()"
        $program = @([Environment]::ProcessPath)
        if ([IO.Path]::GetFileNameWithoutExtension($program[0]) -eq 'dotnet') { $program += Join-Path $PSHOME 'pwsh.dll' }
        & chown 65534 $path
        $said = & setpriv --bounding-set=-fowner --inh-caps=-fowner @program -NoProfile -NonInteractive -Command $script 2>&1
        "$said" | Should -BeExactly '1'
    }

    It 'is nobody but readers while another process writes' {
        $writer.Dispose()
        $quotedModule = $manifestPath.Replace("'", "''")
        $quotedPath = $path.Replace("'", "''")
        $ready = "$path.ready"
        $job = Start-Job -ArgumentList $manifestPath, $path, $ready {
            param($module, $image, $signal)
            Import-Module $module
            $disk = [VhdxTools.VhdxDisk]::Open($image, 'ReadWrite')
            $disk.WriteAt(0, [byte[]] 77, 0, 1)
            $disk.Flush()
            [IO.File]::WriteAllText($signal, 'x')
            while ([IO.File]::Exists($signal)) { Start-Sleep -Milliseconds 50 }
            $disk.Dispose()
        }
        try {
            for ($i = 0; $i -lt 600 -and -not [IO.File]::Exists($ready); $i++) { Start-Sleep -Milliseconds 50 }
            [IO.File]::Exists($ready) | Should -BeTrue -Because "$(Receive-Job $job 2>&1)"
            (Get-InnerError { [VhdxTools.VhdxDisk]::Open($path, 'ReadWrite') }).Id | Should -BeExactly 'FileInUse'
            (Read-Disk $path)[0] | Should -Be 77
            Remove-Item -LiteralPath $ready
            $null = Wait-Job $job -Timeout 60
            $job.State | Should -Be Completed
        }
        finally {
            Remove-Item -LiteralPath $ready -ErrorAction Ignore
            Remove-Job $job -Force
        }
        Use-Disk $path { $disk.ReadByte() | Should -Be 77 }
    }

    It 'is nobody once it is gone: after Dispose the file can be deleted' {
        $writer.Dispose()
        Get-OpenHandle $path | Should -BeIn 0, $null
        [IO.File]::Open($path, 'Open', 'ReadWrite', 'None').Dispose()
        Remove-Item -LiteralPath $path
        Test-Path -LiteralPath $path | Should -BeFalse
    }

    It 'is nobody after an error either (R20): <Title>' -ForEach @(
        @{ Title = 'a parent that is missing'; Spoil = { param($p, $q) Remove-Item -LiteralPath $p }; Id = 'VX804' }
        @{ Title = 'a parent that is another'; Spoil = { param($p, $q) Use-Disk $p { $disk.WriteAt(9, [byte[]] 1, 0, 1) } }; Id = 'VX805' }
        @{ Title = 'both headers damaged'; Spoil = { param($p, $q) Write-FileBytes $q 64KB ([byte[]]::new(68KB)) }; Id = 'VX303' }
        @{ Title = 'both region tables damaged'; Spoil = { param($p, $q) Write-FileBytes $q 192KB ([byte[]]::new(128KB)) }; Id = $null }
        @{ Title = 'overlapping blocks'; Spoil = { param($p, $q) Set-Entry $q @(@(0, 6, 9), @(1, 6, 9)) }; Id = $null; Late = $true }
    ) {
        $writer.Dispose()
        $child = New-Image (Join-Path (Split-Path $path) 'tip.vhdx') 0 @{ ParentPath = $path }
        & $Spoil $path $child
        foreach ($access in 'Read', 'ReadWrite') {
            if ($_['Late']) {
                if ($access -eq 'Read') { continue }
                $state = Get-FileState $child
                Use-Disk $child { (Get-InnerError { $disk.WriteAt(0, [byte[]] 1, 0, 1) }).Id | Should -BeExactly 'VX609' }
                Get-FileState $child | Should -BeExactly $state
            }
            else {
                $exception = Get-InnerError { [VhdxTools.VhdxDisk]::Open($child, $access) }
                $exception | Should -BeOfType ([VhdxTools.VhdxException])
                if ($Id) { $exception.Id | Should -BeExactly $Id }
            }
        }
        Get-OpenHandle $child | Should -BeIn 0, $null
        Get-OpenHandle $path | Should -BeIn 0, $null
        Remove-Item -LiteralPath $child
    }

    It 'is nobody when the file is read-only' {
        $writer.Dispose()
        if (-not $IsWindows -and (& id -u) -eq '0') { Set-ItResult -Skipped -Because 'root may write everywhere' }
        Set-ItemProperty -LiteralPath $path -Name IsReadOnly -Value $true
        (Get-InnerError { [VhdxTools.VhdxDisk]::Open($path, 'ReadWrite') }).Id | Should -BeExactly 'AccessDenied'
        (Read-Disk $path)[0] | Should -Be 1
        Set-ItemProperty -LiteralPath $path -Name IsReadOnly -Value $false
    }
}

Describe 'Several threads' {
    It 'read and write by position at once: <_>' -ForEach 'Dynamic', 'Fixed', 'Differencing' {
        $own = New-Folder
        $raw = Join-Path $own 'a.raw'
        [IO.File]::WriteAllBytes($raw, (Get-Pattern 0 30MB 4))
        $path = Join-Path $own 'a.vhdx'
        if ($_ -eq 'Differencing') {
            $parent = New-Image (Join-Path $own 'base.vhdx') 30MB
            $null = New-Image $path 0 @{ ParentPath = $parent }
        }
        else { $null = New-Image $path 30MB @{ Type = $_ } }
        Use-Disk $path {
            $write = [Delegate]::CreateDelegate([Action[long, byte[], int, int]], $disk, 'WriteAt')
            [VhdxToolsTests.Disks]::CopyInPieces($raw, $write, 200000, 8, 42) | Should -BeGreaterThan 200
        }
        Compare-Raw $path $raw | Should -Be -1
        Test-VhdxImage $path | Should -BeTrue
        (Get-VhdxBlock $path).State | Sort-Object -Unique | Should -Be FullyPresent
    }
}

Describe 'What Open and Seek take' {
    It 'is Read or ReadWrite (<_>)' -ForEach 0, 2, 9 {
        $path = New-Image (Join-Path (New-Folder) d.vhdx) 10MB
        $state = Get-FileState $path
        $access = [Enum]::ToObject([IO.FileAccess], $_)
        (Get-InnerError { [VhdxTools.VhdxDisk]::Open($path, $access) }) | Should -BeOfType ArgumentOutOfRangeException
        Get-FileState $path | Should -BeExactly $state
    }

    It 'is an origin that there is, on a disk that is open' {
        $path = New-Image (Join-Path (New-Folder) d.vhdx) 10MB
        $disk = [VhdxTools.VhdxDisk]::Open($path)
        try { (Get-InnerError { $disk.Seek(0, [Enum]::ToObject([IO.SeekOrigin], 7)) }) | Should -BeOfType ArgumentOutOfRangeException } finally { $disk.Dispose() }
        (Get-InnerError { $disk.Seek(0, 'Begin') }) | Should -BeOfType ObjectDisposedException
    }
}
