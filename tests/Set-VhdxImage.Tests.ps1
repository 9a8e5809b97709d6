# Set-VhdxImage: what it asks and tells, how values bind, bytes at their places, and what other programs read afterwards.

BeforeAll {
    . (Join-Path $PSScriptRoot 'common.ps1')
    . (Join-Path $PSScriptRoot 'disks.ps1')
    . (Join-Path $PSScriptRoot 'ImageBytes.ps1')

    $item = '11111111-2222-3333-4444-555555555555'
    $disk1 = 'AAAAAAAA-2222-3333-4444-555555555555'

    function Get-UserItem {
        # A user's item by its id: the entry in the file and the content, by offsets.
        param([string] $Path, [string] $Id = $item)

        $image = Read-ImageBytes $Path
        $entry = $image.Items | Where-Object { $_.Id -eq $Id -and $_.Flags -band 1 }
        if ($entry) {
            $content = if ($entry.Length) { [byte[]] $image.MetadataBytes[$entry.Offset..($entry.Offset + $entry.Length - 1)] } else { , [byte[]]::new(0) }
            [pscustomobject]@{ Length = $entry.Length; Flags = $entry.Flags; Hex = Get-Hex $content }
        }
    }

    function New-Family {
        # A parent with data, a child with data of its own, and a stranger that fits neither.
        param([string] $Folder, [hashtable] $With = @{})

        $parent = New-Image (Join-Path $Folder parent.vhdx) 8MB $With
        Use-Disk $parent { $disk.WriteAt(1MB, [byte[]] (1..200), 0, 200) }
        $child = New-Image (Join-Path $Folder child.vhdx) 0 @{ ParentPath = $parent }
        Use-Disk $child { $disk.WriteAt(3MB + 5, [byte[]] (1..200), 0, 200) }
        $stranger = New-Image (Join-Path $Folder stranger.vhdx) 16MB $With
        [pscustomobject]@{ Parent = $parent; Child = $child; Stranger = $stranger }
    }
}

Describe 'The values of an image' {
    It 'are at their offsets and read back by Get-VhdxLayout: <Type>, sectors of <Sector> bytes' -ForEach @(
        foreach ($sector in 512, 4096) { foreach ($type in 'Dynamic', 'Fixed', 'Differencing') { @{ Type = $type; Sector = $sector } } }
    ) {
        $folder = New-Folder
        $path = if ($Type -eq 'Differencing') { (New-Family $folder @{ LogicalSectorSizeBytes = $Sector }).Child }
        else {
            $with = @{ Type = $Type; LogicalSectorSizeBytes = $Sector }
            if ($Type -eq 'Fixed') { $with.Preallocation = 'None' }
            New-Image (Join-Path $folder a.vhdx) 8MB $with
        }
        Use-Disk $path { $disk.WriteAt(2MB, [byte[]] (1..200), 0, 200) }
        $digest = Get-Digest $path
        $guid = (Get-VhdxImage $path).DataWriteGuid

        Set-VhdxImage $path -PhysicalSectorSizeBytes 512 -DiskIdentifier $disk1 -Metadata @{ $item = [byte[]] (9, 8, 7) } -MetadataIsVirtualDisk | Should -BeNullOrEmpty

        $image = Read-ImageBytes $path
        Get-UInt32 (Get-ItemBytes $image PhysicalSectorSize) | Should -Be 512
        Get-GuidAt (Get-ItemBytes $image VirtualDiskId) | Should -Be ([guid] $disk1)
        (Get-UserItem $path).Hex | Should -BeExactly '090807'
        (Get-UserItem $path).Flags | Should -Be 3
        $items = (Get-VhdxLayout $path).MetadataItems
        ($items | Where-Object Name -EQ 'Physical Sector Size').Value | Should -Be 512
        ($items | Where-Object Name -EQ 'Virtual Disk ID').Value | Should -Be ([guid] $disk1)
        $read = $items | Where-Object Id -EQ $item
        $read.Value | Should -Be 9, 8, 7
        $read.IsUser | Should -BeTrue
        $read.IsVirtualDisk | Should -BeTrue
        Get-Hex (Read-Bytes $path $read.FileOffset 3) | Should -BeExactly '090807'
        (Get-VhdxImage $path).DataWriteGuid | Should -Not -Be $guid
        Get-Digest $path | Should -BeExactly $digest
        Test-VhdxImage $path -Detailed | Should -BeNullOrEmpty
    }

    It 'leave the file alone when they are there already' {
        $path = New-Image (Join-Path (New-Folder) a.vhdx) 8MB
        $values = @{ LiteralPath = $path; PhysicalSectorSizeBytes = 512; DiskIdentifier = $disk1; Metadata = @{ $item = 'text' } }
        Set-VhdxImage @values
        $state = Get-FileState $path
        $said = Set-VhdxImage @values -Verbose 4>&1
        "$said" | Should -BeLike '*has these values already*'
        Set-VhdxImage $path -Metadata @{ $disk1 = $null }
        (Set-VhdxImage @values -Passthru).Path | Should -BeExactly $path
        Get-FileState $path | Should -BeExactly $state
    }

    It 'get a new identifier each with -ResetDiskIdentifier, and are written with -Passthru' {
        $folder = New-Folder
        $paths = 'a', 'b' | ForEach-Object { New-Image (Join-Path $folder "$_.vhdx") 8MB }
        $before = @((Get-VhdxImage $paths).DiskIdentifier)
        $infos = @($paths | Set-VhdxImage -ResetDiskIdentifier -Passthru)
        $infos | Should -HaveCount 2
        $infos[0] | Should -BeOfType VhdxTools.VhdxImageInfo
        $infos.Path | Should -Be $paths
        @($before + $infos.DiskIdentifier | Select-Object -Unique) | Should -HaveCount 4
        Get-GuidAt (Get-ItemBytes (Read-ImageBytes $paths[1]) VirtualDiskId) | Should -Be ([guid] $infos[1].DiskIdentifier)
    }

    It 'change in the others when one file of a pipeline is bad' {
        $folder = New-Folder
        $good = 'a', 'c' | ForEach-Object { New-Image (Join-Path $folder "$_.vhdx") 8MB }
        $bad = Join-Path $folder b.vhdx
        [IO.File]::WriteAllBytes($bad, [byte[]]::new(4MB))
        $state = Get-FileState $bad
        $infos = @(Get-ChildItem $folder | Set-VhdxImage -PhysicalSectorSizeBytes 512 -Passthru -ErrorVariable errors -ErrorAction SilentlyContinue)
        $infos.Path | Should -Be $good
        $errors | Should -HaveCount 1
        "$($errors[0])" | Should -BeLike "*$bad*"
        Get-FileState $bad | Should -BeExactly $state
        foreach ($path in $good) { Get-UInt32 (Get-ItemBytes (Read-ImageBytes $path) PhysicalSectorSize) | Should -Be 512 }
    }
}

Describe '-Metadata' {
    BeforeAll { $path = New-Image (Join-Path (New-Folder) m.vhdx) 8MB }

    It 'takes <What>' -ForEach @(
        @{ What = 'bytes'; Value = { [byte[]] (0, 255, 1) }; Hex = '00FF01' }
        @{ What = 'a text, as UTF-8 without a mark'; Value = { "a$([char] 0xFC)" }; Hex = '61C3BC' }
        @{ What = 'an empty text'; Value = { '' }; Hex = '' }
        @{ What = 'a list of numbers'; Value = { 1, 2, 255 }; Hex = '0102FF' }
        @{ What = 'no bytes'; Value = { , @() }; Hex = '' }
        @{ What = 'what a pipeline gives'; Value = { 1..3 | ForEach-Object { [byte] $_ } }; Hex = '010203' }
        @{ What = 'a text with properties of PowerShell'; Value = { 'ab' | Add-Member -NotePropertyName note -NotePropertyValue 1 -PassThru }; Hex = '6162' }
    ) {
        foreach ($key in $item, [guid] $item, "{$item}") {
            Set-VhdxImage $path -Metadata @{ $item = 'before' }
            Set-VhdxImage $path -Metadata @{ $key = & $Value }
            $read = Get-UserItem $path
            $read.Hex | Should -BeExactly $Hex
            $read.Length | Should -Be ($Hex.Length / 2)
            $read.Flags | Should -Be 1
            Set-VhdxImage $path -Metadata @{ $key = $null }
            Get-UserItem $path | Should -BeNullOrEmpty
        }
    }

    It 'refuses <What>' -ForEach @(
        @{ What = 'a single number'; Of = { @{ $item = 5 } }; Text = '*Int32*' }
        @{ What = 'a single byte'; Of = { @{ $item = [byte] 5 } }; Text = '*Byte;*' }
        @{ What = 'numbers that are no bytes'; Of = { @{ $item = 1, 256 } }; Text = "*$('11111111')*" }
        @{ What = 'a list of texts'; Of = { @{ $item = 'a', 'b' } }; Text = '*byte array*' }
        @{ What = 'half a surrogate pair'; Of = { @{ $item = [string] [char] 0xD800 } }; Text = '*surrogate*' }
        @{ What = 'a key that is no GUID'; Of = { @{ 'no-guid' = 'x' } }; Text = '*no-guid*' }
        @{ What = 'a number as a key'; Of = { @{ 7 = 'x' } }; Text = "*'7'*" }
        @{ What = 'a GUID of zeros'; Of = { @{ [guid]::Empty = 'x' } }; Text = '*zeros*' }
        @{ What = 'one id in two spellings'; Of = { @{ $item = 'x'; [guid] $item = 'y' } }; Text = '*twice*' }
        @{ What = 'more than 1 MiB'; Of = { @{ $item = [byte[]]::new(1MB + 1) } }; Text = '*1048577*' }
    ) {
        $state = Get-FileState $path
        { Set-VhdxImage $path -Metadata (& $Of) -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidMetadata,*' -ExpectedMessage $Text
        Get-FileState $path | Should -BeExactly $state
    }

    It 'takes an ordered dictionary, and 1 MiB' {
        $bytes = [byte[]]::new(1MB)
        [Array]::Fill($bytes, [byte] 0xA5)
        Set-VhdxImage $path -Metadata ([ordered]@{ $item = $bytes; $disk1 = 'second' })
        (Get-UserItem $path).Length | Should -Be 1MB
        ((Get-VhdxLayout $path).MetadataItems | Where-Object Id -EQ $disk1).Length | Should -Be 6
        [VhdxToolsTests.Disks]::IsZero((Read-Bytes $path ((Get-VhdxLayout $path).MetadataItems | Where-Object Id -EQ $item).FileOffset 16)) | Should -BeFalse
        Test-VhdxImage $path | Should -BeTrue
    }
}

Describe 'What Set-VhdxImage asks' {
    BeforeEach {
        $folder = New-Folder
        $family = New-Family $folder
        $states = $family.Parent, $family.Child, $family.Stranger | ForEach-Object { Get-FileState $_ }
        $load = "Import-Module '$manifestPath';"
    }

    It 'tells old and new values with -WhatIf and touches nothing' {
        $old = (Get-VhdxImage $family.Stranger).DiskIdentifier
        $text = Invoke-ChildShell "$load Set-VhdxImage '$($family.Stranger)' -PhysicalSectorSizeBytes 512 -DiskIdentifier $disk1 -Metadata @{ '$item' = 'abc' } -WhatIf"
        $text.ExitCode | Should -Be 0
        $said = $text.Output -replace '\s+', ' '
        $said | Should -BeLike "*PhysicalSectorSize from 4096 to 512 bytes*"
        $said | Should -BeLike "*DiskIdentifier from $old to $disk1*"
        $said | Should -BeLike "*add the metadata item $item (3 bytes)*"
        $said | Should -BeLike "*$($family.Stranger)*"
        Get-FileState $family.Stranger | Should -BeExactly $states[2]
        Get-FolderList $folder | Should -BeExactly 'child.vhdx|parent.vhdx|stranger.vhdx'
    }

    It 'tells the evidence with -WhatIf, and asks nothing' {
        $text = Invoke-ChildShell "$load Set-VhdxImage '$($family.Child)' -ParentPath '$($family.Stranger)' -IgnoreIdMismatch -WhatIf"
        $text.ExitCode | Should -Be 0
        $said = $text.Output -replace '\s+', ' '
        $said | Should -BeLike '*parent.vhdx*stranger.vhdx*not the one that the image was made from*'
        foreach ($part in (Get-VhdxImage $family.Parent).DataWriteGuid, (Get-VhdxImage $family.Stranger).DataWriteGuid, 8388608, 16777216) { $said | Should -BeLike "*$part*" }
        $family.Parent, $family.Child, $family.Stranger | ForEach-Object { Get-FileState $_ } | Should -Be $states
    }

    It 'does not begin when it cannot ask: <Arguments>' -ForEach @(
        @{ Arguments = "-PhysicalSectorSizeBytes 512 -Confirm" }
        @{ Arguments = "-ParentPath stranger.vhdx -IgnoreIdMismatch" }
        @{ Arguments = "-ParentPath stranger.vhdx -IgnoreIdMismatch -Confirm" }
    ) {
        $text = Invoke-ChildShell "$load Set-Location -LiteralPath '$folder'; Set-VhdxImage child.vhdx $Arguments"
        $text.ExitCode | Should -Not -Be 0
        $text.Output | Should -Match 'NonInteractive'
        $family.Parent, $family.Child, $family.Stranger | ForEach-Object { Get-FileState $_ } | Should -Be $states
    }

    It 'asks although a function sets the preference by its name' {
        $text = Invoke-ChildShell "$load & { `$ConfirmPreference = 'High'; Set-VhdxImage '$($family.Child)' -ParentPath '$($family.Stranger)' -IgnoreIdMismatch }"
        $text.ExitCode | Should -Not -Be 0
        Get-FileState $family.Child | Should -BeExactly $states[1]
    }

    It 'asks nothing with <How>' -ForEach @(
        @{ How = '-Confirm:$false'; Before = ''; After = '-Confirm:$false' }
        @{ How = '$ConfirmPreference None'; Before = "`$ConfirmPreference = 'None';"; After = '' }
    ) {
        $text = Invoke-ChildShell "$load & { $Before Set-VhdxImage '$($family.Child)' -ParentPath '$($family.Stranger)' -IgnoreIdMismatch $After }"
        $text.Output | Should -BeNullOrEmpty
        $text.ExitCode | Should -Be 0
        $locator = Get-Locator $family.Child
        [guid] $locator['parent_linkage'] | Should -Be (Get-VhdxImage $family.Stranger).DataWriteGuid
        $locator['relative_path'] | Should -BeExactly '.\stranger.vhdx'
        Test-VhdxImage $family.Child | Should -BeTrue
    }

    It 'asks nothing for a parent that fits, and ignores nothing without being told' {
        Move-Item $family.Parent (Join-Path $folder moved.vhdx)
        $text = Invoke-ChildShell "$load Set-VhdxImage '$($family.Child)' -ParentPath '$folder/moved.vhdx' -IgnoreIdMismatch"
        $text.Output | Should -BeNullOrEmpty
        (Get-Locator $family.Child)['relative_path'] | Should -BeExactly '.\moved.vhdx'
        { Set-VhdxImage $family.Child -ParentPath $family.Stranger -Confirm:$false -ErrorAction Stop } | Should -Throw -ErrorId 'VX805,*' -ExpectedMessage '*-IgnoreIdMismatch*'
    }

    It 'names the children that no longer fit' {
        Set-VhdxImage $family.Parent -PhysicalSectorSizeBytes 512 -WarningVariable warnings -WarningAction SilentlyContinue
        "$warnings" | Should -BeLike "*$($family.Child)*"
        (Test-VhdxImage $family.Child -Detailed).RuleId | Should -Contain VX805
        Set-VhdxImage $family.Child -ParentPath $family.Parent -IgnoreIdMismatch -Confirm:$false
        Test-VhdxImage $family.Child | Should -BeTrue
    }

    It 'refuses <What>' -ForEach @(
        @{ What = 'a file that is in use, by its name'; Id = 'FileInUse'; Text = '*child.vhdx*'; Do = { Use-Disk $family.Child { Set-VhdxImage $family.Child -PhysicalSectorSizeBytes 512 -ErrorAction Stop } } }
        @{ What = 'a file that is not there'; Id = 'FileNotFound'; Text = '*nowhere*'; Do = { Set-VhdxImage (Join-Path $folder nowhere.vhdx) -PhysicalSectorSizeBytes 512 -ErrorAction Stop } }
        @{ What = 'a parent that is not there'; Id = 'FileNotFound'; Text = '*nowhere*'; Do = { Set-VhdxImage $family.Child -ParentPath (Join-Path $folder nowhere.vhdx) -ErrorAction Stop } }
        @{ What = 'a parent for an image without one'; Id = 'ContradictingParameters'; Text = '*Dynamic*'; Do = { Set-VhdxImage $family.Stranger -ParentPath $family.Parent -ErrorAction Stop } }
        @{ What = 'itself as the parent'; Id = 'VX807'; Text = '*its own parent*'; Do = { Set-VhdxImage $family.Child -ParentPath $family.Child -IgnoreIdMismatch -ErrorAction Stop } }
        @{ What = 'a sector size that does not exist'; Id = 'InvalidPhysicalSectorSize'; Text = '*4096*'; Do = { Set-VhdxImage $family.Child -PhysicalSectorSizeBytes 2048 -ErrorAction Stop } }
        @{ What = 'an identifier of zeros'; Id = 'InvalidDiskIdentifier'; Text = '*zeros*'; Do = { Set-VhdxImage $family.Child -DiskIdentifier ([guid]::Empty) -ErrorAction Stop } }
        @{ What = 'nothing to set'; Id = 'NothingToSet'; Text = '*-ParentPath*'; Do = { Set-VhdxImage $family.Child -Passthru -ErrorAction Stop } }
        @{ What = 'two identifiers'; Id = 'ContradictingParameters'; Text = '*-ResetDiskIdentifier*'; Do = { Set-VhdxImage $family.Child -DiskIdentifier $disk1 -ResetDiskIdentifier -ErrorAction Stop } }
        @{ What = '-IgnoreIdMismatch alone'; Id = 'ContradictingParameters'; Text = '*-ParentPath*'; Do = { Set-VhdxImage $family.Child -PhysicalSectorSizeBytes 512 -IgnoreIdMismatch -ErrorAction Stop } }
        @{ What = '-MetadataIsVirtualDisk alone'; Id = 'ContradictingParameters'; Text = '*-Metadata*'; Do = { Set-VhdxImage $family.Child -PhysicalSectorSizeBytes 512 -MetadataIsVirtualDisk -ErrorAction Stop } }
    ) {
        $Do | Should -Throw -ErrorId "$Id,VhdxTools.SetVhdxImageCommand" -ExpectedMessage $Text
        $family.Parent, $family.Child, $family.Stranger | ForEach-Object { Get-FileState $_ } | Should -Be $states
    }
}

Describe '-ParentPath' {
    It 'counts from $PWD, not from the folder of the process, and is taken to the letter' {
        $folder = New-Folder
        $family = New-Family $folder
        $null = New-Item -ItemType Directory (Join-Path $folder sub)
        $moved = Join-Path $folder sub 'p [1].vhdx'
        Move-Item -LiteralPath $family.Parent $moved
        $elsewhere = New-Folder
        $text = Invoke-ChildShell "Import-Module '$manifestPath'; Set-Location -LiteralPath '$folder'; Set-VhdxImage child.vhdx -ParentPath 'sub/p [1].vhdx'" -WorkingDirectory $elsewhere
        $text.Output | Should -BeNullOrEmpty
        (Get-Locator $family.Child)['relative_path'] | Should -BeExactly '.\sub\p [1].vhdx'
        Test-VhdxImage $family.Child | Should -BeTrue
    }

    It 'takes paths of drives of PowerShell' {
        $folder = New-Folder
        $family = New-Family $folder
        Move-Item $family.Parent (Join-Path $folder moved.vhdx)
        $null = New-PSDrive -Name SetTest -PSProvider FileSystem -Root $folder
        try {
            (Set-VhdxImage SetTest:\child.vhdx -ParentPath SetTest:\moved.vhdx -Passthru).Path | Should -BeExactly $family.Child
            { Set-VhdxImage $family.Child -ParentPath Env:\PATH -ErrorAction Stop } | Should -Throw -ErrorId '*,VhdxTools.SetVhdxImageCommand'
        }
        finally { Remove-PSDrive SetTest }
        (Get-Locator $family.Child)['relative_path'] | Should -BeExactly '.\moved.vhdx'
    }

    It 'keeps the DataWriteGuid, so that grandchildren fit' {
        $folder = New-Folder
        $family = New-Family $folder
        $grandchild = New-Image (Join-Path $folder grandchild.vhdx) 0 @{ ParentPath = $family.Child }
        $digest = Get-Digest $grandchild
        Move-Item $family.Parent (Join-Path $folder moved.vhdx)
        Set-VhdxImage $family.Child -ParentPath (Join-Path $folder moved.vhdx) -WarningVariable warnings
        $warnings | Should -BeNullOrEmpty
        Get-Digest $grandchild | Should -BeExactly $digest
        Test-VhdxImage $grandchild -Detailed | Should -BeNullOrEmpty
    }
}

Describe 'Other programs' {
    It 'qemu-img reads and checks an image whose metadata changed (items of <Length> bytes)' -ForEach @{ Length = 100 }, @{ Length = 1MB } {
        if (-not (Test-Peer qemu-img)) { Set-ItResult -Skipped -Because 'qemu-img is not here' }
        $path = New-Image (Join-Path (New-Folder) q.vhdx) 8MB
        Use-Disk $path { $disk.WriteAt(1MB + 77, [byte[]] (1..200), 0, 200) }
        $bytes = [byte[]]::new($Length)
        [Array]::Fill($bytes, [byte] 1)
        Set-VhdxImage $path -PhysicalSectorSizeBytes 512 -DiskIdentifier $disk1 -Metadata @{ $item = $bytes }
        $said = & qemu-img check -f vhdx $path 2>&1
        $LASTEXITCODE | Should -Be 0 -Because "$said"
        $info = & qemu-img info --output=json -f vhdx $path | ConvertFrom-Json
        $LASTEXITCODE | Should -Be 0
        $info.'virtual-size' | Should -Be 8MB
        Compare-Raw $path (ConvertTo-Raw $path) | Should -Be -1
    }

    It 'vhdiinfo reads the metadata of a child that was linked again' {
        if (-not (Test-Peer vhdiinfo)) { Set-ItResult -Skipped -Because 'vhdiinfo is not here' }
        $family = New-Family (New-Folder)
        $moved = Join-Path (Split-Path $family.Parent) 'moved.vhdx'
        Move-Item $family.Parent $moved
        Set-VhdxImage $family.Child -ParentPath $moved
        $guid = (Get-VhdxImage $moved).DataWriteGuid
        $text = (& vhdiinfo $family.Child) -join "`n"
        $LASTEXITCODE | Should -Be 0
        $text | Should -Match "(?m)Identifier\s*:\s*$((Get-VhdxImage $family.Child).DataWriteGuid)"
        $text | Should -Match "(?m)Parent identifier\s*:\s*$guid"
    }

    It '7zz reads the bytes of a chain that was linked again' {
        if (-not (Test-Peer 7zz)) { Set-ItResult -Skipped -Because '7zz is not here' }
        $folder = New-Folder
        $family = New-Family $folder
        $moved = Join-Path $folder moved.vhdx
        Move-Item $family.Parent $moved
        Set-VhdxImage $family.Child -ParentPath $moved
        & 7zz e -tVHDX -y "-o$folder/7z" $family.Child | Out-Null
        $LASTEXITCODE | Should -Be 0
        $file = @(Get-ChildItem -LiteralPath "$folder/7z" -File)
        $file | Should -HaveCount 1
        Compare-Raw $family.Child $file[0].FullName | Should -Be -1
        Compare-Raw $moved $file[0].FullName | Should -Not -Be -1
    }
}

Describe 'What would mislead others' {
    It 'is refused as user metadata: the ids of the items of the format' {
        $path = New-Image (Join-Path (New-Folder) d.vhdx) 20MB
        $state = Get-FileState $path
        { Set-VhdxImage $path -Metadata @{ '2FA54224-CD1B-4876-B211-5DBED83BF4B8' = [byte[]] (0, 0, 0x20, 0, 0, 0, 0, 0) } -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidMetadata,*' -ExpectedMessage '*Virtual Disk Size*'
        Get-FileState $path | Should -BeExactly $state
    }

    It 'is not written through a link: the stored path counts from where the child really lies' {
        if ($IsWindows) { Set-ItResult -Skipped -Because 'Windows needs a right for symbolic links' }
        $folder = New-Folder
        $null = New-Item -ItemType Directory (Join-Path $folder d1)
        $parent = New-Image (Join-Path $folder 'd1/p.vhdx') 8MB
        $child = New-Image (Join-Path $folder 'd1/c.vhdx') 0 @{ ParentPath = $parent }
        $link = (New-Item -ItemType SymbolicLink -Path (Join-Path $folder lc.vhdx) -Target $child).FullName
        Set-VhdxImage $link -ParentPath $parent
        Test-VhdxImage $child | Should -BeTrue
        Test-VhdxImage $link | Should -BeTrue
        (Get-Locator $child)['relative_path'] | Should -BeExactly '.\p.vhdx'
    }
}
