# Differencing images: what a child's bytes say of its parent, and which parents are taken.

BeforeDiscovery {
    $places = @(
        @{ Child = 'child.vhdx'; Parent = 'parent.vhdx'; Relative = '.\parent.vhdx' }
        @{ Child = 'child.avhdx'; Parent = 'parent.avhdx'; Relative = '.\parent.avhdx' }
        @{ Child = 'child.vhdx'; Parent = 'sub/deep/parent.vhdx'; Relative = '.\sub\deep\parent.vhdx' }
        @{ Child = 'sub/child.vhdx'; Parent = 'parent.vhdx'; Relative = '..\parent.vhdx' }
        @{ Child = 'a/b/child.vhdx'; Parent = 'c/parent.vhdx'; Relative = '..\..\c\parent.vhdx' }
        @{ Child = 'a/child.vhdx'; Parent = 'ab/parent.vhdx'; Relative = '..\ab\parent.vhdx' }
        @{ Child = 'child.vhdx'; Parent = 'pärent [1] ''x'' 盤.vhdx'; Relative = '.\pärent [1] ''x'' 盤.vhdx' }
        @{ Child = 'child.vhdx'; Parent = 'parent without extension'; Relative = '.\parent without extension' }
    )
    $geometries = @(
        @{ Name = 'defaults'; Size = 10GB; Logical = 512; Block = $null }
        @{ Name = 'blocks of 1 MiB'; Size = 10GB; Logical = 512; Block = 1MB }
        @{ Name = 'more chunks than a dynamic BAT would need room for'; Size = 130000 * 1MB; Logical = 512; Block = 1MB }
        @{ Name = 'one block'; Size = 1MB; Logical = 512; Block = 1MB }
        @{ Name = '4096-byte sectors'; Size = 40GB; Logical = 4096; Block = $null }
        @{ Name = 'blocks of 256 MiB'; Size = 10GB; Logical = 512; Block = 256MB }
    )
}

BeforeAll {
    . (Join-Path $PSScriptRoot 'common.ps1')
    . (Join-Path $PSScriptRoot 'ImageBytes.ps1')
}

Describe 'New-VhdxImage child bytes: <Name>' -ForEach $geometries {
    BeforeAll {
        $folder = New-TestFolder
        $parent = Join-Path $folder 'parent.vhdx'
        $path = Join-Path $folder 'child.vhdx'
        $null = New-VhdxImage -Path $parent -SizeBytes $Size -LogicalSectorSizeBytes $Logical -PhysicalSectorSizeBytes 512 -WarningAction SilentlyContinue
        $arguments = @{ Path = $path; ParentPath = $parent; Creator = 'c' }
        if ($Block) { $arguments.BlockSizeBytes = $Block }
        $null = New-VhdxImage @arguments -WarningAction SilentlyContinue
        $parentImage = Read-ImageBytes $parent
        $image = Read-ImageBytes $path
        $blockSize = if ($Block) { $Block } else { 2MB }
        $ratio = 8388608L * $Logical / $blockSize
        $blocks = [long] [Math]::Ceiling([decimal] $Size / $blockSize)
        $chunks = [long] [Math]::Ceiling([decimal] $blocks / $ratio)
        $batLength = 1MB * [long] [Math]::Ceiling([decimal] ($chunks * ($ratio + 1) * 8) / 1MB)
    }

    It 'has the headers, tables and regions of a new file' {
        foreach ($header in $image.Headers) {
            $header.Checksum | Should -Be $header.Computed
            $header.LogGuid | Should -Be ([guid]::Empty)
            $header.DataWriteGuid | Should -Not -Be $parentImage.Headers[0].DataWriteGuid
            $header.FileWriteGuid | Should -Not -Be $parentImage.Headers[0].FileWriteGuid
        }
        foreach ($table in $image.Regions) {
            $table.Checksum | Should -Be $table.Computed
            $table.Entries.Required | Should -Be @(1, 1)
        }
        $image.Metadata.FileOffset | Should -Be 2MB
        $image.Bat.FileOffset | Should -Be 3MB
    }

    It 'has a BAT region with a slot for every sector bitmap block, all zero' {
        $image.Bat.Length | Should -Be $batLength
        $image.Length | Should -Be (3MB + $batLength)
        [VhdxToolsTests.ByteScan]::FirstNonZero($path, $image.Length, @(0, 3MB)) | Should -Be -1
    }

    It 'has HasParent, the block size and no LeaveBlocksAllocated' {
        $parameters = Get-ItemBytes $image FileParameters
        Get-UInt32 $parameters 0 | Should -Be $blockSize
        Get-UInt32 $parameters 4 | Should -Be 2
    }

    It 'has the size, the sectors and the identifier of its parent' {
        foreach ($name in 'VirtualDiskSize', 'LogicalSectorSize', 'PhysicalSectorSize', 'VirtualDiskId') {
            Get-Hex (Get-ItemBytes $image $name) | Should -BeExactly (Get-Hex (Get-ItemBytes $parentImage $name))
        }
    }

    It 'has six items, the parent locator last' {
        $image.Items.Id.Guid | Should -Be @('FileParameters', 'VirtualDiskSize', 'LogicalSectorSize', 'PhysicalSectorSize', 'VirtualDiskId', 'ParentLocator' | ForEach-Object { $itemIds[$_] })
        $image.Items.Flags | Should -Be @(4, 6, 6, 6, 6, 4)
        $image.Items.Offset | Should -Be @(0, 8, 16, 20, 24, 40 | ForEach-Object { 65536 + $_ })
        Test-Zero $image.MetadataBytes (32 + 6 * 32) (65536 - 32 - 6 * 32) | Should -BeTrue
        Test-Zero $image.MetadataBytes (65536 + 40 + $image.Items[5].Length) | Should -BeTrue
    }

    It 'has a parent locator that is well formed to the byte' {
        $locator = Get-ItemBytes $image ParentLocator
        Get-GuidAt $locator 0 | Should -Be 'b04aefb7-d19e-4a81-b789-25b8e9445913'
        Get-UInt16 $locator 16 | Should -Be 0
        $count = Get-UInt16 $locator 18
        $used = [long] (20 + 12 * $count)
        for ($i = 0; $i -lt $count; $i++) {
            $place = 20 + (12 * $i)
            foreach ($offset in (Get-UInt32 $locator $place), (Get-UInt32 $locator ($place + 4))) { $offset | Should -BeGreaterOrEqual (20 + 12 * $count) }
            foreach ($length in (Get-UInt16 $locator ($place + 8)), (Get-UInt16 $locator ($place + 10))) {
                $length | Should -BeGreaterThan 0
                $length % 2 | Should -Be 0
                $used += $length
            }
        }
        $used | Should -Be $locator.Length
        $pairs = Read-Locator $locator
        $pairs.parent_linkage | Should -BeExactly "{$($parentImage.Headers[0].DataWriteGuid.ToString('d'))}"
        $pairs.parent_linkage | Should -MatchExactly '^\{[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\}$'
        $pairs.relative_path | Should -BeExactly '.\parent.vhdx'
        if ($IsWindows) {
            $pairs.absolute_win32_path | Should -BeExactly "\\?\$parent"
            $pairs.volume_path | Should -Match '^\\\\\?\\Volume\{'
        }
        else {
            @($pairs.Keys) | Should -Be @('parent_linkage', 'relative_path') -Because 'Windows paths mean nothing here'
        }
    }
}

Describe 'New-VhdxImage child places' {
    It 'stores <Relative> from <Child> to <Parent>' -ForEach $places {
        $folder = New-TestFolder
        $childPath = Join-Path $folder $Child
        $parentPath = Join-Path $folder $Parent
        foreach ($file in $childPath, $parentPath) { $null = [IO.Directory]::CreateDirectory([IO.Path]::GetDirectoryName($file)) }
        $null = New-VhdxImage -Path $parentPath -SizeBytes 1GB
        $state = Get-FileState $parentPath
        $made = New-VhdxImage -Path $childPath -ParentPath $parentPath
        $made.VhdType | Should -Be 'Differencing'
        $made.ParentPath | Should -BeExactly $parentPath
        (Read-Locator (Get-ItemBytes (Read-ImageBytes $childPath) ParentLocator)).relative_path | Should -BeExactly $Relative
        Get-FileState $parentPath | Should -BeExactly $state
    }

    It 'stores a path that survives a move of both' {
        $folder = New-TestFolder
        $null = [IO.Directory]::CreateDirectory((Join-Path $folder 'old/sub'))
        $null = New-VhdxImage -Path (Join-Path $folder 'old/parent.vhdx') -SizeBytes 1GB
        $null = New-VhdxImage -Path (Join-Path $folder 'old/sub/child.vhdx') -ParentPath (Join-Path $folder 'old/parent.vhdx') -IdentifierSeed portable
        Move-Item -LiteralPath (Join-Path $folder 'old') -Destination (Join-Path $folder 'new')
        (Get-VhdxImage -Path (Join-Path $folder 'new/sub/child.vhdx')).ParentPath | Should -BeExactly (Join-Path $folder 'new' 'parent.vhdx')
    }
}

Describe 'New-VhdxImage child options' {
    BeforeAll {
        $folder = New-TestFolder
        $parent = Join-Path $folder 'parent.vhdx'
        $null = New-VhdxImage -Path $parent -SizeBytes 1GB -LogicalSectorSizeBytes 4096
    }

    BeforeEach { $path = Join-Path $folder "$([guid]::NewGuid()).vhdx" }

    It 'is a child by <Name>' -ForEach @(
        @{ Name = 'ParentPath alone'; Arguments = @{} }
        @{ Name = '-Differencing'; Arguments = @{ Differencing = $true } }
        @{ Name = 'Type'; Arguments = @{ Type = 'Differencing' } }
        @{ Name = 'both'; Arguments = @{ Type = 'Differencing'; Differencing = $true } }
    ) {
        (New-VhdxImage -Path $path -ParentPath $parent @Arguments).VhdType | Should -Be 'Differencing'
        (Get-UInt32 (Get-ItemBytes (Read-ImageBytes $path) FileParameters) 4) | Should -Be 2
    }

    It 'refuses <Name> with a parent' -ForEach @(
        @{ Name = '-Dynamic'; Arguments = @{ Dynamic = $true }; Id = 'ContradictingParameters' }
        @{ Name = '-Fixed'; Arguments = @{ Fixed = $true }; Id = 'ContradictingParameters' }
        @{ Name = 'Type Fixed'; Arguments = @{ Type = 'Fixed'; SizeBytes = 1GB }; Id = 'ContradictingParameters' }
        @{ Name = '-Differencing and -Dynamic'; Arguments = @{ Differencing = $true; Dynamic = $true }; Id = 'ContradictingParameters' }
        @{ Name = 'BlockState'; Arguments = @{ BlockState = 'Zero' }; Id = 'ContradictingParameters' }
        @{ Name = 'Preallocation'; Arguments = @{ Preallocation = 'None' }; Id = 'ContradictingParameters' }
        @{ Name = 'another logical sector size'; Arguments = @{ LogicalSectorSizeBytes = 512 }; Id = 'InvalidLogicalSectorSize' }
        @{ Name = 'a size off the parent''s sectors'; Arguments = @{ SizeBytes = 1GB + 512 }; Id = 'InvalidSize' }
        @{ Name = 'a block size of 3 MiB'; Arguments = @{ BlockSizeBytes = 3MB }; Id = 'InvalidBlockSize' }
    ) {
        $state = Get-FileState $parent
        $null = Assert-Refused (@{ Path = $path; ParentPath = $parent } + $Arguments) $Id InvalidArgument
        Get-FileState $parent | Should -BeExactly $state
    }

    It 'takes the same logical, another physical sector size, a block size, a log and an identifier' {
        $identifier = [guid]::NewGuid()
        $null = New-VhdxImage -Path $path -ParentPath $parent -LogicalSectorSizeBytes 4096 -PhysicalSectorSizeBytes 512 -BlockSizeBytes 16MB -LogSizeBytes 4MB -DiskIdentifier $identifier
        $image = Read-ImageBytes $path
        Get-UInt32 (Get-ItemBytes $image PhysicalSectorSize) | Should -Be 512
        Get-UInt32 (Get-ItemBytes $image FileParameters) 0 | Should -Be 16MB
        $image.Headers[1].LogLength | Should -Be 4MB
        Get-GuidAt (Get-ItemBytes $image VirtualDiskId) | Should -Be $identifier
    }

    It 'may be <Name> than its parent' -ForEach @{ Name = 'larger'; Size = 3GB }, @{ Name = 'smaller'; Size = 512MB } {
        (New-VhdxImage -Path $path -ParentPath $parent -SizeBytes $Size).Size | Should -Be $Size
        Get-UInt64 (Get-ItemBytes (Read-ImageBytes $path) VirtualDiskSize) | Should -Be $Size
    }

    It 'takes the current header''s DataWriteGuid for parent_linkage' {
        $old = Join-Path $folder 'twoheaders.vhdx'
        $null = New-VhdxImage -Path $old -SizeBytes 1GB
        # A newer header 1 with another DataWriteGuid, sealed by our own checksum.
        $header = Read-Bytes $old 65536 4096
        $guid = [guid]::NewGuid()
        [BitConverter]::GetBytes([ulong] ((Get-UInt64 $header 8) + 5)).CopyTo($header, 8)
        $guid.ToByteArray().CopyTo($header, 32)
        [BitConverter]::GetBytes([uint] (Get-ChecksumOf $header)).CopyTo($header, 4)
        Write-BytesAt $old 65536 $header
        $null = New-VhdxImage -Path $path -ParentPath $old
        (Read-Locator (Get-ItemBytes (Read-ImageBytes $path) ParentLocator)).parent_linkage | Should -BeExactly "{$guid}"
    }

    It 'copies the items with IsVirtualDisk, a user''s too, and no others' {
        $rich = Join-Path $folder 'rich.vhdx'
        $null = New-VhdxImage -Path $rich -SizeBytes 1GB
        $added = @(
            @{ Id = [guid]::NewGuid(); Flags = 3; Content = [byte[]] (1..50) }     # user, virtual disk
            @{ Id = [guid]::NewGuid(); Flags = 1; Content = [byte[]] (51..60) }    # user, file
            @{ Id = [guid]::NewGuid(); Flags = 2; Content = [byte[]] (61..99) }    # system, virtual disk, optional
            @{ Id = [guid]::NewGuid(); Flags = 0; Content = [byte[]] (100..110) }  # system, file, optional
            @{ Id = [guid] $itemIds.VirtualDiskId; Flags = 3; Content = [byte[]] (7, 7) } # a user's item under a known id
            @{ Id = [guid]::NewGuid(); Flags = 3; Content = [byte[]] @() }         # user, virtual disk, empty
        )
        $entry = 2MB + 32 + 5 * 32
        $content = 65536 + 4096
        foreach ($item in $added) {
            $bytes = [byte[]]::new(32)
            $item.Id.ToByteArray().CopyTo($bytes, 0)
            [BitConverter]::GetBytes([uint] ($item.Content.Length ? $content : 0)).CopyTo($bytes, 16)
            [BitConverter]::GetBytes([uint] $item.Content.Length).CopyTo($bytes, 20)
            [BitConverter]::GetBytes([uint] $item.Flags).CopyTo($bytes, 24)
            Write-BytesAt $rich $entry $bytes
            if ($item.Content.Length) { Write-BytesAt $rich (2MB + $content) $item.Content }
            $entry += 32
            $content += 128
        }
        Write-BytesAt $rich (2MB + 10) ([BitConverter]::GetBytes([uint16] 11))

        $null = New-VhdxImage -Path $path -ParentPath $rich
        $image = Read-ImageBytes $path
        $image.ItemCount | Should -Be 10
        foreach ($number in 0, 2, 4, 5) {
            $item = $added[$number]
            $copy = @($image.Items | Where-Object { $_.Id -eq $item.Id -and $_.Flags -eq $item.Flags })
            $copy | Should -HaveCount 1
            $copy[0].Length | Should -Be $item.Content.Length
            if ($item.Content.Length) { Get-Hex $copy[0].Bytes | Should -BeExactly (Get-Hex $item.Content) } else { $copy[0].Offset | Should -Be 0 }
        }
        foreach ($number in 1, 3) { $image.Items.Id | Should -Not -Contain $added[$number].Id }
        Get-Hex ($image.Items | Where-Object { $_.Id -eq $itemIds.VirtualDiskId -and $_.Flags -eq 6 }).Bytes | Should -BeExactly (Get-Hex (Get-ItemBytes (Read-ImageBytes $path) VirtualDiskId) 0 16)

        # No two items share bytes.
        $end = 65536
        foreach ($item in $image.Items | Where-Object Length -GT 0 | Sort-Object Offset) {
            $item.Offset | Should -BeGreaterOrEqual $end
            $end = $item.Offset + $item.Length
        }
    }

    It 'takes a child as parent, and its linkage is the child''s' {
        $middle = Join-Path $folder 'middle.avhdx'
        $null = New-VhdxImage -Path $middle -ParentPath $parent
        $null = New-VhdxImage -Path $path -ParentPath $middle
        $pairs = Read-Locator (Get-ItemBytes (Read-ImageBytes $path) ParentLocator)
        $pairs.relative_path | Should -BeExactly '.\middle.avhdx'
        $pairs.parent_linkage | Should -BeExactly "{$((Read-ImageBytes $middle).Headers[1].DataWriteGuid)}"
        Get-Hex (Get-ItemBytes (Read-ImageBytes $path) VirtualDiskId) | Should -BeExactly (Get-Hex (Get-ItemBytes (Read-ImageBytes $parent) VirtualDiskId))
    }

    It 'takes a parent that may only be read' {
        $readOnly = Join-Path $folder 'readonly.vhdx'
        $null = New-VhdxImage -Path $readOnly -SizeBytes 1GB
        Set-ItemProperty -LiteralPath $readOnly -Name IsReadOnly -Value $true
        $state = Get-FileState $readOnly
        (New-VhdxImage -Path $path -ParentPath $readOnly).ParentPath | Should -BeExactly $readOnly
        Get-FileState $readOnly | Should -BeExactly $state
        Set-ItemProperty -LiteralPath $readOnly -Name IsReadOnly -Value $false
    }
}

Describe 'New-VhdxImage refused parents' {
    BeforeAll {
        $folder = New-TestFolder
        $path = Join-Path $folder 'child.vhdx'
        $put = {
            param([string] $Name, [byte[]] $Bytes)
            $file = Join-Path $folder $Name
            [IO.File]::WriteAllBytes($file, $Bytes)
            $file
        }
        $parents = @{
            missing = Join-Path $folder 'missing.vhdx'
            'in a missing folder' = Join-Path $folder 'none' 'missing.vhdx'
            'a folder' = $folder
            empty = & $put 'empty.vhdx' @()
            compressed = & $put 'gz.vhdx' @(0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
            'something else' = & $put 'text.vhdx' ([Text.Encoding]::ASCII.GetBytes('no disk at all' * 100))
        }
        $vhd = [byte[]]::new(1MB + 512)
        [Text.Encoding]::ASCII.GetBytes('conectix').CopyTo($vhd, 1MB)
        [byte[]] (0, 0, 0, 2, 0, 1, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255) | ForEach-Object { $i = 1MB + 8 } { $vhd[$i++] = $_ }
        $parents['a VHD'] = & $put 'disk.vhdx' $vhd
        $corrupt = Join-Path $folder 'corrupt.vhdx'
        $null = New-VhdxImage -Path $corrupt -SizeBytes 1GB
        Write-BytesAt $corrupt 65540 ([byte[]] (1, 2, 3, 4))
        Write-BytesAt $corrupt 131076 ([byte[]] (1, 2, 3, 4))
        $parents['without a valid header'] = $corrupt
    }

    It 'refuses a parent that is <Name>: <Id>' -ForEach @(
        @{ Name = 'missing'; Id = 'FileNotFound'; Category = 'ObjectNotFound' }
        @{ Name = 'in a missing folder'; Id = 'F*NotFound'; Category = 'ObjectNotFound' }
        @{ Name = 'a folder'; Id = 'PathIsFolder'; Category = 'InvalidArgument' }
        @{ Name = 'empty'; Id = 'FileEmpty'; Category = '*' }
        @{ Name = 'compressed'; Id = 'FileCompressed'; Category = '*' }
        @{ Name = 'something else'; Id = 'NotAVirtualDisk'; Category = '*' }
        @{ Name = 'a VHD'; Id = '*Vhd*'; Category = '*' }
        @{ Name = 'without a valid header'; Id = 'VX30*'; Category = 'InvalidData' }
    ) {
        $before = Get-FolderList $folder
        $result = Invoke-NewImage @{ Path = $path; ParentPath = $parents[$Name] }
        $result.Output | Should -BeNullOrEmpty
        $result.Errors | Should -HaveCount 1
        $result.Errors[0].FullyQualifiedErrorId | Should -BeLike "$Id,VhdxTools.NewVhdxImageCommand"
        $result.Errors[0].CategoryInfo.Category | Should -BeLike $Category
        [string] $result.Errors[0] | Should -Match ([regex]::Escape([IO.Path]::GetFileName($parents[$Name])))
        Get-FolderList $folder | Should -BeExactly $before
        # R20: no handle stays open on what could not be used.
        if ($Name -eq 'empty') { [IO.File]::Open($parents[$Name], 'Open', 'ReadWrite', 'None').Dispose() }
    }
}

Describe 'New-VhdxImage -Force onto the own chain' {
    BeforeAll {
        $folder = New-TestFolder
        $base = Join-Path $folder 'base.vhdx'
        $middle = Join-Path $folder 'middle.avhdx'
        $tip = Join-Path $folder 'tip.avhdx'
        $null = New-VhdxImage -Path $base -SizeBytes 1GB
        $null = New-VhdxImage -Path $middle -ParentPath $base
        $null = New-VhdxImage -Path $tip -ParentPath $middle
        $states = @{}
        foreach ($file in $base, $middle, $tip) { $states[$file] = Get-FileState $file }
        $others = Join-Path $folder 'others'
        $null = [IO.Directory]::CreateDirectory($others)
        if (-not $IsWindows) {
            $null = [IO.File]::CreateSymbolicLink((Join-Path $others 'symbolic.vhdx'), $base)
            $null = [IO.Directory]::CreateSymbolicLink((Join-Path $folder 'linked'), $folder)
            $null = [IO.File]::CreateSymbolicLink((Join-Path $others 'chain.vhdx'), (Join-Path $others 'symbolic.vhdx'))
            $null = New-Item -ItemType HardLink -Path (Join-Path $others 'hard.vhdx') -Target $base
        }
    }

    It 'refuses <What>' -ForEach @(
        @{ What = 'its own parent'; Path = 'base.vhdx'; Parent = 'base.vhdx' }
        @{ What = 'the parent of its parent'; Path = 'base.vhdx'; Parent = 'middle.avhdx' }
        @{ What = 'an ancestor two links away'; Path = 'base.vhdx'; Parent = 'tip.avhdx' }
        @{ What = 'the middle of the chain'; Path = 'middle.avhdx'; Parent = 'tip.avhdx' }
        @{ What = 'its parent by another spelling'; Path = 'others/../base.vhdx'; Parent = './base.vhdx' }
        @{ What = 'its parent by a symbolic link'; Path = 'others/symbolic.vhdx'; Parent = 'base.vhdx'; Link = $true }
        @{ What = 'its parent that the link names'; Path = 'base.vhdx'; Parent = 'others/symbolic.vhdx'; Link = $true }
        @{ What = 'its parent by a link to a link'; Path = 'others/chain.vhdx'; Parent = 'base.vhdx'; Link = $true }
        @{ What = 'its parent by a linked folder'; Path = 'linked/base.vhdx'; Parent = 'base.vhdx'; Link = $true }
        @{ What = 'its parent by a hard link'; Path = 'others/hard.vhdx'; Parent = 'base.vhdx'; Link = $true }
        @{ What = 'an ancestor by a symbolic link'; Path = 'others/symbolic.vhdx'; Parent = 'tip.avhdx'; Link = $true }
        @{ What = 'an ancestor by a hard link'; Path = 'others/hard.vhdx'; Parent = 'tip.avhdx'; Link = $true }
    ) {
        if ($IsWindows -and $_.ContainsKey('Link')) { Set-ItResult -Skipped -Because 'links need rights on Windows' }
        $null = Assert-Refused @{ Path = Join-Path $folder $Path; ParentPath = Join-Path $folder $Parent; Force = $true } DestinationIsParent InvalidArgument -Folder $folder
        foreach ($file in $states.Keys) { Get-FileState $file | Should -BeExactly $states[$file] }
    }

    It 'replaces a file that the chain does not need' {
        $sibling = Join-Path $folder 'sibling.avhdx'
        $null = New-VhdxImage -Path $sibling -ParentPath $base
        $made = New-VhdxImage -Path $sibling -ParentPath $tip -Force
        $made.ParentPath | Should -BeExactly $tip
        foreach ($file in $states.Keys) { Get-FileState $file | Should -BeExactly $states[$file] }
    }

    It 'refuses a ring of parents at once (VX807)' {
        $ring = New-TestFolder
        $a = Join-Path $ring 'a.vhdx'
        $b = Join-Path $ring 'b.vhdx'
        $null = New-VhdxImage -Path $a -SizeBytes 1GB
        $null = New-VhdxImage -Path $b -ParentPath $a
        Copy-Item -LiteralPath $b -Destination $a -Force
        # Now a.vhdx says that a.vhdx is its parent.
        $result = Invoke-NewImage @{ Path = Join-Path $ring 'c.vhdx'; ParentPath = $a }
        $result.Errors[0].FullyQualifiedErrorId | Should -BeLike 'VX807,*'
    }
}
