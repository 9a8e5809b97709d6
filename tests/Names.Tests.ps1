# Names that people give files and folders, in every cmdlet that takes or makes a path: other scripts, spaces, brackets, quotes,
# and names as long as a file system takes them.

BeforeDiscovery {
    $names = @(
        @{ Title = 'of other scripts'; Name = 'Größe – диск 盤 😀 İıI.vhdx' }
        @{ Title = 'that is decomposed'; Name = "u$([char] 0x308)ber.vhdx" }
        @{ Title = 'with spaces'; Name = '  two  spaces .vhdx' }
        @{ Title = 'with brackets'; Name = '[a-c]{1,2}(x).vhdx' }
        @{ Title = 'with one bracket'; Name = 'open[.vhdx' }
        @{ Title = 'with quotes'; Name = 'it''s `a` “disk” $x $(y) %TEMP%.vhdx' }
        @{ Title = 'that begins with a dash'; Name = '-Path;&.vhdx' }
        @{ Title = 'that is hidden and has no extension'; Name = '.hidden' }
        @{ Title = 'of 250 characters'; Name = 'n' * 245 + '.vhdx' }
        @{ Title = 'of 255 bytes'; Name = 'ü' * 125 + '.vhdx' }
        if (-not $IsWindows) { @{ Title = 'that Windows forbids'; Name = "quo`"te*?|<>:new`nline.vhdx" } }
    )
}

BeforeAll {
    . (Join-Path $PSScriptRoot 'common.ps1')
    . (Join-Path $PSScriptRoot 'disks.ps1')

    function Get-AllFile {
        # Every file below a folder, hidden ones too, from there.
        param([string] $Folder)

        [IO.Directory]::GetFiles($Folder, '*', [IO.EnumerationOptions] @{ RecurseSubdirectories = $true; AttributesToSkip = 'None' }) |
            ForEach-Object { $_.Substring($Folder.Length + 1) } | Sort-Object
    }
}

Describe 'A name <Title>' -ForEach $names {
    BeforeAll {
        $folder = New-Folder
        # Paths are longer than 260 characters for the long names; the folders have a difficult name where there is room for it.
        $parentFolder, $childFolder, $otherFolder = 'p', 'c', 'o' | ForEach-Object {
            $path = [IO.Path]::Combine($folder, $_, ($Name.Length -lt 100 ? $Name.Trim() : 'x'))
            $null = [IO.Directory]::CreateDirectory($path)
            $path
        }
        $parent = [IO.Path]::Combine($parentFolder, $Name)
        $child = [IO.Path]::Combine($childFolder, $Name)
        $other = [IO.Path]::Combine($otherFolder, $Name)
        # What wildcards would find instead.
        foreach ($decoy in 'a1x.vhdx', 'open.vhdx', 'nn.vhdx') { [IO.File]::WriteAllText([IO.Path]::Combine($parentFolder, $decoy), 'decoy') }
        $pattern = [WildcardPattern]::Escape($child)

        $madeParent = New-VhdxImage -Path $parent -SizeBytes 8MB -BlockSizeBytes 1MB
        $bytes = [byte[]]::new(100000)
        [Array]::Fill($bytes, [byte] 65)
        Use-Disk $parent { $disk.WriteAt(1MB, $bytes, 0, $bytes.Length) }
        $madeChild = New-VhdxImage -Path $child -ParentPath $parent
        Use-Disk $child { $disk.WriteAt(3MB, $bytes, 0, $bytes.Length) }
        $digest = Get-Digest $child
    }

    BeforeEach { $before = Get-AllFile $folder }

    It 'is made by New-VhdxImage, for a parent and a child' {
        $madeParent.Path | Should -BeExactly $parent
        $madeChild.Path | Should -BeExactly $child
        $madeChild.ParentPath | Should -BeExactly $parent
        $before | Should -HaveCount 5
        (Get-Locator $child)['relative_path'] | Should -Not -Match '/' -Because 'Windows reads it too'
    }

    It 'is read by Get-VhdxImage, to the letter, as a pattern and from the pipeline' {
        (Get-VhdxImage -LiteralPath $child).Path | Should -BeExactly $child
        (Get-VhdxImage -Path $pattern).Path | Should -BeExactly $child
        (Get-Item -LiteralPath $child -Force | Get-VhdxImage).Path | Should -BeExactly $child
        (Get-VhdxImage -LiteralPath $child).ParentPath | Should -BeExactly $parent
    }

    It 'is read by Get-VhdxLayout and Get-VhdxBlock' {
        @((Get-VhdxLayout -LiteralPath $child).Areas).Count | Should -BeGreaterThan 5
        (Get-VhdxLayout -Path $pattern).Problems | Should -BeNullOrEmpty
        @(Get-VhdxBlock -LiteralPath $child -Chain).File | Should -Contain $parent
        @(Get-VhdxBlock -Path $pattern).Count | Should -BeGreaterThan 0
    }

    It 'is followed by Get-VhdxChain in both directions' {
        (Get-VhdxChain -LiteralPath $child).Path | Should -BeExactly @($child, $parent)
        (Get-VhdxChain -LiteralPath $parent -Children $childFolder).Path | Should -Contain $child
    }

    It 'is sound for Test-VhdxImage' {
        Test-VhdxImage -LiteralPath $child | Should -BeTrue
        Test-VhdxImage -Path $pattern -Detailed | Should -BeNullOrEmpty
    }

    It 'is compared by Compare-VhdxImage' {
        (Compare-VhdxImage -ReferencePath $parent -DifferencePath $child | Select-Object -First 1).Offset | Should -Be 3MB
        (Compare-VhdxImage -DifferencePath $child -Changed | Select-Object -First 1).Offset | Should -Be 3MB
    }

    It 'is converted by Convert-VhdxImage into a <_>' -ForEach 'Vhdx', 'Vhd', 'Raw' {
        $copy = $other -replace '\.vhdx$', ".$($_ -eq 'Raw' ? 'img' : $_)"
        $null = Convert-VhdxImage -Path $child -DestinationPath $copy -DestinationFormat $_ -WarningAction SilentlyContinue
        Compare-VhdxImage -ReferencePath $child -DifferencePath $copy | Should -BeNullOrEmpty
        Get-AllFile $otherFolder | Should -BeExactly ([IO.Path]::GetFileName($copy))
        [IO.File]::Delete($copy)
    }

    It 'is taken by Convert-VhdxImage as a parent' {
        $made = Convert-VhdxImage -Path $child -DestinationPath $other -ParentPath $parent -Type Differencing -DestinationFormat Vhdx
        $made.ParentPath | Should -BeExactly $parent
        Get-Digest $other | Should -BeExactly $digest
        [IO.File]::Delete($other)
    }

    It 'is salvaged by Repair-VhdxImage into another' {
        (Repair-VhdxImage -LiteralPath $child -Salvage $other).Unreadable | Should -BeNullOrEmpty
        Get-Digest $other | Should -BeExactly $digest
        [IO.File]::Delete($other)
    }

    It 'is mended by Repair-VhdxImage' {
        Write-FileBytes $child 64KB ([byte[]] @(0) * 4096)
        Test-VhdxImage -LiteralPath $child -Detailed | Should -Not -BeNullOrEmpty
        $null = Repair-VhdxImage -LiteralPath $child
        Test-VhdxImage -LiteralPath $child -Detailed | Should -BeNullOrEmpty
    }

    It 'is re-parented by Set-VhdxImage' {
        [IO.File]::Move($parent, $other)
        try {
            (Set-VhdxImage -LiteralPath $child -ParentPath $other -Passthru).ParentPath | Should -BeExactly $other
            Get-Digest $child | Should -BeExactly $digest
        }
        finally { [IO.File]::Move($other, $parent) }
        (Set-VhdxImage -LiteralPath $child -ParentPath $parent -Passthru).ParentPath | Should -BeExactly $parent
    }

    It 'is compacted by Optimize-VhdxImage' {
        @(Optimize-VhdxImage -Path $pattern).Path | Should -BeExactly $child
        Get-Digest $child | Should -BeExactly $digest
    }

    It 'is resized by Resize-VhdxImage' {
        (Resize-VhdxImage -LiteralPath $child -SizeBytes 9MB -Passthru).Path | Should -BeExactly $child
        (Resize-VhdxImage -LiteralPath $child -SizeBytes 8MB -Passthru).Size | Should -Be 8MB
        Get-Digest $child | Should -BeExactly $digest
    }

    It 'is merged by Merge-VhdxImage and deleted when asked' {
        (Merge-VhdxImage -Path $child -DestinationPath $parent -DeleteSource -Passthru).Path | Should -BeExactly $parent
        Get-Digest $parent | Should -BeExactly $digest
        [IO.File]::Exists($child) | Should -BeFalse
        $before = @($before | Where-Object { [IO.Path]::Combine($folder, $_) -cne $child })
    }

    It 'is replaced with -Force and refused by name without it' {
        { New-VhdxImage -Path $parent -SizeBytes 8MB -ErrorAction Stop } | Should -Throw "*exists already*" -ErrorId 'FileExists,VhdxTools.NewVhdxImageCommand'
        (New-VhdxImage -Path $parent -SizeBytes 8MB -Force).Path | Should -BeExactly $parent
    }

    AfterEach {
        Get-AllFile $folder | Where-Object { $_ -like '*.vhdxtools-*' } | Should -BeNullOrEmpty -Because 'no temporary file is left'
    }
}

Describe 'A name that is too long' {
    It 'is refused by every cmdlet that makes a file, and nothing is left' {
        if ($IsWindows) { Set-ItResult -Skipped -Because 'Windows tells it when the file is renamed' }
        $folder = New-Folder
        $source = New-Image (Join-Path $folder 'a.vhdx') 4MB
        $long = Join-Path $folder ('n' * 256)
        foreach ($make in { New-VhdxImage -Path $long -SizeBytes 4MB }, { Convert-VhdxImage $source $long -DestinationFormat Vhdx }, { Repair-VhdxImage $source -Salvage $long }) {
            $id = try { & $make } catch { $_.FullyQualifiedErrorId }
            $id | Should -BeLike 'PathTooLong,*' -Because "$make"
        }
        [IO.Directory]::GetFiles($folder) | Should -HaveCount 1
    }

    It 'is no name of an image for those that read: <_>' -ForEach 'Get-VhdxImage', 'Test-VhdxImage', 'Optimize-VhdxImage', 'Repair-VhdxImage' {
        $null = & $_ -LiteralPath (Join-Path (New-Folder) ('n' * 300)) -ErrorAction SilentlyContinue -ErrorVariable faults
        $faults | Should -HaveCount 1
        $faults[0].FullyQualifiedErrorId | Should -Match '^(FileNotFound|PathTooLong),'
    }
}
