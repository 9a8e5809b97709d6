# Resize-VhdxImage: every type in both directions, partition tables made by sfdisk, what peers read afterwards, and killed processes.

BeforeDiscovery {
    $shapes = foreach ($sector in 512, 4096) { foreach ($type in 'Dynamic', 'Fixed', 'Differencing') { @{ Type = $type; Sector = $sector } } }
}

BeforeAll {
    . (Join-Path $PSScriptRoot 'common.ps1')
    . (Join-Path $PSScriptRoot 'disks.ps1')

    function New-Filled {
        # A disk of 6 MiB with bytes in its second and its last MiB.
        param([string] $Folder, [string] $Type = 'Dynamic', [int] $Sector = 512)

        $with = @{ LogicalSectorSizeBytes = $Sector }
        if ($Type -eq 'Fixed') { $with.Type = 'Fixed'; $with.Preallocation = 'None' }
        if ($Type -eq 'Differencing') {
            $with = @{ ParentPath = New-Image (Join-Path $Folder parent.vhdx) 6MB $with }
        }
        $path = New-Image (Join-Path $Folder disk.vhdx) $(if ($Type -ne 'Differencing') { 6MB } else { 0 }) $with
        Use-Disk $path {
            $bytes = [byte[]]::new(300000)
            [Array]::Fill($bytes, [byte] 77)
            $disk.WriteAt(1MB + 5000, $bytes, 0, $bytes.Length)
            $disk.WriteAt(6MB - 4096, $bytes, 0, 4096)
        }
        $path
    }

    function Get-Head {
        # The hash of the first bytes of a disk, and whether all behind them is zero.
        param([string] $Path, [long] $Length)
        Use-Disk $Path -Access Read {
            # Arrays and methods of .NET: a pipeline of six million bytes takes a minute.
            $head = [byte[]]::new($Length)
            $rest = [byte[]]::new($disk.Length - $Length)
            $null = $disk.ReadAt(0, $head, 0, $head.Length)
            $null = $disk.ReadAt($Length, $rest, 0, $rest.Length)
            $isZero = [Linq.Enumerable]::SequenceEqual($rest, [byte[]]::new($rest.Length))
            [Convert]::ToHexString([Security.Cryptography.SHA256]::HashData($head)) + $(if (-not $isZero) { ' and more' })
        }
    }

    function New-Partitioned {
        # A GPT disk of 64 MiB made by sfdisk, with one partition that ends at 33 MiB.
        param([string] $Folder)

        $raw = Join-Path $Folder gpt.raw
        Set-Content -LiteralPath $raw -Value '' -NoNewline
        Set-FileLength $raw 64MB
        "label: gpt`nstart=2048, size=65536, type=L" | & sfdisk -q $raw
        if ($LASTEXITCODE -ne 0) { throw 'sfdisk failed' }
        (Convert-VhdxImage $raw (Join-Path $Folder gpt.vhdx) -BlockSizeBytes 1MB).Path
    }

    function Test-Gpt {
        # What sfdisk says of the partition table in an image.
        param([string] $Path)
        $raw = "$Path.check.raw"
        if (Test-Peer qemu-img) { $null = & qemu-img convert -f vhdx -O raw $Path $raw } else { $null = Convert-VhdxImage $Path $raw -Force }
        $said = & sfdisk --verify $raw 2>&1
        $ok = $LASTEXITCODE -eq 0
        $dump = & sfdisk -d $raw 2>$null
        Remove-Item -LiteralPath $raw
        [pscustomobject]@{ Ok = $ok -and "$said" -notmatch 'corrupt|mismatch|PMBR|backup'; Said = "$said"; LastLba = [long] (@($dump -match '^last-lba')[0] -replace '\D') }
    }
}

Describe 'Resizing a <Type> image with sectors of <Sector> bytes' -ForEach $shapes {
    It 'grows: bytes stay, zeros follow, peers agree' {
        $folder = New-Folder
        $path = New-Filled $folder $Type $Sector
        $head = Get-Head $path 6MB
        Resize-VhdxImage -Path $path -SizeBytes 11MB | Should -BeNullOrEmpty
        (Get-VhdxImage $path).Size | Should -Be 11MB
        (Get-VhdxImage $path).VhdType | Should -Be $Type
        Get-Head $path 6MB | Should -BeExactly $head
        Test-VhdxImage $path -Detailed | Where-Object RuleId -notin VX611, VX809 | Should -BeNullOrEmpty
        if ((Test-Peer qemu-img) -and $Sector -eq 512 -and $Type -ne 'Differencing') {
            Compare-Raw $path (ConvertTo-Raw $path) | Should -Be -1
            $said = & qemu-img check -f vhdx $path 2>&1
            $LASTEXITCODE | Should -Be 0 -Because "$said"
        }
        elseif (Test-Peer vhdiinfo) {
            (& vhdiinfo $path) -join "`n" | Should -Match '11534336 bytes'
        }
    }

    It 'shrinks with -Force: bytes stay, and what was cut does not come back' {
        $path = New-Filled (New-Folder) $Type $Sector
        $before = (Get-Item $path).Length
        $head = Get-Head $path 2MB
        $info = Resize-VhdxImage $path 2MB -Force -Passthru -WarningVariable warnings -WarningAction SilentlyContinue
        $info.Size | Should -Be 2MB
        "$warnings" | Should -Match 'from byte 2097152 to 6291456 is cut'
        (Get-Item $path).Length | Should -BeLessThan $before
        (Get-Head $path 2MB) -replace ' and more' | Should -BeExactly ($head -replace ' and more')
        Resize-VhdxImage $path 6MB
        Get-Head $path 2MB | Should -BeExactly ($head -replace ' and more')
        Test-VhdxImage $path -Detailed | Where-Object RuleId -ne VX611 | Should -BeNullOrEmpty
    }
}

Describe 'Partition tables' {
    BeforeEach {
        if (-not (Test-Peer sfdisk)) { Set-ItResult -Skipped -Because 'sfdisk is not here' }
    }

    It 'grow with -UpdateGpt, and sfdisk finds nothing wrong' {
        $path = New-Partitioned (New-Folder)
        Resize-VhdxImage $path 100MB -UpdateGpt -WarningVariable warnings
        $warnings | Should -BeNullOrEmpty
        $table = Test-Gpt $path
        $table.Ok | Should -BeTrue -Because $table.Said
        # 33 sectors of backup behind the last one that may be used.
        $table.LastLba | Should -Be (100MB / 512 - 34)
    }

    It 'shrink to the minimum with -UpdateGpt, and sfdisk finds nothing wrong' {
        $path = New-Partitioned (New-Folder)
        (Get-VhdxImage $path).MinimumSize | Should -Be (33MB + 33 * 512)
        (Resize-VhdxImage $path -ToMinimumSize -UpdateGpt -Passthru).Size | Should -Be (33MB + 33 * 512)
        $table = Test-Gpt $path
        $table.Ok | Should -BeTrue -Because $table.Said
    }

    It 'are not cut without -Force, and the error tells the smallest size' {
        $path = New-Partitioned (New-Folder)
        $state = Get-FileState $path
        { Resize-VhdxImage $path 33MB -ErrorAction Stop } | Should -Throw -ErrorId 'SizeTooSmall,*' -ExpectedMessage "*$(33MB + 33 * 512) bytes*"
        Get-FileState $path | Should -BeExactly $state
    }

    It 'get a warning when their backup is left behind, and -UpdateGpt alone puts it right' {
        $path = New-Partitioned (New-Folder)
        Resize-VhdxImage $path 80MB -WarningVariable warnings -WarningAction SilentlyContinue
        "$warnings" | Should -Match 'backup of the GUID partition table is not at the end'
        (Get-VhdxImage $path).IsGptBackupAtEnd | Should -BeFalse
        $state = Get-FileState $path
        Resize-VhdxImage $path 80MB -WarningVariable again -WarningAction SilentlyContinue
        "$again" | Should -BeExactly "$warnings"
        Get-FileState $path | Should -BeExactly $state
        (Resize-VhdxImage $path 80MB -UpdateGpt -Passthru).IsGptBackupAtEnd | Should -BeTrue
        (Test-Gpt $path).Ok | Should -BeTrue
    }

    It 'are not lost when the backup is their only sound copy' {
        $path = New-Partitioned (New-Folder)
        Use-Disk $path { $disk.WriteAt(512, [byte[]]::new(512), 0, 512) }
        $state = Get-FileState $path
        foreach ($size in 50MB, 100MB) {
            { Resize-VhdxImage $path $size -ErrorAction Stop } | Should -Throw -ErrorId 'PartitionTableDamaged,*' -ExpectedMessage '*-UpdateGpt*'
        }
        Get-FileState $path | Should -BeExactly $state
        foreach ($size in 100MB, 50MB) {
            Resize-VhdxImage $path $size -UpdateGpt
            $table = Test-Gpt $path
            $table.Ok | Should -BeTrue -Because $table.Said
            $table.LastLba | Should -Be ($size / 512 - 34)
        }
    }
}

Describe 'Resize-VhdxImage' {
    It 'tells the numbers with -WhatIf and touches nothing' {
        $path = New-Filled (New-Folder)
        $state = Get-FileState $path
        $result = Invoke-ChildShell "Import-Module '$manifestPath'; Resize-VhdxImage '$path' 200GB -WhatIf; Resize-VhdxImage '$path' 1MB -Force -WhatIf"
        $result.ExitCode | Should -Be 0
        $result.Output | Should -Match 'Grow .*6291456 bytes.*214748364800 bytes.*BAT gets a larger region'
        $result.Output | Should -Match 'Shrink .*the last 5242880 bytes of it are lost'
        Get-FileState $path | Should -BeExactly $state
    }

    It 'does nothing when the disk has that size' {
        $path = New-Filled (New-Folder)
        (Get-VhdxImage $path).IsGptBackupAtEnd | Should -BeNullOrEmpty
        $state = Get-FileState $path
        Resize-VhdxImage $path 6MB -Verbose 4>&1 | Should -Match 'has 6291456 bytes already'
        (Resize-VhdxImage $path 6MB -Passthru).Size | Should -Be 6MB
        Get-FileState $path | Should -BeExactly $state
    }

    It 'names the children that no longer fit' {
        $folder = New-Folder
        $path = New-Filled $folder Differencing
        Resize-VhdxImage (Join-Path $folder parent.vhdx) 9MB -WarningVariable warnings -WarningAction SilentlyContinue
        "$warnings" | Should -BeLike '*disk.vhdx*'
        (Test-VhdxImage $path -Detailed).RuleId | Should -Contain VX805
    }

    It 'takes files from the pipeline, and one bad file does not stop the others' {
        $folder = New-Folder
        $null = New-Image (Join-Path $folder 'a[1].vhdx') 6MB
        Set-Content (Join-Path $folder 'b.vhdx') 'no image'
        $null = New-Image (Join-Path $folder 'c.vhdx') 6MB
        $results = Get-ChildItem $folder | Resize-VhdxImage -SizeBytes 7MB -Passthru -ErrorVariable errors -ErrorAction SilentlyContinue
        $results.Size | Should -Be 7MB, 7MB
        $errors.FullyQualifiedErrorId | Should -BeLike 'NotAVirtualDisk,*'
    }

    It 'refuses <What>' -ForEach @(
        @{ What = 'a size that is no multiple of the sector'; Id = 'InvalidSize'; Do = { Resize-VhdxImage $path 5000001 -ErrorAction Stop } }
        @{ What = 'a size above 64 TiB'; Id = 'InvalidSize'; Do = { Resize-VhdxImage $path (64TB + 512) -ErrorAction Stop } }
        @{ What = 'neither size nor minimum'; Id = 'ContradictingParameters'; Do = { Resize-VhdxImage $path } }
        @{ What = 'both size and minimum'; Id = 'ContradictingParameters'; Do = { Resize-VhdxImage $path 9MB -ToMinimumSize } }
        @{ What = 'to cut data'; Id = 'SizeTooSmall'; Do = { Resize-VhdxImage $path 4MB -ErrorAction Stop } }
        @{ What = 'a file that is in use'; Id = 'FileInUse'; Do = { Use-Disk $path { Resize-VhdxImage $path 9MB -ErrorAction Stop } } }
        @{ What = 'a file that is not there'; Id = 'FileNotFound'; Do = { Resize-VhdxImage (Join-Path $folder nowhere.vhdx) 9MB -ErrorAction Stop } }
    ) {
        $folder = New-Folder
        $path = New-Filled $folder
        $state = Get-FileState $path
        $Do | Should -Throw -ErrorId "$Id,*"
        Get-FileState $path | Should -BeExactly $state
    }

    It 'leaves the old or the new size of a <Type> image when it is killed, and can be run again' -ForEach @(
        # Growing and shrinking takes a while only where the table is large, or much is written.
        @{ Type = 'Dynamic'; Large = 5TB }
        @{ Type = 'Differencing'; Large = 5TB }
        @{ Type = 'Fixed'; Large = 200MB }
    ) {
        if (Test-Wine) { Set-ItResult -Skipped -Because 'so many processes take too long under Wine, where Repair-VhdxImage is killed instead' }
        $folder = New-Folder
        $path = New-Filled $folder $Type
        if ($Type -eq 'Dynamic') { $path = (Convert-VhdxImage $path (Join-Path $folder small.vhdx) -BlockSizeBytes 1MB).Path }
        $head = Get-Head $path 6MB
        foreach ($delay in 0, 15, 40, 90) {
            foreach ($size in $Large, 6MB) {
                $null = Invoke-Killed "Resize-VhdxImage '$path' $size -Force" $delay
                (Get-VhdxImage $path).Size | Should -BeIn 6MB, $Large
                Test-VhdxImage $path | Should -BeTrue
                Use-Disk $path -Access Read {
                    $bytes = [byte[]]::new(6MB)
                    $null = $disk.ReadAt(0, $bytes, 0, 6MB)
                    [Convert]::ToHexString([Security.Cryptography.SHA256]::HashData($bytes)) | Should -BeExactly $head
                }
            }
        }
        Resize-VhdxImage $path 6MB -Force
        Get-Head $path 6MB | Should -BeExactly $head
        Test-VhdxImage $path -Detailed | Where-Object RuleId -notin VX611, VX809 | Should -BeNullOrEmpty
    }
}
