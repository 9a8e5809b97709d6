# Merge-VhdxImage: what the tip showed is in the ancestor, the chain can be read at any moment, and a killed merge is finished by the
# same command.

BeforeDiscovery {
    . (Join-Path $PSScriptRoot 'common.ps1')
    $shapes = @(
        foreach ($sector in 512, 4096) {
            foreach ($type in 'Dynamic', 'Fixed') {
                @{ Type = $type; Sector = $sector; Depth = 1 }
            }
            @{ Type = 'Dynamic'; Sector = $sector; Depth = 3 }
        }
    )
}

BeforeAll {
    . (Join-Path $PSScriptRoot 'common.ps1')
    . (Join-Path $PSScriptRoot 'disks.ps1')
    . (Join-Path $PSScriptRoot 'ImageBytes.ps1')

    $identifier = 'BECA12AB-B2E6-4523-93EF-C309E000C746'

    function New-Chain {
        # base.vhdx, 1.vhdx, 2.vhdx ... in a folder, each with bytes of its own and zeros over the parent's; gives their paths.
        param([string] $Folder, [int] $Depth = 1, [hashtable] $With = @{}, [long] $Size = 8MB)

        $paths = @()
        for ($i = 0; $i -le $Depth; $i++) {
            # A child is made when its parent is done: it keeps the state that the parent has then.
            $paths += if ($i) { New-Image (Join-Path $Folder "$i.vhdx") 0 @{ ParentPath = $paths[-1] } } else { New-Image (Join-Path $Folder 'base.vhdx') $Size $With }
            Use-Disk $paths[$i] {
                $bytes = [byte[]]::new(300000)
                [Array]::Fill($bytes, [byte] (65 + $i))
                $disk.WriteAt(1MB * $i + 12345, $bytes, 0, $bytes.Length)
                $disk.WriteAt(6MB + 4096 * $i, $bytes, 0, 8192)
                if ($i) { $disk.Trim(1MB * ($i - 1) + 65536, 65536) }
            }
        }
        $paths
    }
}

Describe 'Merging a chain of <Depth> into a <Type> image with sectors of <Sector> bytes' -ForEach $shapes {
    BeforeAll {
        $folder = New-Folder "m$Type$Sector$Depth"
        $with = @{ Type = $Type; LogicalSectorSizeBytes = $Sector }
        if ($Type -eq 'Fixed') { $with.Preallocation = 'None' }
        $paths = New-Chain $folder $Depth $with
        $digest = Get-Digest $paths[-1]
        $raw = Join-Path $folder 'tip.raw'
        Use-Disk $paths[-1] -Access Read { $file = [IO.File]::Create($raw); try { $disk.CopyTo($file) } finally { $file.Dispose() } }
        $output = Merge-VhdxImage -Path $paths[-1] -DestinationPath $paths[0]
    }

    It 'writes nothing without -Passthru' { $output | Should -BeNullOrEmpty }

    It 'leaves the bytes of the tip in the destination and in the chain' {
        Get-Digest $paths[0] | Should -BeExactly $digest
        Get-Digest $paths[-1] | Should -BeExactly $digest
        foreach ($path in $paths) { Test-VhdxImage $path -Detailed | Should -BeNullOrEmpty }
        (Get-VhdxImage $paths[0]).VhdType | Should -Be $Type
    }

    It 'is read by qemu-img as the same bytes' {
        if (-not (Test-Peer qemu-img)) { Set-ItResult -Skipped -Because 'qemu-img is not here' }
        if ($Sector -ne 512) { Set-ItResult -Skipped -Because 'qemu-img reads no images with 4096-byte sectors' }
        $said = & qemu-img compare -f vhdx -F raw $paths[0] $raw 2>&1
        $LASTEXITCODE | Should -Be 0 -Because "$said"
        $said = & qemu-img check -f vhdx $paths[0] 2>&1
        $LASTEXITCODE | Should -Be 0 -Because "$said"
    }

    It 'is read by 7zz as the same bytes' {
        if (-not (Test-Peer 7zz)) { Set-ItResult -Skipped -Because '7zz is not here' }
        & 7zz e -tVHDX -y "-o$folder/7z" $paths[0] | Out-Null
        $file = @(Get-ChildItem -LiteralPath "$folder/7z" -File)
        $file | Should -HaveCount 1
        (Get-FileHash $file[0].FullName).Hash | Should -BeExactly (Get-FileHash $raw).Hash
    }
}

Describe 'Merge-VhdxImage' {
    It 'merges into the parent when there is no destination, and writes it with -Passthru' {
        $paths = New-Chain (New-Folder) 2
        $digest = Get-Digest $paths[2]
        $info = $paths[2] | Merge-VhdxImage -Passthru
        $info | Should -BeOfType VhdxTools.VhdxImageInfo
        $info.Path | Should -BeExactly $paths[1]
        Get-Digest $paths[1] | Should -BeExactly $digest
        Get-Digest $paths[0] | Should -Not -BeExactly $digest
    }

    It 'gives the destination the identifier of the tip, and the linkage of the child its DataWriteGuid' {
        $paths = New-Chain (New-Folder)
        Merge-VhdxImage $paths[1]
        $base = [VhdxToolsTests.DiskImage]::new($paths[0])
        $child = [VhdxToolsTests.DiskImage]::new($paths[1])
        [guid]::new($base.Item($identifier)) | Should -Be ([guid]::new($child.Item($identifier)))
        $locator = Get-Locator $paths[1]
        $locator['parent_linkage'] | Should -Be (Get-VhdxImage $paths[0]).DataWriteGuid.ToString('B')
        $locator.Keys | Should -Not -Contain 'parent_linkage2'
        $locator['relative_path'] | Should -BeExactly '.\base.vhdx'
    }

    It 'makes the destination as large as the tip (<Size>)' -ForEach @{ Size = 20MB }, @{ Size = 5MB } {
        $folder = New-Folder
        $base = New-Image (Join-Path $folder base.vhdx) 8MB
        Use-Disk $base { $disk.WriteAt(7MB, [byte[]] (1..200), 0, 200); $disk.WriteAt(1MB, [byte[]] (1..200), 0, 200) }
        $child = New-Image (Join-Path $folder child.vhdx) $Size @{ ParentPath = $base }
        Use-Disk $child { $disk.WriteAt($Size - 512, [byte[]] (1..200), 0, 200) }
        $digest = Get-Digest $child
        Merge-VhdxImage $child
        (Get-VhdxImage $base).Size | Should -Be $Size
        Get-Digest $base | Should -BeExactly $digest
        Get-Digest $child | Should -BeExactly $digest
        Test-VhdxImage $child -Detailed | Where-Object RuleId -ne VX611 | Should -BeNullOrEmpty
    }

    It 'deletes what it merged with -DeleteSource, and nothing else' {
        $folder = New-Folder
        $paths = New-Chain $folder 2
        $digest = Get-Digest $paths[2]
        Merge-VhdxImage $paths[2] $paths[0] -DeleteSource
        (Get-ChildItem $folder).Name | Should -Be 'base.vhdx'
        Get-Digest $paths[0] | Should -BeExactly $digest
    }

    It 'tells the numbers with -WhatIf and touches nothing' {
        $paths = New-Chain (New-Folder) 2
        $states = $paths | ForEach-Object { Get-FileState $_ }
        $text = Invoke-ChildShell "Import-Module '$manifestPath'; Merge-VhdxImage '$($paths[2])' '$($paths[0])' -DeleteSource -WhatIf"
        $text.ExitCode | Should -Be 0
        # 300000 bytes and 8192 by each of the two, in whole sectors; what the second covers of the first counts once.
        $text.Output | Should -Match 'Merge \d+(\.\d+)? KiB of data'
        $text.Output | Should -Match 'up to \d+ more blocks'
        $text.Output | Should -Match 'then delete'
        $paths | ForEach-Object { Get-FileState $_ } | Should -Be $states
    }

    It 'names other images that no longer fit, and does not begin when it cannot ask' {
        $folder = New-Folder
        $paths = New-Chain $folder
        $other = New-Image (Join-Path $folder 'other child.vhdx') 0 @{ ParentPath = $paths[0] }
        $states = $paths + $other | ForEach-Object { Get-FileState $_ }
        $asked = Invoke-ChildShell "Import-Module '$manifestPath'; Merge-VhdxImage '$($paths[1])'"
        $asked.ExitCode | Should -Not -Be 0
        $paths + $other | ForEach-Object { Get-FileState $_ } | Should -Be $states

        Merge-VhdxImage $paths[1] -Force -WarningVariable warnings -WarningAction SilentlyContinue
        "$warnings" | Should -BeLike '*other child.vhdx*'
        (Test-VhdxImage $other -Detailed).RuleId | Should -Contain VX805
    }

    It 'does not delete what others build on without -Force' {
        $folder = New-Folder
        $paths = New-Chain $folder
        $grandchild = New-Image (Join-Path $folder 'grandchild.vhdx') 0 @{ ParentPath = $paths[1] }
        $state = Get-FileState $paths[0]
        { Merge-VhdxImage $paths[1] -DeleteSource -ErrorAction Stop } | Should -Throw -ErrorId 'HasChildren,*' -ExpectedMessage '*grandchild.vhdx*'
        Get-FileState $paths[0] | Should -BeExactly $state
        Merge-VhdxImage $paths[1]
        Test-VhdxImage $grandchild | Should -BeTrue
    }

    It 'refuses <What>' -ForEach @(
        @{ What = 'an image without a parent'; Id = 'NotDifferencing'; Do = { Merge-VhdxImage $paths[0] -ErrorAction Stop } }
        @{ What = 'a destination that is none of its parents'; Id = 'NotAnAncestor'; Do = { Merge-VhdxImage $paths[1] $stranger -ErrorAction Stop } }
        @{ What = 'a destination that is not there'; Id = 'NotAnAncestor'; Do = { Merge-VhdxImage $paths[1] 'nowhere.vhdx' -ErrorAction Stop } }
        @{ What = 'itself'; Id = 'NotAnAncestor'; Do = { Merge-VhdxImage $paths[1] $paths[1] -ErrorAction Stop } }
        @{ What = 'a file that is in use'; Id = 'FileInUse'; Do = { Use-Disk $paths[1] { Merge-VhdxImage $paths[1] -ErrorAction Stop } } }
        @{ What = 'a parent that is in use'; Id = 'FileInUse'; Do = { Use-Disk $paths[0] { Merge-VhdxImage $paths[1] -ErrorAction Stop } } }
        @{ What = 'a file that is not there'; Id = 'FileNotFound'; Do = { Merge-VhdxImage 'nowhere.vhdx' -ErrorAction Stop } }
        @{ What = 'a parent that was changed'; Id = 'VX805'; Do = { Use-Disk $paths[0] { $disk.WriteByte(1) }; Merge-VhdxImage $paths[1] -ErrorAction Stop } }
    ) {
        $folder = New-Folder
        $paths = New-Chain $folder
        $stranger = New-Image (Join-Path $folder 'stranger.vhdx') 8MB
        $state = Get-FileState $paths[1]
        $Do | Should -Throw -ErrorId "$Id,*"
        Get-FileState $paths[1] | Should -BeExactly $state
        Remove-Item -LiteralPath $paths
    }

    It 'says that the volume has too little room, and changes nothing' {
        if (-not (Test-Mount)) { Set-ItResult -Skipped -Because 'this account may not mount' }
        $mount = New-Folder
        & mount -t tmpfs -o size=24m tmpfs $mount
        try {
            $paths = New-Chain $mount
            $data = [byte[]]::new(6MB)
            [Array]::Fill($data, [byte] 7)
            Use-Disk $paths[1] { $disk.WriteAt(0, $data, 0, $data.Length) }
            $filler = [IO.File]::Create((Join-Path $mount filler))
            try { $filler.Write([byte[]]::new(1MB * [Math]::Floor([IO.DriveInfo]::new($mount).AvailableFreeSpace / 1MB - 2))) } finally { $filler.Dispose() }
            $states = $paths | ForEach-Object { Get-FileState $_ }
            { Merge-VhdxImage $paths[1] -ErrorAction Stop } | Should -Throw -ErrorId 'DiskFull,*' -ExpectedMessage '*bytes) left*'
            $paths | ForEach-Object { Get-FileState $_ } | Should -Be $states
        }
        finally {
            & umount $mount
        }
    }

    It 'deletes nothing with -DeleteSource when it is stopped in its last flush' {
        if (-not $IsLinux -or [Runtime.InteropServices.RuntimeInformation]::OSArchitecture -ne 'X64') {
            Set-ItResult -Skipped -Because 'only on Linux, and by its numbers for x64, it is seen that a thread flushes'
            return
        }
        $writtenBytes = { [long] ([regex]::Match([IO.File]::ReadAllText('/proc/self/io'), 'wchar: (\d+)').Groups[1].Value) }
        $isFlushing = {
            foreach ($thread in [IO.Directory]::GetDirectories("/proc/$PID/task")) {
                # A thread may have ended meanwhile. 74 is fsync.
                try { if ([IO.File]::ReadAllText("$thread/syscall").StartsWith('74 ')) { return $true } } catch { continue }
            }
            $false
        }
        $data = [byte[]]::new(1MB)
        [Array]::Fill($data, [byte] 7)
        $flushes = 0

        # A stop may come too late, or the flush may be over before it is seen: there are many tries. Without the check each is in vain.
        for ($try = 0; $try -lt 20; $try++) {
            $folder = New-Folder
            $base = New-Image (Join-Path $folder 'base.vhdx') 48MB
            $child = New-Image (Join-Path $folder 'child.vhdx') 0 @{ ParentPath = $base }
            Use-Disk $child { for ($i = 0; $i -lt 40; $i++) { $disk.WriteAt(1MB * $i, $data, 0, 1MB) } }
            $digest = Get-Digest $child
            $shell = [powershell]::Create()
            try {
                $null = $shell.AddScript("Import-Module '$manifestPath'").Invoke()
                $shell.Commands.Clear()
                $null = $shell.AddCommand('Merge-VhdxImage').AddParameters(@{ Path = $child; DeleteSource = $true })
                $before = & $writtenBytes
                $running = $shell.BeginInvoke()
                $isSeen = $false
                while (-not $isSeen -and -not $running.IsCompleted) { $isSeen = (& $writtenBytes) - $before -ge 40MB -and (& $isFlushing) }
                $shell.Stop()
                $flushes += [int] $isSeen
                if ($shell.InvocationStateInfo.State -eq 'Stopped' -and [IO.File]::Exists($child) -and (Get-Digest $base) -eq $digest) { return }
            }
            finally { $shell.Dispose() }
            Remove-Item -LiteralPath $folder -Recurse
        }
        if (-not $flushes) { Set-ItResult -Skipped -Because 'the flush is too short here to be seen'; return }
        throw "The child was deleted in each of $flushes merges that were stopped while they flushed."
    }

    It 'finishes a merge that was killed, at whatever moment' {
        if (Test-Wine) { Set-ItResult -Skipped -Because 'so many processes take too long under Wine, where Repair-VhdxImage is killed instead' }
        $folder = New-Folder
        $base, $middle, $tip = 'base', 'middle', 'tip' | ForEach-Object { Join-Path $folder "$_.vhdx" }
        $data = [byte[]]::new(1MB)
        $parent = $null
        foreach ($path in $base, $middle, $tip) {
            $null = if ($parent) { New-Image $path 0 @{ ParentPath = $parent } } else { New-Image $path 96MB }
            $parent = $path
            Use-Disk $path {
                for ($i = 0; $i -lt 96; $i++) {
                    [Array]::Fill($data, [byte] (1 + $i + $path.Length % 50))
                    if (($i + $path.Length) % 3) { $disk.WriteAt(1MB * $i + 4096 * ($i % 7), $data, 0, 1MB - 65536) }
                }
            }
        }
        $digest = Get-Digest $tip
        $killed = 0
        foreach ($delay in 0, 20, 45, 80, 130, 200, 320) {
            $killed += [int] (Invoke-Killed "Merge-VhdxImage '$tip' '$base'" $delay)
            Get-Digest $tip | Should -BeExactly $digest
            Test-VhdxImage $tip | Should -BeTrue
        }
        $killed | Should -BeGreaterThan 0
        Merge-VhdxImage $tip $base
        Get-Digest $base | Should -BeExactly $digest
        Get-Digest $tip | Should -BeExactly $digest
        foreach ($path in $base, $middle, $tip) { Test-VhdxImage $path -Detailed | Where-Object RuleId -ne VX611 | Should -BeNullOrEmpty }
    }
}
