# Get-VhdxBlock: the allocation map of a file and of a chain, held against BATs and bitmaps that the test wrote itself.

BeforeDiscovery {
    $damages = @(
        @{ What = 'state 4'; Entry = @(3, 4, 0); Id = 'VX602' }
        @{ What = 'state 5'; Entry = @(3, 5, 9); Id = 'VX602' }
        @{ What = 'PARTIALLY_PRESENT without a parent'; Entry = @(3, 7, 9); Id = 'VX604' }
        @{ What = 'offset 0'; Entry = @(3, 6, 0); Id = 'VX607' }
        @{ What = 'a place behind the end of the file'; Entry = @(3, 6, 900); Cut = 5MB; Id = 'VX608' }
        @{ What = 'the greatest offset'; Entry = @(3, 6, 0xFFFFFFFFFFF); Raw = $true; Id = 'VX608' }
        @{ What = 'an offset beyond 2^63'; Entry = @(3, 6, 0x80000000000); Raw = $true; Id = 'VX608' }
    )
}

BeforeAll {
    . (Join-Path $PSScriptRoot 'common.ps1')
    . (Join-Path $PSScriptRoot 'disks.ps1')
    $folder = New-Folder

    # Every state; runs that continue in the file, that do not, and stale places in states without data; a last block that is cut.
    $states = Join-Path $folder 'states.vhdx'
    $null = New-Image $states (20MB + 512)
    Set-Entry $states @(
        @(0, 6, 10), @(1, 6, 11), @(2, 6, 12)
        @(3, 6, 20), @(4, 6, 19)
        @(5, 2, 0), @(6, 2, 0)
        @(7, 3, 33), @(8, 3, 77)
        @(9, 1, 5), @(10, 1, 0)
        @(11, 0, 0), @(12, 0, 44), @(13, 0, 0)
        @(14, 2, 0), @(15, 3, 0), @(16, 2, 0)
        @(17, 6, 30), @(19, 6, 31), @(20, 6, 33)
    )
    $statesImage = [VhdxToolsTests.DiskImage]::new($states)
}

Describe 'The map of one file' {
    It 'tells state, kind and place of blocks in every state, neighbours joined' {
        $extents = Get-VhdxBlock -LiteralPath $states
        $expected = $statesImage.BatRows($true)
        $expected | Should -HaveCount 14
        Get-Row $extents | Should -BeExactly $expected
        $extents[0] | Should -BeOfType ([VhdxTools.VhdxBlockExtent])
        $extents | ForEach-Object File | Sort-Object -Unique | Should -BeExactly $states
    }

    It 'gives a row a block with -NoCoalesce' {
        $extents = Get-VhdxBlock -LiteralPath $states -NoCoalesce
        $extents | Should -HaveCount 21
        Get-Row $extents | Should -BeExactly $statesImage.BatRows($false)
    }

    It 'joins what continues and nothing else' {
        # By hand, so that the expectation of the other tests is itself tested.
        Get-Row (Get-VhdxBlock -LiteralPath $states) | Should -BeExactly @(
            '0 3145728 0 FullyPresent Data 10485760'
            '3145728 1048576 3 FullyPresent Data 20971520'
            '4194304 1048576 4 FullyPresent Data 19922944'
            '5242880 2097152 5 Zero Zero -'
            '7340032 2097152 7 Unmapped Zero -'
            '9437184 2097152 9 Undefined Zero -'
            '11534336 3145728 11 NotPresent Absent -'
            '14680064 1048576 14 Zero Zero -'
            '15728640 1048576 15 Unmapped Zero -'
            '16777216 1048576 16 Zero Zero -'
            '17825792 1048576 17 FullyPresent Data 31457280'
            '18874368 1048576 18 NotPresent Absent -'
            '19922944 1048576 19 FullyPresent Data 32505856'
            '20971520 512 20 FullyPresent Data 34603008'
        )
    }

    It 'covers the disk exactly, the last block cut at its end' {
        foreach ($switches in @{}, @{ NoCoalesce = $true }, @{ Chain = $true }, @{ Chain = $true; NoCoalesce = $true }) {
            $extents = Get-VhdxBlock -LiteralPath $states @switches
            Test-Cover $extents (20MB + 512) | Should -BeTrue
            $extents[-1].Length | Should -Be 512
        }
    }

    It 'is of <Type>, <Sector>-byte sectors and <BlockSize>-byte blocks what the BAT says' -ForEach @(
        @{ Type = 'Dynamic'; Sector = 512; BlockSize = 2MB }
        @{ Type = 'Dynamic'; Sector = 4096; BlockSize = 32MB }
        @{ Type = 'Fixed'; Sector = 512; BlockSize = 1MB }
        @{ Type = 'Fixed'; Sector = 4096; BlockSize = 4MB }
    ) {
        $path = Join-Path $folder "$Type-$Sector-$BlockSize.vhdx"
        $more = if ($Type -eq 'Fixed') { @{ Preallocation = 'None' } } else { @{} }
        $null = New-VhdxImage -Path $path -SizeBytes 61MB -Type $Type -LogicalSectorSizeBytes $Sector -BlockSizeBytes $BlockSize @more
        if ($Type -eq 'Dynamic') { Use-Disk $path { foreach ($at in 60MB, 1, 40MB) { $disk.WriteAt($at, [byte[]](1, 2, 3), 0, 3) } } }
        $image = [VhdxToolsTests.DiskImage]::new($path)
        Get-Row (Get-VhdxBlock $path) | Should -BeExactly $image.BatRows($true)
        $extents = Get-VhdxBlock $path -NoCoalesce
        Get-Row $extents | Should -BeExactly $image.BatRows($false)
        Test-Cover $extents 61MB | Should -BeTrue
        @($extents | Where-Object Kind -EQ Data).Count | Should -BeGreaterThan 1
    }

    It 'passes over sector bitmap entries: chunk after chunk' {
        # 1 MiB blocks and 512-byte sectors: block 4096 is entry 4097, block 8192 is entry 8194.
        $path = New-Image (Join-Path $folder 'chunks.vhdx') 9GB
        Set-Entry $path @(@(4095, 6, 10), @(4096, 6, 11), @(8191, 6, 13), @(8192, 6, 14), @(9215, 6, 16))
        Get-Row (Get-VhdxBlock $path) | Should -BeExactly @(
            '0 4293918720 0 NotPresent Absent -'
            '4293918720 2097152 4095 FullyPresent Data 10485760'
            '4296015872 4292870144 4097 NotPresent Absent -'
            '8588886016 2097152 8191 FullyPresent Data 13631488'
            '8590983168 1071644672 8193 NotPresent Absent -'
            '9662627840 1048576 9215 FullyPresent Data 16777216'
        )
        Get-Row (Get-VhdxBlock $path -Chain | Where-Object Kind -EQ Data) | Should -BeExactly @(
            '4293918720 2097152 4095 FullyPresent Data 10485760'
            '8588886016 2097152 8191 FullyPresent Data 13631488'
            '9662627840 1048576 9215 FullyPresent Data 16777216'
        )
        # Where the disk writes is where the map and our own reader look.
        Use-Disk $path { $disk.WriteAt(5000MB, [byte[]] 1, 0, 1) }
        ([VhdxToolsTests.DiskImage]::new($path)).PayloadEntry(5000) -band 7 | Should -Be 6
        (Get-VhdxBlock $path | Where-Object Block -EQ 5000).State | Should -Be FullyPresent
    }

    It 'is the replayed one of an image with a dirty log, which stays as it is' {
        if (-not (Test-Peer qemu-img)) { Set-ItResult -Skipped -Because 'qemu-img is not here' }
        $path = Get-SampleFile vhdx-log-replay.vhdx
        $before = Get-FileState $path
        $rows = Get-Row (Get-VhdxBlock $path)
        Get-FileState $path | Should -BeExactly $before
        $null = & qemu-img check -q -r all $path 2>&1
        (Get-VhdxImage $path).LogState | Should -Be Clean
        $rows | Should -BeExactly ([VhdxToolsTests.DiskImage]::new($path).BatRows($true))
    }

    It 'agrees with what qemu-img reads: data from its place in the file, zeros elsewhere' {
        # Not with qemu-img map: that takes all of a disk for data and names no places (R22).
        if (-not (Test-Peer qemu-img)) { Set-ItResult -Skipped -Because 'qemu-img is not here' }
        $path = New-Image (Join-Path $folder 'qemu.vhdx') 40MB
        Use-Disk $path {
            foreach ($block in 30, 3, 4, 5, 17, 16, 39) { $disk.WriteAt($block * 1MB, [VhdxToolsTests.Disks]::Pattern($block * 1MB, 1MB, 1), 0, 1MB) }
            $disk.Trim(4MB, 1MB)
        }
        $map = & qemu-img map -f vhdx --output=json $path | ConvertFrom-Json
        ($map | Measure-Object length -Sum).Sum | Should -Be 40MB
        $raw = ConvertTo-Raw $path
        $extents = Get-VhdxBlock $path
        @($extents | Where-Object Kind -EQ Data) | Should -HaveCount 6
        foreach ($extent in $extents) {
            $expected = if ($extent.Kind -eq 'Data') { Read-Bytes $path $extent.FileOffset $extent.Length } else { [byte[]]::new($extent.Length) }
            [Linq.Enumerable]::SequenceEqual([byte[]] (Read-Bytes $raw $extent.VirtualOffset $extent.Length), [byte[]] $expected) | Should -BeTrue -Because "$extent"
        }
    }
}

Describe 'The map of a chain' {
    BeforeAll {
        # Base of 6 MiB, child of 9 MiB, tip of 12 MiB and a piece: shorter and longer parents, every way to look through.
        $chainFolder = New-Folder
        $base = New-Image (Join-Path $chainFolder 'base.vhdx') 6MB
        $middle = New-Image (Join-Path $chainFolder 'middle.vhdx') 9MB @{ ParentPath = $base }
        $tip = New-Image (Join-Path $chainFolder 'tip.vhdx') (12MB + 1536) @{ ParentPath = $middle }
        Set-Entry $base @(@(0, 6, 10), @(1, 6, 11), @(2, 6, 15), @(3, 2, 0), @(4, 3, 0), @(5, 6, 16))
        Set-Entry $middle @(@(0, 7, 20), @(1, 2, 0), @(3, 7, 21), @(5, 7, 22), @(6, 6, 23), @(7, 7, 24))
        # Sectors of the disk: singles, a byte border, a run over two blocks of bits, the last sector of a block.
        Set-Bitmap $middle 12 @(@(0, 1), @(7, 2), @(100, 900), @(2047, 1), @(6144, 64), @(8190, 2), @(10240, 2048), @(14336, 3))
        Set-Entry $tip @(@(0, 7, 30), @(2, 3, 0), @(4, 1, 0), @(8, 6, 31), @(9, 6, 32), @(11, 7, 33), @(12, 7, 34))
        # Bits of blocks that are not PARTIALLY_PRESENT mean nothing: those of block 1 and 8 are set here.
        Set-Bitmap $tip 13 @(@(3, 5), @(1024, 8), @(2048, 2048), @(16384, 100), @(22528, 7), @(24577, 1))
        $chainImage = [VhdxToolsTests.DiskImage]::new($tip, [VhdxToolsTests.DiskImage]::new($middle, [VhdxToolsTests.DiskImage]::new($base)))
    }

    It 'tells for every range which file holds it and where, by the bits' {
        $extents = Get-VhdxBlock -LiteralPath $tip -Chain
        $expected = $chainImage.ChainRows($true)
        Get-Row $extents -WithFile | Should -BeExactly $expected
        Test-Cover $extents (12MB + 1536) | Should -BeTrue
        $extents | Where-Object File | ForEach-Object File | Sort-Object -Unique | Should -BeExactly @($base, $middle, $tip)
    }

    It 'ends ranges at the blocks of the tip with -NoCoalesce' {
        $extents = Get-VhdxBlock -LiteralPath $tip -Chain -NoCoalesce
        Get-Row $extents -WithFile | Should -BeExactly $chainImage.ChainRows($false)
        Test-Cover $extents (12MB + 1536) | Should -BeTrue
        $extents | Where-Object { [Math]::Floor($_.VirtualOffset / 1MB) -ne [Math]::Floor(($_.VirtualOffset + $_.Length - 1) / 1MB) } | Should -BeNullOrEmpty
    }

    It 'has the rows that a reader of the specification expects' {
        # A few by hand: the expectation of the others is computed.
        $rows = Get-Row (Get-VhdxBlock -LiteralPath $tip -Chain) -WithFile
        $rows[0] | Should -BeExactly '0 512 0 PartiallyPresent Data 20971520 middle.vhdx'
        $rows[1] | Should -BeExactly '512 1024 0 FullyPresent Data 10486272 base.vhdx'
        $rows[2] | Should -BeExactly '1536 2560 0 PartiallyPresent Data 31458816 tip.vhdx'
        $rows | Should -Contain '1048576 1048576 1 Zero Zero - middle.vhdx' -Because 'ZERO hides the parent, whatever the bits of the tip say'
        $rows | Should -Contain '2097152 1048576 2 Unmapped Zero - tip.vhdx'
        $rows | Should -Contain '7341568 1047040 7 - Absent - -' -Because 'the base ends at 6 MiB'
        $rows | Should -Contain '8388608 2097152 8 FullyPresent Data 32505856 tip.vhdx'
        $rows | Should -Contain '10485760 1048576 10 - Absent - -' -Because 'the middle ends at 9 MiB'
        $rows[-1] | Should -BeExactly '12583936 512 12 - Absent - -'
        $rows[-2] | Should -BeExactly '12583424 512 12 PartiallyPresent Data 35652096 tip.vhdx'
    }

    It 'is, without -Chain, only what the tip itself holds' {
        Get-Row (Get-VhdxBlock -LiteralPath $tip) | Should -BeExactly $chainImage.BatRows($true)
    }

    It 'is that of the file when there is no parent' {
        $rows = Get-Row (Get-VhdxBlock -LiteralPath $base -Chain) -WithFile
        $rows | Should -BeExactly ([VhdxToolsTests.DiskImage]::new($base)).ChainRows($true)
    }

    It 'tells where the bytes are that the stream gives' {
        Use-Disk $middle { $disk.WriteAt(3MB, [VhdxToolsTests.Disks]::Pattern(3MB, 32768, 5), 0, 32768) }
        # The write renewed the parent's DataWriteGuid: the child is told, by hand.
        $pairs = Get-Locator $tip
        $pairs['parent_linkage'] = ([VhdxToolsTests.DiskImage]::new($middle)).DataWriteGuid.ToString('B')
        Set-Locator $tip $pairs
        $extents = Get-VhdxBlock -LiteralPath $tip -Chain
        Use-Disk $tip -Access Read {
            foreach ($extent in $extents) {
                $bytes = [byte[]]::new($extent.Length)
                $disk.ReadAt($extent.VirtualOffset, $bytes, 0, $bytes.Length) | Should -Be $bytes.Length
                $expected = if ($extent.Kind -eq 'Data') { Read-Bytes $extent.File $extent.FileOffset $extent.Length } else { [byte[]]::new($extent.Length) }
                [Linq.Enumerable]::SequenceEqual([byte[]] $bytes, [byte[]] $expected) | Should -BeTrue -Because "$extent"
            }
        }
    }

    It 'works with 4096-byte sectors and other block sizes above and below' {
        $own = New-Folder
        $parent = New-Image (Join-Path $own 'base.vhdx') 8MB @{ BlockSizeBytes = 4MB; LogicalSectorSizeBytes = 4096 }
        $child = New-Image (Join-Path $own 'tip.vhdx') 8MB @{ ParentPath = $parent; BlockSizeBytes = 2MB }
        Set-Entry $parent @(@(0, 6, 12), @(1, 6, 8))
        Set-Entry $child @(@(0, 7, 10), @(2, 7, 12), @(3, 2, 0))
        Set-Bitmap $child 9 @(@(1, 1), @(8, 300), @(1024, 9), @(1535, 1))
        $image = [VhdxToolsTests.DiskImage]::new($child, [VhdxToolsTests.DiskImage]::new($parent))
        Get-Row (Get-VhdxBlock $child -Chain) -WithFile | Should -BeExactly $image.ChainRows($true)
        Get-Row (Get-VhdxBlock $child -Chain -NoCoalesce) -WithFile | Should -BeExactly $image.ChainRows($false)
    }

    It 'needs the parents: <_> is an error with a name' -ForEach 'missing', 'mismatch', 'loop', 'sector size' {
        $own = New-Folder
        $parent = New-Image (Join-Path $own 'base.vhdx') 8MB
        $child = New-Image (Join-Path $own 'tip.vhdx') 0 @{ ParentPath = $parent }
        $id = switch ($_) {
            'missing' { Remove-Item -LiteralPath $parent; 'VX804' }
            'mismatch' { Use-Disk $parent { $disk.WriteAt(0, [byte[]] 1, 0, 1) }; 'VX805' }
            'loop' {
                Set-Locator $child ([ordered]@{ parent_linkage = ([VhdxToolsTests.DiskImage]::new($child)).DataWriteGuid.ToString('B'); relative_path = '.\tip.vhdx' })
                'VX807'
            }
            'sector size' {
                Write-FileBytes $parent ([VhdxToolsTests.DiskImage]::new($parent).ItemPlace('8141BF1D-A96F-4709-BA47-F233A8FAAB5F')[0]) ([BitConverter]::GetBytes(4096))
                'VX806'
            }
        }
        $rows = Get-VhdxBlock $child -Chain -ErrorAction SilentlyContinue -ErrorVariable failure
        $rows | Should -BeNullOrEmpty
        $failure | Should -HaveCount 1
        $failure[0].FullyQualifiedErrorId | Should -BeExactly "$id,VhdxTools.GetVhdxBlockCommand"
        # The file's own map needs no parent.
        Get-VhdxBlock $child | Should -HaveCount 1
    }
}

Describe 'Damage: <What>' -ForEach $damages {
    BeforeAll {
        $path = New-Image (Join-Path (New-Folder) 'damaged.vhdx') 8MB
        Set-Entry $path @(@(0, 2, 0), @(1, 0, 0), @(6, 2, 0))
        if ($damage = $_['Raw']) {
            $image = [VhdxToolsTests.DiskImage]::new($path)
            Write-FileBytes $path $image.PayloadPlace($Entry[0]) ([BitConverter]::GetBytes([ulong] (([ulong] $Entry[2] -shl 20) -bor [ulong] $Entry[1])))
        }
        else { Set-Entry $path @(, $Entry) }
        if ($_['Cut']) { Set-FileLength $path $Cut }
    }

    It 'is one error with a name behind the rows of what lies before it, <Title>' -ForEach @(
        @{ Title = 'joined'; Switches = @{}; Before = 2 }
        @{ Title = 'a row a block'; Switches = @{ NoCoalesce = $true }; Before = 3 }
        @{ Title = 'with -Chain'; Switches = @{ Chain = $true }; Before = 2 }
    ) {
        $rows = @(Get-VhdxBlock -LiteralPath $path @Switches -ErrorAction SilentlyContinue -ErrorVariable failure)
        $failure | Should -HaveCount 1
        $failure[0].FullyQualifiedErrorId | Should -BeExactly "$Id,VhdxTools.GetVhdxBlockCommand"
        $failure[0].CategoryInfo.Category | Should -Be InvalidData
        $failure[0].TargetObject | Should -BeExactly $path
        $failure[0].Exception.Finding.Block | Should -Be 3
        $failure[0].Exception.Finding.FileOffset | Should -Be ([VhdxToolsTests.DiskImage]::new($path)).PayloadPlace(3)
        # With -Chain what is found before the damage may still wait for its neighbour.
        $rows.Count | Should -BeIn $Before, ($Before - [int] ($Title -eq 'with -Chain'))
        $rows | ForEach-Object Kind | Should -Not -Contain Data
        Get-OpenHandle $path | Should -BeIn 0, $null
    }
}

Describe 'Damage in a chain' {
    It 'of a parent is an error that names the parent' {
        $own = New-Folder
        $parent = New-Image (Join-Path $own 'base.vhdx') 8MB
        $child = New-Image (Join-Path $own 'tip.vhdx') 0 @{ ParentPath = $parent }
        Set-Entry $parent @(, @(2, 5, 0))
        $null = Get-VhdxBlock $child -Chain -ErrorAction SilentlyContinue -ErrorVariable failure
        $failure | Should -HaveCount 1
        $failure[0].FullyQualifiedErrorId | Should -BeExactly 'VX602,VhdxTools.GetVhdxBlockCommand'
        $failure[0].Exception.Message | Should -BeLike "*base.vhdx*"
    }

    It 'hidden by the child is never looked at' {
        $own = New-Folder
        $parent = New-Image (Join-Path $own 'base.vhdx') 8MB
        $child = New-Image (Join-Path $own 'tip.vhdx') 0 @{ ParentPath = $parent }
        Set-Entry $parent @(, @(2, 5, 0))
        Set-Entry $child @(, @(2, 2, 0))
        Get-VhdxBlock $child -Chain | Should -HaveCount 3
    }

    It 'of a bitmap entry (<Title>) is VX606' -ForEach @(
        @{ Title = 'not there'; Value = [ulong] 0 }
        @{ Title = 'not there, with a stale place'; Value = [ulong] 0xC00000 }
        @{ Title = 'inside the header section'; Value = [ulong] 6 }
        @{ Title = 'behind the end of the file'; Value = [ulong] (6 + 0x1000000000) }
    ) {
        $own = New-Folder
        $parent = New-Image (Join-Path $own 'base.vhdx') 8MB
        $child = New-Image (Join-Path $own 'tip.vhdx') 0 @{ ParentPath = $parent }
        Set-Entry $child @(, @(2, 7, 10))
        Write-FileBytes $child ([VhdxToolsTests.DiskImage]::new($child)).BitmapPlace(0) ([BitConverter]::GetBytes($Value))
        $null = Get-VhdxBlock $child -Chain -ErrorAction SilentlyContinue -ErrorVariable failure
        $failure | Should -HaveCount 1
        $failure[0].FullyQualifiedErrorId | Should -BeExactly 'VX606,VhdxTools.GetVhdxBlockCommand'
    }
}

Describe 'Streaming' -Tag SlowUnderWine {
    BeforeAll {
        $huge = New-Image (Join-Path $folder 'huge.vhdx') 64TB
        Set-Entry $huge @(, @(0, 6, ([IO.FileInfo]::new($huge).Length / 1MB)))
    }

    It 'gives the first row of 64 TiB and lets go of the file: <Title>' -ForEach @(
        @{ Title = 'joined'; Switches = @{} }
        @{ Title = 'a row a block'; Switches = @{ NoCoalesce = $true } }
        @{ Title = 'chain'; Switches = @{ Chain = $true } }
        @{ Title = 'chain, a row a block'; Switches = @{ Chain = $true; NoCoalesce = $true } }
    ) {
        $first = Get-VhdxBlock $huge @Switches | Select-Object -First 1
        $first.State | Should -Be FullyPresent
        $first.Length | Should -Be 1MB
        Get-OpenHandle $huge | Should -BeIn 0, $null
    }

    It 'covers 64 TiB in two rows' {
        foreach ($switches in @{}, @{ Chain = $true }) {
            $extents = Get-VhdxBlock $huge @switches
            $extents | Should -HaveCount 2
            Test-Cover $extents 64TB | Should -BeTrue
        }
    }

    It 'writes row after row, not all at the end' {
        # 67 million rows would take minutes, and gigabytes.
        $seen = 0
        $before = [GC]::GetTotalMemory($true)
        Get-VhdxBlock $huge -NoCoalesce | Select-Object -First 100000 | ForEach-Object { $seen++ }
        $seen | Should -Be 100000
        [GC]::GetTotalMemory($true) - $before | Should -BeLessThan 20MB
    }
}

Describe 'The object' {
    It 'is a line of hexadecimal numbers as text' {
        $extents = Get-VhdxBlock -LiteralPath $states
        "$($extents[0])" | Should -BeExactly '0x0+0x300000 Data at 0xA00000'
        "$($extents[3])" | Should -BeExactly '0x500000+0x200000 Zero'
        "$($extents[6])" | Should -BeExactly '0xB00000+0x300000 Absent'
    }

    It 'is a table with offsets in hexadecimal' {
        $text = Get-VhdxBlock -LiteralPath $states | Out-String -Width 200
        $text | Should -Match '(?m)^\s*VirtualOffset\s+Length\s+Block\s+Kind\s+State\s+FileOffset\s+File\s*$'
        $text | Should -Match '(?m)^\s*0x300000\s+1 MiB\s+3\s+Data\s+FullyPresent\s+0x1400000\s+\S'
        $text | Should -Match '(?m)^\s*0x500000\s+2 MiB\s+5\s+Zero\s+Zero\s+\S*states'
        $text | Should -Match '(?m)^\s*0x1400000\s+512 B\s+20\s+Data\s+FullyPresent\s+0x2100000\s+\S'
    }

    It 'is a list with every property, offsets in hexadecimal and lengths also in bytes' {
        $text = (Get-VhdxBlock -LiteralPath $states)[1] | Format-List | Out-String -Width 200
        $text | Should -Match '(?m)^VirtualOffset\s*: 0x300000\s*$'
        $text | Should -Match '(?m)^Length\s*: 1 MiB \(1048576\)\s*$'
        $text | Should -Match '(?m)^FileOffset\s*: 0x1400000\s*$'
        $properties = [VhdxTools.VhdxBlockExtent].GetProperties().Name
        @([regex]::Matches($text, '(?m)^(\w+)\s*:').ForEach({ $_.Groups[1].Value }) | Sort-Object) | Should -BeExactly @($properties | Sort-Object)
    }

    It 'is the same under a culture with other digits and separators' {
        if (-not $(try { [cultureinfo]::GetCultureInfo('ar-SA', $true) } catch { $null })) { Set-ItResult -Skipped -Because 'there is no culture data (invariant globalization)' }
        $culture = [Globalization.CultureInfo]::CurrentCulture
        try {
            [Globalization.CultureInfo]::CurrentCulture = 'ar-SA'
            "$((Get-VhdxBlock -LiteralPath $states)[0])" | Should -BeExactly '0x0+0x300000 Data at 0xA00000'
        }
        finally { [Globalization.CultureInfo]::CurrentCulture = $culture }
    }
}

Describe 'The cmdlet in the pipeline' {
    BeforeAll {
        $many = New-Folder
        $good = 'a.vhdx', 'b.vhdx', '[c].vhdx' | ForEach-Object { New-Image (Join-Path $many $_) 3MB }
        [IO.File]::WriteAllText((Join-Path $many 'a2.vhdx'), 'This is no image.')
        $null = New-Item -ItemType Directory -Path (Join-Path $many 'folder.vhdx')
    }

    It 'goes on after a bad file' {
        $extents = Get-ChildItem -LiteralPath $many -File | Sort-Object Name | Get-VhdxBlock -ErrorAction SilentlyContinue -ErrorVariable failure
        $extents.File | Sort-Object | Should -BeExactly ($good | Sort-Object)
        $failure | Should -HaveCount 1
        $failure[0].FullyQualifiedErrorId | Should -BeExactly 'NotAVirtualDisk,VhdxTools.GetVhdxBlockCommand'
        $failure[0].TargetObject | Should -BeExactly (Join-Path $many 'a2.vhdx')
    }

    It 'takes wildcards, and names that look like them to the letter' {
        (Get-VhdxBlock (Join-Path $many '?.vhdx')).File | Should -BeExactly $good[0..1]
        (Get-VhdxBlock (Join-Path $many '[c].vhdx')).File | Should -BeExactly $good[2]
        (Get-VhdxBlock -LiteralPath (Join-Path $many '[c].vhdx')).File | Should -BeExactly $good[2]
        Get-VhdxBlock (Join-Path $many 'nothing*.vhdx') | Should -BeNullOrEmpty
    }

    It 'reports <Id> for <Title>' -ForEach @(
        @{ Title = 'a file that is not there'; Name = 'none.vhdx'; Id = 'FileNotFound'; Category = 'ObjectNotFound' }
        @{ Title = 'a folder'; Name = 'folder.vhdx'; Id = 'PathIsFolder'; Category = 'InvalidArgument' }
        @{ Title = 'another file'; Name = 'a2.vhdx'; Id = 'NotAVirtualDisk'; Category = 'InvalidData' }
    ) {
        foreach ($switches in @{}, @{ Chain = $true }) {
            $null = Get-VhdxBlock (Join-Path $many $Name) @switches -ErrorAction SilentlyContinue -ErrorVariable failure
            $failure | Should -HaveCount 1
            $failure[0].FullyQualifiedErrorId | Should -BeExactly "$Id,VhdxTools.GetVhdxBlockCommand"
            $failure[0].CategoryInfo.Category | Should -Be $Category
        }
    }

    It 'counts relative paths from $PWD' {
        Push-Location -LiteralPath $many
        try { (Get-VhdxBlock a.vhdx).File | Should -BeExactly $good[0] } finally { Pop-Location }
    }

    It 'leaves every byte and time alone' {
        $before = Get-FileState $states
        $null = Get-VhdxBlock $states
        $null = Get-VhdxBlock $states -Chain -NoCoalesce
        Get-FileState $states | Should -BeExactly $before
    }
}
