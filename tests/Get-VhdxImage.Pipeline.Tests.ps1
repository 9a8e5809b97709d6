# The reading cmdlets as commands: paths, wildcards, the pipeline, errors of single files.

BeforeDiscovery {
    $cmdlets = @('Get-VhdxImage', 'Get-VhdxLayout')
    # Names that files of people have; on Linux also what Windows does not allow.
    $names = @(
        'plain.vhdx', 'with space.vhdx', '[1].vhdx', 'a[b]c.vhdx', '[a-z].vhdx', '[open.vhdx', 'close].vhdx', "o'neil.vhdx", 'größe 磁碟 😀.vhdx', '$PWD.vhdx', '`tick.vhdx',
        'a`[b`].vhdx', '-Path.vhdx', '~.vhdx', '#.vhdx', '@x,y;z&(1).vhdx', '.hidden.vhdx', 'no extension'
        if (-not $IsWindows) { 'st*r.vhdx', 'wh?t.vhdx', 'quote".vhdx', 'less<more>.vhdx', 'a|b.vhdx', "line`nfeed.vhdx", ' leading.vhdx', 'trailing ' }
    )
}

BeforeAll {
    . (Join-Path $PSScriptRoot 'common.ps1')
    . (Join-Path $PSScriptRoot 'handmade.ps1')

    function New-Folder {
        # A folder of its own for a test, by its name in the file system.
        $path = Join-Path (Get-PSDrive -Name TestDrive).Root ([IO.Path]::GetRandomFileName())
        (New-Item -ItemType Directory -Path $path).FullName
    }

    # Made once, copied for each test.
    $template = New-HandmadeImage (Join-Path (New-Folder) 'template.vhdx') -Size 20MB

    function Copy-Image {
        param([string] $Folder, [string[]] $Name)
        foreach ($one in $Name) {
            $path = Join-Path $Folder $one
            [IO.File]::Copy($template, $path)
            $path
        }
    }

    function New-BadFile {
        param([string] $Path)
        [IO.File]::WriteAllText($Path, 'This is no image.')
        $Path
    }
}

Describe 'The file name <_>' -ForEach $names {
    BeforeAll {
        $name = $_
        $own = New-Folder
        $path = Join-Path $own $name
        [IO.File]::Copy($template, $path)
    }

    It 'is taken from Get-ChildItem' {
        $result = Get-ChildItem -LiteralPath $own -Force | Get-VhdxImage
        $result | Should -HaveCount 1
        $result.Path | Should -BeExactly $path
    }

    It 'is taken by -LiteralPath' {
        (Get-VhdxImage -LiteralPath $path).Path | Should -BeExactly $path
    }

    It 'is taken by -Path, though it looks like a pattern' {
        (Get-VhdxImage -Path $path).Path | Should -BeExactly $path
    }

    It 'is taken by property: <_>' -ForEach 'FullName', 'Path', 'PSPath', 'LiteralPath' {
        ([pscustomobject] @{ $_ = $path } | Get-VhdxImage).Path | Should -BeExactly $path
    }
}

Describe 'Paths: <_>' -ForEach $cmdlets {
    BeforeAll {
        $cmdlet = $_
        $own = New-Folder
        $null = Copy-Image $own 'a.vhdx', 'b.vhdx', 'c.vhdx'
    }

    It 'P1: count from $PWD, not from the folder of the process' {
        $elsewhere = New-Folder
        $before = [Environment]::CurrentDirectory
        Push-Location -LiteralPath $own
        try {
            [Environment]::CurrentDirectory = $elsewhere
            foreach ($path in 'a.vhdx', './a.vhdx', '.\a.vhdx', "../$(Split-Path -Leaf $own)/a.vhdx") {
                (& $cmdlet $path).Path | Should -BeExactly (Join-Path $own a.vhdx) -Because $path
                (& $cmdlet -LiteralPath $path).Path | Should -BeExactly (Join-Path $own a.vhdx) -Because $path
            }
            (& $cmdlet '*.vhdx').Path | Should -HaveCount 3
        }
        finally {
            [Environment]::CurrentDirectory = $before
            Pop-Location
        }
    }

    It 'P2: may be on a PSDrive or provider-qualified' {
        $null = New-PSDrive -Name Images -PSProvider FileSystem -Root $own
        try {
            (& $cmdlet 'Images:/a.vhdx').Path | Should -BeExactly (Join-Path $own a.vhdx)
            (& $cmdlet 'Images:\[ab].vhdx').Path | Should -Be @((Join-Path $own a.vhdx), (Join-Path $own b.vhdx))
            (& $cmdlet -LiteralPath 'Images:\b.vhdx').Path | Should -BeExactly (Join-Path $own b.vhdx)
            (& $cmdlet "FileSystem::$own/a.vhdx").Path | Should -BeExactly (Join-Path $own a.vhdx)
            (& $cmdlet "Microsoft.PowerShell.Core\FileSystem::$(Join-Path $own '*.vhdx')").Path | Should -HaveCount 3
            (Get-ChildItem -Path 'Images:\*.vhdx' | & $cmdlet).Path | Should -HaveCount 3
            Push-Location -LiteralPath 'Images:'
            try { (& $cmdlet 'c.vhdx').Path | Should -BeExactly (Join-Path $own c.vhdx) } finally { Pop-Location }
        }
        finally {
            Remove-PSDrive -Name Images
        }
    }

    It 'P2: of another provider are NotAFileSystemPath: <_>' -ForEach 'Variable:\HOME', 'Env:\PATH', 'Function::prompt' {
        foreach ($parameter in 'Path', 'LiteralPath') {
            $arguments = @{ $parameter = $_ }
            $failure = { & $cmdlet @arguments } | Should -Throw -PassThru -ErrorId "NotAFileSystemPath,VhdxTools.$($cmdlet -replace '-')Command"
            $failure.CategoryInfo.Category | Should -Be 'InvalidArgument'
            $failure.TargetObject | Should -BeExactly $_
        }
    }

    It 'that do not exist are FileNotFound, by <_>' -ForEach 'Path', 'LiteralPath' {
        foreach ($path in (Join-Path $own 'missing.vhdx'), (Join-Path $own 'no folder' 'a.vhdx')) {
            $arguments = @{ $_ = $path }
            $failure = { & $cmdlet @arguments } | Should -Throw -PassThru
            $failure.FullyQualifiedErrorId | Should -Match '^(FileNotFound|FolderNotFound),'
            $failure.CategoryInfo.Category | Should -Be 'ObjectNotFound'
            $failure.TargetObject | Should -BeExactly $path
            $failure.Exception.Message | Should -BeLike "*$path*"
        }
    }

    It 'on a drive that does not exist are one error' {
        $failure = { & $cmdlet 'NoSuchDrive:\a.vhdx' } | Should -Throw -PassThru
        $failure.FullyQualifiedErrorId | Should -Match '^(InvalidPath|FileNotFound),'
        $failure.TargetObject | Should -BeExactly 'NoSuchDrive:\a.vhdx'
    }

    It 'must not be empty or blank' {
        { & $cmdlet -Path '' } | Should -Throw
        { & $cmdlet -Path @() } | Should -Throw
        { & $cmdlet -Path $null } | Should -Throw
        { & $cmdlet -Path '  ' } | Should -Throw -ErrorId "InvalidPath,VhdxTools.$($cmdlet -replace '-')Command"
    }

    It 'may be many, at position 0' {
        (& $cmdlet (Join-Path $own a.vhdx), (Join-Path $own c.vhdx)).Path | Should -Be @((Join-Path $own a.vhdx), (Join-Path $own c.vhdx))
        (& $cmdlet -LiteralPath (Join-Path $own c.vhdx), (Join-Path $own a.vhdx)).Path | Should -Be @((Join-Path $own c.vhdx), (Join-Path $own a.vhdx))
        ((Join-Path $own a.vhdx), (Join-Path $own b.vhdx) | & $cmdlet).Path | Should -Be @((Join-Path $own a.vhdx), (Join-Path $own b.vhdx))
    }

    It '-Path and -LiteralPath exclude each other' {
        { & $cmdlet -Path (Join-Path $own a.vhdx) -LiteralPath (Join-Path $own a.vhdx) } | Should -Throw -ErrorId 'AmbiguousParameterSet,*'
    }
}

Describe 'Wildcards: <_>' -ForEach $cmdlets {
    BeforeAll {
        $cmdlet = $_
        $own = New-Folder
        $null = Copy-Image $own 'a1.vhdx', 'a2.vhdx', 'b1.vhdx', '[a]1.vhdx'
        $null = New-Item -ItemType Directory -Path (Join-Path $own 'a3.vhdx')
    }

    It 'find files and pass over folders' {
        (& $cmdlet (Join-Path $own 'a?.vhdx')).Path | Should -Be @((Join-Path $own a1.vhdx), (Join-Path $own a2.vhdx))
        (& $cmdlet (Join-Path $own '*1.vhdx')).Path | Should -HaveCount 3
        (& $cmdlet (Join-Path $own '[ab]1.vhdx')).Path | Should -Be @((Join-Path $own a1.vhdx), (Join-Path $own b1.vhdx))
    }

    It 'may be escaped' {
        (& $cmdlet (Join-Path $own '`[a`]1.vhdx')).Path | Should -BeExactly (Join-Path $own '[a]1.vhdx')
    }

    It 'are letters for -LiteralPath' {
        # Windows has no such names.
        $id = if ($IsWindows) { 'InvalidPath' } else { 'FileNotFound' }
        { & $cmdlet -LiteralPath (Join-Path $own 'a?.vhdx') } | Should -Throw -ErrorId "$id,*"
        (& $cmdlet -LiteralPath (Join-Path $own '[a]1.vhdx')).Path | Should -BeExactly (Join-Path $own '[a]1.vhdx')
    }

    It 'that match nothing give nothing, as Get-Item does' {
        & $cmdlet (Join-Path $own 'z*.vhdx') | Should -BeNullOrEmpty
    }

    It 'may stand in the folder part' {
        (& $cmdlet (Join-Path (Split-Path $own) "*$(Split-Path -Leaf $own)" 'b1.vhdx')).Path | Should -BeExactly (Join-Path $own b1.vhdx)
    }

    It 'of a folder that is named plainly is an error all the same' {
        { & $cmdlet (Join-Path $own 'a3.vhdx') } | Should -Throw -ErrorId 'PathIsFolder,*'
    }
}

Describe 'P5, the pipeline: <_>' -ForEach $cmdlets {
    BeforeAll { $cmdlet = $_ }

    It 'goes on behind bad files: one error each with the path as target' {
        $own = New-Folder
        $good = Copy-Image $own 'a.vhdx', 'c.vhdx', 'e.vhdx'
        $bad = @((New-BadFile (Join-Path $own 'b.vhdx')), (New-BadFile (Join-Path $own 'd [1].vhdx')))
        $results = Get-ChildItem -LiteralPath $own -Filter *.vhdx | & $cmdlet -ErrorAction SilentlyContinue -ErrorVariable failures
        $results.Path | Should -Be $good
        $failures | Should -HaveCount 2
        $failures.TargetObject | Should -Be $bad
        $failures.FullyQualifiedErrorId | Select-Object -Unique | Should -BeExactly "NotAVirtualDisk,VhdxTools.$($cmdlet -replace '-')Command"

        $results = & $cmdlet -Path $bad[0], $good[0], (Join-Path $own 'gone.vhdx'), $good[1] -ErrorAction SilentlyContinue -ErrorVariable failures
        $results.Path | Should -Be $good[0, 1]
        $failures.TargetObject | Should -Be @($bad[0], (Join-Path $own 'gone.vhdx'))

        $results = & $cmdlet -Path (Join-Path $own '*.vhdx') -ErrorAction SilentlyContinue -ErrorVariable failures
        $results.Path | Should -Be $good
        $failures | Should -HaveCount 2
    }

    It 'tells of a folder in it and goes on' {
        $own = New-Folder
        $null = New-Item -ItemType Directory -Path (Join-Path $own 'a [1]')
        $null = Copy-Image $own 'a 1', 'b.vhdx'
        $results = Get-ChildItem -LiteralPath $own | & $cmdlet -ErrorAction SilentlyContinue -ErrorVariable failures
        $results.Path | Should -Be @((Join-Path $own 'a 1'), (Join-Path $own 'b.vhdx'))
        $failures | Should -HaveCount 1
        $failures[0].FullyQualifiedErrorId | Should -BeLike 'PathIsFolder,*'
        $failures[0].TargetObject | Should -BeExactly (Join-Path $own 'a [1]')
    }

    It 'stops at the first bad file with -ErrorAction Stop' {
        $own = New-Folder
        $good = Copy-Image $own 'a.vhdx', 'c.vhdx'
        $bad = New-BadFile (Join-Path $own 'b.vhdx')
        $seen = [Collections.Generic.List[object]]::new()
        { $good[0], $bad, $good[1] | & $cmdlet -ErrorAction Stop | ForEach-Object { $seen.Add($_.Path) } } | Should -Throw -ErrorId 'NotAVirtualDisk,*'
        $seen | Should -Be @($good[0])
    }

    It 'gives the first result before the next file is looked at' {
        $own = New-Folder
        $good = Copy-Image $own 'a.vhdx', 'b.vhdx'
        # What takes the first result removes the second file.
        $results = & $cmdlet -Path $good -ErrorAction SilentlyContinue -ErrorVariable failures | ForEach-Object { Remove-Item -LiteralPath $good[1] -ErrorAction Ignore; $_ }
        $results.Path | Should -Be @($good[0])
        $failures | Should -HaveCount 1
        $failures[0].TargetObject | Should -BeExactly $good[1]

        # Input of a pipeline is not gathered either: the second path is made when the first result is there.
        $events = [Collections.Generic.List[string]]::new()
        $null = & { $events.Add('in 1'); $good[0]; $events.Add('in 2'); $good[0] } | & $cmdlet | ForEach-Object { $events.Add('out') }
        $events | Should -Be @('in 1', 'out', 'in 2', 'out')
    }

    It 'ends with Select-Object -First 1' {
        $own = New-Folder
        $good = Copy-Image $own 'a.vhdx', 'b.vhdx'
        $bad = New-BadFile (Join-Path $own 'c.vhdx')
        $result = $good[0], $bad, $good[1] | & $cmdlet | Select-Object -First 1
        $result.Path | Should -BeExactly $good[0]
        (& $cmdlet -Path $good[1], $bad | Select-Object -First 1).Path | Should -BeExactly $good[1]
    }

    It 'takes its own results again' {
        $path = Copy-Image (New-Folder) 'again.vhdx'
        (Get-VhdxImage -LiteralPath $path | & $cmdlet).Path | Should -BeExactly $path
        (Get-Item -LiteralPath $path | & $cmdlet | Get-VhdxLayout).Path | Should -BeExactly $path
    }
}

Describe 'Many files' -Tag SlowUnderWine {
    It '2,000 images in a folder are all described in one pipeline' {
        $own = New-Folder
        $expected = @{}
        foreach ($number in 1..20) {
            # One is made by the module; 99 more are copied, holes left out, for creating flushes each file.
            $first = (New-VhdxImage -Path (Join-Path $own ('disk {0:d2}-001.vhdx' -f $number)) -SizeBytes ($number * 8MB)).Path
            $expected[$first] = $number * 8MB
            $pieces = foreach ($offset in 0, 64KB, 128KB, 192KB, 256KB, 2MB, (2MB + 64KB)) { @{ Offset = $offset; Bytes = Read-Bytes $first $offset 4096 } }
            foreach ($one in 2..100) {
                $path = Join-Path $own ('disk {0:d2}-{1:d3}.vhdx' -f $number, $one)
                $stream = [IO.FileStream]::new($path, [IO.FileMode]::CreateNew)
                foreach ($piece in $pieces) {
                    $stream.Position = $piece.Offset
                    $stream.Write($piece.Bytes, 0, 4096)
                }
                $stream.SetLength(4MB)
                $stream.Dispose()
                $expected[$path] = $number * 8MB
            }
        }
        $described = 0
        Get-ChildItem -LiteralPath $own | Get-VhdxImage | ForEach-Object {
            if ($_.Size -ne $expected[$_.Path]) { throw "$($_.Path) is told to have $($_.Size) bytes." }
            $expected.Remove($_.Path)
            $described++
        }
        $described | Should -Be 2000
        $expected.Count | Should -Be 0
        Remove-Item -LiteralPath $own -Recurse
    }
}
