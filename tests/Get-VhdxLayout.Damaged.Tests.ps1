# Get-VhdxLayout on broken files: what can still be read, and problems that carry the rule's id.

BeforeAll {
    . (Join-Path $PSScriptRoot 'common.ps1')
    . (Join-Path $PSScriptRoot 'handmade.ps1')
    $folder = (Get-PSDrive -Name TestDrive).Root

    function New-Path {
        Join-Path $folder ([IO.Path]::GetRandomFileName() + '.vhdx')
    }

    function Get-Layout {
        # The layout of a damaged file, which must stay as it is and whose areas must cover it.
        param([string] $Path)

        $before = Get-FileState $Path
        $layout = Get-VhdxLayout -LiteralPath $Path
        Get-FileState $Path | Should -BeExactly $before
        $next = 0
        foreach ($area in $layout.Areas) {
            $area.FileOffset | Should -Be $next
            $next = $area.FileOffset + $area.Length
        }
        $next | Should -Be $layout.FileLength
        foreach ($problem in $layout.Problems) {
            $problem.RuleId | Should -Match '^VX\d{3}$'
            $problem.Message | Should -Not -BeNullOrEmpty
            $problem.File | Should -BeExactly $Path
            $problem.Reference | Should -Match '^MS-VHDX 2\.'
        }
        $layout
    }

    $locator = [ordered] @{ parent_linkage = $identifiers.Linkage.ToString('B'); relative_path = '.\x' }
}

Describe 'A damaged file' {
    It 'without its signature (VX201) tells the rest' {
        $path = New-HandmadeImage (New-Path) -Size 30MB -Bat @{ 2 = New-BatValue 6 4 }
        Write-FileBytes $path 0 ([byte[]]::new(8))
        $layout = Get-Layout $path
        $layout.Problems.RuleId | Should -Be @('VX201')
        $layout.Problems[0].FileOffset | Should -Be 0
        $layout.Problems[0].Severity | Should -Be 'Error'
        $layout.Size | Should -Be 30MB
        $layout.Bat.FullyPresent | Should -Be 1
    }

    It 'without its first sectors tells the rest' {
        $path = New-HandmadeImage (New-Path) -Size 30MB
        Write-FileBytes $path 0 ([byte[]]::new(65536))
        $layout = Get-Layout $path
        $layout.Problems.RuleId | Should -Contain 'VX201'
        $layout.Size | Should -Be 30MB
        $layout.Creator | Should -BeExactly ''
    }

    It 'with both headers bad (VX303) still tells regions, metadata and blocks' {
        $path = New-HandmadeImage (New-Path) -Size 30MB -Bat @{ 2 = New-BatValue 6 4 }
        Write-FileBytes $path (64KB + 4) ([byte[]] (1, 2, 3, 4))
        Write-FileBytes $path 128KB ([byte[]]::new(4096))
        $layout = Get-Layout $path
        $layout.Problems.RuleId | Should -Contain 'VX303'
        $layout.Headers.IsValid | Should -Be @($false, $false)
        $layout.Headers.IsCurrent | Should -Be @($false, $false)
        $layout.Headers.IsSignatureValid | Should -Be @($true, $false)
        $layout.Headers[0].StoredChecksum | Should -Be 0x04030201
        $layout.Headers[0].DataWriteGuid | Should -Be $identifiers.DataWrite
        $layout.Regions | Should -HaveCount 2
        $layout.Size | Should -Be 30MB
        $layout.Bat.FullyPresent | Should -Be 1
        $layout.Areas.Kind | Should -Not -Contain 'Log'
    }

    It 'with both region tables bad (VX402) still tells headers, log and the entries of the tables' {
        $path = New-HandmadeImage (New-Path) -Log @{ 0 = New-LogEntryBytes -Sequence 1 -Tail 0 }
        foreach ($offset in 192KB, 256KB) { Write-FileBytes $path ($offset + 40000) ([byte[]] (1)) }
        $layout = Get-Layout $path
        $layout.Problems.RuleId | Should -Contain 'VX402'
        $layout.RegionTables.IsValid | Should -Be @($false, $false)
        $layout.RegionTables.IsCurrent | Should -Be @($false, $false)
        $layout.RegionTables[0].Regions.Name | Should -Be @('BAT', 'Metadata')
        $layout.Regions | Should -HaveCount 0
        $layout.Headers.IsValid | Should -Be @($true, $true)
        $layout.LogEntries | Should -HaveCount 1
        $layout.Size | Should -BeNullOrEmpty
        $layout.VhdType | Should -Be 'Unknown'
        $layout.Bat | Should -BeNullOrEmpty
        $layout.MetadataItems | Should -HaveCount 0
    }

    It 'without the metadata signature (VX701) still tells the regions' {
        $path = New-HandmadeImage (New-Path) -Bat @{ 0 = New-BatValue 6 4 }
        Write-FileBytes $path 2MB ([byte[]]::new(8))
        $layout = Get-Layout $path
        $layout.Problems.RuleId | Should -Contain 'VX701'
        $layout.Problems.Where({ $_.RuleId -eq 'VX701' })[0].FileOffset | Should -Be 2MB
        $layout.MetadataItems | Should -HaveCount 0
        $layout.Size | Should -BeNullOrEmpty
        $layout.Areas.Kind | Should -Contain 'Metadata'
        $layout.Areas.Kind | Should -Contain 'Bat'
    }

    It 'with a BAT region that is too short (VX601) still tells the entries that are there' {
        # 200,000 blocks need 1.5 MiB of BAT.
        $path = New-HandmadeImage (New-Path) -Size 200000MB -Bat @{ 5 = New-BatValue 6 4; 131071 = New-BatValue 6 5 }
        $layout = Get-Layout $path
        $layout.Problems.RuleId | Should -Contain 'VX601'
        $layout.Size | Should -Be 200000MB
        $layout.Bat.BlockCount | Should -Be 200000
        $layout.Bat.FullyPresent | Should -Be 2
    }

    It 'whose BAT is cut off by the end of the file (VX102) still tells the entries that are there' {
        $path = New-HandmadeImage (New-Path) -Bat @{ 0 = New-BatValue 6 2; 63 = New-BatValue 2 } -FileLength (3MB + 256)
        $layout = Get-Layout $path
        $layout.Problems.RuleId | Should -Contain 'VX102'
        $layout.Bat.BlockCount | Should -Be 64
        $layout.Bat.FullyPresent | Should -Be 1
        $layout.Bat.Zero | Should -Be 0 -Because 'entry 63 is lost'
        $layout.Areas[-1].Kind | Should -Be 'Bat'
        $layout.Areas[-1].Length | Should -Be 256
    }

    It 'with a log that cannot be replayed (<Id>) is told as it lies: <Case>' -ForEach @(
        @{ Id = 'VX501'; Case = 'no entry'; Make = { @{} } }
        @{ Id = 'VX501'; Case = 'a torn entry alone'; Make = { $entry = New-LogEntryBytes -Sequence 1 -Tail 0; $entry[4000] = 1; @{ 0 = $entry } } }
        @{ Id = 'VX501'; Case = 'a tail that is gone'; Make = { @{ 0 = New-LogEntryBytes -Sequence 5 -Tail 0x9000 } } }
        @{ Id = 'VX502'; Case = 'FlushedFileOffset beyond the end'; Make = { @{ 0 = New-LogEntryBytes -Sequence 5 -Tail 0 -Flushed 9MB -Last 9MB } } }
        @{ Id = 'VX504'; Case = 'a descriptor into the log'; Make = { @{ 0 = New-LogEntryBytes -Sequence 5 -Tail 0 -Update @{ Offset = 1MB + 0x8000; ZeroLength = 4096 } } } }
        @{ Id = 'VX504'; Case = 'a descriptor into the headers'; Make = { @{ 0 = New-LogEntryBytes -Sequence 5 -Tail 0 -Update @{ Offset = 64KB; ZeroLength = 4096 } } } }
        @{ Id = 'VX504'; Case = 'a descriptor beyond any end'; Make = { @{ 0 = New-LogEntryBytes -Sequence 5 -Tail 0 -Update @{ Offset = 0x7FFFFFFFFFFFF000; ZeroLength = 4096 } } } }
        @{ Id = 'VX504'; Case = 'offset and length beyond 2^64'; Make = { @{ 0 = New-LogEntryBytes -Sequence 5 -Tail 0 -Update @{ Offset = 4MB; ZeroLength = [ulong]::MaxValue - 4095 } } } }
    ) {
        $log = & ([scriptblock]::Create("$Make"))
        $path = New-HandmadeImage (New-Path) -Size 30MB -Header @{ LogGuid = $identifiers.Log } -Log $log
        $layout = Get-Layout $path
        $layout.Problems.RuleId | Should -Contain $Id
        $layout.LogState | Should -Be 'Dirty'
        $layout.Size | Should -Be 30MB
        $layout.FileLength | Should -Be ([IO.FileInfo]::new($path).Length)
        { Get-VhdxImage -LiteralPath $path } | Should -Throw -ErrorId "$Id,VhdxTools.GetVhdxImageCommand"
    }

    It 'with a metadata item in a wrong place (VX705) still tells the others: <Case>' -ForEach @(
        @{ Case = 'inside the table'; Offset = 1000; Length = 8 }
        @{ Case = 'beyond the region'; Offset = 1MB - 4; Length = 8 }
        @{ Case = 'far beyond'; Offset = 4294967280; Length = 8 }
        @{ Case = 'longer than 1 MiB'; Offset = 64KB; Length = 1MB + 1 }
    ) {
        $path = New-HandmadeImage (New-Path) -Item @{ Id = [guid]::NewGuid(); Flags = 1; Content = [byte[]] (1..8) }
        # The entry of the user's item is the sixth.
        $entry = 2MB + 32 + 32 * 5
        Write-FileBytes $path ($entry + 16) ([BitConverter]::GetBytes([uint32] $Offset))
        Write-FileBytes $path ($entry + 20) ([BitConverter]::GetBytes([uint32] $Length))
        $layout = Get-Layout $path
        $problem = $layout.Problems | Where-Object RuleId -EQ 'VX705'
        $problem | Should -HaveCount 1
        $problem.FileOffset | Should -Be $entry
        $layout.MetadataItems | Should -HaveCount 6
        $layout.MetadataItems[5].Value | Should -BeNullOrEmpty
        $layout.MetadataItems[5].FileOffset | Should -BeNullOrEmpty
        $layout.Size | Should -Be 64MB
    }

    It 'with a damaged parent locator (VX801) shows the pairs that are whole' {
        $path = New-HandmadeImage (New-Path) -Locator $locator
        $item = (Get-VhdxLayout -LiteralPath $path).MetadataItems | Where-Object Name -EQ 'Parent Locator'
        # The second pair's value lies outside the item.
        Write-FileBytes $path ($item.FileOffset + 20 + 12 + 4) ([BitConverter]::GetBytes([uint32] 100000))
        $layout = Get-Layout $path
        $layout.Problems.RuleId | Should -Be @('VX801')
        $layout.ParentLocator.Key | Should -Be @('parent_linkage')
        $layout.VhdType | Should -Be 'Differencing'
    }

    It 'with two regions at one place (VX101)' {
        $path = New-HandmadeImage (New-Path) -Region @{ Id = [guid]::NewGuid(); Offset = 3MB; Length = 1MB; Required = 0 }
        (Get-Layout $path).Problems.RuleId | Should -Contain 'VX101'
    }
}

Describe 'A file that was cut off' {
    It 'at <_> bytes still gives what is left' -ForEach @(
        8, 9, 511, 512, 520, 4096, 65535, 65536, 65537, 65616, 69632, 131072, 135168, 196608, 196609, 262144, 327680, 1048575, 1048576, 1052672, 2097151, 2097152, 2097184
        2097376, 2162688, 2162700, 2162728, 3145728, 3145729, 3145736, 4194303, 4194304, 4194305, 5242879
    ) {
        $path = New-HandmadeImage (New-Path) -Size 30MB -Bat @{ 0 = New-BatValue 6 4 } -Log @{ 0 = New-LogEntryBytes -Sequence 1 -Tail 0 }
        Set-FileLength $path $_
        $layout = Get-Layout $path
        $layout.FileLength | Should -Be $_
        $layout.Headers | Should -HaveCount 2
        $layout.Headers[0].IsValid | Should -Be ($_ -ge 65536 + 80) -Because 'the rest of a header is zeros, and reads so beyond the end'
        if ($_ -ge 4MB) { $layout.Bat.FullyPresent | Should -Be 1 }
        if ($_ -ge 2162688 + 40) { $layout.Size | Should -Be 30MB } elseif ($_ -lt 2162688 + 8) { $layout.Size | Should -BeNullOrEmpty }
        if ($_ -lt 4MB) { $layout.Problems.Count | Should -BeGreaterThan 0 }
        # And Get-VhdxImage: a result or one error with an id.
        $image = Get-VhdxImage -LiteralPath $path -ErrorAction SilentlyContinue -ErrorVariable failures
        if ($image) { $_ | Should -BeGreaterOrEqual 4MB } else { $failures[0].FullyQualifiedErrorId | Should -Match '^VX\d{3},' }
    }
}

Describe 'Any one damaged byte' {
    It 'in the structures ends in a layout, and in an image or one error' {
        $random = [Random]::new(7)
        $path = New-HandmadeImage (New-Path) -Size 30MB -Locator $locator -Header @{ LogGuid = $identifiers.Log } -Bat @{ 0 = New-BatValue 6 4 } -Log @{
            0 = New-LogEntryBytes -Sequence 1 -Tail 0 -Update @{ Offset = 4MB; ZeroLength = 4096 }
        }
        $places = @(0..519) + @(65536..65615) + @(131072..131151) + @(196608..196687) + @(1048576..1048671) + @(2097152..2097375) + @(2162688..2163000) + @(3145728..3145743)
        foreach ($place in $places | Get-Random -Count 150 -SetSeed 3) {
            $old = (Read-Bytes $path $place 1)[0]
            Write-FileBytes $path $place ([byte] ($old -bxor (1 -shl $random.Next(8))))
            try {
                $layout = Get-VhdxLayout -LiteralPath $path
                ($layout.Areas | Measure-Object -Property Length -Sum).Sum | Should -Be $layout.FileLength
                $null = Get-VhdxImage -LiteralPath $path
            }
            catch {
                $_.Exception.GetType().FullName | Should -BeExactly 'VhdxTools.VhdxException' -Because "byte $place was changed: $_"
            }
            Write-FileBytes $path $place ([byte] $old)
        }
    }
}
