# Convert-VhdxImage: binding, -WhatIf, -Force, -DeleteSource, the pipeline, and what of it other programs see.

BeforeDiscovery {
    $extensions = @(
        @{ Name = 'b.vhdx'; Wish = 'Vhd'; Id = 'ContradictingParameters' }
        @{ Name = 'b.vhd'; Wish = 'Vhdx'; Id = 'ContradictingParameters' }
        @{ Name = 'b.img'; Wish = 'Vhd'; Id = 'ContradictingParameters' }
        @{ Name = 'b.vhdx'; Wish = 'Raw'; Id = 'ContradictingParameters' }
        @{ Name = 'b.qcow2'; Wish = $null; Id = 'FormatRequired' }
        @{ Name = 'b'; Wish = $null; Id = 'FormatRequired' }
    )
    $formats = @(
        @{ Name = 'b.vhdx'; Wish = $null; Format = 'VHDX' }
        @{ Name = 'b.AVHDX'; Wish = 'vhdx'; Format = 'VHDX' }
        @{ Name = 'b.vhd'; Wish = $null; Format = 'VHD' }
        @{ Name = 'b.disk'; Wish = 'Vhd'; Format = 'VHD' }
        @{ Name = 'b.raw'; Wish = $null; Format = 'Raw' }
        @{ Name = 'b'; Wish = 'Raw'; Format = 'Raw' }
    )
}

BeforeAll {
    . (Join-Path $PSScriptRoot 'common.ps1')
    . (Join-Path $PSScriptRoot 'ImageBytes.ps1')
    . (Join-Path $PSScriptRoot 'disks.ps1')

    function New-Source {
        # A dynamic image of 16 MiB with data in two places.
        param([string] $Folder, [string] $Name = 'a.vhdx', [hashtable] $With = @{})
        $path = New-Image (Join-Path $Folder $Name) 16MB $With
        Use-Disk $path {
            foreach ($place in 4096, (5MB + 512)) {
                $bytes = [VhdxToolsTests.Disks]::Pattern($place, 10240, 1)
                $disk.WriteAt($place, $bytes, 0, $bytes.Length)
            }
        }
        $path
    }
}

Describe 'The format of the destination' {
    BeforeAll {
        $folder = New-Folder
        $source = New-Source $folder
    }

    It 'refuses <Name> with the wish "<Wish>"' -ForEach $extensions {
        $arguments = @{ Path = $source; DestinationPath = Join-Path $folder $Name }
        if ($Wish) { $arguments.DestinationFormat = $Wish }
        $failure = $null
        Convert-VhdxImage @arguments -ErrorVariable failure -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        $failure[0].FullyQualifiedErrorId | Should -BeLike "$Id,*"
        $failure[0].CategoryInfo.Category | Should -Be 'InvalidArgument'
        Get-FolderList $folder | Should -BeExactly 'a.vhdx'
    }

    It 'makes <Format> of <Name> with the wish "<Wish>"' -ForEach $formats {
        $arguments = @{ Path = $source; DestinationPath = Join-Path $folder $Name }
        if ($Wish) { $arguments.DestinationFormat = $Wish }
        $made = Convert-VhdxImage @arguments
        $made | Should -BeOfType ([VhdxTools.VhdxImageInfo])
        $made.VhdFormat, $made.Size, $made.Path | Should -Be $Format, 16MB, $arguments.DestinationPath
        $made.FileSize | Should -Be (Get-Item -LiteralPath $made.Path).Length
        Compare-VhdxImage $source $made.Path | Should -BeNullOrEmpty
        Remove-Item -LiteralPath $made.Path
    }

    It 'shows a raw disk in a table' {
        $made = Convert-VhdxImage $source (Join-Path $folder 'table.img')
        $made | Format-Table | Out-String | Should -Match 'Raw'
        $made | Format-List | Out-String | Should -Match '16 MiB'
    }
}

Describe 'The parameters' {
    BeforeEach {
        $folder = New-Folder
        $source = New-Source $folder
    }

    It 'makes what is asked for' {
        $made = Convert-VhdxImage -Path $source -DestinationPath (Join-Path $folder 'b.vhdx') -Fixed -BlockSizeBytes 4MB -LogSizeBytes 2MB -LogicalSectorSizeBytes 4096 `
            -PhysicalSectorSizeBytes 4096 -Preallocation None -DiskIdentifier '00112233-4455-6677-8899-aabbccddeeff' -Creator 'me'
        $made.VhdType, $made.BlockSize, $made.LogicalSectorSize, $made.PhysicalSectorSize, $made.Creator | Should -Be 'Fixed', 4MB, 4096, 4096, 'me'
        $made.DiskIdentifier | Should -Be '00112233-4455-6677-8899-aabbccddeeff'
        $made.FileSize | Should -Be 21MB
        Test-VhdxImage $made.Path | Should -BeTrue
    }

    It 'has the identifier and the block size of the source, and a DataWriteGuid of its own' {
        $before = Get-VhdxImage $source
        $made = Convert-VhdxImage $source (Join-Path $folder 'b.vhdx')
        $made.DiskIdentifier, $made.BlockSize | Should -Be $before.DiskIdentifier, 1MB
        $made.DataWriteGuid | Should -Not -Be $before.DataWriteGuid
    }

    It 'makes the same bytes from one seed: <_>' -ForEach 'vhdx', 'vhd' {
        foreach ($name in 'one', 'two') {
            $null = Convert-VhdxImage $source (Join-Path $folder "$name.$_") -IdentifierSeed 'a seed'
        }
        Get-Sha256 (Join-Path $folder "one.$_") | Should -BeExactly (Get-Sha256 (Join-Path $folder "two.$_"))
    }

    It 'refuses types that contradict each other' {
        $failure = $null
        Convert-VhdxImage $source (Join-Path $folder 'b.vhdx') -Fixed -Dynamic -ErrorVariable failure -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        $failure[0].FullyQualifiedErrorId | Should -BeLike 'ContradictingParameters,*'
    }

    It 'splits by -ParentPath, and flattens again' {
        $base = New-Image (Join-Path $folder 'base.vhdx') 16MB
        $child = Convert-VhdxImage $source (Join-Path $folder 'child.avhdx') -ParentPath $base
        $child.VhdType, $child.BlocksAllocated | Should -Be 'Differencing', 2
        $child.ParentPath | Should -BeExactly $base
        $flat = Convert-VhdxImage $child.Path (Join-Path $folder 'flat.vhdx')
        $flat.VhdType | Should -Be 'Dynamic'
        Compare-VhdxImage $source $flat.Path | Should -BeNullOrEmpty
    }

    It 'refuses a source whose parent is missing' {
        $base = New-Image (Join-Path $folder 'base.vhdx') 16MB
        $child = New-Image (Join-Path $folder 'child.vhdx') 0 @{ ParentPath = $base }
        Remove-Item -LiteralPath $base
        $failure = $null
        Convert-VhdxImage $child (Join-Path $folder 'b.img') -ErrorVariable failure -ErrorAction SilentlyContinue
        $failure[0].FullyQualifiedErrorId | Should -BeLike 'VX8*,*'
        Test-Path -LiteralPath (Join-Path $folder 'b.img') | Should -BeFalse
    }

    It 'takes 4096-byte sectors into a VHD on request only' {
        $large = New-Source $folder 'large.vhdx' @{ LogicalSectorSizeBytes = 4096 }
        $failure = $null
        Convert-VhdxImage $large (Join-Path $folder 'b.vhd') -ErrorVariable failure -ErrorAction SilentlyContinue
        $failure[0].FullyQualifiedErrorId | Should -BeLike 'InvalidLogicalSectorSize,*'
        "$($failure[0])" | Should -Match '-LogicalSectorSizeBytes 512'
        $made = Convert-VhdxImage $large (Join-Path $folder 'b.vhd') -LogicalSectorSizeBytes 512
        Compare-VhdxImage $large $made.Path | Should -BeNullOrEmpty
    }

    It 'makes what Azure takes and says so' {
        $odd = Join-Path $folder 'odd.img'
        [IO.File]::WriteAllBytes($odd, [byte[]]::new(20MB + 512))
        $warnings = $null
        $made = Convert-VhdxImage $odd (Join-Path $folder 'b.vhd') -AzureCompatible -Preallocation None -WarningVariable warnings -WarningAction SilentlyContinue
        $made.VhdType, $made.Size, $made.FileSize | Should -Be 'Fixed', 21MB, (21MB + 512)
        "$warnings" | Should -Match 'Azure'
    }
}

Describe 'What -WhatIf and -Force do' {
    BeforeEach {
        $folder = New-Folder
        $source = New-Source $folder
        $target = Join-Path $folder 'b.vhdx'
    }

    It 'touches nothing with -WhatIf and tells numbers' {
        $state = Get-FileState $source
        $result = Invoke-ChildShell -Script "Import-Module '$manifestPath'; Convert-VhdxImage '$source' '$target' -DeleteSource -WhatIf"
        $result.ExitCode | Should -Be 0
        $result.Output | Should -Match 'Dynamic VHDX .* to a Dynamic VHDX of 16 MiB \(16777216 bytes\)'
        # Two blocks of 1 MiB behind the 4 MiB that every image has.
        ($result.Output -replace '\s+', ' ') | Should -Match 'at most 6 MiB \(6291456 bytes\)'
        ($result.Output -replace '\s+', ' ') | Should -Match 'source is deleted'
        Get-FolderList $folder | Should -BeExactly 'a.vhdx'
        Get-FileState $source | Should -BeExactly $state
    }

    It 'refuses with -WhatIf what it would refuse without' {
        $failure = $null
        Convert-VhdxImage $source $target -BlockSizeBytes 3MB -WhatIf -ErrorVariable failure -ErrorAction SilentlyContinue
        $failure[0].FullyQualifiedErrorId | Should -BeLike 'InvalidBlockSize,*'
    }

    It 'replaces a file with -Force only' {
        Set-Content -LiteralPath $target -Value 'old'
        $state = Get-FileState $target
        $failure = $null
        Convert-VhdxImage $source $target -ErrorVariable failure -ErrorAction SilentlyContinue
        $failure[0].FullyQualifiedErrorId | Should -BeLike 'FileExists,*'
        Get-FileState $target | Should -BeExactly $state
        $null = Convert-VhdxImage $source $target -Force
        Compare-VhdxImage $source $target | Should -BeNullOrEmpty
    }

    It 'replaces and deletes symbolic links themselves, not what they lead to' {
        if ($IsWindows) { Set-ItResult -Skipped -Because 'Windows needs a right for symbolic links' }
        $other = Join-Path $folder 'other.vhdx'
        Set-Content -LiteralPath $other -Value 'old'
        $link = Join-Path $folder 'link.vhdx'
        $null = New-Item -ItemType SymbolicLink -Path $target -Target $other
        $null = New-Item -ItemType SymbolicLink -Path $link -Target $source
        $state = Get-FileState $source
        $null = Convert-VhdxImage $link $target -Force -DeleteSource
        Get-FolderList $folder | Should -BeExactly 'a.vhdx|b.vhdx|other.vhdx'
        (Get-Item -LiteralPath $target).LinkType | Should -BeNullOrEmpty
        Get-FileState $source | Should -BeExactly $state
        Get-Content -LiteralPath $other | Should -BeExactly 'old'
        Compare-VhdxImage $source $target | Should -BeNullOrEmpty
    }

    It 'never replaces its source' {
        $state = Get-FileState $source
        foreach ($more in @{}, @{ DeleteSource = $true }) {
            $failure = $null
            Convert-VhdxImage $source $source -Force @more -ErrorVariable failure -ErrorAction SilentlyContinue
            $failure[0].FullyQualifiedErrorId | Should -BeLike 'DestinationIsSource,*'
        }
        Get-FileState $source | Should -BeExactly $state
    }
}

Describe 'The pipeline' {
    BeforeEach {
        $folder = New-Folder
        $null = New-Source $folder 'one [1].vhdx'
        $null = New-Source $folder 'two.vhdx'
    }

    It 'takes files with a script block for the destination, and deletes the sources' {
        $made = Get-ChildItem -LiteralPath $folder | Convert-VhdxImage -DestinationPath { $_.FullName -replace 'vhdx$', 'vhd' } -DeleteSource
        $made.Path | ForEach-Object { [IO.Path]::GetFileName($_) } | Should -Be 'one [1].vhd', 'two.vhd'
        Get-FolderList $folder | Should -BeExactly 'one [1].vhd|two.vhd'
    }

    It 'takes images of Get-VhdxImage, and a child is still flattened' {
        $child = New-Image (Join-Path $folder 'child.vhdx') 0 @{ ParentPath = Join-Path $folder 'two.vhdx' }
        $made = Get-VhdxImage -LiteralPath $child | Convert-VhdxImage -DestinationPath (Join-Path $folder 'c.vhdx')
        $made.VhdType | Should -Be 'Dynamic'
    }

    It 'goes on after a bad file, and deletes with Select-Object -First, too' {
        Set-Content -LiteralPath (Join-Path $folder 'bad.vhdx') -Value 'PK' -NoNewline
        [IO.File]::WriteAllBytes((Join-Path $folder 'bad.vhdx'), [byte[]] @(0x1F, 0x8B, 8, 0))
        $failure = $null
        $made = Get-ChildItem -LiteralPath $folder | Convert-VhdxImage -DestinationPath { $_.FullName + '.img' } -ErrorVariable failure -ErrorAction SilentlyContinue
        $made | Should -HaveCount 2
        $failure | Should -HaveCount 1
        $failure[0].FullyQualifiedErrorId | Should -BeLike 'FileCompressed,*'
        $null = Convert-VhdxImage (Join-Path $folder 'two.vhdx') (Join-Path $folder 'x.img') -DeleteSource | Select-Object -First 1
        Test-Path -LiteralPath (Join-Path $folder 'two.vhdx') | Should -BeFalse
    }

    It 'goes on after a file that there is not enough memory for' {
        if (-not $IsLinux -or $env:VHDXTOOLS_CORE -ne 'net10.0') { Set-ItResult -Skipped -Because 'how much memory is too little is only known of the build for .NET on Linux' }
        $folder = New-Folder
        $bytes = [byte[]]::new(32MB)
        [Random]::new(1).NextBytes($bytes)
        [IO.File]::WriteAllBytes((Join-Path $folder '1.img'), $bytes)
        [IO.File]::WriteAllBytes((Join-Path $folder '2.img'), $bytes[0..99999])
        $result = Invoke-ChildShell -Json -Environment @{ DOTNET_GCHeapHardLimit = '0x1800000' } -Script @"
Import-Module '$manifestPath'
`$made = '1.img', '2.img' | ForEach-Object { Join-Path '$folder' `$_ } | Convert-VhdxImage -DestinationPath { `$_ + '.vhdx' } -ErrorVariable failure -ErrorAction SilentlyContinue -WarningAction SilentlyContinue
@{ Made = @(`$made.Path); Id = @(`$failure.FullyQualifiedErrorId); Message = "`$failure" } | ConvertTo-Json -Compress
"@
        $result.Id | Should -BeExactly 'OutOfMemory,VhdxTools.ConvertVhdxImageCommand'
        $result.Message | Should -BeLike "*1.img': there is not enough memory for this."
        $result.Made | Should -BeExactly (Join-Path $folder '2.img.vhdx')
        Get-FolderList $folder | Should -BeExactly '1.img|2.img|2.img.vhdx'
    }

    It 'takes relative paths from the current location' {
        Push-Location -LiteralPath $folder
        try { $made = Convert-VhdxImage two.vhdx 'three [x].vhdx' } finally { Pop-Location }
        $made.Path | Should -BeExactly (Join-Path $folder 'three [x].vhdx')
    }
}
