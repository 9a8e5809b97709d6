# MinimumSize: partition tables that sfdisk (or fdisk, for 4096-byte sectors) made on a raw disk, carried into images
# block by block; the expected value is computed from what that program itself tells of the disk.

BeforeDiscovery {
    $disks = @(
        foreach ($sector in 512, 4096) {
            $MB = 1MB / $sector
            @{ Sector = $sector; Label = 'gpt'; Case = 'one partition'; Script = @("start=$MB, size=$(3 * $MB)") }
            @{ Sector = $sector; Label = 'gpt'; Case = 'a gap and an odd end'; Script = @("start=$MB, size=$MB", "start=$(5 * $MB), size=$(2 * $MB + 3)") }
            @{ Sector = $sector; Label = 'gpt'; Case = 'the first entry last on the disk'; Script = @("1 : start=$(9 * $MB), size=$(2 * $MB)", "2 : start=$MB, size=$MB") }
            @{ Sector = $sector; Label = 'gpt'; Case = 'the whole disk'; Script = @("start=$MB") }
            @{ Sector = $sector; Label = 'dos'; Case = 'one partition'; Script = @("start=$MB, size=$(3 * $MB), type=83") }
            @{ Sector = $sector; Label = 'dos'; Case = 'the first entry last on the disk'; Script = @("1 : start=$(9 * $MB), size=$(2 * $MB), type=83", "2 : start=$MB, size=$MB, type=83") }
            @{ Sector = $sector; Label = 'dos'; Case = 'a logical partition'; Script = @("start=$MB, size=$(2 * $MB), type=83", "start=$(4 * $MB), size=$(8 * $MB), type=5", "start=$(5 * $MB), size=$MB, type=83") }
            @{ Sector = $sector; Label = 'dos'; Case = 'the whole disk'; Script = @("start=$MB, type=83") }
        }
    )
}

BeforeAll {
    . (Join-Path $PSScriptRoot 'common.ps1')
    . (Join-Path $PSScriptRoot 'handmade.ps1')
    $folder = (Get-PSDrive -Name TestDrive).Root
    $size = 20MB

    function New-RawDisk {
        # A raw disk with a partition table, of lines as sfdisk takes them. Its versions before 2.39 know 512-byte sectors only.
        param([string] $Label, [int] $Sector, [string[]] $Script)

        $maker = if ($Sector -eq 512) { 'sfdisk' } else { 'fdisk' }
        if (-not (Test-Peer $maker)) { Set-ItResult -Skipped -Because "$maker is not here" }
        $raw = Join-Path $folder ([IO.Path]::GetRandomFileName() + '.raw')
        [IO.File]::WriteAllBytes($raw, [byte[]]::new(0))
        Set-FileLength $raw $size
        $lines = @("label: $Label") + $Script
        if ($Sector -eq 512) {
            $said = $lines | & sfdisk --quiet $raw 2>&1
        }
        else {
            Set-Content -LiteralPath "$raw.script" -Value $lines
            $said = 'I', "$raw.script", 'w' | & fdisk -b $Sector $raw 2>&1
        }
        if ($LASTEXITCODE -ne 0) { throw "$maker failed: $said" }
        $raw
    }

    function Get-LastEnd {
        # The end of the last partition in bytes, as the program that made them lists them.
        param([string] $Raw, [int] $Sector)

        $ends = if ($Sector -eq 512) {
            foreach ($partition in (& sfdisk -J $Raw | ConvertFrom-Json).partitiontable.partitions) { $partition.start + $partition.size }
        }
        else {
            foreach ($line in & fdisk -b $Sector -l -o 'Start,Sectors' $Raw) {
                if ($line -match '^\s*(\d+)\s+(\d+)\s*$') { [long] $Matches[1] + [long] $Matches[2] }
            }
        }
        $Sector * ($ends | Measure-Object -Maximum).Maximum
    }

    function Copy-RawDisk {
        # Puts a raw disk into the payload blocks of a created fixed image, at the places that its BAT gives.
        param([string] $Raw, [int] $Sector)

        $path = Join-Path $folder ([IO.Path]::GetRandomFileName() + '.vhdx')
        $null = New-VhdxImage -Path $path -SizeBytes $size -Type Fixed -BlockSizeBytes 1MB -LogicalSectorSizeBytes $Sector -Preallocation None
        $bat = Read-Bytes $path 3MB (8 * $size / 1MB)
        $data = [IO.File]::ReadAllBytes($Raw)
        $zeros = [byte[]]::new(1MB)
        for ($block = 0; $block -lt $size / 1MB; $block++) {
            $entry = Get-UInt64 $bat (8 * $block)
            $entry -band 7 | Should -Be 6 -Because 'the BAT is at 3 MiB and the image is fixed'
            $part = [byte[]]::new(1MB)
            [Array]::Copy($data, $block * 1MB, $part, 0, 1MB)
            if ([Linq.Enumerable]::SequenceEqual($part, $zeros)) { continue }
            Write-FileBytes $path (($entry -shr 20) * 1MB) $part
        }
        $path
    }

    # 128 entries of 128 bytes and the header behind them.
    $backupLength = @{ 512 = 33 * 512; 4096 = 5 * 4096 }
}

Describe 'MinimumSize, <Label>, <Sector>-byte sectors: <Case>' -ForEach $disks {
    It 'is the end of the last partition and the room of the backup GPT' {
        $raw = New-RawDisk $Label $Sector $Script
        $expected = Get-LastEnd $raw $Sector
        if ($Label -eq 'gpt') { $expected = [Math]::Min($expected + $backupLength[$Sector], $size) }
        $path = Copy-RawDisk $raw $Sector
        $before = Get-FileState $path
        $image = Get-VhdxImage -LiteralPath $path
        $image.LogicalSectorSize | Should -Be $Sector
        $image.MinimumSize | Should -Be $expected
        Get-FileState $path | Should -BeExactly $before
    }
}

Describe 'MinimumSize of a GPT' {
    It 'without partitions leaves room for both tables' {
        $raw = New-RawDisk gpt 512 @()
        $table = (& sfdisk -J $raw | ConvertFrom-Json).partitiontable
        (Get-VhdxImage -LiteralPath (Copy-RawDisk $raw 512)).MinimumSize | Should -Be ($table.firstlba * 512 + $backupLength[512])
    }

    It 'is read from the backup when the primary is damaged (<Where>), and is empty when both are' -ForEach @(
        @{ Where = 'header'; Offset = 512 + 40 }
        @{ Where = 'entries'; Offset = 1024 + 40 }
    ) {
        $raw = New-RawDisk gpt 512 'size=6144'
        $expected = (Get-LastEnd $raw 512) + $backupLength[512]
        Write-FileBytes $raw $Offset ([byte[]] (0x77))
        (Get-VhdxImage -LiteralPath (Copy-RawDisk $raw 512)).MinimumSize | Should -Be $expected
        Write-FileBytes $raw ($size - 512 + 40) ([byte[]] (0x77))
        (Get-VhdxImage -LiteralPath (Copy-RawDisk $raw 512)).MinimumSize | Should -BeNullOrEmpty -Because 'the protective MBR alone tells nothing'
    }

    It 'is the same in an image that qemu-img converted' {
        if (-not (Test-Peer qemu-img)) { Set-ItResult -Skipped -Because 'qemu-img is not here' }
        $raw = New-RawDisk gpt 512 'size=6144', 'size=8192'
        $path = Join-Path $folder 'converted.vhdx'
        $null = & qemu-img convert -f raw -O vhdx $raw $path
        $LASTEXITCODE | Should -Be 0
        $image = Get-VhdxImage -LiteralPath $path
        $image.MinimumSize | Should -Be ((Get-LastEnd $raw 512) + $backupLength[512])
        $image.Size | Should -Be $size
    }
}

Describe 'MinimumSize is empty' {
    It 'for a file system without a partition table: <Maker>' -ForEach @(
        @{ Maker = 'mkfs.ext4'; Arguments = @('-q', '-F') }
        @{ Maker = 'mkfs.ntfs'; Arguments = @('-q', '-F', '-f') }
    ) {
        if (-not (Test-Peer $Maker)) { Set-ItResult -Skipped -Because "$Maker is not here" }
        $raw = Join-Path $folder "$Maker.raw"
        [IO.File]::WriteAllBytes($raw, [byte[]]::new(0))
        Set-FileLength $raw $size
        $said = & $Maker @Arguments $raw 2>&1
        $LASTEXITCODE | Should -Be 0 -Because "$said"
        (Get-VhdxImage -LiteralPath (Copy-RawDisk $raw 512)).MinimumSize | Should -BeNullOrEmpty
    }

    It 'for a boot sector with the signature of an MBR and no entries, or with code where these would be: <_>' -ForEach 0x00, 0x90 {
        $boot = [byte[]]::new(512)
        for ($i = 446; $i -lt 510; $i++) { $boot[$i] = $_ }
        Set-Bytes $boot 510 ([byte[]] (0x55, 0xAA))
        $path = New-HandmadeImage (Join-Path $folder "boot-$_.vhdx") -Bat @{ 0 = New-BatValue 6 4 } -Data @{ 4MB = $boot }
        (Get-VhdxImage -LiteralPath $path).MinimumSize | Should -BeNullOrEmpty
    }

    It 'for a disk of zeros' {
        $path = Join-Path $folder 'zeros.vhdx'
        $null = New-VhdxImage -Path $path -SizeBytes $size -Type Fixed -Preallocation None
        (Get-VhdxImage -LiteralPath $path).MinimumSize | Should -BeNullOrEmpty
    }

    It 'when the block of the table has a reserved state or lies in the header section: <State>, <OffsetMB>' -ForEach @(
        @{ State = 4; OffsetMB = 4 }, @{ State = 5; OffsetMB = 4 }, @{ State = 6; OffsetMB = 0 }, @{ State = 7; OffsetMB = 4 }
        # States 0 to 3 never follow their offset.
        @{ State = 0; OffsetMB = 4 }, @{ State = 1; OffsetMB = 4 }, @{ State = 2; OffsetMB = 4 }, @{ State = 3; OffsetMB = 4 }
    ) {
        $mbr = [byte[]]::new(512)
        Set-Bytes $mbr 446 ([byte[]] (0, 0, 0, 0, 0x83, 0, 0, 0))
        Set-Bytes $mbr 454 ([uint32] 2048)
        Set-Bytes $mbr 458 ([uint32] 2048)
        Set-Bytes $mbr 510 ([byte[]] (0x55, 0xAA))
        $sound = New-HandmadeImage (Join-Path $folder "sound-$State-$OffsetMB.vhdx") -Bat @{ 0 = New-BatValue 6 4 } -Data @{ 4MB = $mbr }
        (Get-VhdxImage -LiteralPath $sound).MinimumSize | Should -Be 2MB
        $path = New-HandmadeImage (Join-Path $folder "state-$State-$OffsetMB.vhdx") -Bat @{ 0 = New-BatValue $State $OffsetMB } -Data @{ 4MB = $mbr }
        (Get-VhdxImage -LiteralPath $path).MinimumSize | Should -BeNullOrEmpty
    }
}
