# Real file systems and partition tables on our disks: what other programs put in comes out the same.

BeforeDiscovery {
    $kinds = @(
        @{ Title = 'a dynamic image'; Type = 'Dynamic'; Sector = 512; BlockSize = 2MB }
        @{ Title = 'a dynamic image, 4096-byte sectors'; Type = 'Dynamic'; Sector = 4096; BlockSize = 1MB }
        @{ Title = 'the child of an empty parent'; Type = 'Differencing'; Sector = 512; BlockSize = 1MB }
    )
}

BeforeAll {
    . (Join-Path $PSScriptRoot 'common.ps1')
    . (Join-Path $PSScriptRoot 'disks.ps1')
    $size = 128MB
    $folder = New-Folder

    function New-Tree {
        # Files of all sizes with bytes that are always the same; returns the hash of each by its name.
        param([string] $Path, [int] $Count)

        $random = [Random]::new(20)
        $hashes = @{}
        for ($i = 0; $i -lt $Count; $i++) {
            $name = 'd{0}/file {1}.bin' -f ($i % 7), $i
            $bytes = [byte[]]::new($(if ($i % 40 -eq 0) { 3MB + $i } elseif ($i % 5 -eq 0) { $random.Next(300000) } else { $random.Next(9000) }))
            $random.NextBytes($bytes)
            $null = New-Item -ItemType Directory -Path (Join-Path $Path (Split-Path $name)) -Force
            [IO.File]::WriteAllBytes((Join-Path $Path $name), $bytes)
            $hashes[$name] = [Convert]::ToHexString([Security.Cryptography.SHA256]::HashData($bytes))
        }
        $hashes
    }

    function New-RawFile {
        param([string] $Path)
        [IO.File]::WriteAllBytes($Path, [byte[]]::new(0))
        Set-FileLength $Path $size
        $Path
    }

    function New-DiskOf {
        # An image of a kind with the content of a raw file, copied in from several threads at random places and lengths.
        param([string] $Raw, [hashtable] $Kind, [int] $Seed)

        $own = New-Folder
        $path = Join-Path $own 'disk.vhdx'
        $with = @{ BlockSizeBytes = $Kind.BlockSize; LogicalSectorSizeBytes = $Kind.Sector }
        if ($Kind.Type -eq 'Differencing') {
            $parent = New-Image (Join-Path $own 'base.vhdx') $size $with
            $null = New-Image $path 0 @{ ParentPath = $parent; BlockSizeBytes = $Kind.BlockSize }
        }
        else { $null = New-Image $path $size $with }
        Use-Disk $path {
            $write = [Delegate]::CreateDelegate([Action[long, byte[], int, int]], $disk, 'WriteAt')
            # How many hold data depends on where the other program put it: 50 or a few more with NTFS.
            [VhdxToolsTests.Disks]::CopyInPieces($Raw, $write, 300000, 6, $Seed) | Should -BeGreaterThan 20
        }
        $path
    }

    function Save-Raw {
        # The disk as a raw file, read through the stream.
        param([string] $Path)
        $raw = "$Path.out"
        Use-Disk $Path -Access Read { [VhdxToolsTests.Disks]::Save($disk, $raw) }
        $raw
    }
}

Describe 'ext4 on <Title>' -ForEach $kinds {
    BeforeAll {
        $why = foreach ($tool in 'mkfs.ext4', 'debugfs', 'e2fsck') { if (-not (Test-Peer $tool)) { "$tool is not here"; break } }
        if ($why) { return }

        # Made once for all kinds.
        $raw = Join-Path $folder 'ext4.raw'
        $tree = Join-Path $folder 'tree'
        if (-not (Test-Path -LiteralPath $raw)) {
            $script:hashes = New-Tree $tree 300
            $null = New-RawFile $raw
            $said = & mkfs.ext4 -q -F -d $tree $raw 2>&1
            if ($LASTEXITCODE -ne 0) { throw "mkfs.ext4 failed: $said" }
        }
        $path = New-DiskOf $raw $_ 7
        $out = Save-Raw $path
    }
    AfterAll { if (-not $why) { Remove-Item -LiteralPath $path, $out -ErrorAction Ignore } }

    It 'comes out the same, through the stream' {
        if ($why) { Set-ItResult -Skipped -Because $why }
        (Get-FileHash -LiteralPath $out).Hash | Should -BeExactly (Get-FileHash -LiteralPath $raw).Hash
        Test-VhdxImage $path | Should -BeTrue
    }

    It 'comes out the same through qemu-img' {
        if ($why) { Set-ItResult -Skipped -Because $why }
        if (-not (Test-Peer qemu-img)) { Set-ItResult -Skipped -Because 'qemu-img is not here' }
        if ($Sector -ne 512 -or $Type -eq 'Differencing') { Set-ItResult -Skipped -Because 'qemu-img reads neither 4096-byte sectors nor differencing images (R22)' }
        $said = & qemu-img compare -f vhdx -F raw $path $raw 2>&1
        $LASTEXITCODE | Should -Be 0 -Because "$said"
    }

    It 'comes out the same through 7zz' {
        if ($why) { Set-ItResult -Skipped -Because $why }
        if (-not (Test-Peer 7zz)) { Set-ItResult -Skipped -Because '7zz is not here' }
        $target = New-Folder
        $said = & 7zz x -tVHDX -y "-o$target" $path 2>&1
        $LASTEXITCODE | Should -Be 0 -Because "$said"
        $file = (Get-ChildItem -LiteralPath $target -File)[0].FullName
        (Get-FileHash -LiteralPath $file).Hash | Should -BeExactly (Get-FileHash -LiteralPath $raw).Hash
        Remove-Item -LiteralPath $file
    }

    It 'is sound for e2fsck, and every file has its bytes' {
        if ($why) { Set-ItResult -Skipped -Because $why }
        $said = & e2fsck -fn $out 2>&1
        $LASTEXITCODE | Should -Be 0 -Because "$said"
        $target = New-Folder
        $said = & debugfs -R "rdump / `"$target`"" $out 2>&1
        $files = Get-ChildItem -LiteralPath $target -File -Recurse
        $files | Should -HaveCount $hashes.Count
        foreach ($file in $files) {
            $name = [IO.Path]::GetRelativePath($target, $file.FullName)
            (Get-FileHash -LiteralPath $file.FullName).Hash | Should -BeExactly $hashes[$name] -Because $name
        }
        Remove-Item -LiteralPath $target -Recurse
    }
}

Describe 'NTFS on <Title>' -ForEach $kinds[0, 2] {
    BeforeAll {
        $why = foreach ($tool in 'mkfs.ntfs', 'ntfscp', 'ntfscat', 'ntfsfix') { if (-not (Test-Peer $tool)) { "$tool is not here"; break } }
        if ($why) { return }

        $raw = Join-Path $folder 'ntfs.raw'
        if (-not (Test-Path -LiteralPath $raw)) {
            $tree = Join-Path $folder 'ntfs tree'
            $all = New-Tree $tree 40
            $null = New-RawFile $raw
            $said = & mkfs.ntfs -q -Q -F $raw 2>&1
            if ($LASTEXITCODE -ne 0) { throw "mkfs.ntfs failed: $said" }
            $script:ntfsHashes = @{}
            foreach ($name in $all.Keys) {
                $short = Split-Path -Leaf $name
                $said = & ntfscp -f $raw (Join-Path $tree $name) $short 2>&1
                if ($LASTEXITCODE -ne 0) { throw "ntfscp failed: $said" }
                $ntfsHashes[$short] = $all[$name]
            }
        }
        $path = New-DiskOf $raw $_ 11
        $out = Save-Raw $path
    }
    AfterAll { if (-not $why) { Remove-Item -LiteralPath $path, $out -ErrorAction Ignore } }

    It 'comes out the same' {
        if ($why) { Set-ItResult -Skipped -Because $why }
        (Get-FileHash -LiteralPath $out).Hash | Should -BeExactly (Get-FileHash -LiteralPath $raw).Hash
        Test-VhdxImage $path | Should -BeTrue
    }

    It 'is sound for ntfsfix, and every file has its bytes' {
        if ($why) { Set-ItResult -Skipped -Because $why }
        $said = & ntfsfix -n $out 2>&1
        $LASTEXITCODE | Should -Be 0 -Because "$said"
        $copy = Join-Path (New-Folder) 'file'
        foreach ($name in $ntfsHashes.Keys) {
            & /bin/sh -c 'exec ntfscat "$0" "$1" > "$2"' $out $name $copy
            $LASTEXITCODE | Should -Be 0
            (Get-FileHash -LiteralPath $copy).Hash | Should -BeExactly $ntfsHashes[$name] -Because $name
        }
    }
}

Describe 'A file system that is written to on our disk' {
    It 'takes over the work of two other writers one after the other: the child shows what the parent does not have' {
        $why = foreach ($tool in 'mkfs.ext4', 'debugfs', 'e2fsck') { if (-not (Test-Peer $tool)) { "$tool is not here"; break } }
        if ($why) { Set-ItResult -Skipped -Because $why }

        # The parent has the file system; a changed copy of it is written over the child, where it differs.
        $own = New-Folder
        $first = New-RawFile (Join-Path $own 'first.raw')
        $null = & mkfs.ext4 -q -F $first 2>&1
        $second = Join-Path $own 'second.raw'
        Copy-Item -LiteralPath $first -Destination $second
        $payload = Join-Path $own 'payload'
        [IO.File]::WriteAllBytes($payload, [VhdxToolsTests.Disks]::Pattern(0, 5MB + 3, 6))
        $null = & debugfs -w -R "write `"$payload`" payload" $second 2>&1
        $parent = New-Image (Join-Path $own 'base.vhdx') $size
        Use-Disk $parent { $null = [VhdxToolsTests.Disks]::CopyInPieces($first, [Delegate]::CreateDelegate([Action[long, byte[], int, int]], $disk, 'WriteAt'), 300000, 4, 1) }
        $child = New-Image (Join-Path $own 'tip.vhdx') 0 @{ ParentPath = $parent }
        Use-Disk $child {
            $left = [IO.File]::OpenRead($first)
            $right = [IO.File]::OpenRead($second)
            try {
                $one = [byte[]]::new(64KB)
                $two = [byte[]]::new(64KB)
                for ($at = 0; $at -lt $size; $at += 64KB) {
                    $left.ReadExactly($one, 0, 64KB)
                    $right.ReadExactly($two, 0, 64KB)
                    if (-not [Linq.Enumerable]::SequenceEqual($one, $two)) { $disk.WriteAt($at, $two, 0, 64KB) }
                }
            }
            finally { $left.Dispose(); $right.Dispose() }
        }
        (Get-VhdxBlock $child).State | Should -Contain PartiallyPresent
        foreach ($pair in @($parent, $first), @($child, $second)) { Compare-Raw $pair[0] $pair[1] | Should -Be -1 }
        $out = Save-Raw $child
        $null = & e2fsck -fn $out 2>&1
        $LASTEXITCODE | Should -Be 0
        $null = & debugfs -R "dump payload `"$payload.back`"" $out 2>&1
        (Get-FileHash -LiteralPath "$payload.back").Hash | Should -BeExactly (Get-FileHash -LiteralPath $payload).Hash
    }
}

Describe 'MinimumSize of a child' {
    BeforeAll {
        $why = if (-not (Test-Peer sfdisk)) { 'sfdisk is not here' }
        if ($why) { return }

        $own = New-Folder
        function New-Table {
            # A raw disk with a GPT and one partition that ends where asked.
            param([string] $Name, [string] $Script)
            $raw = New-RawFile (Join-Path $own $Name)
            $said = 'label: gpt', $Script | & sfdisk --quiet $raw 2>&1
            if ($LASTEXITCODE -ne 0) { throw "sfdisk failed: $said" }
            $raw
        }
        function Get-Expected {
            # The end of the last partition and the room of the backup table: 32 sectors of entries and the header.
            param([string] $Raw)
            $ends = foreach ($partition in (& sfdisk -J $Raw | ConvertFrom-Json).partitiontable.partitions) { $partition.start + $partition.size }
            512 * (($ends | Measure-Object -Maximum).Maximum + 33)
        }
        function Copy-Table {
            param([string] $Path, [string] $Raw)
            Use-Disk $Path { $null = [VhdxToolsTests.Disks]::CopyInPieces($Raw, [Delegate]::CreateDelegate([Action[long, byte[], int, int]], $disk, 'WriteAt'), 5000, 1, 1) }
        }

        $small = New-Table 'small.raw' 'start=2048, size=20480'
        $large = New-Table 'large.raw' 'start=2048, size=61440'
        $parent = New-Image (Join-Path $own 'base.vhdx') $size
        Copy-Table $parent $small
        $child = New-Image (Join-Path $own 'tip.vhdx') 0 @{ ParentPath = $parent }
    }

    It 'is that of the parent as long as the child has no table of its own' {
        if ($why) { Set-ItResult -Skipped -Because $why }
        Get-Expected $small | Should -Be (512 * (2048 + 20480 + 33))
        (Get-VhdxImage $parent).MinimumSize | Should -Be (Get-Expected $small)
        (Get-VhdxImage $child).MinimumSize | Should -Be (Get-Expected $small)
        Use-Disk $child { $disk.WriteAt(2MB, [byte[]] 1, 0, 1) }
        (Get-VhdxImage $child).MinimumSize | Should -Be (Get-Expected $small)
    }

    It 'is that of the child once its table was changed, and the parent keeps its own' {
        if ($why) { Set-ItResult -Skipped -Because $why }
        Copy-Table $child $large
        Get-Expected $large | Should -BeGreaterThan (Get-Expected $small)
        (Get-VhdxImage $child).MinimumSize | Should -Be (Get-Expected $large)
        (Get-VhdxImage $parent).MinimumSize | Should -Be (Get-Expected $small)
    }

    It 'is that of the chain, though the child holds only one sector of the table' {
        if ($why) { Set-ItResult -Skipped -Because $why }
        # The primary header goes in the child: the backup, which the parent holds, takes over.
        $third = New-Image (Join-Path $own 'third.vhdx') 0 @{ ParentPath = $parent }
        Use-Disk $third { $disk.WriteAt(512, [byte[]]::new(512), 0, 512) }
        (Get-VhdxBlock $third)[0].State | Should -Be PartiallyPresent
        (Get-VhdxImage $third).MinimumSize | Should -Be (Get-Expected $small)
        Use-Disk $third { $disk.WriteAt($size - 512, [byte[]]::new(512), 0, 512) }
        (Get-VhdxImage $third).MinimumSize | Should -BeNullOrEmpty
    }

    It 'is null, and the rest is told, when the parent is missing or another' {
        if ($why) { Set-ItResult -Skipped -Because $why }
        $lonely = New-Image (Join-Path $own 'lonely.vhdx') 0 @{ ParentPath = $parent }
        (Get-VhdxImage $lonely).MinimumSize | Should -Be (Get-Expected $small)
        Use-Disk $parent { $disk.WriteAt(3MB, [byte[]] 1, 0, 1) }
        $image = Get-VhdxImage $lonely
        $image.MinimumSize | Should -BeNullOrEmpty
        $image.Size | Should -Be $size
        Remove-Item -LiteralPath $parent
        (Get-VhdxImage $lonely).MinimumSize | Should -BeNullOrEmpty
    }
}
