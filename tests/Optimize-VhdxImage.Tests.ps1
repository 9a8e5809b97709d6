# Optimize-VhdxImage: images of this module, of QEMU and of Windows become shorter and keep every byte; killed processes do no harm.

BeforeDiscovery {
    $shapes = foreach ($sector in 512, 4096) { foreach ($type in 'Dynamic', 'Fixed', 'Differencing') { @{ Type = $type; Sector = $sector } } }
    $samples = 'dynamic.vhdx', 'fixed.vhdx', 'test-disk2vhd.vhdx', 'config2_base.vhdx', 'iotest-dynamic-1G.vhdx', 'vhdx-log-replay.vhdx', 'iotest-dirtylog-10G-4M.vhdx'
}

BeforeAll {
    . (Join-Path $PSScriptRoot 'common.ps1')
    . (Join-Path $PSScriptRoot 'disks.ps1')

    function New-Worn {
        # A disk of 24 MiB with data, blocks of zeros, trimmed blocks and 5 MiB that nothing references behind its end.
        param([string] $Folder, [string] $Type = 'Dynamic', [int] $Sector = 512)

        $with = @{ LogicalSectorSizeBytes = $Sector }
        if ($Type -eq 'Fixed') { $with.Type = 'Fixed'; $with.Preallocation = 'None' }
        if ($Type -eq 'Differencing') { $with = @{ ParentPath = New-Image (Join-Path $Folder parent.vhdx) 24MB $with } }
        $path = New-Image (Join-Path $Folder disk.vhdx) $(if ($Type -ne 'Differencing') { 24MB } else { 0 }) $with
        Use-Disk $path {
            $bytes = [byte[]]::new(1MB)
            for ($i = 0; $i -lt 20; $i++) {
                [Array]::Fill($bytes, [byte] (1 + $i))
                $disk.WriteAt(1MB * $i, $bytes, 0, $bytes.Length)
            }
            # Half a block of zeros each, so that the space stays.
            $zeros = [byte[]]::new(512KB)
            foreach ($i in 2, 3, 7) { $disk.WriteAt(1MB * $i, $zeros, 0, 512KB); $disk.WriteAt(1MB * $i + 512KB, $zeros, 0, 512KB) }
            $disk.Flush()
            $disk.Trim(10MB, 4MB)
        }
        Set-FileLength $path ((Get-Item $path).Length + 5MB)
        $path
    }
}

Describe 'Compacting a <Type> image with sectors of <Sector> bytes' -ForEach $shapes {
    It 'frees what it says, keeps every byte, and does nothing the second time' {
        $path = New-Worn (New-Folder) $Type $Sector
        $digest = Get-Digest $path
        $before = Get-VhdxImage $path
        $length = (Get-Item $path).Length
        $result = Optimize-VhdxImage -Path $path
        $result | Should -BeOfType VhdxTools.VhdxOptimizeResult
        $result.BytesBefore | Should -Be $length
        $result.BytesAfter | Should -Be (Get-Item $path).Length
        $result.Changed | Should -BeTrue
        # Three blocks of zeros; the trimmed ones gave up their space before.
        $result.ZeroBlocksFreed | Should -Be $(if ($Type -eq 'Fixed') { 0 } else { 3 })
        $result.BytesFreed | Should -BeGreaterOrEqual $(if ($Type -eq 'Fixed') { 5MB } else { 5MB + 3MB + 4MB })
        Get-Digest $path | Should -BeExactly $digest
        $after = Get-VhdxImage $path
        foreach ($property in 'Size', 'DiskIdentifier', 'DataWriteGuid', 'VhdType', 'BlockSize') { $after.$property | Should -Be $before.$property }
        Test-VhdxImage $path -Detailed | Where-Object RuleId -ne VX611 | Should -BeNullOrEmpty

        $state = Get-FileState $path
        $again = Optimize-VhdxImage $path
        $again.Changed | Should -BeFalse
        $again.BytesFreed + $again.BlocksFreed + $again.BlocksMoved | Should -Be 0
        Get-FileState $path | Should -BeExactly $state
        if ((Test-Peer qemu-img) -and $Sector -eq 512 -and $Type -ne 'Differencing') {
            Compare-Raw $path (ConvertTo-Raw $path) | Should -Be -1
            $said = & qemu-img check -f vhdx $path 2>&1
            $LASTEXITCODE | Should -Be 0 -Because "$said"
        }
    }
}

Describe 'Images of other programs' {
    It 'lose nothing: <_>' -ForEach $samples {
        $path = Get-SampleFile $_ (New-Folder)
        $digest = Get-Digest $path
        $length = (Get-Item $path).Length
        $estimate = Optimize-VhdxImage $path -WhatIf
        $result = Optimize-VhdxImage $path
        foreach ($property in $estimate.PSObject.Properties.Name) { $result.$property | Should -Be $estimate.$property -Because $property }
        (Get-Item $path).Length | Should -BeLessOrEqual ([Math]::Max($length, $result.BytesAfter))
        Get-Digest $path | Should -BeExactly $digest
        Test-VhdxImage $path | Should -BeTrue
        (Optimize-VhdxImage $path).Changed | Should -BeFalse
    }

    It 'give back what a fixed image of QEMU does not use' {
        if (-not (Test-Peer qemu-img)) { Set-ItResult -Skipped -Because 'qemu-img is not here' }
        $folder = New-Folder
        $path = Join-Path $folder fixed.vhdx
        $said = & qemu-img create -q -f vhdx -o subformat=fixed,block_size=1M $path 32M 2>&1
        $LASTEXITCODE | Should -Be 0 -Because "$said"
        $before = Get-VhdxImage $path
        $allocated = $before.BlocksAllocated
        $result = Optimize-VhdxImage $path
        (Get-VhdxImage $path).BlocksAllocated | Should -Be $allocated
        # Header section, log, BAT, metadata, the blocks that are there, and gaps of less than a block.
        $result.BytesAfter | Should -BeLessOrEqual (4MB + $allocated * 1MB + $result.BytesUnused)
        $result.BytesUnused | Should -Be 0
        Test-VhdxImage $path | Should -BeTrue
        $said = & qemu-img check -f vhdx $path 2>&1
        $LASTEXITCODE | Should -Be 0 -Because "$said"
    }
}

Describe 'Optimize-VhdxImage' {
    It 'tells the same numbers with -WhatIf and touches nothing' {
        $path = New-Worn (New-Folder)
        $state = Get-FileState $path
        $estimate = Optimize-VhdxImage $path -WhatIf
        Get-FileState $path | Should -BeExactly $state
        $text = (Invoke-ChildShell "Import-Module '$manifestPath'; `$null = Optimize-VhdxImage '$path' -WhatIf").Output
        $text | Should -Match 'Compact .* from .* to .*: 3 blocks give up their space, \d+ are moved'
        $WhatIfPreference = $true
        (Optimize-VhdxImage $path).Changed | Should -BeTrue
        $WhatIfPreference = $false
        Get-FileState $path | Should -BeExactly $state
        $result = Optimize-VhdxImage $path
        foreach ($property in $estimate.PSObject.Properties.Name) { $result.$property | Should -Be $estimate.$property -Because $property }
    }

    It 'leaves side files alone' {
        $folder = New-Folder
        $path = New-Worn $folder
        foreach ($name in 'disk.rct', 'disk.mrt', 'disk.vhdx.rct') { Set-Content (Join-Path $folder $name) $name }
        $states = Get-ChildItem $folder -Exclude *.vhdx | ForEach-Object { Get-FileState $_.FullName }
        $null = Optimize-VhdxImage $path
        Get-ChildItem $folder -Exclude *.vhdx | ForEach-Object { Get-FileState $_.FullName } | Should -Be $states
    }

    It 'keeps children of the image in step' {
        $folder = New-Folder
        $path = New-Worn $folder
        $child = New-Image (Join-Path $folder child.vhdx) 0 @{ ParentPath = $path }
        $null = Optimize-VhdxImage $path
        Test-VhdxImage $child | Should -BeTrue
    }

    It 'refuses a file that the kernel shows as a block device' {
        $path = New-Image (Join-Path (New-Folder) looped.vhdx) 8MB
        $device = if ($IsLinux -and (Get-Command losetup -CommandType Application -ErrorAction Ignore)) { & losetup --find --show $path 2>$null }
        if (-not $device) { Set-ItResult -Skipped -Because 'this account cannot attach loop devices here'; return }
        try { { Optimize-VhdxImage $path -ErrorAction Stop } | Should -Throw -ErrorId 'FileInUse,*' -ExpectedMessage "*$device*" }
        finally { & losetup --detach $device }
        { Optimize-VhdxImage $path -ErrorAction Stop } | Should -Not -Throw
    }

    It 'refuses a file that is in use, also one that has nothing to free' {
        $path = New-Image (Join-Path (New-Folder) d.vhdx) 8MB
        { Use-Disk $path { Optimize-VhdxImage $path -ErrorAction Stop } } | Should -Throw -ErrorId 'FileInUse,*' -ExpectedMessage '*d.vhdx*'
    }

    It 'takes files from the pipeline, and one bad file does not stop the others' {
        $folder = New-Folder
        $null = New-Image (Join-Path $folder 'a[1].vhdx') 8MB
        Set-Content (Join-Path $folder 'b.vhdx') 'no image'
        $null = New-Image (Join-Path $folder 'c.vhdx') 8MB
        (Get-ChildItem $folder | Optimize-VhdxImage -ErrorVariable errors -ErrorAction SilentlyContinue).Changed | Should -Be $false, $false
        $errors.FullyQualifiedErrorId | Should -BeLike 'NotAVirtualDisk,*'
    }

    It 'does no harm when it is killed, and finishes when it is run again' {
        if (Test-Wine) { Set-ItResult -Skipped -Because 'so many processes take too long under Wine, where Repair-VhdxImage is killed instead' }
        $folder = New-Folder
        $path = New-Image (Join-Path $folder disk.vhdx) 200MB
        Use-Disk $path {
            $bytes = [byte[]]::new(1MB)
            for ($i = 0; $i -lt 200; $i++) { [Array]::Fill($bytes, [byte] (1 + $i)); $disk.WriteAt(1MB * $i, $bytes, 0, 1MB) }
            $disk.Flush()
            for ($i = 0; $i -lt 150; $i += 2) { $disk.Trim(1MB * $i, 1MB) }
        }
        $digest = Get-Digest $path
        $worn = "$path.worn"
        Copy-Item $path $worn
        foreach ($delay in 0, 15, 40, 80, 140, 220) {
            Copy-Item $worn $path -Force
            $null = Invoke-Killed "Optimize-VhdxImage '$path'" $delay
            Get-Digest $path | Should -BeExactly $digest
            Test-VhdxImage $path | Should -BeTrue
            $null = Optimize-VhdxImage $path
            Get-Digest $path | Should -BeExactly $digest
            (Optimize-VhdxImage $path).Changed | Should -BeFalse
        }
    }
}
