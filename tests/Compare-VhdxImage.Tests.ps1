# Compare-VhdxImage: what differs between disks of all formats, against bytes that the test put there itself, and against qemu-img.

BeforeAll {
    . (Join-Path $PSScriptRoot 'common.ps1')
    . (Join-Path $PSScriptRoot 'disks.ps1')
    $folder = New-Folder

    function Set-Disk {
        # Writes bytes at offsets of a disk: pairs of offset and count.
        param([string] $Path, [object[]] $At, [int] $Value = 0x5A)
        Use-Disk $Path {
            foreach ($one in $At) {
                $bytes = [byte[]]::new($one[1])
                [Array]::Fill($bytes, [byte] $Value)
                $disk.WriteAt($one[0], $bytes, 0, $bytes.Length)
            }
        }
    }

    function Get-Range {
        param([object[]] $Found)
        foreach ($one in $Found) { "$($one.Offset)+$($one.Length) $($one.Kind)" }
    }

    # The same 8 MiB in four formats, and one that differs in two places.
    $base = New-Image (Join-Path $folder 'base.vhdx') 8MB
    Set-Disk $base @(@(1MB, 5000), @((5MB + 512), 100000)) 0x11
    $raw = Join-Path $folder 'base.img'
    Use-Disk $base -Access Read {
        $bytes = [byte[]]::new(8MB)
        $null = $disk.ReadAt(0, $bytes, 0, $bytes.Length)
        [IO.File]::WriteAllBytes($raw, $bytes)
    }
    $child = New-Image (Join-Path $folder 'child.vhdx') 0 @{ ParentPath = $base }
    Set-Disk $child @(@((5MB + 600), 10), @((3MB - 512), 1024))
    $large = Join-Path $folder 'sector.vhdx'
    $null = New-Image $large 8MB @{ LogicalSectorSizeBytes = 4096; Type = 'Fixed' }
    Set-Disk $large @(@(1MB, 5000), @((5MB + 512), 100000)) 0x11
    $differs = @("$(3MB - 512)+1024 Content", "$(5MB + 512)+512 Content")
}

Describe 'Two disks' {
    It 'gives nothing for equal disks of different formats, types and sector sizes' {
        foreach ($one in $raw, $large, $base) {
            Compare-VhdxImage $base $one | Should -BeNullOrEmpty
            Compare-VhdxImage $one $raw -Quick | Should -BeNullOrEmpty
        }
    }

    It 'gives the sectors that differ' {
        foreach ($one in $base, $raw, $large) {
            $found = Compare-VhdxImage -ReferencePath $one -DifferencePath $child
            Get-Range $found | Should -BeExactly $differs
            $found[0] | Should -BeOfType ([VhdxTools.VhdxDifference])
            $found[0].ReferencePath, $found[0].DifferencePath | Should -BeExactly $one, $child
            $found[0].IsZero, $found[0].LongerPath | Should -Be $null, $null
            Get-Range (Compare-VhdxImage $child $one) | Should -BeExactly $differs
            Get-Range (Compare-VhdxImage $child $one -Quick) | Should -BeExactly $differs[0].Replace('1024', '512')
        }
    }

    It 'calls what lies beyond the end of the shorter disk one range' -Tag SlowUnderWine {
        $longer = New-Image (Join-Path $folder 'longer.vhdx') 64TB
        $found = @(Compare-VhdxImage $raw $longer)
        Get-Range $found[-1] | Should -BeExactly "$(8MB)+$(64TB - 8MB) BeyondEnd"
        $found[-1].IsZero, $found[-1].LongerPath | Should -Be $true, $longer
        @(Compare-VhdxImage $longer $raw -Quick).Kind | Should -Be 'BeyondEnd'
    }

    It 'changes neither bytes nor times of any file' {
        $before = $base, $child, $raw, $large | ForEach-Object { Get-FileState $_ }
        $null = Compare-VhdxImage $base $child
        $null = Compare-VhdxImage $raw $large
        $null = Compare-VhdxImage $base $child -Changed
        $base, $child, $raw, $large | ForEach-Object { Get-FileState $_ } | Should -BeExactly $before
        foreach ($one in $base, $child, $raw) { Get-OpenHandle $one | Should -BeIn $null, 0 }
    }

    It 'agrees with qemu-img about VHD files that it made' {
        if (-not (Test-Peer qemu-img)) { Set-ItResult -Skipped -Because 'qemu-img is not here'; return }
        foreach ($subformat in 'dynamic', 'fixed') {
            $vhd = Join-Path $folder "$subformat.vhd"
            $null = & qemu-img convert -f raw -O vpc -o "subformat=$subformat,force_size=on" $raw $vhd
            $LASTEXITCODE | Should -Be 0
            Compare-VhdxImage $base $vhd | Should -BeNullOrEmpty
            Get-Range (Compare-VhdxImage $child $vhd) | Should -BeExactly $differs
        }
    }

    It 'reads the real VHD and VHDX disks of Windows alike' {
        if (-not (Test-Peer qemu-img)) { Set-ItResult -Skipped -Because 'qemu-img is not here'; return }
        foreach ($name in 'dynamic.vhd', 'fixed.vhd', 'dynamic.vhdx') {
            $image = Get-SampleFile $name
            $copy = "$image.raw"
            $null = & qemu-img convert -f ($name.EndsWith('x') ? 'vhdx' : 'vpc') -O raw $image $copy
            $LASTEXITCODE | Should -Be 0
            Compare-VhdxImage $image $copy | Should -BeNullOrEmpty
        }
    }
}

Describe 'Many disks and their errors' {
    It 'takes files from the pipeline, and a bad one does not stop the others' {
        $place = Join-Path $folder 'many [1]'
        $null = [IO.Directory]::CreateDirectory($place)
        foreach ($name in '1.vhdx', '3.vhdx') { [IO.File]::Copy($base, (Join-Path $place $name)) }
        [IO.File]::WriteAllBytes((Join-Path $place '2.vhdx'), [byte[]] (0x1F, 0x8B, 8, 0))
        $found = Get-ChildItem -LiteralPath $place | Compare-VhdxImage $raw -ErrorAction SilentlyContinue -ErrorVariable failed
        $found | Should -BeNullOrEmpty
        $failed | Should -HaveCount 1
        $failed[0].FullyQualifiedErrorId | Should -Be 'FileCompressed,VhdxTools.CompareVhdxImageCommand'
        $failed[0].CategoryInfo.Category | Should -Be 'InvalidData'
        $failed[0].TargetObject | Should -Be (Join-Path $place '2.vhdx')

        $names = Get-ChildItem -LiteralPath $place | Where-Object Length -GT 100 | Compare-VhdxImage $child
        @($names.DifferencePath | Sort-Object -Unique) | Should -Be (Join-Path $place '1.vhdx'), (Join-Path $place '3.vhdx')
        (Join-Path $place '1.vhdx'), (Join-Path $place '3.vhdx') | Compare-VhdxImage $raw | Should -BeNullOrEmpty
    }

    It 'stops at what a later command has enough of' {
        Get-Range (Compare-VhdxImage $base $child | Select-Object -First 1) | Should -BeExactly $differs[0]
        Get-OpenHandle $child | Should -BeIn $null, 0
    }

    It 'counts relative paths from the current location' {
        Push-Location -LiteralPath $folder
        try { Compare-VhdxImage base.img base.vhdx | Should -BeNullOrEmpty } finally { Pop-Location }
    }

    It 'names what is wrong: <Id>' -ForEach @(
        @{ Id = 'FileNotFound'; Reference = 'none.vhdx'; Category = 'ObjectNotFound' }
        @{ Id = 'PathIsFolder'; Reference = '.'; Category = 'InvalidArgument' }
        @{ Id = 'NotAFileSystemPath'; Reference = 'env:PATH'; Category = 'InvalidArgument' }
        @{ Id = 'NotAnAncestor'; Reference = 'sector.vhdx'; Category = 'InvalidArgument'; Changed = $true }
        @{ Id = 'ContradictingParameters'; Category = 'InvalidArgument'; Changed = $false }
    ) {
        $arguments = @{ DifferencePath = $child }
        if ($_['Reference']) { $arguments.ReferencePath = $Reference -eq 'env:PATH' ? $Reference : (Join-Path $folder $Reference) }
        if ($_.ContainsKey('Changed')) { $arguments.Changed = $Changed }
        Compare-VhdxImage @arguments -ErrorAction SilentlyContinue -ErrorVariable failed | Should -BeNullOrEmpty
        $failed | Should -HaveCount 1
        $failed[0].FullyQualifiedErrorId | Should -Be "$Id,VhdxTools.CompareVhdxImageCommand"
        $failed[0].CategoryInfo.Category | Should -Be $Category
        $failed[0].TargetObject | Should -Be $child
    }
}

Describe 'What a chain changed' {
    BeforeAll {
        $tip = New-Image (Join-Path $folder 'tip.vhdx') 10MB @{ ParentPath = $child }
        Set-Disk $tip @(@(0, 512), @((5MB + 512), 1536), @(9MB, 512))
        Use-Disk $tip { $disk.Trim(1MB, 1MB) }
        $own = @('0+512 Changed', "$(1MB)+$(1MB) Zeroed", "$(5MB + 512)+1536 Changed", "$(9MB)+512 Changed")
    }

    It 'lists the sectors that the tip holds instead of its parent' {
        Get-Range (Compare-VhdxImage -DifferencePath $tip -Changed) | Should -BeExactly $own
        Get-Range (Compare-VhdxImage $child $tip -Changed) | Should -BeExactly $own
        (Compare-VhdxImage -DifferencePath $tip -Changed)[0].ReferencePath | Should -BeNullOrEmpty
        Get-Range (Get-Item -LiteralPath $tip | Compare-VhdxImage -Changed) | Should -BeExactly $own
    }

    It 'lists what all files above an ancestor hold' {
        $found = Compare-VhdxImage $base $tip -Changed
        Get-Range $found | Should -BeExactly $own[0], $own[1], "$(3MB - 512)+1024 Changed", $own[2], $own[3]
        $found.ReferencePath | Sort-Object -Unique | Should -Be $base
    }

    It 'needs the files between and no others' {
        $moved = "$base.moved"
        [IO.File]::Move($base, $moved)
        try {
            Get-Range (Compare-VhdxImage $child $tip -Changed) | Should -BeExactly $own
            Get-Range (Compare-VhdxImage -DifferencePath $tip -Changed) | Should -BeExactly $own
        }
        finally { [IO.File]::Move($moved, $base) }
    }

    It 'refuses -Quick, and an image without a parent' {
        { Compare-VhdxImage $base $tip -Changed -Quick } | Should -Throw -ErrorId 'AmbiguousParameterSet*'
        { Compare-VhdxImage -DifferencePath $base -Changed -ErrorAction Stop } | Should -Throw -ErrorId 'NotDifferencing,*'
    }
}

Describe 'How it looks' {
    It 'prints offsets in hexadecimal and sizes with units' {
        $text = Compare-VhdxImage $base $child | Out-String -Width 200
        $text | Should -Match '0x2FFE00\s+1 KiB\s+Content'
        Compare-VhdxImage $base $child | Format-List | Out-String | Should -Match 'Length\s+: 1 KiB \(1024\)'
    }
}
