# What other programs say of new images: qemu-img of those with 512-byte sectors, 7zz and vhdiinfo of all.

BeforeDiscovery {
    $images = @(
        @{ Name = 'dynamic'; Parameters = @{ SizeBytes = 64MB } }
        @{ Name = 'dynamic, blocks of 1 MiB'; Parameters = @{ SizeBytes = 64MB; BlockSizeBytes = 1MB } }
        @{ Name = 'dynamic, blocks of 256 MiB'; Parameters = @{ SizeBytes = 300MB; BlockSizeBytes = 256MB } }
        @{ Name = 'dynamic, a part of a block'; Parameters = @{ SizeBytes = 5MB + 512; BlockSizeBytes = 2MB } }
        @{ Name = 'dynamic, one sector'; Parameters = @{ SizeBytes = 512; BlockSizeBytes = 1MB } }
        @{ Name = 'dynamic, over two chunks'; Parameters = @{ SizeBytes = 5GB; BlockSizeBytes = 1MB } }
        @{ Name = 'dynamic, 64 TiB'; Parameters = @{ SizeBytes = 64TB } }
        @{ Name = 'dynamic, log of 2 MiB'; Parameters = @{ SizeBytes = 64MB; LogSizeBytes = 2MB } }
        @{ Name = 'dynamic, log of 16 MiB'; Parameters = @{ SizeBytes = 64MB; LogSizeBytes = 16MB } }
        @{ Name = 'dynamic, state ZERO'; Parameters = @{ SizeBytes = 64MB; BlockState = 'Zero' } }
        @{ Name = 'dynamic, state ZERO over two chunks'; Parameters = @{ SizeBytes = 5GB; BlockSizeBytes = 1MB; BlockState = 'Zero' } }
        @{ Name = 'dynamic, sectors 512/512'; Parameters = @{ SizeBytes = 64MB; PhysicalSectorSizeBytes = 512 } }
        @{ Name = 'fixed'; Parameters = @{ SizeBytes = 64MB; Fixed = $true; Preallocation = 'None' } }
        @{ Name = 'fixed, blocks of 1 MiB'; Parameters = @{ SizeBytes = 16MB; Fixed = $true; BlockSizeBytes = 1MB; Preallocation = 'Full' } }
        @{ Name = 'fixed, a part of a block'; Parameters = @{ SizeBytes = 5MB + 512; Fixed = $true; BlockSizeBytes = 2MB; Preallocation = 'None' } }
        @{ Name = 'fixed over two chunks'; Parameters = @{ SizeBytes = 5GB; Fixed = $true; BlockSizeBytes = 1MB; Preallocation = 'None' } }
        @{ Name = 'fixed, log of 3 MiB'; Parameters = @{ SizeBytes = 16MB; Fixed = $true; BlockSizeBytes = 4MB; LogSizeBytes = 3MB; Preallocation = 'None' } }
    )
    # 7zz (26.02) refuses every size that is an odd number of sectors, so all of these are even.
    $large = @(
        @{ Name = 'dynamic, 4096-byte sectors'; Parameters = @{ SizeBytes = 10GB + 8192; LogicalSectorSizeBytes = 4096 }; Type = 'Dynamic'; Method = 'dynamic' }
        @{ Name = 'dynamic, 4096 and 512'; Parameters = @{ SizeBytes = 1GB; LogicalSectorSizeBytes = 4096; PhysicalSectorSizeBytes = 512; BlockSizeBytes = 1MB }; Type = 'Dynamic'; Method = 'dynamic' }
        @{ Name = 'dynamic, 4096, state ZERO'; Parameters = @{ SizeBytes = 40GB; LogicalSectorSizeBytes = 4096; BlockSizeBytes = 1MB; BlockState = 'Zero' }; Type = 'Dynamic'; Method = 'dynamic' }
        @{ Name = 'fixed, 4096-byte sectors'; Parameters = @{ SizeBytes = 16MB; LogicalSectorSizeBytes = 4096; Fixed = $true; BlockSizeBytes = 1MB; Preallocation = 'None' }; Type = 'Fixed'; Method = 'fixed' }
        @{ Name = 'dynamic, 512-byte sectors'; Parameters = @{ SizeBytes = 127GB }; Type = 'Dynamic'; Method = 'dynamic' }
    )
    $children = @(
        @{ Name = '512-byte sectors'; Parent = @{ SizeBytes = 10GB }; Child = @{} }
        @{ Name = '4096-byte sectors'; Parent = @{ SizeBytes = 10GB; LogicalSectorSizeBytes = 4096 }; Child = @{ BlockSizeBytes = 1MB } }
        @{ Name = 'many chunks'; Parent = @{ SizeBytes = 2TB }; Child = @{ BlockSizeBytes = 1MB } }
        @{ Name = 'a smaller child'; Parent = @{ SizeBytes = 10GB }; Child = @{ SizeBytes = 1GB } }
    )
}

BeforeAll {
    . (Join-Path $PSScriptRoot 'common.ps1')
    . (Join-Path $PSScriptRoot 'ImageBytes.ps1')
    $missing = @('qemu-img', '7zz', 'vhdiinfo' | Where-Object { -not (Test-Peer $_) })
    $folder = New-TestFolder

    function Skip-Without {
        param([string] $Peer)
        if ($Peer -in $missing) { Set-ItResult -Skipped -Because "$Peer is not here" }
    }

    function Get-Archive {
        # What 7zz lists of an image, by name.
        param([string] $Path)

        $text = (& 7zz l -slt -tVHDX $Path) -join "`n"
        $values = [Collections.Generic.Dictionary[string, object]]::new()
        $values.Text = $text
        $values.ExitCode = $LASTEXITCODE
        # The first of each name: what it finds of a parent follows.
        foreach ($match in [regex]::Matches($text, '(?m)^(?:  )?([\w ]+?)(?: = |: )(.*)$')) { $null = $values.TryAdd($match.Groups[1].Value, $match.Groups[2].Value) }
        $values
    }

    function Get-RawGuid {
        # A GUID as 7zz prints it: its bytes one after the other.
        param([guid] $Guid)
        [Convert]::ToHexString($Guid.ToByteArray()).ToLowerInvariant()
    }

    function Get-VhdiInfo {
        param([string] $Path)

        $text = (& vhdiinfo $Path) -join "`n"
        $values = @{ Text = $text; ExitCode = $LASTEXITCODE }
        foreach ($match in [regex]::Matches($text, '(?m)^\t(.*?)\s*: (.*)$')) { $values[$match.Groups[1].Value] = $match.Groups[2].Value }
        $values
    }
}

Describe 'New-VhdxImage and qemu-img: <Name>' -ForEach $images {
    BeforeAll {
        $path = Join-Path $folder "$([guid]::NewGuid()).vhdx"
        $null = New-VhdxImage -Path $path -WarningAction SilentlyContinue @Parameters
        $size = [long] $Parameters.SizeBytes
    }

    AfterAll { Remove-Item -LiteralPath $path }

    It 'passes its check' {
        Skip-Without qemu-img
        $output = & qemu-img check -f vhdx $path 2>&1
        $LASTEXITCODE | Should -Be 0 -Because "it says: $output"
        [string] $output | Should -Match 'No errors were found'
    }

    It 'is described as it is' {
        Skip-Without qemu-img
        $info = & qemu-img info --output=json $path | ConvertFrom-Json
        $info.format | Should -BeExactly 'vhdx'
        $info.'virtual-size' | Should -Be $size
        $info.'cluster-size' | Should -Be ($Parameters.ContainsKey('BlockSizeBytes') ? $Parameters.BlockSizeBytes : 32MB)
        $info.'dirty-flag' | Should -BeFalse
    }

    It 'reads as zeros' {
        Skip-Without qemu-img
        $raw = "$path.raw"
        if ($size -le 512MB) {
            & qemu-img convert -f vhdx -O raw $path $raw
            $LASTEXITCODE | Should -Be 0
            (Get-Item -LiteralPath $raw).Length | Should -Be $size
            [VhdxToolsTests.ByteScan]::FirstNonZero($raw, $size, @()) | Should -Be -1
        }
        else {
            # Where the file's first blocks, the border of two chunks and the last blocks are.
            foreach ($start in 0, 4095, ($size / 1MB - 2)) {
                $part = @{ driver = 'raw'; offset = [long] $start * 1MB; size = 2MB; file = @{ driver = 'vhdx'; file = @{ driver = 'file'; filename = $path } } }
                & qemu-img convert -O raw "json:$(ConvertTo-Json $part -Compress -Depth 3)" $raw
                $LASTEXITCODE | Should -Be 0
                (Get-Item -LiteralPath $raw).Length | Should -Be 2MB
                [VhdxToolsTests.ByteScan]::FirstNonZero($raw, 2MB, @()) | Should -Be -1
            }
        }
        Remove-Item -LiteralPath $raw
    }
}

Describe 'New-VhdxImage and qemu-img: bytes in the blocks of a fixed image' {
    It 'are read where the BAT says: <Name>' -ForEach @(
        @{ Name = 'blocks of 1 MiB'; Size = 5MB + 512; Block = 1MB; Log = 1MB }
        @{ Name = 'one block'; Size = 3MB; Block = 32MB; Log = 4MB }
    ) {
        Skip-Without qemu-img
        $path = Join-Path $folder 'filled.vhdx'
        $null = New-VhdxImage -Path $path -SizeBytes $Size -Fixed -BlockSizeBytes $Block -LogSizeBytes $Log -Preallocation None -Force
        $content = [byte[]]::new($Size)
        [Random]::new(42).NextBytes($content)
        $blocks = [int] [Math]::Ceiling($Size / $Block)
        $entries = Read-Bat $path (2MB + $Log) $blocks
        for ($i = 0; $i -lt $blocks; $i++) {
            $from = $i * $Block
            $part = [byte[]]::new([Math]::Min($Block, $Size - $from))
            [Array]::Copy($content, $from, $part, 0, $part.Length)
            Write-BytesAt $path ([long] ($entries[$i] -shr 20) * 1MB) $part
        }
        $raw = Join-Path $folder 'filled.raw'
        & qemu-img convert -f vhdx -O raw $path $raw
        $LASTEXITCODE | Should -Be 0
        $expected = [Convert]::ToHexString([Security.Cryptography.SHA256]::HashData($content))
        Get-Sha256 $raw | Should -BeExactly $expected
        & qemu-img check -f vhdx $path | Out-Null
        $LASTEXITCODE | Should -Be 0
    }
}

Describe 'New-VhdxImage and 7zz, vhdiinfo: <Name>' -ForEach $large {
    BeforeAll {
        $path = Join-Path $folder "$([guid]::NewGuid()).vhdx"
        $null = New-VhdxImage -Path $path -Creator 'plain' @Parameters
        $image = Read-ImageBytes $path
    }

    AfterAll { Remove-Item -LiteralPath $path }

    It 'is listed by 7zz as it is' {
        Skip-Without 7zz
        $archive = Get-Archive $path
        $archive.ExitCode | Should -Be 0 -Because $archive.Text
        $archive.Text | Should -Not -Match '(?m)^(ERROR|WARNING|Warnings|Errors)'
        $archive.Type | Should -BeExactly 'VHDX'
        $archive.Method | Should -BeExactly $Method
        $archive.VirtualDiskSize | Should -Be $Parameters.SizeBytes
        $archive.LogicalSectorSize | Should -Be (Get-UInt32 (Get-ItemBytes $image LogicalSectorSize))
        $archive.PhysicalSectorSize | Should -Be (Get-UInt32 (Get-ItemBytes $image PhysicalSectorSize))
        $archive.BlockSize | Should -Be (Get-UInt32 (Get-ItemBytes $image FileParameters))
        $archive.PhysicalSize | Should -Be $image.Length
        $archive.'Creator Application' | Should -BeExactly 'plain'
        $archive.HasParent | Should -BeExactly '-'
        $archive.Fixed | Should -BeExactly ($Type -eq 'Fixed' ? '+' : '-')
        $archive.SequenceNumber | Should -Be $image.Headers[1].SequenceNumber
        $archive.FileWriteGuid | Should -BeExactly (Get-RawGuid $image.Headers[1].FileWriteGuid)
        $archive.DataWriteGuid | Should -BeExactly (Get-RawGuid $image.Headers[1].DataWriteGuid)
        $archive.Id | Should -BeExactly (Get-RawGuid (Get-GuidAt (Get-ItemBytes $image VirtualDiskId)))
        $archive.FreeSpace | Should -BeExactly '0 (0 MiB)'
    }

    It 'is described by vhdiinfo as it is' {
        Skip-Without vhdiinfo
        $info = Get-VhdiInfo $path
        $info.ExitCode | Should -Be 0 -Because $info.Text
        $info.Format | Should -BeExactly 'VHDX (version 2)'
        $info.'Disk type' | Should -BeExactly $Type
        $info.'Media size' | Should -Match "\b$($Parameters.SizeBytes) bytes"
        $info.'Bytes per sector' | Should -BeExactly "$(Get-UInt32 (Get-ItemBytes $image LogicalSectorSize)) bytes"
        # Its "Identifier" is DataWriteGuid.
        $info.Identifier | Should -BeExactly $image.Headers[1].DataWriteGuid.ToString()
    }
}

Describe 'New-VhdxImage and 7zz, vhdiinfo: a child with <Name>' -ForEach $children {
    BeforeAll {
        $parentPath = Join-Path $folder "$([guid]::NewGuid()).vhdx"
        $path = Join-Path $folder "$([guid]::NewGuid()).avhdx"
        $null = New-VhdxImage -Path $parentPath @Parent
        $null = New-VhdxImage -Path $path -ParentPath $parentPath @Child
        $image = Read-ImageBytes $path
        $linkage = (Read-ImageBytes $parentPath).Headers[1].DataWriteGuid
        $size = Get-UInt64 (Get-ItemBytes $image VirtualDiskSize)
    }

    AfterAll { Remove-Item -LiteralPath $path, $parentPath }

    It 'is listed by 7zz with its parent' {
        Skip-Without 7zz
        $archive = Get-Archive $path
        $archive.VirtualDiskSize | Should -Be $size
        $archive.HasParent | Should -BeExactly '+'
        $archive.Method | Should -BeLike 'Differencing*'
        $archive.parent_linkage | Should -BeExactly "{$linkage}"
        $archive.relative_path | Should -BeExactly ".\$([IO.Path]::GetFileName($parentPath))"
        $archive.Id | Should -BeExactly (Get-RawGuid (Get-GuidAt (Get-ItemBytes (Read-ImageBytes $parentPath) VirtualDiskId)))
        $archive.LogicalSectorSize | Should -Be (Get-UInt32 (Get-ItemBytes $image LogicalSectorSize))
        $archive.Text | Should -Not -Match 'Headers Error|Unsupported|is not archive'
    }

    It 'is described by vhdiinfo with its parent' {
        Skip-Without vhdiinfo
        $info = Get-VhdiInfo $path
        $info.ExitCode | Should -Be 0 -Because $info.Text
        $info.'Disk type' | Should -BeExactly 'Differential'
        $info.'Media size' | Should -Match "\b$size bytes"
        $info.Identifier | Should -BeExactly $image.Headers[1].DataWriteGuid.ToString()
        $info.'Parent identifier' | Should -BeExactly $linkage.ToString()
    }
}
