# Volumes that can share extents between files (xfs, btrfs) and volumes that cannot, each in a file, mounted by loop: what Convert, Merge
# and Optimize make there is the same, and where it can be it takes no space.

BeforeDiscovery {
    $sharing = 'xfs', 'btrfs'
    $cases = foreach ($volume in $sharing) {
        foreach ($source in 'a.img', 'dynamic.vhdx', 'fixed.vhdx', 'dynamic.vhd', 'fixed.vhd', 'child.avhdx') { @{ Volume = $volume; Source = $source } }
    }
}

BeforeAll {
    . (Join-Path $PSScriptRoot 'common.ps1')
    . (Join-Path $PSScriptRoot 'disks.ps1')
    . (Join-Path $PSScriptRoot 'ImageBytes.ps1')

    $volumes = @{}
    $reasons = @{}

    function Add-Volume {
        # Makes a file system in a file and mounts it; what keeps it from that is the reason that the tests of it are skipped.
        param([string] $Name, [string[]] $Make)

        if (-not (Test-Mount)) { $reasons[$Name] = 'mounting takes root on Linux'; return }
        if ($Make -and -not (Test-Peer $Make[0])) { $reasons[$Name] = "$($Make[0]) is not here"; return }
        $mount = New-Folder "mount-$Name"
        $source, $options = if ($Make) {
            $image = "$mount.volume"
            [IO.File]::Create($image).Dispose()
            Set-FileLength $image 400MB
            $output = & $Make[0] @($Make | Select-Object -Skip 1) $image 2>&1
            if ($LASTEXITCODE -ne 0) { $reasons[$Name] = "$($Make[0]) failed: $output"; return }
            $image, @('-o', 'loop')
        }
        else { $Name, @('-t', $Name) }
        $output = & mount @options $source $mount 2>&1
        if ($LASTEXITCODE -ne 0) { $reasons[$Name] = "it cannot be mounted: $output"; return }
        $volumes[$Name] = $mount
    }

    function Get-SharedByte {
        # How many bytes of a file are in extents that the file system calls shared.
        param([string] $Path)

        $sum = 0
        $unit = 0
        foreach ($line in & filefrag -v $Path) {
            if ($line -match 'blocks? of (\d+) bytes') { $unit = [long] $Matches[1] }
            elseif ($line -match '^\s*\d+:\s*\d+\.\.\s*\d+:\s*\d+\.\.\s*\d+:\s*(\d+):.*\bshared\b') { $sum += $unit * [long] $Matches[1] }
        }
        $sum
    }

    function Get-UsedByte {
        param([string] $Mount)

        & sync -f $Mount
        $drive = [IO.DriveInfo]::new($Mount)
        $drive.TotalSize - $drive.TotalFreeSpace
    }

    function Add-Filler {
        # Leaves 3 MiB of a volume free. What the volume says that it has left is not what it gives.
        param([string] $Folder)

        & sync -f $Folder
        $count = 0
        foreach ($size in 64MB, 8MB, 1MB) {
            while ($true) {
                $null = & fallocate -l $size (Join-Path $Folder "filler$count") 2>&1
                if ($LASTEXITCODE -ne 0) { break }
                $count++
            }
        }
        Remove-Item -Path (Join-Path $Folder "filler$count"), (Join-Path $Folder "filler$($count - 1)"), (Join-Path $Folder "filler$($count - 2)"), (Join-Path $Folder "filler$($count - 3)") -ErrorAction Ignore
        & sync -f $Folder
    }

    function Copy-Source {
        # Into a fresh folder of a volume.
        param([string] $Volume)

        $to = (New-Item -ItemType Directory -Path (Join-Path $volumes[$Volume] ([IO.Path]::GetRandomFileName()))).FullName
        & cp --sparse=always --reflink=never (Get-ChildItem -LiteralPath $sources).FullName $to
        $to
    }

    function Convert-ToAll {
        # Every kind of target, named by what it is.
        param([string] $Folder, [string] $Source)

        $from = Join-Path $Folder $Source
        $with = @{ IdentifierSeed = 'shared'; WarningAction = 'Ignore' }
        $null = Convert-VhdxImage $from (Join-Path $Folder 'to.img') @with
        $null = Convert-VhdxImage $from (Join-Path $Folder 'to-dynamic.vhdx') -Type Dynamic -BlockSizeBytes 1MB @with
        $null = Convert-VhdxImage $from (Join-Path $Folder 'to-large.vhdx') -Type Dynamic -BlockSizeBytes 32MB @with
        $null = Convert-VhdxImage $from (Join-Path $Folder 'to-fixed.vhdx') -Type Fixed -Preallocation None @with
        $null = Convert-VhdxImage $from (Join-Path $Folder 'to-child.avhdx') -ParentPath (Join-Path $Folder 'empty.vhdx') @with
        $null = Convert-VhdxImage $from (Join-Path $Folder 'to-dynamic.vhd') -Type Dynamic @with
        $null = Convert-VhdxImage $from (Join-Path $Folder 'to-fixed.vhd') -Type Fixed -Preallocation None @with
        $null = Convert-VhdxImage $from (Join-Path $Folder 'own.vhdx') -Type Fixed @with
        $null = Convert-VhdxImage $from (Join-Path $Folder 'own.vhd') -Type Fixed @with
        Get-ChildItem -Path (Join-Path $Folder 'to*'), (Join-Path $Folder 'own*')
    }

    # Sources that all show the same disk: a few sectors, and 5.5 MiB in two runs, of which one crosses borders of blocks.
    $sources = New-Folder 'sources'
    $runs = @(0, 4608), @(2MB, 1.5MB), @((5MB + 512), 512), @((8MB - 512KB), 4MB), @((24MB - 4096), 4096)
    $raw = Join-Path $sources 'a.img'
    [IO.File]::Create($raw).Dispose()
    Set-FileLength $raw 24MB
    foreach ($run in $runs) { Write-FileBytes $raw $run[0] (Get-Pattern $run[0] $run[1] 5) }
    $digest = (Get-FileHash -LiteralPath $raw).Hash

    if (Test-Mount) {
        Add-Volume xfs mkfs.xfs, '-q', '-m', 'reflink=1'
        Add-Volume btrfs mkfs.btrfs, '-q'
        Add-Volume plain mkfs.xfs, '-q', '-m', 'reflink=0'
        Add-Volume ramfs
        $null = Convert-VhdxImage $raw (Join-Path $sources 'dynamic.vhdx') -Type Dynamic -BlockSizeBytes 2MB
        $null = Convert-VhdxImage $raw (Join-Path $sources 'fixed.vhdx') -Type Fixed -Preallocation None
        $null = Convert-VhdxImage $raw (Join-Path $sources 'dynamic.vhd') -Type Dynamic
        $null = Convert-VhdxImage $raw (Join-Path $sources 'fixed.vhd') -Type Fixed -Preallocation None
        $null = New-Image (Join-Path $sources 'empty.vhdx') 24MB
        # A chain: the parent has another third MiB, and what the child says of it is what counts.
        $other = Join-Path $sources 'other.img'
        [IO.File]::Copy($raw, $other)
        Write-FileBytes $other 3MB (Get-Pattern 3MB 512KB 6)
        $null = Convert-VhdxImage $other (Join-Path $sources 'parent.vhdx') -Type Dynamic -BlockSizeBytes 1MB
        $null = Convert-VhdxImage $raw (Join-Path $sources 'child.avhdx') -ParentPath (Join-Path $sources 'parent.vhdx')
    }
    else { foreach ($name in 'xfs', 'btrfs', 'plain', 'ramfs') { $reasons[$name] = 'mounting takes root on Linux' } }
}

AfterAll {
    foreach ($mount in $volumes.Values) {
        & umount $mount
        if ($LASTEXITCODE -ne 0) { & umount -l $mount }
    }
    # The last user gone, the loop devices are gone, too.
    if ($volumes.Count) { & losetup -l -n -O BACK-FILE | Where-Object { $_ -like "$((Get-PSDrive -Name TestDrive).Root)*" } | Should -BeNullOrEmpty }
}

Describe 'Convert-VhdxImage on <Volume> from <Source>' -ForEach $cases {
    It 'makes the files that it makes elsewhere, and shares what goes over unchanged' {
        foreach ($name in $Volume, 'plain') { if (-not $volumes.ContainsKey($name)) { Set-ItResult -Skipped -Because "there is no volume ${name}: $($reasons[$name])" } }
        $elsewhere = Copy-Source plain
        $expected = @{}
        foreach ($file in Convert-ToAll $elsewhere $Source) { $expected[$file.Name] = (Get-FileHash -LiteralPath $file.FullName).Hash }
        Remove-Item -LiteralPath $elsewhere -Recurse

        $folder = Copy-Source $Volume
        $files = Convert-ToAll $folder $Source
        $files | Should -HaveCount 9
        foreach ($file in $files) {
            (Get-FileHash -LiteralPath $file.FullName).Hash | Should -BeExactly $expected[$file.Name] -Because $file.Name
            if (Test-Peer filefrag) {
                $shared = Get-SharedByte $file.FullName
                # Fixed images are promised space of their own.
                if ($file.Name -like 'own*') { $shared | Should -Be 0 -Because $file.Name } else { $shared | Should -BeGreaterOrEqual 5MB -Because $file.Name }
            }
        }
        $expected['to.img'] | Should -BeExactly $digest

        # What is written to the source later is not in the copies.
        foreach ($name in $Source, 'parent.vhdx') {
            $path = Join-Path $folder $name
            & dd if=/dev/urandom "of=$path" bs=1M "count=$([Math]::Ceiling((Get-Item -LiteralPath $path).Length / 1MB))" 'conv=notrunc,fsync' status=none
        }
        foreach ($file in $files) { (Get-FileHash -LiteralPath $file.FullName).Hash | Should -BeExactly $expected[$file.Name] -Because "$($file.Name), afterwards," }
        Remove-Item -LiteralPath $folder -Recurse
    }
}

Describe 'Shared extents on <_>' -ForEach $sharing {
    BeforeAll { $name = $_ }

    BeforeEach { if (-not $volumes.ContainsKey($name)) { Set-ItResult -Skipped -Because "there is no volume ${name}: $($reasons[$name])" } }

    It 'take no space and are not written' {
        $folder = Copy-Source $name
        $used = Get-UsedByte $volumes[$name]
        $times = & stat -c '%x %y %z %s' "$folder/a.img"
        $written = Get-WrittenBytes
        $null = Convert-VhdxImage (Join-Path $folder 'a.img') (Join-Path $folder 'b.img')
        (Get-WrittenBytes) - $written | Should -BeLessThan 1MB
        (Get-UsedByte $volumes[$name]) - $used | Should -BeLessThan 1MB
        & stat -c '%x %y %z %s' "$folder/a.img" | Should -BeExactly $times -Because 'the source is only read'
        Remove-Item -LiteralPath $folder -Recurse
    }

    It 'are what Merge-VhdxImage moves down' {
        $folder = Copy-Source $name
        $base = New-Image (Join-Path $folder 'base.vhdx') 24MB
        Use-Disk $base { $disk.WriteAt(2MB, (Get-Pattern 2MB 1MB 9), 0, 1MB) }
        $child = (Convert-VhdxImage (Join-Path $folder 'a.img') (Join-Path $folder 'tip.avhdx') -ParentPath $base).Path
        & cp --reflink=never $child "$child.copy"
        Move-Item -LiteralPath "$child.copy" -Destination $child -Force
        $written = Get-WrittenBytes
        Merge-VhdxImage $child
        (Get-WrittenBytes) - $written | Should -BeLessThan 3MB
        if (Test-Peer filefrag) { Get-SharedByte $base | Should -BeGreaterThan 5MB }
        Test-VhdxImage $base -Detailed | Should -BeNullOrEmpty
        Remove-Item -LiteralPath $child
        if (Test-Peer qemu-img) { & qemu-img compare -f raw -F vhdx $raw $base | Should -Match 'identical' }
        Compare-Raw $base $raw | Should -Be -1
        Remove-Item -LiteralPath $folder -Recurse
    }

    It 'are what Optimize-VhdxImage moves to the front' {
        $folder = Copy-Source $name
        $path = New-Image (Join-Path $folder 'o.vhdx') 32MB
        $rest = Join-Path $folder 'rest.img'
        Use-Disk $path {
            $disk.WriteAt(0, (Get-Pattern 0 32MB 3), 0, 32MB)
            $disk.WriteAt(0, [byte[]]::new(16MB), 0, 16MB)
        }
        [IO.File]::Create($rest).Dispose()
        Set-FileLength $rest 32MB
        Write-FileBytes $rest 16MB (Get-Pattern 16MB 16MB 3)
        $written = Get-WrittenBytes
        $result = Optimize-VhdxImage $path
        (Get-WrittenBytes) - $written | Should -BeLessThan 2MB
        $result.BlocksMoved | Should -Be 16
        (Get-Item -LiteralPath $path).Length | Should -BeLessThan 21MB
        Test-VhdxImage $path -Detailed | Should -BeNullOrEmpty
        if (Test-Peer qemu-img) { & qemu-img compare -f raw -F vhdx $rest $path | Should -Match 'identical' }
        Compare-Raw $path $rest | Should -Be -1
        Remove-Item -LiteralPath $folder -Recurse
    }

    It 'are made where the volume has no room for a copy' {
        $folder = Copy-Source $name
        Add-Filler $folder
        $copy = Convert-VhdxImage (Join-Path $folder 'a.img') (Join-Path $folder 'b.img')
        (Get-FileHash -LiteralPath $copy.Path).Hash | Should -BeExactly $digest
        Remove-Item -LiteralPath $folder -Recurse
    }

    It 'are not made of another volume, and a full one is one clear error' {
        if (-not $volumes.ContainsKey('plain')) { Set-ItResult -Skipped -Because "there is no other volume: $($reasons.plain)" }
        $folder = Copy-Source $name
        $elsewhere = Copy-Source plain
        $from = Join-Path $elsewhere 'dynamic.vhdx'
        $to = Join-Path $folder 'b.img'
        $copy = Convert-VhdxImage $from $to
        (Get-FileHash -LiteralPath $copy.Path).Hash | Should -BeExactly $digest
        if (Test-Peer filefrag) { Get-SharedByte $copy.Path | Should -Be 0 }
        Remove-Item -LiteralPath $copy.Path
        Write-FileBytes "$elsewhere/a.img" 0 (Get-Pattern 0 24MB 1)
        $from = "$elsewhere/a.img"
        Add-Filler $folder
        $before = (Get-ChildItem -LiteralPath $folder -Force).Name
        { Convert-VhdxImage $from $to -ErrorAction Stop } | Should -Throw -ErrorId 'DiskFull,*'
        (Get-ChildItem -LiteralPath $folder -Force).Name | Should -Be $before
        Remove-Item -LiteralPath $folder, $elsewhere -Recurse
    }
}

Describe 'Volumes that share nothing' {
    It 'take the same files: <_>' -ForEach 'ramfs', 'plain' {
        # ramfs also refuses writes past the cache (O_DIRECT).
        if (-not $volumes.ContainsKey($_)) { Set-ItResult -Skipped -Because "there is no volume ${_}: $($reasons[$_])" }
        $folder = Copy-Source $_
        $here = New-Folder
        & cp (Get-ChildItem -LiteralPath $sources).FullName $here
        $expected = @(Convert-ToAll $here 'dynamic.vhdx' | Where-Object Name -notlike 'own*' | ForEach-Object { (Get-FileHash -LiteralPath $_.FullName).Hash })
        $from = Join-Path $folder 'dynamic.vhdx'
        if ($_ -eq 'ramfs') { & dd if=/dev/zero "of=$folder/direct" bs=64K count=1 oflag=direct 2>&1 | Out-String | Should -Match 'Invalid argument' }
        # ramfs reserves no space, either.
        $null = Convert-VhdxImage $from (Join-Path $folder 'to.img')
        (Get-FileHash -LiteralPath (Join-Path $folder 'to.img')).Hash | Should -BeExactly $digest
        $with = @{ IdentifierSeed = 'shared'; WarningAction = 'Ignore' }
        $made = Convert-VhdxImage $from (Join-Path $folder 'to-dynamic.vhdx') -Type Dynamic -BlockSizeBytes 1MB @with
        $expected | Should -Contain (Get-FileHash -LiteralPath $made.Path).Hash
        $made = Convert-VhdxImage $from (Join-Path $folder 'to-fixed.vhd') -Type Fixed -Preallocation None @with
        $expected | Should -Contain (Get-FileHash -LiteralPath $made.Path).Hash
        Remove-Item -LiteralPath $folder -Recurse
    }

    It 'are merged into where the volume does not tell its free space' {
        if (-not $volumes.ContainsKey('ramfs')) { Set-ItResult -Skipped -Because "there is no volume ramfs: $($reasons.ramfs)" }
        (& stat -f -c %b $volumes.ramfs) | Should -Be 0 -Because 'ramfs has no size'
        $folder = Copy-Source ramfs
        # An empty parent: it has to grow.
        $child = Convert-VhdxImage (Join-Path $sources 'dynamic.vhdx') (Join-Path $folder 'new.avhdx') -ParentPath (Join-Path $folder 'empty.vhdx')
        Merge-VhdxImage $child.Path -Force -Confirm:$false
        $null = Convert-VhdxImage (Join-Path $folder 'empty.vhdx') (Join-Path $folder 'merged.img')
        (Get-FileHash -LiteralPath (Join-Path $folder 'merged.img')).Hash | Should -BeExactly $digest
        Remove-Item -LiteralPath $folder -Recurse
    }

    It 'are asked once' {
        if (-not $volumes.ContainsKey('plain')) { Set-ItResult -Skipped -Because "there is no such volume: $($reasons.plain)" }
        if (-not (Test-Peer strace)) { Set-ItResult -Skipped -Because 'strace is not here' }
        $folder = Copy-Source plain
        $trace = Join-Path $folder 'trace'
        $shell = @([Environment]::ProcessPath)
        if ([IO.Path]::GetFileNameWithoutExtension($shell[0]) -eq 'dotnet') { $shell += Join-Path $PSHOME 'pwsh.dll' }
        $script = "Import-Module '$manifestPath'; Convert-VhdxImage '$folder/a.img' '$folder/b.img'"
        $output = & strace -f -qq -e trace=ioctl -o $trace @shell -NoProfile -NonInteractive -Command $script 2>&1
        (Get-FileHash -LiteralPath "$folder/b.img").Hash | Should -BeExactly $digest -Because "$output"
        Get-Content -LiteralPath $trace | Where-Object { $_ -match 'FICLONERANGE|0x4020940d' } | Should -HaveCount 1
        Remove-Item -LiteralPath $folder -Recurse
    }
}
