# Get-VhdxChain: the links of a chain from the tip to the base, and what in a folder depends on a file.

BeforeDiscovery {
    $names = @(
        'with space', '[1]', 'a[b]c', "o'neil", 'größe 磁碟 😀', '$PWD', '`tick', '-Path', '#;,&(x)'
        if (-not $IsWindows) { 'st*r', 'wh?t', 'quote"', 'less<more>' }
    )
}

BeforeAll {
    . (Join-Path $PSScriptRoot 'common.ps1')
    . (Join-Path $PSScriptRoot 'disks.ps1')

    function New-Chain {
        # Base, middle and tip in one folder, or in folders of their own below it.
        param([string] $Folder, [string[]] $Name = @('base.vhdx', 'middle.vhdx', 'tip.vhdx'))

        $parent = $null
        foreach ($one in $Name) {
            $path = Join-Path $Folder $one
            $null = New-Item -ItemType Directory -Path (Split-Path $path) -Force
            $parent = if ($parent) { New-Image $path 0 @{ ParentPath = $parent } } else { New-Image $path 4MB }
            $parent
        }
    }

    function Get-DataWriteGuid {
        param([string] $Path)
        ([VhdxToolsTests.DiskImage]::new($Path)).DataWriteGuid
    }

    function Set-Pair {
        # Changes pairs of a locator by hand; null takes one away.
        param([string] $Path, [hashtable] $With)
        $pairs = Get-Locator $Path
        foreach ($key in $With.Keys) { if ($null -eq $With[$key]) { $pairs.Remove($key) } else { $pairs[$key] = $With[$key] } }
        Set-Locator $Path $pairs
    }
}

Describe 'A chain' {
    BeforeAll {
        $base, $middle, $tip = New-Chain (New-Folder)
        $links = Get-VhdxChain -LiteralPath $tip
    }

    It 'goes from the tip to the base' {
        $links | Should -HaveCount 3
        $links[0] | Should -BeOfType ([VhdxTools.VhdxChainLink])
        $links.Path | Should -BeExactly @($tip, $middle, $base)
        $links.Depth | Should -Be @(0, 1, 2)
        $links.LinkageState | Should -Be @('Match', 'Match', 'Base')
        $links.VhdType | Should -Be @('Differencing', 'Differencing', 'Dynamic')
    }

    It 'tells each link as the bytes have it' {
        for ($i = 0; $i -lt 2; $i++) {
            $pairs = Get-Locator $links[$i].Path
            $links[$i].ParentPath | Should -BeExactly $links[$i + 1].Path
            $links[$i].StoredParentPath | Should -BeExactly $pairs['relative_path']
            $links[$i].LocatorKey | Should -BeExactly 'relative_path'
            $links[$i].ParentLinkage | Should -Be ([guid] $pairs['parent_linkage'])
            $links[$i].ParentLinkage2 | Should -BeNullOrEmpty
            $links[$i].ParentDataWriteGuid | Should -Be (Get-DataWriteGuid $links[$i + 1].Path)
        }
        foreach ($link in $links) {
            $link.DataWriteGuid | Should -Be (Get-DataWriteGuid $link.Path)
            $link.Size | Should -Be 4MB
            $link.FileSize | Should -Be ([IO.FileInfo]::new($link.Path)).Length
        }
        foreach ($name in 'ParentPath', 'StoredParentPath', 'LocatorKey', 'ParentLinkage', 'ParentLinkage2', 'ParentDataWriteGuid') {
            $links[2].$name | Should -BeNullOrEmpty -Because $name
        }
    }

    It 'of a file without a parent is one link' {
        foreach ($type in 'Dynamic', 'Fixed') {
            $path = New-Image (Join-Path (New-Folder) 'a.vhdx') 3MB @{ Type = $type }
            $link = Get-VhdxChain $path
            $link | Should -HaveCount 1
            $link.LinkageState | Should -Be Base
            $link.VhdType | Should -Be $type
        }
    }

    It 'of 200 files is followed, and its disk read' -Tag SlowUnderWine {
        $folder = New-Folder
        # Copies of one child, told by hand who their parent is: quicker than 200 creations.
        $paths = 0..199 | ForEach-Object { Join-Path $folder "$_.vhdx" }
        $null = New-Chain $folder '0.vhdx', '1.vhdx'
        $linkage = (Get-DataWriteGuid $paths[1]).ToString('B')
        for ($i = 2; $i -lt 200; $i++) {
            [IO.File]::Copy($paths[1], $paths[$i])
            Set-Pair $paths[$i] @{ relative_path = ".\$($i - 1).vhdx"; parent_linkage = $linkage }
        }
        $links = Get-VhdxChain $paths[-1]
        $links.Path | Should -BeExactly $paths[199..0]
        $links[0..198].LinkageState | Sort-Object -Unique | Should -Be Match
        $links[199].Depth | Should -Be 199
        Use-Disk $paths[-1] -Access Read { [VhdxToolsTests.Disks]::FirstDifference($disk, [IO.MemoryStream]::new(4MB)) | Should -Be -1 }
        (Get-VhdxChain $paths[-1] | Select-Object -First 2).Path | Should -BeExactly $paths[199, 198]
    }

    It 'has sizes of its own in each link' {
        $folder = New-Folder
        $parent = New-Image (Join-Path $folder 'base.vhdx') 4MB
        $child = New-Image (Join-Path $folder 'tip.vhdx') 9MB @{ ParentPath = $parent }
        (Get-VhdxChain $child).Size | Should -Be @(9MB, 4MB)
    }
}

Describe 'The state of a link' {
    BeforeEach { $base, $middle, $tip = New-Chain (New-Folder) }

    It 'is MatchSecond when parent_linkage2 is the GUID of the parent' {
        $first = [guid]::NewGuid()
        Set-Pair $tip @{ parent_linkage = $first.ToString('B'); parent_linkage2 = (Get-DataWriteGuid $middle).ToString('B') }
        $links = Get-VhdxChain $tip
        $links.LinkageState | Should -Be @('MatchSecond', 'Match', 'Base')
        $links[0].ParentLinkage | Should -Be $first
        $links[0].ParentLinkage2 | Should -Be (Get-DataWriteGuid $middle)
        Use-Disk $tip -Access Read { $disk.Length | Should -Be 4MB }
    }

    It 'is Match when both linkages are there and the first one fits' {
        $second = [guid]::NewGuid()
        Set-Pair $tip @{ parent_linkage2 = $second.ToString('B') }
        $link = (Get-VhdxChain $tip)[0]
        $link.LinkageState | Should -Be Match
        $link.ParentLinkage2 | Should -Be $second
    }

    It 'never is a match by a parent_linkage2 of zeros' {
        Set-Pair $tip @{ parent_linkage2 = [guid]::Empty.ToString('B') }
        $header = [VhdxToolsTests.DiskImage]::new($middle)
        foreach ($offset in 64KB, 128KB) {
            $bytes = $header.Bytes($offset, 4096)
            [byte[]]::new(16).CopyTo($bytes, 32)
            [byte[]]::new(4).CopyTo($bytes, 4)
            [BitConverter]::GetBytes([uint32] (Get-Crc32C $bytes)).CopyTo($bytes, 4)
            Write-FileBytes $middle $offset $bytes
        }
        $link = (Get-VhdxChain $tip)[0]
        $link.LinkageState | Should -Be Mismatch
        $link.ParentLinkage2 | Should -BeNullOrEmpty
    }

    It 'is Mismatch after a write to the parent, with both GUIDs, and the chain goes on' {
        $before = Get-DataWriteGuid $middle
        Use-Disk $middle { $disk.WriteAt(0, [byte[]] 1, 0, 1) }
        $after = Get-DataWriteGuid $middle
        $after | Should -Not -Be $before
        $links = Get-VhdxChain $tip
        $links.LinkageState | Should -Be @('Mismatch', 'Match', 'Base')
        $links[0].ParentLinkage | Should -Be $before
        $links[0].ParentDataWriteGuid | Should -Be $after
        $text = $links[0] | Format-List | Out-String
        $text | Should -Match $before
        $text | Should -Match $after
        $text = "$(Get-InnerError { [VhdxTools.VhdxDisk]::Open($tip) })"
        $text | Should -Match $before
        $text | Should -Match $after
    }

    It 'stays Match after a write to the child, and after a read of the parent' {
        Use-Disk $tip { $disk.WriteAt(0, [byte[]] 1, 0, 1) }
        Use-Disk $middle -Access Read { $disk.ReadByte() | Should -Be 0 }
        Use-Disk $middle { $disk.ReadByte() | Should -Be 0; $disk.Flush() }
        (Get-VhdxChain $tip).LinkageState | Should -Be @('Match', 'Match', 'Base')
    }

    It 'is Missing when the parent is gone, and the chain ends' {
        Remove-Item -LiteralPath $middle
        $link = Get-VhdxChain $tip
        $link | Should -HaveCount 1
        $link.LinkageState | Should -Be Missing
        $link.ParentPath | Should -BeNullOrEmpty
        $link.StoredParentPath | Should -BeExactly (Get-Locator $tip)['relative_path']
        $link.LocatorKey | Should -BeExactly 'relative_path'
        $link.ParentLinkage | Should -Not -BeNullOrEmpty
        $link.ParentDataWriteGuid | Should -BeNullOrEmpty
    }

    It 'is Missing when what is there is <_>' -ForEach 'no image', 'a folder', 'an empty file', 'a damaged image' {
        Remove-Item -LiteralPath $middle
        switch ($_) {
            'no image' { [IO.File]::WriteAllText($middle, 'This is no image.') }
            'a folder' { $null = New-Item -ItemType Directory -Path $middle }
            'an empty file' { [IO.File]::WriteAllBytes($middle, [byte[]]::new(0)) }
            'a damaged image' { Copy-Item -LiteralPath $base -Destination $middle; Write-FileBytes $middle 64KB ([byte[]]::new(128KB)) }
        }
        $link = Get-VhdxChain $tip
        $link | Should -HaveCount 1
        $link.LinkageState | Should -Be Missing
        $link.ParentPath | Should -BeNullOrEmpty
    }

    It 'is Loop for a file that is its own parent' {
        Set-Pair $tip @{ relative_path = '.\tip.vhdx'; parent_linkage = (Get-DataWriteGuid $tip).ToString('B') }
        $link = Get-VhdxChain $tip
        $link | Should -HaveCount 1
        $link.LinkageState | Should -Be Loop
        $link.ParentPath | Should -BeExactly $tip
        (Get-InnerError { [VhdxTools.VhdxDisk]::Open($tip) }).Id | Should -BeExactly 'VX807'
    }

    It 'is Loop for a ring of two, from either side, matching or not' {
        Set-Pair $middle @{ relative_path = '.\tip.vhdx' }
        foreach ($linkage in [guid]::NewGuid(), (Get-DataWriteGuid $tip)) {
            Set-Pair $middle @{ parent_linkage = $linkage.ToString('B') }
            $links = Get-VhdxChain $tip
            $links.Path | Should -BeExactly @($tip, $middle)
            $links.LinkageState | Should -Be @('Match', 'Loop')
        }
        $links = Get-VhdxChain $middle
        $links.Path | Should -BeExactly @($middle, $tip)
        $links.LinkageState | Should -Be @('Match', 'Loop')
        (Get-InnerError { [VhdxTools.VhdxDisk]::Open($middle) }).Id | Should -BeExactly 'VX807'
    }

    It 'is Loop when a link of the file system closes the ring' {
        if ($IsWindows) { Set-ItResult -Skipped -Because 'links need a privilege on Windows' }
        Remove-Item -LiteralPath $base
        $null = New-Item -ItemType SymbolicLink -Path $base -Target $tip
        Set-Pair $middle @{ parent_linkage = (Get-DataWriteGuid $tip).ToString('B') }
        $links = Get-VhdxChain $tip
        $links.LinkageState | Should -Be @('Match', 'Loop')
    }
}

Describe 'Which stored path leads to the parent' {
    BeforeEach { $base, $middle, $tip = New-Chain (New-Folder) }

    It 'is the relative one when the others mean nothing on this system' {
        if ($IsWindows) { Set-ItResult -Skipped -Because 'there these paths mean something' }
        Set-Pair $tip @{ absolute_win32_path = '\\?\c:\elsewhere\middle.vhdx'; volume_path = '\\?\Volume{11111111-2222-3333-4444-555555555555}\middle.vhdx' }
        $link = (Get-VhdxChain $tip)[0]
        $link.LocatorKey | Should -BeExactly 'relative_path'
        $link.StoredParentPath | Should -BeExactly '.\middle.vhdx'
        $link.LinkageState | Should -Be Match
    }

    It 'is without one that leads anywhere the one that is tried first' {
        Set-Pair $tip @{ relative_path = $null; volume_path = $null; absolute_win32_path = '\\?\Q:\elsewhere\middle.vhdx' }
        $link = Get-VhdxChain $tip
        $link | Should -HaveCount 1
        $link.LinkageState | Should -Be Missing
        $link.LocatorKey | Should -BeExactly 'absolute_win32_path'
        $link.StoredParentPath | Should -BeExactly '\\?\Q:\elsewhere\middle.vhdx'
        Set-Pair $tip @{ volume_path = '\\?\Volume{11111111-2222-3333-4444-555555555555}\middle.vhdx' }
        (Get-VhdxChain $tip).LocatorKey | Should -BeExactly 'volume_path'
        Set-Pair $tip @{ relative_path = '..\gone\middle.vhdx' }
        (Get-VhdxChain $tip).LocatorKey | Should -BeExactly 'relative_path'
    }

    It 'counts from the folder of the child, not from the current one' {
        $own = New-Folder
        $b, $m, $t = New-Chain $own @('base.vhdx', 'one/two/middle.vhdx', 'one/three/tip.vhdx')
        (Get-Locator $t)['relative_path'] | Should -BeExactly '..\two\middle.vhdx'
        (Get-Locator $m)['relative_path'] | Should -BeExactly '..\..\base.vhdx'
        $elsewhere = New-Folder
        # A file of the same name in the current folder is not the parent.
        Copy-Item -LiteralPath $b -Destination (Join-Path $elsewhere 'base.vhdx')
        Push-Location -LiteralPath $elsewhere
        $process = [Environment]::CurrentDirectory
        try {
            [Environment]::CurrentDirectory = $elsewhere
            $links = Get-VhdxChain $t
        }
        finally {
            [Environment]::CurrentDirectory = $process
            Pop-Location
        }
        $links.Path | Should -BeExactly @($t, $m, $b)
        $links.LinkageState | Should -Be @('Match', 'Match', 'Base')
    }

    It 'still does when all folders were moved together, and tells the new places' {
        $own = New-Folder
        $null = New-Chain (Join-Path $own 'old') @('base.vhdx', 'sub/middle.vhdx', 'sub/tip.vhdx')
        $moved = Join-Path $own 'new place'
        [IO.Directory]::Move((Join-Path $own 'old'), $moved)
        $links = Get-VhdxChain (Join-Path $moved 'sub' 'tip.vhdx')
        $links.LinkageState | Should -Be @('Match', 'Match', 'Base')
        $links[1].Path | Should -BeExactly (Join-Path $moved 'sub' 'middle.vhdx')
        $links[2].Path | Should -BeExactly (Join-Path $moved 'base.vhdx')
    }

    It 'is lost when the child alone was moved, and its message lists every path that was tried' {
        $away = Join-Path (New-Folder) 'tip.vhdx'
        Move-Item -LiteralPath $tip -Destination $away
        Set-Pair $away @{ volume_path = $null; absolute_win32_path = '\\?\Q:\elsewhere\middle.vhdx' }
        (Get-VhdxChain $away).LinkageState | Should -Be Missing
        $exception = Get-InnerError { [VhdxTools.VhdxDisk]::Open($away) }
        $exception.Id | Should -BeExactly 'VX804'
        $exception.Message | Should -Match ([regex]::Escape('.\middle.vhdx'))
        $exception.Message | Should -Match ([regex]::Escape((Join-Path (Split-Path $away) 'middle.vhdx')))
        $exception.Message | Should -Match ([regex]::Escape('\\?\Q:\elsewhere\middle.vhdx'))
    }

    It 'may be written in other ways: <_>' -ForEach 'middle.vhdx', '.\.\middle.vhdx', '.\sub\..\middle.vhdx', '.\\middle.vhdx' {
        Set-Pair $tip @{ relative_path = $_ }
        $link = (Get-VhdxChain $tip)[0]
        $link.LinkageState | Should -Be Match
        $link.ParentPath | Should -BeExactly $middle
        $link.StoredParentPath | Should -BeExactly $_
    }

    It 'is never a rooted one in relative_path' {
        Set-Pair $tip @{ relative_path = $middle; volume_path = $null; absolute_win32_path = $null }
        (Get-VhdxChain $tip).LinkageState | Should -Be Missing
    }

    It 'goes through folders and files named <_>' -ForEach $names {
        $own = New-Folder
        $paths = New-Chain $own @("$_/base $_.vhdx", "$_/$_/$_.vhdx", "$_.avhdx")
        $links = Get-VhdxChain -LiteralPath $paths[2]
        $links.Path | Should -BeExactly $paths[2, 1, 0]
        $links.LinkageState | Should -Be @('Match', 'Match', 'Base')
        # To the letter also where the current folder has such a name, and by name alone.
        Push-Location -LiteralPath (Split-Path $paths[1])
        try { (Get-VhdxChain -LiteralPath "./$_.vhdx").Path | Should -BeExactly $paths[1, 0] } finally { Pop-Location }
    }
}

Describe 'The sample differencing.avhdx' {
    It 'is a link to a parent that is not here' {
        $path = Get-SampleFile differencing.avhdx
        $before = Get-FileState $path
        $link = Get-VhdxChain $path
        $pairs = Get-Locator $path
        $link | Should -HaveCount 1
        $link.LinkageState | Should -Be Missing
        $link.VhdType | Should -Be Differencing
        $link.Size | Should -Be 8589934592
        $link.ParentLinkage | Should -Be ([guid] $pairs['parent_linkage'])
        $link.ParentLinkage2 | Should -BeNullOrEmpty -Because 'it is all zeros'
        $link.LocatorKey | Should -BeExactly 'relative_path'
        $link.StoredParentPath | Should -BeExactly $pairs['relative_path']
        Get-FileState $path | Should -BeExactly $before
    }
}

Describe 'What depends on a file' {
    BeforeAll {
        # base <- a <- a1 <- a2, base <- b (changed since), other <- o, gone <- orphan; files that are no images.
        $own = New-Folder
        $base, $a, $a1, $a2 = New-Chain $own @('base.vhdx', 'a.vhdx', 'sub/a1.avhdx', 'a2')
        $b = New-Image (Join-Path $own 'b.vhdx') 0 @{ ParentPath = $base }
        $bPairs = Get-Locator $b
        $bPairs['parent_linkage'] = [guid]::NewGuid().ToString('B')
        Set-Locator $b $bPairs
        $other, $o = New-Chain $own @('other.vhdx', 'o.vhdx')
        $gone, $orphan, $grandchild = New-Chain $own @('gone.vhdx', 'orphan.vhdx', 'orphan2.vhdx')
        Remove-Item -LiteralPath $gone
        $deepOrphan = Join-Path $own 'sub' 'deep.vhdx'
        Copy-Item -LiteralPath $orphan -Destination $deepOrphan
        [IO.File]::WriteAllText((Join-Path $own 'readme.vhdx'), 'This is no image.')
        [IO.File]::WriteAllBytes((Join-Path $own 'empty.vhdx'), [byte[]]::new(0))
        $damaged = Join-Path $own 'damaged.vhdx'
        Copy-Item -LiteralPath $a -Destination $damaged
        Write-FileBytes $damaged 64KB ([byte[]]::new(128KB))
        if (-not $IsWindows) { & mkfifo (Join-Path $own 'pipe.vhdx') }
    }

    It 'is in a folder every direct and indirect child, and orphans' {
        $links = Get-VhdxChain $base -Children $own -Recurse
        ($links | Where-Object LinkageState -NE Missing).Path | Should -BeExactly @($a, $b, $a1, $a2)
        ($links | Where-Object LinkageState -NE Missing).Depth | Should -Be @(1, 1, 2, 3)
        ($links | Where-Object LinkageState -EQ Missing).Path | Should -BeExactly @($orphan, $deepOrphan)
        $links | Should -HaveCount 6
        ($links | Where-Object Path -EQ $b).LinkageState | Should -Be Mismatch
        foreach ($link in $links) {
            $alone = (Get-VhdxChain $link.Path)[0]
            foreach ($name in [VhdxTools.VhdxChainLink].GetProperties().Name -ne 'Depth') { $link.$name | Should -Be $alone.$name -Because "$link $name" }
        }
    }

    It 'is without -Recurse what lies in the folder itself' {
        # a2 depends through a1, which lies in a folder below and is not looked at.
        $links = Get-VhdxChain $base -Children $own
        $links.Path | Should -BeExactly @($a, $b, $orphan)
        (Get-VhdxChain $base -Children (Join-Path $own 'sub')).Path | Should -BeExactly $deepOrphan
    }

    It 'is asked from the middle of a chain, too' {
        $links = Get-VhdxChain $a -Children $own -Recurse | Where-Object LinkageState -NE Missing
        $links.Path | Should -BeExactly @($a1, $a2)
        $links.Depth | Should -Be @(1, 2)
    }

    It 'is nothing for a tip, and never the file itself' {
        Get-VhdxChain $a2 -Children $own -Recurse | Where-Object LinkageState -NE Missing | Should -BeNullOrEmpty
    }

    It 'leaves out images that are being made' {
        # The name that New-, Convert- and Repair-VhdxImage give a file until it is complete; only that counts.
        $unfinished = Join-Path $own '.vhdxtools-0123.tmp'
        $other = Join-Path $own '.vhdxtools-0123.vhdx'
        try {
            Copy-Item -LiteralPath $a -Destination $unfinished
            Copy-Item -LiteralPath $a -Destination $other
            $paths = (Get-VhdxChain $base -Children $own).Path
            $paths | Should -Contain $other
            $paths | Should -Not -Contain $unfinished
        }
        finally { Remove-Item -LiteralPath $unfinished, $other -Force }
    }

    It 'counts -Children and the file from $PWD' {
        Push-Location -LiteralPath $own
        try { (Get-VhdxChain base.vhdx -Children . -Recurse).Path | Should -BeExactly (Get-VhdxChain $base -Children $own -Recurse).Path } finally { Pop-Location }
        Push-Location -LiteralPath (Join-Path $own 'sub')
        try { (Get-VhdxChain ../base.vhdx -Children ../ ).Path | Should -BeExactly @($a, $b, $orphan) } finally { Pop-Location }
    }

    It 'is found for a file by another name, when a link of the file system leads there' {
        if ($IsWindows) { Set-ItResult -Skipped -Because 'links need a privilege on Windows' }
        $alias = Join-Path (New-Folder) 'alias.vhdx'
        $null = New-Item -ItemType SymbolicLink -Path $alias -Target $base
        (Get-VhdxChain $alias -Children $own | Where-Object LinkageState -NE Missing).Path | Should -BeExactly @($a, $b)
    }

    It 'is an error for a folder that is not there, or a file in its place' {
        foreach ($folder in (Join-Path $own 'none'), $other) {
            $null = Get-VhdxChain $base -Children $folder -ErrorAction SilentlyContinue -ErrorVariable failure
            $failure | Should -HaveCount 1
            $failure[0].FullyQualifiedErrorId | Should -BeExactly 'FolderNotFound,VhdxTools.GetVhdxChainCommand'
        }
    }

    It 'is an error for a file that is <Title>' -ForEach @(
        @{ Title = 'not there'; Name = 'none.vhdx'; Id = 'FileNotFound' }
        @{ Title = 'no image'; Name = 'readme.vhdx'; Id = 'NotAVirtualDisk' }
    ) {
        $links = Get-VhdxChain -LiteralPath (Join-Path $own $Name) -Children $own -ErrorAction SilentlyContinue -ErrorVariable failure
        $links | Should -BeNullOrEmpty
        $failure | Should -HaveCount 1
        $failure[0].FullyQualifiedErrorId | Should -BeExactly "$Id,VhdxTools.GetVhdxChainCommand"
    }

    It 'is told once, though a link of the file system leads back up' {
        if ($IsWindows) { Set-ItResult -Skipped -Because 'links need a privilege on Windows' }
        $root = New-Folder
        $parent, $child = New-Chain $root @('base.vhdx', 'sub/tip.vhdx')
        $null = New-Item -ItemType SymbolicLink -Path (Join-Path $root 'sub' 'up') -Target $root
        $links = Get-VhdxChain $parent -Children $root -Recurse
        $links | Should -HaveCount 1
        $links.Path | Should -BeExactly $child
    }

    It 'is told with a warning when a folder may not be listed: something there may depend on the file' {
        if (-not $IsLinux -or (& id -u) -ne '0' -or -not (Test-Peer setpriv)) { Set-ItResult -Skipped -Because 'it takes a Linux program to give up the rights of root' }
        $root = New-Folder
        $parent, $null = New-Chain $root
        $closed = (New-Item -ItemType Directory -Path (Join-Path $root 'closed')).FullName
        & chmod 0 $closed
        $quoted = $manifestPath, $parent, $root | ForEach-Object { "'" + $_.Replace("'", "''") + "'" }
        $script = "Import-Module $($quoted[0]); Get-VhdxChain $($quoted[1]) -Children $($quoted[2]) -Recurse -WarningVariable w -WarningAction SilentlyContinue | Measure-Object | ForEach-Object Count; `$w.Count; `$w[0].Message"
        $program = @([Environment]::ProcessPath)
        if ([IO.Path]::GetFileNameWithoutExtension($program[0]) -eq 'dotnet') { $program += Join-Path $PSHOME 'pwsh.dll' }
        try { $said = & setpriv '--bounding-set=-dac_override,-dac_read_search' '--inh-caps=-dac_override,-dac_read_search' @program -NoProfile -NonInteractive -Command $script 2>&1 }
        finally { & chmod 755 $closed }
        $said[0..1] | Should -BeExactly @('2', '1')
        $said[2] | Should -BeLike "*$closed*"
    }

    It 'ends in a ring of children' {
        $ring = New-Folder
        $null, $one, $two = New-Chain $ring
        $pairs = Get-Locator $one
        $pairs['relative_path'] = '.\tip.vhdx'
        Set-Locator $one $pairs
        $links = Get-VhdxChain $two -Children $ring
        @($links | Where-Object Path -EQ $one) | Should -HaveCount 1
        $links.Count | Should -BeLessOrEqual 2
    }

    It 'is not asked with -Recurse alone' {
        $null = Get-VhdxChain $base -Recurse -ErrorAction SilentlyContinue -ErrorVariable failure
        $failure | Should -HaveCount 1
        $failure[0].FullyQualifiedErrorId | Should -BeExactly 'ContradictingParameters,VhdxTools.GetVhdxChainCommand'
        $failure[0].Exception.Message | Should -BeLike '*-Children*'
    }
}

Describe 'The object' {
    BeforeAll { $base, $middle, $tip = New-Chain (New-Folder) }

    It 'is path, type, size and state as text' {
        "$((Get-VhdxChain $tip)[0])" | Should -BeExactly "$tip (Differencing, 4 MiB, Match)"
    }

    It 'is a table' {
        $text = Get-VhdxChain $tip | Out-String -Width 250
        $text | Should -Match '(?m)^\s*Depth\s+VhdType\s+Size\s+FileSize\s+LinkageState\s+Path\s*$'
        $text | Should -Match "(?m)^\s*0\s+Differencing\s+4 MiB\s+\S+ MiB\s+Match\s+$([regex]::Escape($tip))"
        $text | Should -Match "(?m)^\s*2\s+Dynamic\s+4 MiB\s+\S+ MiB\s+Base\s+$([regex]::Escape($base))"
    }

    It 'is a list with every property' {
        $text = (Get-VhdxChain $tip)[0] | Format-List | Out-String -Width 250
        @([regex]::Matches($text, '(?m)^(\w+)\s*:').ForEach({ $_.Groups[1].Value }) | Sort-Object) |
            Should -BeExactly @([VhdxTools.VhdxChainLink].GetProperties().Name | Sort-Object)
    }
}

Describe 'The cmdlet in the pipeline' {
    It 'goes on after a bad file, and its links can be piped on' {
        $own = New-Folder
        $paths = New-Chain $own
        [IO.File]::WriteAllText((Join-Path $own 'n.vhdx'), 'This is no image.')
        $links = Get-ChildItem -LiteralPath $own | Sort-Object Name | Get-VhdxChain -ErrorAction SilentlyContinue -ErrorVariable failure
        $links | Should -HaveCount 6
        $failure | Should -HaveCount 1
        $failure[0].FullyQualifiedErrorId | Should -BeExactly 'NotAVirtualDisk,VhdxTools.GetVhdxChainCommand'
        (Get-VhdxChain $paths[2] | Get-VhdxImage).Path | Should -BeExactly $paths[2, 1, 0]
        (Get-VhdxChain (Join-Path $own 't*.vhdx')).Path | Should -BeExactly $paths[2, 1, 0]
        Get-OpenHandle $paths[0] | Should -BeIn 0, $null
    }

    It 'leaves every byte and time alone' {
        $own = New-Folder
        $paths = New-Chain $own
        $before = $paths | ForEach-Object { Get-FileState $_ }
        $null = Get-VhdxChain $paths[2]
        $null = Get-VhdxChain $paths[0] -Children $own
        $paths | ForEach-Object { Get-FileState $_ } | Should -BeExactly $before
    }
}

Describe 'A link to a child in another folder' {
    It 'leads to the parent that lies beside the child itself' {
        if ($IsWindows) { Set-ItResult -Skipped -Because 'Windows needs a right for symbolic links' }
        $folder = New-Folder
        $null = New-Item -ItemType Directory (Join-Path $folder real), (Join-Path $folder elsewhere)
        $base = New-Image (Join-Path $folder 'real/base.vhdx') 10MB
        $child = New-Image (Join-Path $folder 'real/child.vhdx') 0 @{ ParentPath = $base }
        $link = (New-Item -ItemType SymbolicLink -Path (Join-Path $folder 'elsewhere/link.vhdx') -Target $child).FullName
        (Get-VhdxChain $link).LinkageState | Should -Be 'Match', 'Base'
        Test-VhdxImage $link | Should -BeTrue
    }
}
