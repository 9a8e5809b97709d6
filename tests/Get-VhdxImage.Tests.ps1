# Get-VhdxImage on images made byte by byte: every property against the bytes that were written.

BeforeAll {
    . (Join-Path $PSScriptRoot 'common.ps1')
    . (Join-Path $PSScriptRoot 'handmade.ps1')
    $folder = (Get-PSDrive -Name TestDrive).Root

    function New-Path {
        param([string] $Extension = '.vhdx')
        Join-Path $folder ([IO.Path]::GetRandomFileName() + $Extension)
    }
}

Describe 'The properties of an image' {
    It 'are those of its bytes: <Type>, <Logical>/<Physical>, block <Block>' -ForEach @(
        @{ Type = 'Dynamic'; Logical = 512; Physical = 4096; Block = 32MB; Size = 100MB; Count = 4 }
        @{ Type = 'Dynamic'; Logical = 4096; Physical = 4096; Block = 1MB; Size = 5MB + 4096; Count = 6 }
        @{ Type = 'Dynamic'; Logical = 512; Physical = 512; Block = 256MB; Size = 512; Count = 1 }
        @{ Type = 'Fixed'; Logical = 512; Physical = 512; Block = 2MB; Size = 6MB; Count = 3 }
        @{ Type = 'Fixed'; Logical = 4096; Physical = 512; Block = 4MB; Size = 8MB; Count = 2 }
        @{ Type = 'Differencing'; Logical = 512; Physical = 4096; Block = 2MB; Size = 64TB; Count = 33554432 }
    ) {
        $more = if ($Type -eq 'Differencing') {
            @{ Locator = [ordered] @{ parent_linkage = $identifiers.Linkage.ToString('B'); relative_path = '.\gone.vhdx' }; BatLength = 257MB }
        }
        elseif ($Type -eq 'Fixed') {
            $entries = @{}
            for ($i = 0; $i -lt $Count; $i++) { $entries[$i] = New-BatValue 6 (4 + $i * $Block / 1MB) }
            @{ Fixed = $true; Bat = $entries }
        }
        else { @{} }
        $path = New-HandmadeImage (New-Path) -Size $Size -BlockSize $Block -LogicalSectorSize $Logical -PhysicalSectorSize $Physical -Creator 'Somebody 1.2' @more
        $image = Get-VhdxImage -LiteralPath $path
        $image | Should -BeOfType 'VhdxTools.VhdxImageInfo'
        $image.Path | Should -BeExactly $path
        $image.VhdFormat | Should -Be 'VHDX'
        $image.VhdType | Should -Be $Type
        $image.Size | Should -Be $Size
        $image.FileSize | Should -Be ([IO.FileInfo]::new($path).Length)
        $image.BlockSize | Should -Be $Block
        $image.LogicalSectorSize | Should -Be $Logical
        $image.PhysicalSectorSize | Should -Be $Physical
        $image.DiskIdentifier | Should -Be $identifiers.Disk
        $image.FileWriteGuid | Should -Be $identifiers.FileWrite
        $image.DataWriteGuid | Should -Be $identifiers.DataWrite
        $image.Creator | Should -BeExactly 'Somebody 1.2'
        $image.LogState | Should -Be 'Clean'
        $image.BlockCount | Should -Be $Count
        $image.BlocksAllocated | Should -Be ($Type -eq 'Fixed' ? $Count : 0)
        $image.Alignment | Should -Be 1
        $image.ParentLinkage | Should -Be ($Type -eq 'Differencing' ? $identifiers.Linkage : $null)
        $image.MinimumSize | Should -BeNullOrEmpty
    }

    It 'do not depend on the order of the metadata items, nor on items of users' {
        $user = @{ Id = [guid] '99999999-0000-0000-0000-000000000001'; Flags = 1; Content = [byte[]] (1..100) }
        # A user's item may even have the id of a known one.
        $twin = @{ Id = $itemIds.VirtualDiskSize; Flags = 1; Content = [byte[]] (9, 9, 9) }
        $path = New-HandmadeImage (New-Path) -Size 7MB -Item $user, $twin -ReverseItems
        $image = Get-VhdxImage -LiteralPath $path
        $image.Size | Should -Be 7MB
        $image.DiskIdentifier | Should -Be $identifiers.Disk
    }

    It 'take the creator as it is: <Label>' -ForEach @(
        @{ Label = 'empty'; Creator = '' }
        @{ Label = 'of 256 characters'; Creator = 'x' * 256 }
        @{ Label = 'not ASCII'; Creator = 'Größe 磁碟 😀' }
        @{ Label = 'with what follows a NUL left out'; Creator = "short`0long" }
    ) {
        $path = New-HandmadeImage (New-Path) -Creator $Creator
        (Get-VhdxImage -LiteralPath $path).Creator | Should -BeExactly ($Creator -split "`0")[0]
    }

    It 'come from the current header' {
        $newer = [guid] '22222222-0000-0000-0000-000000000001'
        $path = New-HandmadeImage (New-Path) -Header @{ SequenceNumber = 7 } -Header2 @{ SequenceNumber = 8; DataWriteGuid = $newer }
        (Get-VhdxImage -LiteralPath $path).DataWriteGuid | Should -Be $newer
    }

    It 'are as after the replay when the log is dirty, and the file stays' {
        # The log holds a new metadata sector in which the disk has another size.
        $path = New-HandmadeImage (New-Path) -Size 64MB
        $sector = Read-Bytes $path (2MB + 64KB) 4096
        Set-Bytes $sector 8 ([ulong] 48MB)
        $bat = [byte[]]::new(4096)
        Set-Bytes $bat 0 (New-BatValue 6 4)
        $entry = New-LogEntryBytes -Sequence 5 -Tail 0 -Update @{ Offset = 2MB + 64KB; Data = $sector }, @{ Offset = 3MB; Data = $bat } -Last 5MB
        $dirty = New-HandmadeImage (New-Path) -Size 64MB -Header @{ LogGuid = $identifiers.Log } -Log @{ 0 = $entry }
        $before = Get-FileState $dirty
        $image = Get-VhdxImage -LiteralPath $dirty
        $image.LogState | Should -Be 'Dirty'
        $image.Size | Should -Be 48MB
        $image.BlockCount | Should -Be 48
        $image.BlocksAllocated | Should -Be 1
        $image.FileSize | Should -Be 4MB -Because 'that is how long the file is'
        Get-FileState $dirty | Should -BeExactly $before
        (Get-VhdxImage -LiteralPath $path).Size | Should -Be 64MB
    }
}

Describe 'BlocksAllocated and BlockCount' {
    It 'count the states that own space, whatever offsets the others carry' {
        $path = New-HandmadeImage (New-Path) -Size 10MB -Bat @{
            0 = New-BatValue 6 5; 1 = New-BatValue 3 9; 2 = New-BatValue 2; 3 = New-BatValue 1 77; 4 = New-BatValue 0 3
            5 = New-BatValue 6 4; 6 = New-BatValue 4 4; 7 = New-BatValue 5 4
        }
        $image = Get-VhdxImage -LiteralPath $path
        $image.BlockCount | Should -Be 10
        $image.BlocksAllocated | Should -Be 2
    }

    It 'count partially present blocks of a differencing image, not its bitmaps, nor what lies beyond the disk' {
        # 10 blocks in a chunk of 4096: the chunk's other payload entries and the bitmap entry exist all the same.
        $locator = [ordered] @{ parent_linkage = $identifiers.Linkage.ToString('B'); relative_path = '.\gone.vhdx' }
        $path = New-HandmadeImage (New-Path) -Size 10MB -Locator $locator -Bat @{
            0 = New-BatValue 6 4; 3 = New-BatValue 7 5; 9 = New-BatValue 7 6; 10 = New-BatValue 6 8; 4095 = New-BatValue 6 9; 4096 = New-BatValue 6 7
        }
        $image = Get-VhdxImage -LiteralPath $path
        $image.BlockCount | Should -Be 10
        $image.BlocksAllocated | Should -Be 3
    }

    It 'know the interleaved bitmap entries: <Logical>-byte sectors' -ForEach @(
        @{ Logical = 512; Ratio = 4096 }
        @{ Logical = 4096; Ratio = 32768 }
    ) {
        # Block R is entry R + 1; entry R is a bitmap's, which a file without a parent does not use.
        $path = New-HandmadeImage (New-Path) -Size (($Ratio + 2) * 1MB) -LogicalSectorSize $Logical -Bat @{
            ($Ratio - 1) = New-BatValue 6 4; $Ratio = New-BatValue 6 7; ($Ratio + 1) = New-BatValue 6 5; ($Ratio + 2) = New-BatValue 6 6; ($Ratio + 3) = New-BatValue 6 8
        }
        $image = Get-VhdxImage -LiteralPath $path
        $image.BlockCount | Should -Be ($Ratio + 2)
        $image.BlocksAllocated | Should -Be 3
        $image.FragmentationPercentage | Should -Be 0 -Because 'the three blocks lie one behind the other'
    }
}

Describe 'FragmentationPercentage' {
    # Documented: of all pairs of allocated blocks that follow one another on the disk, the percentage whose second
    # block does not lie right behind the first in the file; rounded, and 0 with fewer than two.
    It 'of <Label> is <Percent>' -ForEach @(
        @{ Label = 'no block'; Offsets = @(); Percent = 0 }
        @{ Label = 'one block'; Offsets = @(9); Percent = 0 }
        @{ Label = 'two in order'; Offsets = @(4, 6); Percent = 0 }
        @{ Label = 'two the other way round'; Offsets = @(6, 4); Percent = 100 }
        @{ Label = 'two with a gap in the file'; Offsets = @(4, 8); Percent = 100 }
        @{ Label = 'one break in two'; Offsets = @(4, 6, 10); Percent = 50 }
        @{ Label = 'one break in three'; Offsets = @(4, 6, 10, 12); Percent = 33 }
        @{ Label = 'two breaks in three'; Offsets = @(4, 8, 10, 14); Percent = 67 }
        @{ Label = 'one break in eight'; Offsets = @(4, 6, 8, 10, 12, 14, 16, 18, 24); Percent = 13 }
        @{ Label = 'all in reverse'; Offsets = @(20, 18, 16, 14, 12, 10, 8, 6, 4); Percent = 100 }
        @{ Label = 'neighbours in the file with zero blocks between them on the disk'; Offsets = @(4, $null, $null, 6, $null, 8); Percent = 0 }
    ) {
        $entries = @{}
        for ($i = 0; $i -lt $Offsets.Count; $i++) { $entries[$i] = if ($null -eq $Offsets[$i]) { New-BatValue 2 } else { New-BatValue 6 $Offsets[$i] } }
        $path = New-HandmadeImage (New-Path) -Size 40MB -BlockSize 2MB -Bat $entries
        $image = Get-VhdxImage -LiteralPath $path
        $image.FragmentationPercentage | Should -Be $Percent
        $image.Alignment | Should -Be 1
    }
}

Describe 'The parent of a differencing image' {
    BeforeAll {
        function New-Child {
            param([string] $Path, [string] $Relative, [string] $Absolute, [string] $Volume)

            $pairs = [ordered] @{ parent_linkage = $identifiers.Linkage.ToString('B') }
            if ($Absolute) { $pairs['absolute_win32_path'] = $Absolute }
            if ($Relative) { $pairs['relative_path'] = $Relative }
            if ($Volume) { $pairs['volume_path'] = $Volume }
            New-HandmadeImage $Path -Locator $pairs
        }
    }

    It 'is found by <Relative>' -ForEach @(
        @{ Relative = '.\base.vhdx'; Parent = 'children/base.vhdx' }
        @{ Relative = 'base.vhdx'; Parent = 'children/base.vhdx' }
        @{ Relative = '..\base.vhdx'; Parent = 'base.vhdx' }
        @{ Relative = '..\other folder\[1] o''neil "ß" 磁碟.avhdx'; Parent = 'other folder/[1] o''neil "ß" 磁碟.avhdx' }
        @{ Relative = 'deeper\.\still\..\base.vhdx'; Parent = 'children/deeper/base.vhdx' }
    ) {
        if ($IsWindows -and $Parent.Contains('"')) { Set-ItResult -Skipped -Because 'Windows has no such file names' }
        $root = New-Item -ItemType Directory -Path (New-Path '')
        $null = New-Item -ItemType Directory -Path (Join-Path $root children)
        $expected = [IO.Path]::GetFullPath((Join-Path $root.FullName $Parent))
        $null = New-Item -ItemType Directory -Path (Split-Path $expected) -Force
        $null = New-HandmadeImage $expected
        $child = New-Child (Join-Path $root.FullName 'children' 'child.vhdx') -Relative $Relative -Absolute '\\?\Z:\nowhere\base.vhdx'
        $image = Get-VhdxImage -LiteralPath $child
        $image.ParentPath | Should -BeExactly $expected
        $image.ParentLinkage | Should -Be $identifiers.Linkage
    }

    It 'is sought from the folder of the child, not from $PWD nor from the folder of the process' {
        $root = New-Item -ItemType Directory -Path (New-Path '')
        $null = New-Item -ItemType Directory -Path (Join-Path $root children)
        # A decoy in the current folder.
        $null = New-HandmadeImage (Join-Path $root 'base.vhdx')
        $child = New-Child (Join-Path $root 'children' 'child.vhdx') -Relative '.\base.vhdx'
        $processFolder = [Environment]::CurrentDirectory
        Push-Location -LiteralPath $root
        try {
            [Environment]::CurrentDirectory = $root.FullName
            (Get-VhdxImage -Path 'children/child.vhdx').ParentPath | Should -BeExactly '.\base.vhdx' -Because 'no file is there'
            $null = New-HandmadeImage (Join-Path $root 'children' 'base.vhdx')
            (Get-VhdxImage -Path 'children/child.vhdx').ParentPath | Should -BeExactly (Join-Path $root.FullName 'children' 'base.vhdx')
        }
        finally {
            [Environment]::CurrentDirectory = $processFolder
            Pop-Location
        }
        (Get-VhdxImage -LiteralPath $child).ParentPath | Should -BeExactly (Join-Path $root.FullName 'children' 'base.vhdx')
    }

    It 'is told as stored when it is missing: <Expected>' -ForEach @(
        @{ Relative = '.\gone.vhdx'; Absolute = '\\?\Z:\gone\gone.vhdx'; Volume = '\\?\Volume{1}\gone.vhdx'; Expected = '\\?\Z:\gone\gone.vhdx' }
        @{ Relative = '.\gone.vhdx'; Absolute = ''; Volume = '\\?\Volume{1}\gone.vhdx'; Expected = '.\gone.vhdx' }
        @{ Relative = ''; Absolute = ''; Volume = '\\?\Volume{1}\gone.vhdx'; Expected = '\\?\Volume{1}\gone.vhdx' }
    ) {
        $child = New-Child (New-Path) -Relative $Relative -Absolute $Absolute -Volume $Volume
        $image = Get-VhdxImage -LiteralPath $child
        $image.VhdType | Should -Be 'Differencing'
        $image.ParentPath | Should -BeExactly $Expected
    }

    It 'is not a folder of that name' {
        $null = New-Item -ItemType Directory -Path (Join-Path $folder 'afolder.vhdx')
        $child = New-Child (New-Path) -Relative '.\afolder.vhdx'
        (Get-VhdxImage -LiteralPath $child).ParentPath | Should -BeExactly '.\afolder.vhdx'
    }

    It 'is told of a child that New-VhdxImage made' {
        $base = New-HandmadeImage (New-Path)
        $child = New-Path
        $null = New-VhdxImage -Path $child -ParentPath $base
        $image = Get-VhdxImage -LiteralPath $child
        $image.ParentPath | Should -BeExactly $base
        $image.ParentLinkage | Should -Be $identifiers.DataWrite
        $image.MinimumSize | Should -BeNullOrEmpty
    }
}

Describe 'VHD files' {
    It 'are told from their footer' {
        $path = New-Path '.vhd'
        [IO.File]::WriteAllBytes($path, [byte[]]::new(3MB) + (New-VhdFooterBytes -Size 3MB))
        $image = Get-VhdxImage -LiteralPath $path
        $image.VhdFormat | Should -Be 'VHD'
        $image.VhdType | Should -Be 'Fixed'
        $image.Size | Should -Be 3MB
        $image.FileSize | Should -Be (3MB + 512)
        $image.BlockSize | Should -Be 0
        $image.LogicalSectorSize | Should -Be 512
        $image.PhysicalSectorSize | Should -Be 512
        $image.Creator | Should -BeExactly 'win'
        # The bytes 0A 0B 0C 0D 01 02 03 04 ... as Windows keeps a GUID.
        $image.DiskIdentifier | Should -Be ([guid] '0d0c0b0a-0201-0403-1112-131415161718')
        foreach ($property in 'LogState', 'FileWriteGuid', 'DataWriteGuid', 'BlocksAllocated', 'BlockCount', 'ParentPath', 'ParentLinkage', 'FragmentationPercentage', 'Alignment', 'MinimumSize') {
            $image.$property | Should -BeNullOrEmpty -Because $property
        }
    }

    It 'have the size of <Creator>: <Expected>' -ForEach @(
        @{ Creator = 'win '; Geometry = @(10, 4, 17); Expected = 1MB }
        @{ Creator = 'd2v '; Geometry = @(10, 4, 17); Expected = 1MB }
        @{ Creator = 'vpc '; Geometry = @(10, 4, 17); Expected = 10 * 4 * 17 * 512 }
        @{ Creator = 'qemu'; Geometry = @(10, 4, 17); Expected = 10 * 4 * 17 * 512 }
        @{ Creator = 'vs  '; Geometry = @(10, 4, 17); Expected = 10 * 4 * 17 * 512 }
        @{ Creator = 'qem2'; Geometry = @(10, 4, 17); Expected = 1MB }
    ) {
        $path = New-Path '.vhd'
        [IO.File]::WriteAllBytes($path, [byte[]]::new(1MB) + (New-VhdFooterBytes -Size 1MB -Creator $Creator -Geometry $Geometry))
        (Get-VhdxImage -LiteralPath $path).Size | Should -Be $Expected
    }

    It 'may have a footer of 511 bytes' {
        $path = New-Path '.vhd'
        [IO.File]::WriteAllBytes($path, [byte[]]::new(1MB) + [byte[]] (New-VhdFooterBytes -Size 1MB)[0..510])
        (Get-VhdxImage -LiteralPath $path).Size | Should -Be 1MB
    }

    It 'of qemu-img are read: <Subformat>' -ForEach @(@{ Subformat = 'dynamic'; Type = 'Dynamic'; Block = 2MB }, @{ Subformat = 'fixed'; Type = 'Fixed'; Block = 0 }) {
        if (-not (Test-Peer qemu-img)) { Set-ItResult -Skipped -Because 'qemu-img is not here' }
        $path = New-Path '.vhd'
        $null = & qemu-img create -f vpc -o "subformat=$Subformat,force_size=on" $path 16M
        $LASTEXITCODE | Should -Be 0
        $image = Get-VhdxImage -LiteralPath $path
        $image.VhdFormat | Should -Be 'VHD'
        $image.VhdType | Should -Be $Type
        $image.Size | Should -Be 16MB
        $image.BlockSize | Should -Be $Block
    }

    It 'that are dynamic are read from the copy of the footer when the last one is damaged, and refused when both are' {
        if (-not (Test-Peer qemu-img)) { Set-ItResult -Skipped -Because 'qemu-img is not here' }
        $path = New-Path '.vhd'
        $null = & qemu-img create -f vpc -o force_size=on $path 16M
        $length = [IO.FileInfo]::new($path).Length
        Write-FileBytes $path ($length - 512 + 50) ([byte[]] (0x77, 0x77))
        (Get-VhdxImage -LiteralPath $path).Size | Should -Be 16MB
        Write-FileBytes $path 50 ([byte[]] (0x77, 0x77))
        { Get-VhdxImage -LiteralPath $path } | Should -Throw -ErrorId 'VhdDamaged,VhdxTools.GetVhdxImageCommand'
    }
}

Describe 'Other programs' {
    It 'agree on a new image: <_>' -ForEach 'qemu-img', 'vhdiinfo' {
        if (-not (Test-Peer $_)) { Set-ItResult -Skipped -Because "$_ is not here" }
        $path = New-HandmadeImage (New-Path) -Size 200MB -BlockSize 8MB -Bat @{ 1 = New-BatValue 6 4; 7 = New-BatValue 6 12 }
        $image = Get-VhdxImage -LiteralPath $path
        if ($_ -eq 'qemu-img') {
            $info = & qemu-img info --output=json $path | ConvertFrom-Json
            $LASTEXITCODE | Should -Be 0
            $image.Size | Should -Be $info.'virtual-size'
            $image.BlockSize | Should -Be $info.'cluster-size'
        }
        else {
            $text = (& vhdiinfo $path) -join "`n"
            $text | Should -Match 'Disk type\s*:\s*Dynamic'
            $text | Should -Match "\($($image.Size) bytes\)"
            # Its "Identifier" is DataWriteGuid.
            $text | Should -Match "Identifier\s*:\s*$($image.DataWriteGuid)"
        }
    }
}
