# Areas: the whole file, sorted, without gap or overlap, each part under its kind and name.

BeforeAll {
    . (Join-Path $PSScriptRoot 'common.ps1')
    . (Join-Path $PSScriptRoot 'handmade.ps1')
    $folder = (Get-PSDrive -Name TestDrive).Root

    function New-Path {
        Join-Path $folder ([IO.Path]::GetRandomFileName() + '.vhdx')
    }

    function Format-Area {
        # '0x100000+0x100000 Log | Log', checked to be sorted, gapless and to cover the file.
        param([object] $Layout, [long] $Length)

        $next = 0
        foreach ($area in $Layout.Areas) {
            $area.FileOffset | Should -Be $next -Because "$area follows what ends there"
            $area.Length | Should -BeGreaterThan 0
            $next = $area.FileOffset + $area.Length
            $area.End | Should -Be $next
            '0x{0:X}+0x{1:X} {2} | {3}' -f $area.FileOffset, $area.Length, $area.Kind, $area.Name
        }
        $next | Should -Be $Length
        $Layout.FileLength | Should -Be $Length
    }

    # The header section is the same in each file [2.2].
    $headerSection = @(
        '0x0+0x10000 FileTypeIdentifier | File type identifier'
        '0x10000+0x10000 Header | Header 1'
        '0x20000+0x10000 Header | Header 2'
        '0x30000+0x10000 RegionTable | Region table 1'
        '0x40000+0x10000 RegionTable | Region table 2'
        '0x50000+0xB0000 Reserved | Reserved'
    )
    $locator = [ordered] @{ parent_linkage = $identifiers.Linkage.ToString('B'); relative_path = '.\x' }
    $rubbish = [byte[]] (1, 2, 3)
}

Describe 'The areas of a file made by hand' {
    It 'have free and leaked space, an unknown region, blocks in any order' {
        $unknown = [guid] '99999999-aaaa-bbbb-cccc-000000000001'
        $path = New-HandmadeImage (New-Path) -Size 40MB -BlockSize 2MB -FileLength (24MB + 777) -Region @{ Id = $unknown; Offset = 6MB; Length = 1MB; Required = 0 } -Bat @{
            # 4 free, 6 the region, 7 leaked, 8-11 two blocks, 12 block 9, 14 free, 15 leaked, 17 block 2, 19 to the end: free with data in its last byte.
            0 = New-BatValue 6 8; 1 = New-BatValue 6 10; 2 = New-BatValue 6 17; 9 = New-BatValue 6 12; 3 = New-BatValue 3 15; 4 = New-BatValue 0 7
        } -Data @{ 7MB = $rubbish; (16MB + 1000) = $rubbish; 8MB = $rubbish }
        $areas = Format-Area (Get-VhdxLayout -LiteralPath $path) (24MB + 777)
        $areas | Should -BeExactly ($headerSection + @(
                '0x100000+0x100000 Log | Log'
                '0x200000+0x100000 Metadata | Metadata region'
                '0x300000+0x100000 Bat | BAT region'
                '0x400000+0x200000 Free | Free space'
                "0x600000+0x100000 UnknownRegion | $unknown region"
                '0x700000+0x100000 Leaked | Leaked space'
                '0x800000+0x400000 PayloadBlock | Payload blocks 0-1'
                '0xC00000+0x200000 PayloadBlock | Payload block 9'
                '0xE00000+0x300000 Leaked | Leaked space'
                '0x1100000+0x200000 PayloadBlock | Payload block 2'
                '0x1300000+0x500309 Free | Free space'
            ))
        Write-FileBytes $path (24MB + 776) $rubbish[0]
        ((Get-VhdxLayout -LiteralPath $path).Areas[-1]).Kind | Should -Be 'Leaked'
    }

    It 'have sector bitmaps, by their chunks' {
        $path = New-HandmadeImage (New-Path) -Size 5000MB -Locator $locator -Bat @{
            4095 = New-BatValue 7 5; 4096 = New-BatValue 6 4; 4097 = New-BatValue 6 6; 8193 = New-BatValue 6 8; 0 = New-BatValue 6 7
        }
        Format-Area (Get-VhdxLayout -LiteralPath $path) 9MB | Select-Object -Skip 9 | Should -BeExactly @(
            '0x400000+0x100000 SectorBitmapBlock | Sector bitmap block 0'
            # Blocks 4095 and 4096 are neighbours on the disk and in the file.
            '0x500000+0x200000 PayloadBlock | Payload blocks 4095-4096'
            '0x700000+0x100000 PayloadBlock | Payload block 0'
            '0x800000+0x100000 SectorBitmapBlock | Sector bitmap block 1'
        )
    }

    It 'do not join blocks that are neighbours in the file and not on the disk, or the other way round' {
        $path = New-HandmadeImage (New-Path) -Bat @{ 0 = New-BatValue 6 8; 1 = New-BatValue 6 4; 7 = New-BatValue 6 5; 8 = New-BatValue 6 7 }
        Format-Area (Get-VhdxLayout -LiteralPath $path) 9MB | Select-Object -Skip 9 | Should -BeExactly @(
            '0x400000+0x100000 PayloadBlock | Payload block 1'
            '0x500000+0x100000 PayloadBlock | Payload block 7'
            '0x600000+0x100000 Free | Free space'
            '0x700000+0x100000 PayloadBlock | Payload block 8'
            '0x800000+0x100000 PayloadBlock | Payload block 0'
        )
    }

    It 'take a log and regions wherever they lie' {
        $path = New-HandmadeImage (New-Path) -Header @{ LogOffset = 5MB; LogLength = 2MB } -FileLength 8MB
        Format-Area (Get-VhdxLayout -LiteralPath $path) 8MB | Select-Object -Skip 6 | Should -BeExactly @(
            '0x100000+0x100000 Free | Free space'
            '0x200000+0x100000 Metadata | Metadata region'
            '0x300000+0x100000 Bat | BAT region'
            '0x400000+0x100000 Free | Free space'
            '0x500000+0x200000 Log | Log'
            '0x700000+0x100000 Free | Free space'
        )
    }

    It 'still cover the file once when its structures overlap: <Case>' -ForEach @(
        @{ Case = 'two blocks at one place'; Bat = @{ 0 = @(6, 4); 1 = @(6, 4) }; More = @{} }
        @{ Case = 'a block over the BAT'; Bat = @{ 0 = @(6, 3) }; More = @{} }
        @{ Case = 'a block over the header section'; Bat = @{ 0 = @(6, 0) }; More = @{} }
        @{ Case = 'a block half beyond the end'; Bat = @{ 0 = @(6, 5) }; More = @{ BlockSize = 2MB; FileLength = 6MB } }
        @{ Case = 'a block far beyond the end'; Bat = @{ 0 = @(6, 1000000) }; More = @{ FileLength = 4MB } }
        @{ Case = 'a block at the greatest offset'; Bat = @{ 0 = @(6, 17592186044415) }; More = @{ FileLength = 4MB } }
        @{ Case = 'the log over everything'; Bat = @{}; More = @{ Header = @{ LogOffset = 1MB; LogLength = 4094MB } } }
    ) {
        $entries = @{}
        foreach ($index in $Bat.Keys) { $entries[$index] = New-BatValue $Bat[$index][0] $Bat[$index][1] }
        $path = New-HandmadeImage (New-Path) -FileLength 8MB -Bat $entries @More
        $null = Format-Area (Get-VhdxLayout -LiteralPath $path) ([IO.FileInfo]::new($path).Length)
    }

    It 'are those after the replay when the log is dirty' {
        $bat = [byte[]]::new(4096)
        Set-Bytes $bat 0 (New-BatValue 6 6)
        $path = New-HandmadeImage (New-Path) -Header @{ LogGuid = $identifiers.Log } -Log @{ 0 = New-LogEntryBytes -Sequence 5 -Tail 0 -Update @{ Offset = 3MB; Data = $bat } -Last 8MB }
        Format-Area (Get-VhdxLayout -LiteralPath $path) 8MB | Select-Object -Skip 9 | Should -BeExactly @(
            '0x400000+0x200000 Free | Free space'
            '0x600000+0x100000 PayloadBlock | Payload block 0'
            '0x700000+0x100000 Free | Free space'
        )
    }
}

Describe 'The areas of new images' {
    It 'are in the Windows order: log, metadata, BAT, blocks' {
        $path = New-Path
        $null = New-VhdxImage -Path $path -SizeBytes 10GB
        Format-Area (Get-VhdxLayout -LiteralPath $path) 4MB | Should -BeExactly ($headerSection + @(
                '0x100000+0x100000 Log | Log'
                '0x200000+0x100000 Metadata | Metadata region'
                '0x300000+0x100000 Bat | BAT region'
            ))
        $path = New-Path
        $null = New-VhdxImage -Path $path -SizeBytes 10MB -Type Fixed -BlockSizeBytes 2MB -Preallocation None
        Format-Area (Get-VhdxLayout -LiteralPath $path) 14MB | Select-Object -Skip 9 | Should -BeExactly @('0x400000+0xA00000 PayloadBlock | Payload blocks 0-4')
    }
}

Describe 'The areas of images that QEMU made' {
    It 'have its layout, and the blocks that were written' {
        if (-not (Test-Peer qemu-img) -or -not (Test-Peer qemu-io)) { Set-ItResult -Skipped -Because 'qemu-img or qemu-io is not here' }
        $path = New-Path
        $null = & qemu-img create -f vhdx -o block_size=8M $path 100M
        $LASTEXITCODE | Should -Be 0
        $null = & qemu-io -f vhdx -c 'write -P 0x11 64M 1M' -c 'write -P 0x22 0 1M' -c 'write -P 0x33 8M 64k' $path
        $LASTEXITCODE | Should -Be 0
        $layout = Get-VhdxLayout -LiteralPath $path
        $areas = Format-Area $layout ([IO.FileInfo]::new($path).Length)
        # QEMU: log at 1 MiB, BAT at 2 MiB, metadata 1 MiB after it, payload from the BAT's end + 5 MiB, in the order of writing.
        $areas | Select-Object -Skip 6 -First 3 | Should -BeExactly @('0x100000+0x100000 Log | Log', '0x200000+0x100000 Bat | BAT region', '0x300000+0x100000 Metadata | Metadata region')
        $blocks = @($layout.Areas | Where-Object Kind -EQ 'PayloadBlock')
        $blocks.Name | Should -BeExactly @('Payload block 8', 'Payload blocks 0-1')
        $blocks[0].FileOffset | Should -Be 8MB
        # The bytes that were written lie where the areas say.
        (Read-Bytes $path $blocks[0].FileOffset 1)[0] | Should -Be 0x11
        (Read-Bytes $path $blocks[1].FileOffset 1)[0] | Should -Be 0x22
        (Read-Bytes $path ($blocks[1].FileOffset + 8MB) 1)[0] | Should -Be 0x33
        $layout.Bat.FullyPresent | Should -Be 3
        $layout.Bat.Zero | Should -Be 10 -Because 'dynamic images of QEMU are full of state ZERO'
        $layout.Creator | Should -Match '^QEMU'
    }

    It 'of its fixed images hold free space: the BAT says ZERO for each block, though the file has room for them' {
        if (-not (Test-Peer qemu-img)) { Set-ItResult -Skipped -Because 'qemu-img is not here' }
        $path = New-Path
        $null = & qemu-img create -f vhdx -o 'subformat=fixed,block_size=1M' $path 12M
        $layout = Get-VhdxLayout -LiteralPath $path
        $layout.VhdType | Should -Be 'Fixed'
        $stored = 0..11 | ForEach-Object { (Get-UInt64 (Read-Bytes $path (2MB + 8 * $_) 8)) -band 7 }
        $layout.Bat.Zero | Should -Be @($stored | Where-Object { $_ -eq 2 }).Count
        $layout.Bat.FullyPresent | Should -Be @($stored | Where-Object { $_ -eq 6 }).Count
        $null = Format-Area $layout ([IO.FileInfo]::new($path).Length)
        $payload = 0
        foreach ($area in $layout.Areas) { if ($area.Kind -eq 'PayloadBlock') { $payload += $area.Length } }
        $payload | Should -Be ($layout.Bat.FullyPresent * 1MB)
    }
}

Describe 'The areas of files that Windows made' {
    It 'are in the Windows order: <Name>' -ForEach @(
        @{ Name = 'dynamic.vhdx'; Blocks = $null }
        # 10 MiB in blocks of 2 MiB.
        @{ Name = 'fixed.vhdx'; Blocks = 'Payload blocks 0-4' }
    ) {
        $path = Get-SampleFile $Name
        $layout = Get-VhdxLayout -LiteralPath $path
        $areas = Format-Area $layout ([IO.FileInfo]::new($path).Length)
        $areas | Select-Object -First 9 | Should -BeExactly ($headerSection + @('0x100000+0x100000 Log | Log', '0x200000+0x100000 Metadata | Metadata region', '0x300000+0x100000 Bat | BAT region'))
        $layout.Areas[9].FileOffset | Should -Be 4MB
        $layout.Areas[9].Kind | Should -Be 'PayloadBlock'
        if ($Blocks) { $layout.Areas[9].Name | Should -BeExactly $Blocks }
        # Where block 0 is, by the BAT itself.
        (Get-UInt64 (Read-Bytes $path 3MB 8)) -shr 20 | Should -Be 4
    }
}
