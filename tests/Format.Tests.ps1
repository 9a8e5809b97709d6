# What people see: table and list views, ToString, and the same in every culture. Rendered once, in a fresh process.

BeforeDiscovery {
    # The columns of the table that each type shows by itself, in order.
    $tables = @(
        @{ Type = 'VhdxImageInfo'; Columns = 'VhdType Format Size FileSize BlockSize LogState Path' }
        @{ Type = 'FileArea'; Columns = 'FileOffset Length Kind Name' }
        @{ Type = 'HeaderCopy'; Columns = 'Number FileOffset Current Valid Sequence Checksum LogOffset LogLength DataWriteGuid' }
        @{ Type = 'RegionTableCopy'; Columns = 'Number FileOffset Current Valid Stored Computed Entries Regions' }
        @{ Type = 'VhdxRegion'; Columns = 'FileOffset Length Required Name' }
        @{ Type = 'VhdxMetadataItem'; Columns = 'FileOffset Length Flags Name Value' }
        @{ Type = 'VhdxLogEntry'; Columns = 'FileOffset Length Sequence Active Tail Count LastFileOffset' }
        @{ Type = 'VhdxLogDescriptor'; Columns = 'FileOffset Length Zero' }
        @{ Type = 'VhdxFinding'; Columns = 'RuleId Severity FileOffset Message' }
    )
    $types = @($tables.Type) + 'VhdxLayout', 'BatStatistics'
}

BeforeAll {
    . (Join-Path $PSScriptRoot 'common.ps1')
    . (Join-Path $PSScriptRoot 'handmade.ps1')

    # An image that has something of everything: a dirty log, a lost header, a user's item, a parent, leaked space.
    $path = Join-Path (Get-PSDrive -Name TestDrive).Root 'every thing.vhdx'
    $update = @{ Offset = 8MB; ZeroLength = 1MB }, @{ Offset = 9MB; Data = [byte[]] (@(1) * 4096) }
    $null = New-HandmadeImage $path -Size (1GB + 512MB) -BlockSize 2MB -Creator 'handmade' -FileLength 12MB -Item @{ Id = [guid] '99999999-0000-0000-0000-000000000001'; Flags = 1; Content = [byte[]]::new(1234) } `
        -Locator ([ordered] @{ parent_linkage = $identifiers.Linkage.ToString('B'); relative_path = '.\gone.vhdx' }) `
        -Header @{ LogGuid = $identifiers.Log; SequenceNumber = 1234567 } -Bat @{ 0 = New-BatValue 6 4; 2 = New-BatValue 7 6 } `
        -Log @{ 0x2000 = New-LogEntryBytes -Sequence 1000000 -Tail 0x2000 -Update $update -Last 10MB }
    Write-FileBytes $path (128KB + 9) ([byte[]] (0x77))

    # Without culture data (invariant globalization) there is only one culture.
    $hasCultures = try { [bool] [cultureinfo]::GetCultureInfo('de-DE', $true) } catch { $false }

    # What each type looks like: its default view, as a list, as a string.
    $views = Invoke-ChildShell -Json @"
Import-Module '$($manifestPath.Replace("'", "''"))'
`$PSStyle.OutputRendering = 'PlainText'
`$all = @{}
foreach (`$culture in @('') + $(if ($hasCultures) { "'de-DE', 'tr-TR', 'ar-SA'" } else { '@()' })) {
    [cultureinfo]::CurrentCulture = [cultureinfo]::GetCultureInfo(`$culture)
    [cultureinfo]::CurrentUICulture = [cultureinfo]::GetCultureInfo(`$culture)
    `$image = Get-VhdxImage -LiteralPath '$($path.Replace("'", "''"))'
    `$layout = Get-VhdxLayout -LiteralPath '$($path.Replace("'", "''"))'
    `$objects = @{
        VhdxImageInfo = @(`$image); VhdxLayout = @(`$layout); FileArea = @(`$layout.Areas); HeaderCopy = @(`$layout.Headers); RegionTableCopy = @(`$layout.RegionTables)
        VhdxRegion = @(`$layout.Regions); VhdxMetadataItem = @(`$layout.MetadataItems); VhdxLogEntry = @(`$layout.LogEntries); VhdxFinding = @(`$layout.Problems)
        VhdxLogDescriptor = @(`$layout.LogEntries[0].Descriptors); BatStatistics = @(`$layout.Bat)
    }
    `$all["culture `$culture"] = `$texts = @{}
    foreach (`$type in `$objects.Keys) {
        `$texts[`$type] = @{
            Default = `$objects[`$type] | Out-String -Width 200
            List = `$objects[`$type] | Format-List | Out-String -Width 200
            String = @(`$objects[`$type] | ForEach-Object ToString)
            Names = @(`$objects[`$type] | ForEach-Object { `$_.GetType().Name } | Select-Object -Unique)
        }
    }
}
ConvertTo-Json -Compress -Depth 5 `$all
"@
    $invariant = $views.'culture '

    function Get-Line {
        # The lines of a view that are not empty.
        param([string] $Text)
        $Text -split '\r?\n' | Where-Object { $_.Trim() }
    }
}

Describe 'The view of <Type>' -ForEach $tables {
    It 'is a table with the columns <Columns>' {
        $invariant.$Type.Names | Should -BeExactly $Type
        $lines = @(Get-Line $invariant.$Type.Default)
        ($lines[0].Trim() -split '\s+') -join ' ' | Should -BeExactly $Columns
        $lines[1] | Should -Match '^[ -]+$'
        $lines.Count | Should -BeGreaterThan 2
    }

    It 'names no type, and cuts nothing off' {
        $text = $invariant.$Type.Default
        $text | Should -Not -Match 'VhdxTools\.|System\.|…|\.\.\.'
    }
}

Describe 'The table of' {
    It 'an image has readable sizes' {
        $line = @(Get-Line $invariant.VhdxImageInfo.Default)[2]
        $line.Trim() -split '\s{2,}|(?<=VHDX) ' | ForEach-Object Trim | Should -Be @('Differencing VHDX', '1.5 GiB', '12 MiB', '2 MiB Dirty', $path) -Because $line
    }

    It 'areas has offsets in hex, sizes, kinds and names' {
        $lines = @(Get-Line $invariant.FileArea.Default | Select-Object -Skip 2 | ForEach-Object { $_.Trim() -replace '\s+', ' ' })
        $lines | Should -BeExactly @(
            '0x0 64 KiB FileTypeIdentifier File type identifier'
            '0x10000 64 KiB Header Header 1'
            '0x20000 64 KiB Header Header 2'
            '0x30000 64 KiB RegionTable Region table 1'
            '0x40000 64 KiB RegionTable Region table 2'
            '0x50000 704 KiB Reserved Reserved'
            '0x100000 1 MiB Log Log'
            '0x200000 1 MiB Metadata Metadata region'
            '0x300000 1 MiB Bat BAT region'
            '0x400000 2 MiB PayloadBlock Payload block 0'
            '0x600000 2 MiB PayloadBlock Payload block 2'
            '0x800000 4 MiB Leaked Leaked space'
        )
    }

    It 'headers has offsets and checksums in hex' {
        $line = @(Get-Line $invariant.HeaderCopy.Default)[2].Trim() -replace '\s+', ' '
        $stored = Get-UInt32 (Read-Bytes $path (64KB + 4) 4)
        $line | Should -BeExactly ('1 0x10000 True True 1234567 0x{0:X8} 0x100000 1 MiB {1}' -f $stored, $identifiers.DataWrite)
        @(Get-Line $invariant.HeaderCopy.Default)[3].Trim() | Should -Match '^2 +0x20000 +False +False '
    }

    It 'regions and region tables has offsets in hex and readable sizes' {
        $lines = @(Get-Line $invariant.VhdxRegion.Default | Select-Object -Skip 2 | ForEach-Object { $_.Trim() -replace '\s+', ' ' })
        $lines | Should -BeExactly @('0x300000 1 MiB True BAT', '0x200000 1 MiB True Metadata')
        $stored = '0x{0:X8}' -f (Get-UInt32 (Read-Bytes $path (192KB + 4) 4))
        @(Get-Line $invariant.RegionTableCopy.Default)[2].Trim() -replace '\s+', ' ' | Should -BeLike "1 0x30000 True True $stored $stored 2 {*"
    }

    It 'metadata items has offsets in hex, and counts the bytes of users' {
        $text = @(Get-Line $invariant.VhdxMetadataItem.Default | ForEach-Object { $_.Trim() -replace '\s+', ' ' })
        $text | Should -Contain '0x210008 8 IsVirtualDisk, IsRequired Virtual Disk Size 1610612736'
        # A GUID for a name may need a second line.
        $text -join "`n" | Should -Match '0x2100EC 1234 IsUser 99999999-\S+ 1234 bytes'
    }

    It 'log entries and descriptors has offsets in hex' {
        @(Get-Line $invariant.VhdxLogEntry.Default)[2].Trim() -replace '\s+', ' ' | Should -BeExactly '0x102000 8 KiB 1000000 True 0x2000 2 0xA00000'
        $lines = @(Get-Line $invariant.VhdxLogDescriptor.Default | Select-Object -Skip 2 | ForEach-Object { $_.Trim() -replace '\s+', ' ' })
        $lines | Should -BeExactly @('0x800000 1048576 True', '0x900000 4096 False')
    }

    It 'problems has rule, severity and place' {
        $text = $invariant.VhdxFinding.Default
        $text | Should -Match 'VX302 +Warning +0x20000 Only header 1 is valid'
        $text | Should -Match 'VX503 +Note +0x102000 '
    }
}

Describe 'The list of <_>' -ForEach $types {
    It 'shows every public property but the calculated ones' {
        $type = $_
        $labels = @(Get-Line $invariant.$type.List | ForEach-Object { if ($_ -match '^(\w+) +:') { $Matches[1] } } | Select-Object -Unique)
        $properties = ("VhdxTools.$type" -as [type]).GetProperties().Name | Where-Object { $_ -notin 'IsUser', 'IsVirtualDisk', 'IsRequired' }
        foreach ($property in $properties) { $labels | Should -Contain $property }
    }

    It 'has offsets in hex' {
        foreach ($line in Get-Line $invariant.$_.List) {
            if ($line -match '^(\w*Offset|Tail|End) *: (\S+)') { $Matches[2] | Should -Match '^0x[0-9A-F]+$' -Because $line }
        }
    }

    It 'has sizes twice: readable and exact' {
        foreach ($line in Get-Line $invariant.$_.List) {
            if ($line -match '^(Size|FileSize|FileLength|BlockSize|MinimumSize|LogLength) *: (.+)') { $Matches[2] | Should -Match '^[\d.]+ ([KMGT]i)?B \(\d+\)$' -Because $line }
        }
    }
}

Describe 'The layout by itself' {
    It 'is a list that says what there is' {
        $text = $invariant.VhdxLayout.Default
        $text | Should -Match 'Size +: 1\.5 GiB \(1610612736\)'
        $text | Should -Match 'FileLength +: 12 MiB \(12582912\)'
        $text | Should -Match 'LogState +: Dirty'
        $text | Should -Match 'Header 1'
        $text | Should -Not -Match 'VhdxTools\.'
    }
}

Describe 'ToString of <_>' -ForEach $types {
    It 'says something' {
        $strings = @($invariant.$_.String)
        $strings.Count | Should -BeGreaterThan 0
        foreach ($string in $strings) {
            $string.Length | Should -BeGreaterThan 5
            $string | Should -Not -Match 'VhdxTools\.|System\.|\{ .* = '
        }
    }
}

Describe 'ToString' {
    It 'holds the facts: <Type>' -ForEach @(
        @{ Type = 'VhdxImageInfo'; Pattern = 'every thing\.vhdx.*Differencing VHDX.*1\.5 GiB' }
        @{ Type = 'VhdxLayout'; Pattern = 'every thing\.vhdx: 12 MiB in 12 areas' }
        @{ Type = 'FileArea'; Pattern = '^0x0-0x10000 File type identifier$' }
        @{ Type = 'HeaderCopy'; Pattern = '1.*1234567' }
        @{ Type = 'RegionTableCopy'; Pattern = 'Region table 1: valid, current, 2 entries' }
        @{ Type = 'VhdxRegion'; Pattern = 'BAT region at 0x300000' }
        @{ Type = 'VhdxMetadataItem'; Pattern = 'File Parameters: BlockSize=2097152' }
        @{ Type = 'VhdxLogEntry'; Pattern = '1000000 at 0x102000, 2 descriptors' }
        @{ Type = 'VhdxLogDescriptor'; Pattern = 'Zero 0x800000, 1048576 bytes' }
        @{ Type = 'VhdxFinding'; Pattern = '^VX\d{3} \w+: ' }
        @{ Type = 'BatStatistics'; Pattern = '^2 of 768 blocks allocated$' }
    ) {
        @($invariant.$Type.String)[0] | Should -Match $Pattern
    }
}

Describe 'The culture <_>' -ForEach 'de-DE', 'tr-TR', 'ar-SA' {
    It 'changes nothing' {
        if (-not $hasCultures) { Set-ItResult -Skipped -Because 'there is no culture data (invariant globalization)' }
        $own = $views."culture $_"
        foreach ($type in $invariant.PSObject.Properties.Name) {
            foreach ($part in 'Default', 'List', 'String') {
                # PowerShell itself breaks lines between words in some languages and anywhere in others.
                "$($own.$type.$part)" -replace '\s' | Should -BeExactly ("$($invariant.$type.$part)" -replace '\s') -Because "$type, $part"
            }
        }
    }
}
