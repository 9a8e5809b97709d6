# Real images of other programs: both reading cmdlets tell what the samples' README says, and leave the files alone.

BeforeDiscovery {
    # What the README says, and MinimumSize by none of them. Creator as a pattern: the README shortens.
    $images = @(
        @{ Name = 'dynamic.vhdx'; Format = 'VHDX'; Type = 'Dynamic'; Size = 10485760; Block = 32MB; Physical = 4096; Creator = 'Windows 10\.0\.18363'; Log = 'Clean' }
        @{ Name = 'fixed.vhdx'; Format = 'VHDX'; Type = 'Fixed'; Size = 10485760; Block = 2MB; Physical = 4096; Creator = 'Windows 10\.0\.18363'; Log = 'Clean' }
        @{ Name = 'differencing.avhdx'; Format = 'VHDX'; Type = 'Differencing'; Size = 8589934592; Block = 2MB; Physical = $null; Creator = 'Windows 10\.0\.17763'; Log = 'Clean' }
        @{ Name = 'vhdx-log-replay.vhdx'; Format = 'VHDX'; Type = 'Dynamic'; Size = 1073741824; Block = $null; Physical = $null; Creator = 'Windows 10\.0\.15063'; Log = 'Dirty' }
        @{ Name = 'iotest-dynamic-1G.vhdx'; Format = 'VHDX'; Type = 'Dynamic'; Size = 1073741824; Block = 32MB; Physical = $null; Creator = 'Windows 6\.2\.9200'; Log = 'Clean' }
        @{ Name = 'config2_base.vhdx'; Format = 'VHDX'; Type = 'Dynamic'; Size = 104857600; Block = 32MB; Physical = $null; Creator = 'Windows 6\.3\.9600'; Log = 'Clean' }
        @{ Name = 'iotest-dirtylog-10G-4M.vhdx'; Format = 'VHDX'; Type = 'Dynamic'; Size = 10737418240; Block = 1MB; Physical = 512; Creator = 'QEMU v1\.6\.50'; Log = 'Dirty' }
        @{ Name = 'test-disk2vhd.vhdx'; Format = 'VHDX'; Type = 'Dynamic'; Size = 268435456; Block = $null; Physical = $null; Creator = '^d2v'; Log = 'Clean' }
        @{ Name = 'dynamic.vhd'; Format = 'VHD'; Type = 'Dynamic'; Size = 10485760; Block = $null; Physical = 512; Creator = '^win$'; Log = $null }
        @{ Name = 'fixed.vhd'; Format = 'VHD'; Type = 'Fixed'; Size = 10485760; Block = $null; Physical = 512; Creator = '^win$'; Log = $null }
        @{ Name = 'd2v-zerofilled.vhd'; Format = 'VHD'; Type = 'Dynamic'; Size = 263454720; Block = $null; Physical = 512; Creator = '^d2v$'; Log = $null }
        @{ Name = 'hyperv2012r2-dynamic.vhd'; Format = 'VHD'; Type = 'Dynamic'; Size = 136365211648; Block = $null; Physical = 512; Creator = '^win$'; Log = $null }
        # README: which size counts depends on the creator field; for Virtual PC the digest of the format says CHS.
        @{ Name = 'virtualpc-dynamic.vhd'; Format = 'VHD'; Type = 'Dynamic'; Size = 136363130880; Block = $null; Physical = 512; Creator = '^vpc$'; Log = $null }
    )
    $vhdx = @($images | Where-Object Format -EQ 'VHDX')
}

BeforeAll {
    . (Join-Path $PSScriptRoot 'common.ps1')
    . (Join-Path $PSScriptRoot 'handmade.ps1')

    function Get-CurrentHeader {
        # Bytes of the current header, chosen by the specification.
        param([string] $Path)

        $current = $null
        foreach ($offset in 64KB, 128KB) {
            $bytes = Read-Bytes $Path $offset 4096
            $stored = Get-UInt32 $bytes 4
            Set-Crc $bytes
            $isValid = (Get-UInt32 $bytes 4) -eq $stored
            if ($isValid -and ($null -eq $current -or (Get-UInt64 $bytes 8) -gt (Get-UInt64 $current 8))) { $current = $bytes }
        }
        , $current
    }

    function Get-Sample {
        param([string] $Name)

        Get-SampleFile $Name
    }
}

Describe 'The sample <Name>' -ForEach $images {
    It 'is told as its README tells it' {
        $image = Get-VhdxImage -LiteralPath (Get-Sample $Name)
        $image.VhdFormat | Should -Be $Format
        $image.VhdType | Should -Be $Type
        $image.Size | Should -Be $Size
        $image.LogicalSectorSize | Should -Be 512
        if ($Block) { $image.BlockSize | Should -Be $Block }
        if ($Physical) { $image.PhysicalSectorSize | Should -Be $Physical }
        $image.Creator | Should -Match $Creator
        $image.LogState | Should -Be $Log
        $image.FileSize | Should -Be ([IO.FileInfo]::new($image.Path).Length)
        if ($Type -ne 'Differencing') {
            $image.ParentPath | Should -BeNullOrEmpty
            $image.ParentLinkage | Should -BeNullOrEmpty
        }
    }

    It 'stays as it is when <_> is asked' -ForEach 'Get-VhdxImage', 'Get-VhdxLayout' {
        $path = Get-Sample $Name
        $before = Get-FileState $path
        # A VHD has no layout; the refusal changes nothing either.
        $null = & $_ -LiteralPath $path -ErrorAction $(if ($_ -eq 'Get-VhdxLayout' -and $Format -eq 'VHD') { 'SilentlyContinue' } else { 'Stop' })
        Get-FileState $path | Should -BeExactly $before
    }

    It 'can be read with the read-only attribute, in a folder without the right to write, and stays as it is' {
        $path = Get-Sample $Name
        $folder = Split-Path $path
        Set-ItemProperty -LiteralPath $path -Name IsReadOnly -Value $true
        if (-not $IsWindows) { [IO.File]::SetUnixFileMode($folder, 'UserRead, UserExecute') }
        try {
            $before = Get-FileState $path
            (Get-VhdxImage -LiteralPath $path).Size | Should -Be $Size
            if ($Format -eq 'VHDX') { (Get-VhdxLayout -LiteralPath $path).Size | Should -Be $Size }
            Get-FileState $path | Should -BeExactly $before
            Get-ChildItem -LiteralPath $folder -Force | Should -HaveCount 1
        }
        finally {
            if (-not $IsWindows) { [IO.File]::SetUnixFileMode($folder, 'UserRead, UserWrite, UserExecute') }
            Set-ItemProperty -LiteralPath $path -Name IsReadOnly -Value $false
        }
    }
}

Describe 'The headers of <Name>' -ForEach $vhdx {
    It 'give the identifiers' {
        $path = Get-Sample $Name
        $header = Get-CurrentHeader $path
        $image = Get-VhdxImage -LiteralPath $path
        $image.FileWriteGuid | Should -Be (Get-GuidAt $header 16)
        $image.DataWriteGuid | Should -Be (Get-GuidAt $header 32)
        ($image.LogState -eq 'Dirty') | Should -Be ((Get-GuidAt $header 48) -ne [guid]::Empty)
    }

    It 'are laid open, stored and computed checksums' {
        $path = Get-Sample $Name
        $layout = Get-VhdxLayout -LiteralPath $path
        $layout.Headers | Should -HaveCount 2
        foreach ($copy in $layout.Headers) {
            $bytes = Read-Bytes $path $copy.FileOffset 4096
            $copy.StoredChecksum | Should -Be (Get-UInt32 $bytes 4)
            $copy.SequenceNumber | Should -Be (Get-UInt64 $bytes 8)
            Set-Crc $bytes
            $copy.ComputedChecksum | Should -Be (Get-UInt32 $bytes 4)
            $copy.LogGuid | Should -Be (Get-GuidAt $bytes 48)
        }
        @($layout.Headers | Where-Object IsCurrent) | Should -HaveCount 1
        @($layout.Headers | Where-Object IsCurrent)[0].SequenceNumber | Should -Be (Get-UInt64 (Get-CurrentHeader $path) 8)
    }

    It 'lead to a log whose entries and descriptors are all listed' {
        $path = Get-Sample $Name
        $header = Get-CurrentHeader $path
        $expected = @(Read-LogEntry $path (Get-UInt64 $header 72) (Get-UInt32 $header 68))
        $logGuid = Get-GuidAt $header 48
        $layout = Get-VhdxLayout -LiteralPath $path
        $layout.LogEntries | Should -HaveCount $expected.Count
        # The head has the greatest number; its Tail is where the replay starts.
        $head = $expected | Where-Object { $logGuid -ne [guid]::Empty -and $_.LogGuid -eq $logGuid } | Sort-Object SequenceNumber | Select-Object -Last 1
        $tail = if ($head) { $expected | Where-Object { $_.FileOffset -eq (Get-UInt64 $header 72) + $head.Tail } }
        for ($i = 0; $i -lt $expected.Count; $i++) {
            $entry = $layout.LogEntries[$i]
            foreach ($property in 'FileOffset', 'Length', 'Tail', 'SequenceNumber', 'LogGuid', 'FlushedFileOffset', 'LastFileOffset') {
                $entry.$property | Should -Be $expected[$i].$property -Because "entry $i, $property"
            }
            $entry.DescriptorCount | Should -Be $expected[$i].Descriptors.Count
            $described = @($entry.Descriptors | ForEach-Object { '{0} 0x{1:X} {2}' -f $(if ($_.IsZero) { 'zero' } else { 'data' }), $_.FileOffset, $_.Length })
            $described | Should -Be $expected[$i].Descriptors
            $isActive = $head -and $expected[$i].LogGuid -eq $logGuid -and $expected[$i].SequenceNumber -ge $tail.SequenceNumber
            $entry.IsActive | Should -Be ([bool] $isActive) -Because "entry $i"
        }
        if ($Log -eq 'Dirty') { @($layout.LogEntries | Where-Object IsActive).Count | Should -BeGreaterThan 0 }
        if ($Name -eq 'vhdx-log-replay.vhdx') { @($layout.LogEntries | Where-Object IsActive) | Should -HaveCount 2 }
    }

    It 'open a file whose areas are sorted, without gap or overlap, and cover it' {
        $path = Get-Sample $Name
        $layout = Get-VhdxLayout -LiteralPath $path
        $next = 0
        foreach ($area in $layout.Areas) {
            $area.FileOffset | Should -Be $next
            $area.Length | Should -BeGreaterThan 0
            $next = $area.FileOffset + $area.Length
        }
        $next | Should -Be $layout.FileLength
        # After the replay the file may be longer, never shorter.
        if ($Log -eq 'Clean') { $next | Should -Be ([IO.FileInfo]::new($path).Length) }
        else { $next | Should -BeGreaterOrEqual ([IO.FileInfo]::new($path).Length) }
    }

    It 'are followed by metadata items at the places where their bytes stand' {
        $path = Get-Sample $Name
        $layout = Get-VhdxLayout -LiteralPath $path
        $byName = @{}
        foreach ($item in $layout.MetadataItems) { $byName[$item.Name] = $item }
        $place = $byName['Virtual Disk Size'].FileOffset
        Get-UInt64 (Read-Bytes $path $place 8) | Should -Be $Size
        $byName['Virtual Disk Size'].Value | Should -Be $Size
        $byName['Virtual Disk ID'].Value | Should -Be (Get-GuidAt (Read-Bytes $path $byName['Virtual Disk ID'].FileOffset 16))
        $parameters = Read-Bytes $path $byName['File Parameters'].FileOffset 8
        $byName['File Parameters'].Value | Should -BeLike "BlockSize=$(Get-UInt32 $parameters 0);*"
        $layout.BlockSize | Should -Be (Get-UInt32 $parameters 0)
        $byName['Logical Sector Size'].Value | Should -Be (Get-UInt32 (Read-Bytes $path $byName['Logical Sector Size'].FileOffset 4))
        $byName['Physical Sector Size'].Value | Should -Be (Get-UInt32 (Read-Bytes $path $byName['Physical Sector Size'].FileOffset 4))
    }
}

Describe 'What the README tells of single samples' {
    It 'differencing.avhdx: no parent here, a second linkage of zeros, an absolute path without prefix' {
        $path = Get-Sample 'differencing.avhdx'
        $layout = Get-VhdxLayout -LiteralPath $path
        $pairs = [ordered] @{}
        foreach ($pair in $layout.ParentLocator) { $pairs[$pair.Key] = $pair.Value }
        $pairs['parent_linkage2'] | Should -BeExactly '{00000000-0000-0000-0000-000000000000}'
        $pairs['absolute_win32_path'] | Should -Match '^[A-Z]:\\'
        # The same pairs, read from the item's bytes.
        $item = $layout.MetadataItems | Where-Object Name -EQ 'Parent Locator'
        $bytes = Read-Bytes $path $item.FileOffset $item.Length
        $count = Get-UInt16 $bytes 18
        $count | Should -Be $pairs.Count
        for ($i = 0; $i -lt $count; $i++) {
            $entry = 20 + 12 * $i
            $key = [Text.Encoding]::Unicode.GetString($bytes, (Get-UInt32 $bytes $entry), (Get-UInt16 $bytes ($entry + 8)))
            $value = [Text.Encoding]::Unicode.GetString($bytes, (Get-UInt32 $bytes ($entry + 4)), (Get-UInt16 $bytes ($entry + 10)))
            $layout.ParentLocator[$i].Key | Should -BeExactly $key
            $layout.ParentLocator[$i].Value | Should -BeExactly $value
        }
        $image = Get-VhdxImage -LiteralPath $path
        $image.ParentPath | Should -BeExactly $pairs['absolute_win32_path']
        $image.ParentLinkage | Should -Be ([guid] $pairs['parent_linkage'])
        $image.MinimumSize | Should -BeNullOrEmpty
    }

    It 'test-disk2vhd.vhdx: two identical headers, a file length that is no multiple of 1 MiB' {
        $path = Get-Sample 'test-disk2vhd.vhdx'
        [IO.FileInfo]::new($path).Length % 1MB | Should -Not -Be 0
        $layout = Get-VhdxLayout -LiteralPath $path
        [Convert]::ToHexString((Read-Bytes $path 64KB 4096)) | Should -BeExactly ([Convert]::ToHexString((Read-Bytes $path 128KB 4096)))
        @($layout.Headers | Where-Object IsValid) | Should -HaveCount 2
    }

    It 'iotest-dirtylog-10G-4M.vhdx: region entries that are not required' {
        $layout = Get-VhdxLayout -LiteralPath (Get-Sample 'iotest-dirtylog-10G-4M.vhdx')
        $layout.Regions.IsRequired | Should -Be @($false, $false)
        @($layout.Problems | Where-Object RuleId -EQ 'VX411') | Should -HaveCount 2
    }

    It 'a VHD has no layout, and the message says what it is' {
        $path = Get-Sample 'dynamic.vhd'
        $failure = { Get-VhdxLayout -LiteralPath $path } | Should -Throw -PassThru -ErrorId 'FileIsVhd,VhdxTools.GetVhdxLayoutCommand'
        $failure.Exception.Message | Should -Match 'VHD \(version 1\)'
    }
}
