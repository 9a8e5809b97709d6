# Get-VhdxLayout: every structure of images made byte by byte, against the bytes.

BeforeAll {
    . (Join-Path $PSScriptRoot 'common.ps1')
    . (Join-Path $PSScriptRoot 'handmade.ps1')
    $folder = (Get-PSDrive -Name TestDrive).Root

    function New-Path {
        Join-Path $folder ([IO.Path]::GetRandomFileName() + '.vhdx')
    }

    function Get-Crc {
        # The checksum that a structure of the file has, and the one that it carries.
        param([string] $Path, [long] $Offset, [int] $Length)

        $bytes = Read-Bytes $Path $Offset $Length
        $stored = Get-UInt32 $bytes 4
        Set-Crc $bytes
        @{ Stored = $stored; Computed = Get-UInt32 $bytes 4 }
    }
}

Describe 'The facts at the top' {
    It 'are those of the bytes: <Type>, <Logical>-byte sectors, block <Block>' -ForEach @(
        # Chunk ratio: 2^23 * sector / block.
        @{ Type = 'Dynamic'; Logical = 512; Block = 32MB; Ratio = 128 }
        @{ Type = 'Dynamic'; Logical = 4096; Block = 1MB; Ratio = 32768 }
        @{ Type = 'Fixed'; Logical = 512; Block = 256MB; Ratio = 16 }
        @{ Type = 'Differencing'; Logical = 512; Block = 2MB; Ratio = 2048 }
    ) {
        $more = if ($Type -eq 'Differencing') { @{ Locator = [ordered] @{ parent_linkage = $identifiers.Linkage.ToString('B'); relative_path = '.\x' } } } else { @{ Fixed = $Type -eq 'Fixed' } }
        $path = New-HandmadeImage (New-Path) -Size 300MB -BlockSize $Block -LogicalSectorSize $Logical -Creator 'Ünser Werk' @more
        $layout = Get-VhdxLayout -LiteralPath $path
        $layout | Should -BeOfType 'VhdxTools.VhdxLayout'
        $layout.Path | Should -BeExactly $path
        $layout.FileLength | Should -Be ([IO.FileInfo]::new($path).Length)
        $layout.VhdType | Should -Be $Type
        $layout.Size | Should -Be 300MB
        $layout.BlockSize | Should -Be $Block
        $layout.ChunkRatio | Should -Be $Ratio
        $layout.Creator | Should -BeExactly 'Ünser Werk'
        $layout.LogState | Should -Be 'Clean'
        $layout.Problems | Should -BeNullOrEmpty
    }

    It 'hold lists that a script can index' {
        $item = @{ Id = [guid]::NewGuid(); Flags = 1; Content = [byte[]] (1, 2) }
        $locator = [ordered] @{ parent_linkage = $identifiers.Linkage.ToString('B'); relative_path = '.\x' }
        $entry = New-LogEntryBytes -Sequence 1 -Tail 0 -Update @{ Offset = 8MB; ZeroLength = 4096 }, @{ Offset = 9MB; ZeroLength = 4096 }
        $next = New-LogEntryBytes -Sequence 2 -Tail 0
        $layout = Get-VhdxLayout -LiteralPath (New-HandmadeImage (New-Path) -Item $item -Locator $locator -Header @{ LogGuid = $identifiers.Log } -Log @{ 0 = $entry; 0x1000 = $next })
        foreach ($property in 'Headers', 'RegionTables', 'Regions', 'MetadataItems', 'ParentLocator', 'LogEntries', 'Areas', 'Problems') {
            $list = $layout.$property
            $all = @($list | ForEach-Object { $_ })
            $all.Count | Should -BeGreaterThan 0 -Because $property
            [object]::ReferenceEquals($list[$all.Count - 1].PSObject.BaseObject, $all[-1].PSObject.BaseObject) -or $list[$all.Count - 1].Equals($all[-1]) | Should -BeTrue -Because $property
            $list.Count | Should -Be $all.Count -Because $property
        }
        $layout.RegionTables[1].Number | Should -Be 2
        $layout.RegionTables[1].Regions[1].Name | Should -BeExactly 'Metadata'
        $layout.Headers[1].Number | Should -Be 2
        $layout.LogEntries[0].Descriptors[1].FileOffset | Should -Be 9MB
    }
}

Describe 'The headers' {
    It 'are both there, with every field and both checksums' {
        $path = New-HandmadeImage (New-Path) -Header @{ SequenceNumber = 0x1122334455667788; LogLength = 1MB; LogOffset = 1MB; LogVersion = 0 } -Header2 @{
            SequenceNumber = 3; FileWriteGuid = [guid]::new(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11); DataWriteGuid = [guid]::new(9, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)
            LogGuid = $identifiers.Log; LogVersion = 5; Version = 6; LogLength = 7MB; LogOffset = 9MB
        }
        Write-FileBytes $path (128KB + 4095) ([byte[]] (1))
        $headers = (Get-VhdxLayout -LiteralPath $path).Headers
        $headers.Number | Should -Be @(1, 2)
        $headers.FileOffset | Should -Be @(64KB, 128KB)
        $headers.IsCurrent | Should -Be @($true, $false)
        $headers.IsSignatureValid | Should -Be @($true, $true)
        $headers.IsValid | Should -Be @($true, $false)
        $headers.SequenceNumber | Should -Be @(0x1122334455667788, 3)
        $headers.FileWriteGuid | Should -Be @($identifiers.FileWrite, [guid]::new(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11))
        $headers.DataWriteGuid | Should -Be @($identifiers.DataWrite, [guid]::new(9, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11))
        $headers.LogGuid | Should -Be @([guid]::Empty, $identifiers.Log)
        $headers.LogVersion | Should -Be @(0, 5)
        $headers.Version | Should -Be @(1, 6)
        $headers.LogLength | Should -Be @(1MB, 7MB)
        $headers.LogOffset | Should -Be @(1MB, 9MB)
        for ($i = 0; $i -lt 2; $i++) {
            $crc = Get-Crc $path $headers[$i].FileOffset 4096
            $headers[$i].StoredChecksum | Should -Be $crc.Stored
            $headers[$i].ComputedChecksum | Should -Be $crc.Computed
        }
        $headers[1].StoredChecksum | Should -Not -Be $headers[1].ComputedChecksum
    }
}

Describe 'The region tables' {
    It 'are both there, with entries and both checksums; unknown regions are shown' {
        $unknown = [guid] '99999999-aaaa-bbbb-cccc-000000000001'
        $path = New-HandmadeImage (New-Path) -Region @{ Id = $unknown; Offset = 5MB; Length = 3MB; Required = 0 } -FileLength 8MB
        # Copy 2 loses a byte of its reserved part.
        Write-FileBytes $path (256KB + 60000) ([byte[]] (1))
        $layout = Get-VhdxLayout -LiteralPath $path
        $layout.RegionTables.Number | Should -Be @(1, 2)
        $layout.RegionTables.FileOffset | Should -Be @(192KB, 256KB)
        $layout.RegionTables.EntryCount | Should -Be @(3, 3)
        $layout.RegionTables.IsCurrent | Should -Be @($true, $false)
        $layout.RegionTables.IsValid | Should -Be @($true, $false)
        foreach ($table in $layout.RegionTables) {
            $crc = Get-Crc $path $table.FileOffset 65536
            $table.StoredChecksum | Should -Be $crc.Stored
            $table.ComputedChecksum | Should -Be $crc.Computed
            $table.Regions.Id | Should -Be @($regionIds.Bat, $regionIds.Metadata, $unknown)
            for ($i = 0; $i -lt 3; $i++) {
                $entry = Read-Bytes $path $table.Regions[$i].EntryOffset 32
                Get-GuidAt $entry | Should -Be $table.Regions[$i].Id
                Get-UInt64 $entry 16 | Should -Be $table.Regions[$i].FileOffset
                Get-UInt32 $entry 24 | Should -Be $table.Regions[$i].Length
                (Get-UInt32 $entry 28) -band 1 | Should -Be ([int] $table.Regions[$i].IsRequired)
            }
        }
        $layout.Regions.Name | Should -Be @('BAT', 'Metadata', "$unknown")
        $layout.Regions.FileOffset | Should -Be @(3MB, 2MB, 5MB)
        $layout.Regions | ForEach-Object Length | Should -Be @(1MB, 1MB, 3MB)
        $layout.Regions.IsRequired | Should -Be @($true, $true, $false)
        ($layout.Areas | Where-Object Kind -EQ 'UnknownRegion').FileOffset | Should -Be 5MB
    }
}

Describe 'The metadata items' {
    BeforeAll {
        $content = [byte[]]::new(5000)
        [Random]::new(4).NextBytes($content)
        $userId = [guid] '99999999-0000-0000-0000-000000000001'
        $diskId = [guid] '99999999-0000-0000-0000-000000000002'
        $path = New-HandmadeImage (New-Path) -Size 123MB -BlockSize 8MB -PhysicalSectorSize 512 -Fixed -Item @(
            @{ Id = $userId; Flags = 1; Content = $content }
            @{ Id = $diskId; Flags = 2; Content = [byte[]] (7, 8, 9) }
            @{ Id = [guid]::new(5, 5, 5, 0, 0, 0, 0, 0, 0, 0, 0); Flags = 3; Content = [byte[]] @() }
            @{ Id = $itemIds.VirtualDiskSize; Flags = 1; Content = [byte[]] (1, 2, 3, 4, 5, 6, 7, 8) }
        )
        $items = (Get-VhdxLayout -LiteralPath $path).MetadataItems
    }

    It 'stand in the order of the table, with flags and lengths' {
        $items | Should -HaveCount 9
        $items | ForEach-Object Length | Should -Be @(8, 8, 4, 4, 16, 5000, 3, 0, 8)
        [int[]] $items.Flags | Should -Be @(4, 6, 6, 6, 6, 1, 2, 3, 1)
        $items.IsUser | Should -Be @($false, $false, $false, $false, $false, $true, $false, $true, $true)
        $items.IsVirtualDisk | Should -Be @($false, $true, $true, $true, $true, $false, $true, $true, $false)
        $items.IsRequired | Should -Be @($true, $true, $true, $true, $true, $false, $false, $false, $false)
    }

    It 'that are known are decoded, under their names' {
        $items.Name | Select-Object -First 5 | Should -Be @('File Parameters', 'Virtual Disk Size', 'Logical Sector Size', 'Physical Sector Size', 'Virtual Disk ID')
        $items[0].Value | Should -BeExactly 'BlockSize=8388608; LeaveBlocksAllocated=True; HasParent=False'
        $items[1].Value | Should -Be 123MB
        $items[2].Value | Should -Be 512
        $items[3].Value | Should -Be 512
        $items[4].Value | Should -Be $identifiers.Disk
    }

    It 'that are not are bytes, whoever owns them' {
        $items[5].Id | Should -Be $userId
        $items[5].Name | Should -BeExactly "$userId"
        [Convert]::ToHexString($items[5].Value) | Should -BeExactly ([Convert]::ToHexString($content))
        , $items[6].Value | Should -BeOfType 'byte[]'
        $items[6].Value | Should -Be @(7, 8, 9)
        $items[7].Value | Should -HaveCount 0
        # The same id as a known item, but a user's: bytes, and no name of the specification.
        $items[8].Value | Should -Be @(1, 2, 3, 4, 5, 6, 7, 8)
        $items[8].Name | Should -BeExactly "$($itemIds.VirtualDiskSize)"
    }

    It 'tell where their bytes are' {
        foreach ($i in 1, 2, 3, 4, 5, 6, 8) {
            $bytes = Read-Bytes $path $items[$i].FileOffset $items[$i].Length
            $expected = switch ($items[$i].Value.GetType().Name) {
                'Byte[]' { $items[$i].Value }
                'Guid' { $items[$i].Value.ToByteArray() }
                default { [BitConverter]::GetBytes($items[$i].Value) }
            }
            [Convert]::ToHexString($bytes) | Should -BeExactly ([Convert]::ToHexString([byte[]] $expected)) -Because "item $i"
        }
        $items[7].FileOffset | Should -BeNullOrEmpty -Because 'it is empty'
    }

    It 'give the pairs of the parent locator in their order' {
        $pairs = [ordered] @{
            parent_linkage = $identifiers.Linkage.ToString('B'); absolute_win32_path = '\\?\C:\a b\größe 磁碟.vhdx'; relative_path = '..\größe 磁碟.vhdx'
            parent_linkage2 = [guid]::Empty.ToString('B'); volume_path = '\\?\Volume{x}\y'; some_other_key = 'value=with; signs'
        }
        $layout = Get-VhdxLayout -LiteralPath (New-HandmadeImage (New-Path) -Locator $pairs)
        $layout.ParentLocator.Key | Should -BeExactly @($pairs.Keys)
        $layout.ParentLocator.Value | Should -BeExactly @($pairs.Values)
        $item = $layout.MetadataItems | Where-Object Name -EQ 'Parent Locator'
        $item.Value | Should -BeLike "*absolute_win32_path=$($pairs['absolute_win32_path'])*"
        (Get-VhdxLayout -LiteralPath (New-HandmadeImage (New-Path))).ParentLocator | Should -HaveCount 0
    }
}

Describe 'The log' {
    It 'is shown entry by entry: active ones, history, more than 126 descriptors, none, one that wraps' {
        $many = 1..130 | ForEach-Object { @{ Offset = 16MB + $_ * 4096; ZeroLength = 4096 } }
        $data = [byte[]]::new(4096)
        [Random]::new(2).NextBytes($data)
        $wrapping = New-LogEntryBytes -Sequence 101 -Tail 0x8000 -Update @{ Offset = 20MB; Data = $data } -Flushed 4MB -Last 21MB
        $log = @{
            0x4000  = New-LogEntryBytes -Sequence 99 -Tail 0x4000 -Update @{ Offset = 6MB; Data = $data } -LogGuid ([guid]::new(1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0))
            0x8000  = New-LogEntryBytes -Sequence 50 -Tail 0x8000 -Update $many -Last 21MB
            0xA000  = New-LogEntryBytes -Sequence 51 -Tail 0x8000 -Last 21MB
            0xB000  = New-LogEntryBytes -Sequence 52 -Tail 0x8000 -Update @{ Offset = 20MB; Data = $data }, @{ Offset = 8MB; ZeroLength = 1MB } -Last 21MB
            # Its header is in the last sector, its body in the first; no tail of a sequence lies in it.
            0xFF000 = [byte[]] $wrapping[0..4095]
            0       = [byte[]] $wrapping[4096..8191]
        }
        $path = New-HandmadeImage (New-Path) -Header @{ LogGuid = $identifiers.Log } -Log $log
        # A torn entry: its checksum does not hold, so it is none.
        $torn = New-LogEntryBytes -Sequence 53 -Tail 0x8000 -Update @{ Offset = 6MB; ZeroLength = 4096 }
        $torn[100] = 1
        Write-FileBytes $path (1MB + 0xE000) $torn
        $expected = @(Read-LogEntry $path 1MB 1MB)
        $expected | Should -HaveCount 5 -Because 'that is what was written'
        $layout = Get-VhdxLayout -LiteralPath $path
        $layout.LogState | Should -Be 'Dirty'
        $entries = $layout.LogEntries
        $entries | Should -HaveCount 5
        for ($i = 0; $i -lt 5; $i++) {
            foreach ($property in 'FileOffset', 'Length', 'Tail', 'SequenceNumber', 'LogGuid', 'FlushedFileOffset', 'LastFileOffset') {
                $entries[$i].$property | Should -Be $expected[$i].$property -Because "entry $i, $property"
            }
            $entries[$i].DescriptorCount | Should -Be $expected[$i].Descriptors.Count
            $described = @($entries[$i].Descriptors | ForEach-Object { '{0} 0x{1:X} {2}' -f $(if ($_.IsZero) { 'zero' } else { 'data' }), $_.FileOffset, $_.Length })
            $described | Should -Be $expected[$i].Descriptors
        }
        ($entries | Where-Object IsActive).SequenceNumber | Should -Be @(50, 51, 52)
        $layout.FileLength | Should -Be 21MB -Because 'LastFileOffset of the head says so'
        $layout.Problems.RuleId | Should -Contain 'VX503'
    }

    It 'of a clean file holds history only' {
        $path = New-HandmadeImage (New-Path) -Log @{ 0 = New-LogEntryBytes -Sequence 9 -Tail 0 -Update @{ Offset = 2MB; ZeroLength = 1MB } }
        $layout = Get-VhdxLayout -LiteralPath $path
        $layout.LogState | Should -Be 'Clean'
        $layout.LogEntries | Should -HaveCount 1
        $layout.LogEntries[0].IsActive | Should -BeFalse
        $layout.MetadataItems | Should -HaveCount 5 -Because 'history is never replayed'
    }
}

Describe 'The BAT in totals' {
    It 'counts each state' {
        $states = @{ 0 = 5; 1 = 2; 2 = 3; 3 = 4; 4 = 1; 5 = 2; 6 = 6 }
        $bat = @{}
        $block = 0
        foreach ($state in 0..6) {
            for ($i = 0; $i -lt $states[$state]; $i++) {
                $bat[$block] = New-BatValue $state ($state -eq 6 ? 4 + $block : 3)
                $block++
            }
        }
        $totals = (Get-VhdxLayout -LiteralPath (New-HandmadeImage (New-Path) -Size 40MB -Bat $bat)).Bat
        $totals.BlockCount | Should -Be 40
        $totals.NotPresent | Should -Be (5 + 40 - $block)
        $totals.Undefined | Should -Be 2
        $totals.Zero | Should -Be 3
        $totals.Unmapped | Should -Be 4
        $totals.Invalid | Should -Be 3
        $totals.FullyPresent | Should -Be 6
        $totals.PartiallyPresent | Should -Be 0
        $totals.BlocksAllocated | Should -Be 6
        $totals.SectorBitmapBlockCount | Should -Be 0
    }

    It 'counts partial blocks and bitmaps of a differencing image over two chunks' {
        # Blocks of 1 MiB: 4096 in a chunk. 5000 blocks need two chunks, entries 4096 and 8193 are bitmaps.
        $locator = [ordered] @{ parent_linkage = $identifiers.Linkage.ToString('B'); relative_path = '.\x' }
        $bat = @{ 0 = New-BatValue 7 5; 1 = New-BatValue 6 6; 4095 = New-BatValue 3; 4096 = New-BatValue 6 4; 4097 = New-BatValue 2; 5000 = New-BatValue 7 7; 5001 = New-BatValue 6 9; 8193 = New-BatValue 6 8 }
        $totals = (Get-VhdxLayout -LiteralPath (New-HandmadeImage (New-Path) -Size 5000MB -Locator $locator -Bat $bat)).Bat
        $totals.BlockCount | Should -Be 5000
        $totals.PartiallyPresent | Should -Be 2
        $totals.FullyPresent | Should -Be 1 -Because 'entry 5001 lies beyond the disk'
        $totals.Unmapped | Should -Be 1
        $totals.Zero | Should -Be 1
        $totals.NotPresent | Should -Be 4995
        $totals.SectorBitmapBlockCount | Should -Be 2
        $totals.SectorBitmapBlocksPresent | Should -Be 2
    }
}
