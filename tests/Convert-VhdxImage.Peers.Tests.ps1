# What Convert-VhdxImage makes, as qemu-img, 7zz and vhdiinfo read it, and real images of other programs as sources.

BeforeDiscovery {
    $targets = @(
        @{ Name = 'b.vhdx'; Kind = 'Dynamic'; What = 'small blocks'; Arguments = @{ Type = 'Dynamic'; BlockSizeBytes = 1MB } }
        @{ Name = 'b.vhdx'; Kind = 'Dynamic'; What = 'large blocks'; Arguments = @{ Type = 'Dynamic'; BlockSizeBytes = 32MB } }
        @{ Name = 'b.vhdx'; Kind = 'Fixed'; What = 'small blocks'; Arguments = @{ Type = 'Fixed'; Preallocation = 'None'; BlockSizeBytes = 1MB } }
        @{ Name = 'b.vhd'; Kind = 'Dynamic'; What = 'blocks of 2 MiB'; Arguments = @{ Type = 'Dynamic' } }
        @{ Name = 'b.vhd'; Kind = 'Fixed'; What = 'no blocks'; Arguments = @{ Type = 'Fixed'; Preallocation = 'None' } }
        @{ Name = 'b.img'; Kind = 'raw'; What = 'no blocks'; Arguments = @{} }
    )
    $large = @(
        @{ Arguments = @{ Type = 'Dynamic'; BlockSizeBytes = 1MB } }
        @{ Arguments = @{ Type = 'Fixed'; Preallocation = 'None'; BlockSizeBytes = 2MB } }
    )
    $samples = @(
        @{ Sample = 'dynamic.vhdx'; Digest = '4ebd45529faf5fed1e87adda3b3cfbda7d4d11bf8e43313f67876921857ec358' }
        @{ Sample = 'fixed.vhdx'; Digest = 'fb4889925af9f8968697524817c736440c648e0d81319ac2bc3bd90d6f564164' }
        @{ Sample = 'vhdx-log-replay.vhdx'; Digest = '029ca8025fb1140206ce04b6ddb29724fd9adac25416d4d3d7069cb9c0fb1575' }
        @{ Sample = 'iotest-dynamic-1G.vhdx'; Digest = 'ed6198e7585862b32aa1cbe223316d5cd5b4106e17c6ca3aa8f703e6ee44e917' }
        @{ Sample = 'config2_base.vhdx'; Digest = '80b397752ebd117b8e0f04f941fc9ed1923a8687d122a99f639197e588a4ec4e' }
        @{ Sample = 'iotest-dirtylog-10G-4M.vhdx'; Digest = '41337aff71ae20062a4d4ae4a9c566abcf93e14d566bdd89073199ffbc326ae4' }
        @{ Sample = 'test-disk2vhd.vhdx'; Digest = '75e513f107abc2637823247873de8b9d56da9ba85d71add770fabd2987d39ff6' }
        @{ Sample = 'dynamic.vhd'; Digest = 'a86701695ee0ee94132e39e9b557aa5cc36113737f28a8cc0b727a72ff5a632a' }
        @{ Sample = 'fixed.vhd'; Digest = '155ea4d5cae82305d249966973123b70b6f4c3011049a9feda8230da4e95d073' }
        @{ Sample = 'd2v-zerofilled.vhd'; Digest = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855' }
    )
}

BeforeAll {
    . (Join-Path $PSScriptRoot 'common.ps1')
    . (Join-Path $PSScriptRoot 'disks.ps1')
    $folder = New-Folder
    # 7zz takes no odd number of sectors.
    $bytes = [byte[]]::new(12MB + 8192)
    foreach ($place in 0, 2MB, (5MB + 512), (8MB - 4096), (12MB)) {
        $part = [VhdxToolsTests.Disks]::Pattern($place, 4096, 7)
        $part.CopyTo($bytes, $place)
    }
    $raw = Join-Path $folder 'a.img'
    [IO.File]::WriteAllBytes($raw, $bytes)

    function Get-SevenZipHash {
        # The hash of the disk that 7zz reads. Through a file: the shell would take the output for text.
        param([string] $Path, [string] $Format = 'VHDX')
        $to = New-Folder
        $said = & 7zz x -y "-t$Format" "-o$to" $Path
        if ($LASTEXITCODE -ne 0) { throw "7zz failed: $said" }
        (Get-FileHash -LiteralPath (Get-ChildItem -LiteralPath $to -File)[0].FullName).Hash
    }

    function Get-RawDigest {
        param([string] $Path)
        $stream = [IO.File]::OpenRead($Path)
        try { [VhdxToolsTests.Disks]::Digest($stream) } finally { $stream.Dispose() }
    }
}

Describe 'qemu-img' {
    BeforeEach { if (-not (Test-Peer qemu-img)) { Set-ItResult -Skipped -Because 'qemu-img is not here' } }

    It 'reads the same disk from <Name>, <Kind> with <What>' -ForEach $targets {
        $made = Convert-VhdxImage $raw (Join-Path $folder $Name) -Force @Arguments
        $format = @{ VHDX = 'vhdx'; VHD = 'vpc'; Raw = 'raw' }["$($made.VhdFormat)"]
        & qemu-img compare -f raw -F $format $raw $made.Path | Should -Match 'identical'
        $LASTEXITCODE | Should -Be 0
        if ($format -eq 'vhdx') { & qemu-img check -f vhdx $made.Path | Should -Match 'No errors' }
    }

    It 'makes sources that are read the same: <_>' -ForEach 'vhdx', 'vpc' {
        $source = Join-Path $folder "qemu.$_"
        # Without its option QEMU rounds a VHD to its geometry.
        $more = if ($_ -eq 'vpc') { '-o', 'force_size=on' } else { @() }
        & qemu-img convert -f raw -O $_ @more $raw $source
        $made = Convert-VhdxImage $source (Join-Path $folder 'back.img') -Force
        (Get-FileHash -LiteralPath $made.Path).Hash | Should -BeExactly (Get-FileHash -LiteralPath $raw).Hash
    }
}

Describe '7zz and vhdiinfo' {
    It 'reads sectors of 4096 bytes from <Arguments.Type>' -ForEach $large {
        if (-not (Test-Peer 7zz)) { Set-ItResult -Skipped -Because '7zz is not here' }
        $made = Convert-VhdxImage $raw (Join-Path $folder 'large.vhdx') -LogicalSectorSizeBytes 4096 -Force @Arguments
        Get-SevenZipHash $made.Path | Should -BeExactly (Get-FileHash -LiteralPath $raw).Hash
    }

    It 'reads a split chain with sectors of <_>' -ForEach 512, 4096 {
        if (-not (Test-Peer 7zz)) { Set-ItResult -Skipped -Because '7zz is not here' }
        $changed = [byte[]] $bytes.Clone()
        [Array]::Clear($changed, 2MB, 4096)
        [VhdxToolsTests.Disks]::Pattern(9MB, 8192, 3).CopyTo($changed, 9MB)
        $other = Join-Path $folder 'changed.img'
        [IO.File]::WriteAllBytes($other, $changed)
        $parent = Convert-VhdxImage $raw (Join-Path $folder "parent$_.vhdx") -LogicalSectorSizeBytes $_ -BlockSizeBytes 1MB
        $child = Convert-VhdxImage $other (Join-Path $folder "child$_.avhdx") -ParentPath $parent.Path
        Get-SevenZipHash $child.Path | Should -BeExactly (Get-FileHash -LiteralPath $other).Hash
        Test-VhdxImage $child.Path -Detailed | Should -BeNullOrEmpty
    }

    It 'is told type and size by vhdiinfo: <Name>, <Kind> with <What>' -ForEach ($targets | Where-Object { $_.Name -ne 'b.img' }) {
        if (-not (Test-Peer vhdiinfo)) { Set-ItResult -Skipped -Because 'vhdiinfo is not here' }
        $made = Convert-VhdxImage $raw (Join-Path $folder $Name) -Force @Arguments
        $text = & vhdiinfo $made.Path | Out-String
        $text | Should -Match "\($($bytes.Length) bytes\)"
        $text | Should -Match $Kind
    }
}

Describe 'Real images' {
    It 'has the bytes of <Sample> as VHDX and as a raw disk' -ForEach $samples {
        $source = Get-SampleFile $Sample
        $state = Get-FileState $source
        $image = Convert-VhdxImage $source (Join-Path (Split-Path $source) 'copy.vhdx') -Dynamic -BlockSizeBytes 1MB -WarningAction SilentlyContinue
        if ((Test-Wine) -and $image.Size -gt 512MB) { Set-ItResult -Skipped -Because 'raw disks of that size take too long under Wine, where no file has holes' }
        $disk = Convert-VhdxImage $image.Path (Join-Path (Split-Path $source) 'copy.img') -WarningAction SilentlyContinue
        Get-RawDigest $disk.Path | Should -BeExactly $Digest
        Test-VhdxImage $image.Path | Should -BeTrue
        if (Test-Peer qemu-img) { & qemu-img compare -f vhdx -F raw $image.Path $disk.Path | Should -Match 'identical' }
        Get-FileState $source | Should -BeExactly $state
        Remove-Item -LiteralPath (Split-Path $source) -Recurse
    }

    It 'refuses a checkpoint whose parent is missing' {
        $source = Get-SampleFile differencing.avhdx
        $failure = $null
        Convert-VhdxImage $source (Join-Path (Split-Path $source) 'copy.vhdx') -ErrorVariable failure -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        $failure[0].FullyQualifiedErrorId | Should -BeLike 'VX804,*'
        Get-ChildItem -LiteralPath (Split-Path $source) | Should -HaveCount 1
    }

    It 'refuses nothing of an empty VHD of 127 GiB and writes next to nothing' {
        $made = Convert-VhdxImage (Get-SampleFile hyperv2012r2-dynamic.vhd) (Join-Path $folder 'empty.vhdx') -Dynamic
        $made.Size, $made.BlocksAllocated | Should -Be 136365211648, 0
    }
}
