# Every byte of a new image without a parent, at its offset in the file (MS-VHDX; the Windows order of regions and items).

BeforeDiscovery {
    $cases = @(
        @{ Name = 'defaults'; Parameters = @{ SizeBytes = 10GB } }
        @{ Name = 'one sector'; Parameters = @{ SizeBytes = 512 } }
        @{ Name = 'a part of a block'; Parameters = @{ SizeBytes = 10GB + 512; BlockSizeBytes = 1MB } }
        @{ Name = '4096-byte sectors'; Parameters = @{ SizeBytes = 10GB + 4096; LogicalSectorSizeBytes = 4096; BlockSizeBytes = 1MB } }
        @{ Name = 'sectors 4096 and 512'; Parameters = @{ SizeBytes = 1GB; LogicalSectorSizeBytes = 4096; PhysicalSectorSizeBytes = 512 } }
        @{ Name = 'sectors 512 and 512'; Parameters = @{ SizeBytes = 1GB; LogicalSectorSizeBytes = 512; PhysicalSectorSizeBytes = 512 } }
        foreach ($mib in 2, 4, 8, 16, 64, 128, 256) { @{ Name = "blocks of $mib MiB"; Parameters = @{ SizeBytes = 2TB; BlockSizeBytes = $mib * 1MB } } }
        @{ Name = 'log of 1 MiB'; Parameters = @{ SizeBytes = 64MB; LogSizeBytes = 1MB } }
        @{ Name = 'log of 2 MiB'; Parameters = @{ SizeBytes = 64MB; LogSizeBytes = 2MB } }
        @{ Name = 'log of 16 MiB'; Parameters = @{ SizeBytes = 64MB; LogSizeBytes = 16MB } }
        @{ Name = '64 TiB'; Parameters = @{ SizeBytes = 64TB } }
        @{ Name = '64 TiB, blocks of 8 MiB'; Parameters = @{ SizeBytes = 64TB; BlockSizeBytes = 8MB } }
        @{ Name = 'state ZERO'; Parameters = @{ SizeBytes = 10GB; BlockSizeBytes = 1MB; BlockState = 'Zero' } }
        @{ Name = 'state ZERO, the last block ends a chunk'; Parameters = @{ SizeBytes = 8GB; BlockSizeBytes = 1MB; BlockState = 'Zero' } }
        @{ Name = 'state ZERO, the last block begins a chunk'; Parameters = @{ SizeBytes = 4GB + 512; BlockSizeBytes = 1MB; BlockState = 'Zero' } }
        @{ Name = 'state ZERO, 4096-byte sectors'; Parameters = @{ SizeBytes = 40GB; BlockSizeBytes = 1MB; LogicalSectorSizeBytes = 4096; BlockState = 'Zero' } }
        @{ Name = 'fixed'; Parameters = @{ SizeBytes = 40MB; Type = 'Fixed' } }
        @{ Name = 'fixed with a part of a block'; Parameters = @{ SizeBytes = 5MB + 512; Type = 'Fixed'; BlockSizeBytes = 2MB; LogSizeBytes = 3MB } }
        @{ Name = 'fixed, zeros written'; Parameters = @{ SizeBytes = 9MB; Type = 'Fixed'; BlockSizeBytes = 4MB; Preallocation = 'Full' } }
        @{ Name = 'fixed over two chunks'; Parameters = @{ SizeBytes = 5GB; Type = 'Fixed'; BlockSizeBytes = 1MB; Preallocation = 'None' } }
        @{ Name = 'fixed, 4096-byte sectors'; Parameters = @{ SizeBytes = 33GB; Type = 'Fixed'; BlockSizeBytes = 1MB; LogicalSectorSizeBytes = 4096; Preallocation = 'None' } }
    )
}

BeforeAll {
    . (Join-Path $PSScriptRoot 'common.ps1')
    . (Join-Path $PSScriptRoot 'ImageBytes.ps1')
}

Describe 'New-VhdxImage bytes: <Name>' -ForEach $cases {
    BeforeAll {
        $path = Join-Path (New-TestFolder) 'disk.vhdx'
        $identifier = [guid]::NewGuid()
        $null = New-VhdxImage -Path $path -Creator 'Zoë & Söhne' -DiskIdentifier $identifier -WarningAction SilentlyContinue @Parameters
        $image = Read-ImageBytes $path

        # What MS-VHDX makes of the parameters.
        $size = [long] $Parameters.SizeBytes
        $blockSize = if ($Parameters.ContainsKey('BlockSizeBytes')) { [long] $Parameters.BlockSizeBytes } else { 32MB }
        $logSize = if ($Parameters.ContainsKey('LogSizeBytes')) { [long] $Parameters.LogSizeBytes } else { 1MB }
        $logical = if ($Parameters.ContainsKey('LogicalSectorSizeBytes')) { $Parameters.LogicalSectorSizeBytes } else { 512 }
        $physical = if ($Parameters.ContainsKey('PhysicalSectorSizeBytes')) { $Parameters.PhysicalSectorSizeBytes } else { 4096 }
        $fixed = $Parameters.ContainsKey('Type')
        $state = if ($fixed) { 6 } elseif ($Parameters.ContainsKey('BlockState')) { 2 } else { 0 }
        $ratio = 8388608L * $logical / $blockSize
        $blocks = [long] [Math]::Ceiling([decimal] $size / $blockSize)
        $entryCount = $blocks + [long] [Math]::Floor([decimal] ($blocks - 1) / $ratio)
        $batLength = 1MB * [long] [Math]::Ceiling([decimal] ($entryCount * 8) / 1MB)
        $metadataOffset = 1MB + $logSize
        $batOffset = $metadataOffset + 1MB
        $payload = $batOffset + $batLength
    }

    AfterAll { Remove-Item -LiteralPath $path }

    It 'has the file type identifier' {
        [Text.Encoding]::ASCII.GetString($image.Identifier, 0, 8) | Should -BeExactly 'vhdxfile'
        $creator = [Text.Encoding]::Unicode.GetBytes('Zoë & Söhne')
        Get-Hex $image.Identifier 8 $creator.Length | Should -BeExactly (Get-Hex $creator)
        Test-Zero $image.Identifier (8 + $creator.Length) | Should -BeTrue
    }

    It 'has two valid headers, the second the current one' {
        foreach ($header in $image.Headers) {
            $header.Signature | Should -BeExactly 'head'
            $header.Checksum | Should -Be $header.Computed
            $header.Checksum | Should -Not -Be 0
            $header.FileWriteGuid | Should -Not -Be ([guid]::Empty)
            $header.DataWriteGuid | Should -Not -Be ([guid]::Empty)
            $header.LogGuid | Should -Be ([guid]::Empty)
            $header.LogVersion | Should -Be 0
            $header.Version | Should -Be 1
            $header.LogLength | Should -Be $logSize
            $header.LogOffset | Should -Be 1MB
            Test-Zero $header.Bytes 80 | Should -BeTrue
        }
        $image.Headers[0].SequenceNumber | Should -BeGreaterThan 0
        $image.Headers[1].SequenceNumber | Should -Be ($image.Headers[0].SequenceNumber + 1)
        $image.Headers[1].FileWriteGuid | Should -Be $image.Headers[0].FileWriteGuid
        $image.Headers[1].DataWriteGuid | Should -Be $image.Headers[0].DataWriteGuid
        @($image.Headers[0].FileWriteGuid, $image.Headers[0].DataWriteGuid, $identifier | Sort-Object -Unique) | Should -HaveCount 3
    }

    It 'has two equal region tables with required BAT and metadata regions' {
        Get-Hex $image.Regions[0].Bytes | Should -BeExactly (Get-Hex $image.Regions[1].Bytes)
        $table = $image.Regions[0]
        $table.Signature | Should -BeExactly 'regi'
        $table.Checksum | Should -Be $table.Computed
        $table.Count | Should -Be 2
        $table.Reserved | Should -Be 0
        Test-Zero $table.Bytes (16 + 2 * 32) | Should -BeTrue
        $table.Entries.Required | Should -Be @(1, 1)
        $image.Bat.FileOffset | Should -Be $batOffset
        $image.Bat.Length | Should -Be $batLength
        $image.Metadata.FileOffset | Should -Be $metadataOffset
        $image.Metadata.Length | Should -Be 1MB
    }

    It 'has a metadata table of five items in the Windows order' {
        $region = $image.MetadataBytes
        [Text.Encoding]::ASCII.GetString($region, 0, 8) | Should -BeExactly 'metadata'
        Get-UInt16 $region 8 | Should -Be 0
        Get-UInt16 $region 10 | Should -Be 5
        Test-Zero $region 12 20 | Should -BeTrue
        $image.Items.Id.Guid | Should -Be @('FileParameters', 'VirtualDiskSize', 'LogicalSectorSize', 'PhysicalSectorSize', 'VirtualDiskId' | ForEach-Object { $itemIds[$_] })
        $image.Items.Offset | Should -Be @(0, 8, 16, 20, 24 | ForEach-Object { 65536 + $_ })
        $image.Items | ForEach-Object Length | Should -Be @(8, 8, 4, 4, 16)
        $image.Items.Flags | Should -Be @(4, 6, 6, 6, 6)
        $image.Items.Reserved | Should -Be @(0, 0, 0, 0, 0)
        Test-Zero $region (32 + 5 * 32) (65536 - 32 - 5 * 32) | Should -BeTrue
        Test-Zero $region (65536 + 40) | Should -BeTrue
    }

    It 'has the values in its items' {
        $parameters = Get-ItemBytes $image FileParameters
        Get-UInt32 $parameters 0 | Should -Be $blockSize
        Get-UInt32 $parameters 4 | Should -Be ([int] $fixed) -Because 'bit 0 is LeaveBlocksAllocated, bit 1 HasParent'
        Get-UInt64 (Get-ItemBytes $image VirtualDiskSize) | Should -Be $size
        Get-UInt32 (Get-ItemBytes $image LogicalSectorSize) | Should -Be $logical
        Get-UInt32 (Get-ItemBytes $image PhysicalSectorSize) | Should -Be $physical
        Get-GuidAt (Get-ItemBytes $image VirtualDiskId) | Should -Be $identifier
    }

    It 'has a BAT entry for each block, and sector bitmap slots without content' {
        $bat = Read-Bytes $path $batOffset $batLength
        [VhdxToolsTests.ByteScan]::CompareBat($bat, $blocks, $ratio, $state, ($fixed ? $payload : 0), $blockSize) | Should -BeNullOrEmpty
    }

    It 'is exactly long enough' {
        $image.Length | Should -Be ($fixed ? $payload + $blocks * $blockSize : $payload)
    }

    It 'holds nothing but zeros elsewhere' {
        $known = @(
            0, (8 + 2 * 'Zoë & Söhne'.Length), 65536, 80, 131072, 80, 196608, 80, 262144, 80
            $metadataOffset, (32 + 5 * 32), ($metadataOffset + 65536), 40
            $batOffset, ($state ? $entryCount * 8 : 0))
        [VhdxToolsTests.ByteScan]::FirstNonZero($path, $payload + 64MB, [long[]] $known) | Should -Be -1
    }
}

Describe 'New-VhdxImage bytes' {
    BeforeAll {
        $folder = New-TestFolder

        function New-ExpectedImage {
            # A dynamic image of 4 MiB, made here byte by byte from the format and from how identifiers follow from a seed.
            param([string] $Seed, [string] $Creator, [long] $Size)

            $bytes = [byte[]]::new(4MB)
            $put = {
                param([int] $Offset, [byte[]] $Content)
                $Content.CopyTo($bytes, $Offset)
            }
            $derive = {
                param([string] $Purpose)
                [Security.Cryptography.SHA256]::HashData([Text.Encoding]::UTF8.GetBytes("VhdxTools/$Purpose/0/Dynamic/$Size//$Seed"))
            }
            $guid = {
                # Version 8 and the variant of RFC 9562, in the order in which Windows stores them.
                param([string] $Purpose)
                $hash = [byte[]] (& $derive $Purpose)[0..15]
                $hash[7] = ($hash[7] -band 0x0F) -bor 0x80
                $hash[8] = ($hash[8] -band 0x3F) -bor 0x80
                $hash
            }
            $seal = {
                param([int] $Offset, [int] $Length)
                & $put ($Offset + 4) ([BitConverter]::GetBytes([uint] (Get-Crc32C ([byte[]] $bytes[$Offset..($Offset + $Length - 1)]))))
            }
            $ascii = [Text.Encoding]::ASCII

            & $put 0 $ascii.GetBytes('vhdxfile')
            & $put 8 ([Text.Encoding]::Unicode.GetBytes($Creator))
            $sequence = ([BitConverter]::ToUInt32((& $derive SequenceNumber), 0) -shr 1) + 1
            foreach ($number in 0, 1) {
                $at = 65536 * ($number + 1)
                & $put $at $ascii.GetBytes('head')
                & $put ($at + 8) ([BitConverter]::GetBytes([ulong] ($sequence + $number)))
                & $put ($at + 16) (& $guid FileWriteGuid)
                & $put ($at + 32) (& $guid DataWriteGuid)
                & $put ($at + 66) ([BitConverter]::GetBytes([uint16] 1))
                & $put ($at + 68) ([BitConverter]::GetBytes([uint] 1MB))
                & $put ($at + 72) ([BitConverter]::GetBytes([ulong] 1MB))
                & $seal $at 4096
            }
            foreach ($at in 196608, 262144) {
                & $put $at $ascii.GetBytes('regi')
                & $put ($at + 8) ([BitConverter]::GetBytes([uint] 2))
                & $put ($at + 16) ([guid] $batGuid).ToByteArray()
                & $put ($at + 32) ([BitConverter]::GetBytes([ulong] 3MB))
                & $put ($at + 40) ([BitConverter]::GetBytes([uint] 1MB))
                & $put ($at + 44) ([BitConverter]::GetBytes([uint] 1))
                & $put ($at + 48) ([guid] $metadataGuid).ToByteArray()
                & $put ($at + 64) ([BitConverter]::GetBytes([ulong] 2MB))
                & $put ($at + 72) ([BitConverter]::GetBytes([uint] 1MB))
                & $put ($at + 76) ([BitConverter]::GetBytes([uint] 1))
                & $seal $at 65536
            }
            & $put 2MB $ascii.GetBytes('metadata')
            & $put (2MB + 10) ([BitConverter]::GetBytes([uint16] 5))
            $items = @(
                @{ Name = 'FileParameters'; Flags = 4; Content = ([BitConverter]::GetBytes([ulong] 32MB)) }
                @{ Name = 'VirtualDiskSize'; Flags = 6; Content = ([BitConverter]::GetBytes([ulong] $Size)) }
                @{ Name = 'LogicalSectorSize'; Flags = 6; Content = ([BitConverter]::GetBytes([uint] 512)) }
                @{ Name = 'PhysicalSectorSize'; Flags = 6; Content = ([BitConverter]::GetBytes([uint] 4096)) }
                @{ Name = 'VirtualDiskId'; Flags = 6; Content = (& $guid DiskIdentifier) }
            )
            $entry = 2MB + 32
            $content = 65536
            foreach ($item in $items) {
                & $put $entry ([guid] $itemIds[$item.Name]).ToByteArray()
                & $put ($entry + 16) ([BitConverter]::GetBytes([uint] $content))
                & $put ($entry + 20) ([BitConverter]::GetBytes([uint] $item.Content.Length))
                & $put ($entry + 24) ([BitConverter]::GetBytes([uint] $item.Flags))
                & $put (2MB + $content) $item.Content
                $entry += 32
                $content += $item.Content.Length
            }
            , $bytes
        }
    }

    It 'are those of an image made here from the format alone' {
        $path = Join-Path $folder 'golden.vhdx'
        $null = New-VhdxImage -Path $path -SizeBytes 10GB -Creator 'golden' -IdentifierSeed 'seed ä'
        $expected = New-ExpectedImage -Seed 'seed ä' -Creator 'golden' -Size 10GB
        $actual = [IO.File]::ReadAllBytes($path)
        $actual.Length | Should -Be 4MB
        for ($at = 0; $at -lt 4MB; $at += 4096) {
            if ([Convert]::ToHexString($actual, $at, 4096) -cne [Convert]::ToHexString($expected, $at, 4096)) { throw "The 4 KiB at offset $at differ." }
        }
    }

    It 'give an empty dynamic image with defaults of 4 MiB' {
        $path = Join-Path $folder 'default.vhdx'
        $null = New-VhdxImage -Path $path -SizeBytes 127GB
        (Get-Item -LiteralPath $path).Length | Should -Be 4194304
    }

    It 'name the module and its version as creator when none is given' {
        $path = Join-Path $folder 'creator.vhdx'
        $null = New-VhdxImage -Path $path -SizeBytes 1GB
        $version = (Get-Module VhdxTools).Version.ToString(3)
        [Text.Encoding]::Unicode.GetString((Read-Bytes $path 8 512)).TrimEnd([char] 0) | Should -BeExactly "VhdxTools $version"
    }

    It 'hold new random identifiers and sequence numbers each time' {
        $images = foreach ($name in 'random1.vhdx', 'random2.vhdx') {
            $path = Join-Path $folder $name
            $null = New-VhdxImage -Path $path -SizeBytes 1GB
            Read-ImageBytes $path
        }
        $images[0].Headers[0].FileWriteGuid | Should -Not -Be $images[1].Headers[0].FileWriteGuid
        $images[0].Headers[0].DataWriteGuid | Should -Not -Be $images[1].Headers[0].DataWriteGuid
        $images[0].Headers[0].SequenceNumber | Should -Not -Be $images[1].Headers[0].SequenceNumber
        Get-Hex (Get-ItemBytes $images[0] VirtualDiskId) | Should -Not -Be (Get-Hex (Get-ItemBytes $images[1] VirtualDiskId))
        Test-Zero (Get-ItemBytes $images[0] VirtualDiskId) | Should -BeFalse
    }

    It 'put a sector bitmap slot at BAT entry 4096 of 512-byte sectors and 1 MiB blocks' {
        $path = Join-Path $folder 'chunk.vhdx'
        $null = New-VhdxImage -Path $path -SizeBytes (4097 * 1MB) -Fixed -BlockSizeBytes 1MB -Preallocation None
        $entries = Read-Bat $path 3MB 4099
        $entries[4095] | Should -Be (4MB + 4095 * 1MB + 6)
        $entries[4096] | Should -Be 0
        $entries[4097] | Should -Be (4MB + 4096 * 1MB + 6)
        $entries[4098] | Should -Be 0
        (Get-Item -LiteralPath $path).Length | Should -Be (4MB + 4097 * 1MB)
    }

    It 'read the entries of 64 TiB with 1 MiB blocks as zeros, and the file is as long as its BAT asks' {
        $path = Join-Path $folder 'huge.vhdx'
        $null = New-VhdxImage -Path $path -SizeBytes 64TB -BlockSizeBytes 1MB
        $image = Read-ImageBytes $path
        # 2^26 blocks and 16383 sector bitmap slots between them: 512 MiB and a bit.
        $image.Bat.Length | Should -Be 513MB
        $image.Length | Should -Be (3MB + $image.Bat.Length)
        Test-Zero (Read-Bytes $path (3MB + 512MB) 1MB) | Should -BeTrue
    }
}
