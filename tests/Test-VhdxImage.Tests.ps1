# Test-VhdxImage against the built module: real images, peers, errors, pipelines, views.

BeforeDiscovery {
    $qemu = [bool] (Get-Command -Name qemu-img -CommandType Application -ErrorAction Ignore)
}

BeforeAll {
    . (Join-Path $PSScriptRoot 'common.ps1')

    function Set-Byte {
        param([string] $Path, [long] $Offset, [byte[]] $Bytes)
        $stream = [IO.File]::Open($Path, 'Open', 'ReadWrite')
        try {
            $stream.Position = $Offset
            $stream.Write($Bytes, 0, $Bytes.Length)
        }
        finally { $stream.Dispose() }
    }

    function New-TestImage {
        # 16 blocks of 1 MiB; the first two lie at 4 and 5 MiB.
        $path = Join-Path $TestDrive "$([guid]::NewGuid()).vhdx"
        $null = New-VhdxImage -Path $path -SizeBytes 16MB -BlockSizeBytes 1MB
        $stream = [IO.File]::Open($path, 'Open', 'ReadWrite')
        try { $stream.SetLength(6MB) } finally { $stream.Dispose() }
        Set-Byte $path 3MB ([BitConverter]::GetBytes([uint64] (4MB -bor 6)) + [BitConverter]::GetBytes([uint64] (5MB -bor 6)))
        $path
    }

    function Set-BatEntry {
        param([string] $Path, [int] $Index, [uint64] $Value)
        Set-Byte $Path (3MB + 8 * $Index) ([BitConverter]::GetBytes($Value))
    }

    function Get-Finding {
        # Rule and severity of every finding, as '<id> <severity>'.
        param([string] $Path)
        @(Test-VhdxImage -Path $Path -Detailed | ForEach-Object { "$($_.RuleId) $($_.Severity)" })
    }
}

Describe 'Test-VhdxImage: the answer' {
    It 'is one Boolean' {
        $path = New-TestImage
        $answer = Test-VhdxImage -Path $path
        $answer | Should -BeOfType ([bool])
        $answer | Should -BeTrue
        Test-VhdxImage -Path $path -Detailed | Should -BeNullOrEmpty
    }

    It 'is false with an error, and true with a warning or a note' {
        $path = New-TestImage
        Set-BatEntry $path 9 (7MB -bor 14)
        Test-VhdxImage -Path $path | Should -BeFalse
        Set-BatEntry $path 9 0
        Set-Byte $path 64KB ([byte[]]::new(4096))
        Get-Finding $path | Should -Be 'VX308 Warning'
        Test-VhdxImage -Path $path | Should -BeTrue
    }

    It 'has everything in its findings with -Detailed' {
        $path = New-TestImage
        Set-BatEntry $path 9 (0x500000 -bor 6)
        $finding = Test-VhdxImage -Path $path -Detailed
        $finding | Should -HaveCount 1
        $finding | Should -BeOfType ([VhdxTools.VhdxFinding])
        $finding.RuleId | Should -BeExactly 'VX609'
        $finding.Severity | Should -Be 'Error'
        $finding.File | Should -BeExactly $path
        $finding.FileOffset | Should -Be 5MB
        $finding.Length | Should -Be 1MB
        $finding.Block | Should -Be 9
        $finding.VirtualOffset | Should -Be 9MB
        $finding.Reference | Should -BeExactly 'MS-VHDX 2.4'
        $finding.Repairable | Should -BeTrue
        $finding.Repair | Should -Be 'DropBadBlocks'
        "$finding" | Should -BeLike 'VX609 Error: *'
    }

    It 'declares both output types' {
        (Get-Command Test-VhdxImage).OutputType.Name | Should -Be 'System.Boolean', 'VhdxTools.VhdxFinding'
    }
}

Describe 'Test-VhdxImage: real images' {
    BeforeDiscovery {
        $windows = 'dynamic.vhdx', 'fixed.vhdx', 'differencing.avhdx', 'vhdx-log-replay.vhdx', 'iotest-dynamic-1G.vhdx', 'config2_base.vhdx'
    }

    It 'has no error and no warning for <_>, made by Windows' -ForEach $windows {
        $path = Get-SampleFile $_
        $before = Get-FileState $path
        $findings = @(Test-VhdxImage -Path $path -Detailed)
        $bad = @($findings | Where-Object { $_.Severity -ne 'Note' } | ForEach-Object RuleId)
        $expected = $_ -eq 'differencing.avhdx' ? @('VX804') : @()
        $bad | Should -Be $expected
        @($findings | ForEach-Object RuleId) -contains 'VX503' | Should -Be ($_ -eq 'vhdx-log-replay.vhdx')
        Test-VhdxImage -Path $path | Should -Be ($_ -ne 'differencing.avhdx')
        Test-VhdxImage -Path $path -SkipParent | Should -BeTrue
        Get-FileState $path | Should -BeExactly $before
    }

    It 'names the twin headers and the odd length of Disk2vhd' {
        $path = Get-SampleFile 'test-disk2vhd.vhdx'
        $findings = Get-Finding $path
        $findings | Should -Contain 'VX902 Note'
        $findings | Should -Contain 'VX907 Note'
        $findings | Should -Not -Match 'Error|Warning'
        Test-VhdxImage -Path $path | Should -BeTrue
    }

    It 'names the regions that QEMU does not mark, and its dirty log' {
        $path = Get-SampleFile 'iotest-dirtylog-10G-4M.vhdx'
        $before = Get-FileState $path
        $findings = Get-Finding $path
        $findings | Should -Contain 'VX411 Note'
        $findings | Should -Contain 'VX503 Note'
        $findings | Should -Not -Match 'Error|Warning'
        Get-FileState $path | Should -BeExactly $before
    }

    It 'has notes only for what qemu-img create makes (<_>)' -Skip:(-not $qemu) -ForEach 'dynamic', 'fixed' {
        $path = Join-Path $TestDrive "qemu-$_.vhdx"
        $null = & qemu-img create -f vhdx -o "subformat=$_" $path 64M
        $LASTEXITCODE | Should -Be 0
        $findings = Get-Finding $path
        $findings | Should -Contain 'VX411 Note'
        $findings | Should -Not -Match 'Error|Warning'
        if ($_ -eq 'fixed') { $findings | Should -Contain 'VX901 Note' }
        Test-VhdxImage -Path $path | Should -BeTrue
    }
}

Describe 'Test-VhdxImage: new images' {
    BeforeDiscovery {
        $matrix = foreach ($type in 'Dynamic', 'Fixed', 'Differencing') {
            foreach ($sector in 512, 4096) {
                foreach ($block in 1MB, 32MB) { @{ Type = $type; Sector = $sector; Block = $block } }
            }
        }
    }

    It 'has no finding at all: <Type>, sectors of <Sector>, blocks of <Block>' -ForEach $matrix {
        $path = Join-Path $TestDrive "new-$Type-$Sector-$Block.vhdx"
        $arguments = @{ Path = $path; BlockSizeBytes = $Block }
        if ($Type -eq 'Differencing') {
            $parent = Join-Path $TestDrive "parent-$Sector-$Block.vhdx"
            $null = New-VhdxImage -Path $parent -SizeBytes 100MB -LogicalSectorSizeBytes $Sector
            $arguments.ParentPath = $parent
        }
        else {
            $arguments.SizeBytes = 100MB
            $arguments.LogicalSectorSizeBytes = $Sector
            $arguments.Type = $Type
            if ($Type -eq 'Fixed') { $arguments.Preallocation = 'None' }
        }
        $null = New-VhdxImage @arguments
        Test-VhdxImage -Path $path -Detailed | Should -BeNullOrEmpty
        Test-VhdxImage -Path $path | Should -BeTrue
    }
}

Describe 'Test-VhdxImage: files that are left alone' {
    It 'keeps hash and times of a damaged image' {
        $path = New-TestImage
        Set-BatEntry $path 9 (0x500000 -bor 6)
        $before = Get-FileState $path
        $null = Test-VhdxImage -Path $path
        $null = Test-VhdxImage -Path $path -Detailed
        Get-FileState $path | Should -BeExactly $before
    }

    It 'tests a read-only file' {
        $path = New-TestImage
        Set-ItemProperty -LiteralPath $path -Name IsReadOnly -Value $true
        try { Test-VhdxImage -Path $path | Should -BeTrue }
        finally { Set-ItemProperty -LiteralPath $path -Name IsReadOnly -Value $false }
    }

    It 'leaves the file to be deleted at once, also after an error' {
        $path = New-TestImage
        Set-BatEntry $path 9 4
        Test-VhdxImage -Path $path -Detailed | Select-Object -First 1 | Should -Not -BeNullOrEmpty
        { [IO.File]::Open($path, 'Open', 'ReadWrite', 'None').Dispose() } | Should -Not -Throw
        Remove-Item -LiteralPath $path
    }
}

Describe 'Test-VhdxImage: what is no VHDX' {
    BeforeAll {
        $empty = New-Item -Path (Join-Path $TestDrive 'empty.vhdx') -ItemType File
        $gzip = Join-Path $TestDrive 'gzip.vhdx'
        [IO.File]::WriteAllBytes($gzip, [byte[]] (0x1F, 0x8B, 8, 0, 0, 0, 0, 0))
        $text = Join-Path $TestDrive 'text.vhdx'
        Set-Content -LiteralPath $text -Value 'no image'
    }

    It 'gives an error with an id and no output for <Name>' -ForEach @(
        @{ Name = 'an empty file'; Path = { $empty.FullName }; Id = 'FileEmpty' }
        @{ Name = 'gzip'; Path = { $gzip }; Id = 'FileCompressed' }
        @{ Name = 'text'; Path = { $text }; Id = 'NotAVirtualDisk' }
        @{ Name = 'a folder'; Path = { "$TestDrive" }; Id = 'PathIsFolder' }
        @{ Name = 'no file'; Path = { Join-Path $TestDrive 'gone.vhdx' }; Id = 'FileNotFound' }
    ) {
        $target = & $Path
        foreach ($detailed in $false, $true) {
            $output = Test-VhdxImage -Path $target -Detailed:$detailed -ErrorAction SilentlyContinue -ErrorVariable problem
            $output | Should -BeNullOrEmpty
            $problem | Should -HaveCount 1
            $problem[0].FullyQualifiedErrorId | Should -BeExactly "$Id,VhdxTools.TestVhdxImageCommand"
            $problem[0].TargetObject | Should -BeExactly $target
        }
    }

    It 'gives an error for a VHD' {
        $path = Get-SampleFile 'dynamic.vhd'
        Test-VhdxImage -Path $path -ErrorAction SilentlyContinue -ErrorVariable problem | Should -BeNullOrEmpty
        $problem[0].FullyQualifiedErrorId | Should -BeExactly 'FileIsVhd,VhdxTools.TestVhdxImageCommand'
    }

    It 'gives an error for a pipe and does not wait for its other end' {
        if ($IsWindows -or -not (Test-Peer mkfifo)) { Set-ItResult -Skipped -Because 'there is no mkfifo' }
        $pipe = Join-Path $TestDrive 'pipe.vhdx'
        & mkfifo $pipe
        Test-VhdxImage -Path $pipe -ErrorAction SilentlyContinue -ErrorVariable problem | Should -BeNullOrEmpty
        $problem[0].FullyQualifiedErrorId | Should -BeExactly 'NotARegularFile,VhdxTools.TestVhdxImageCommand'
    }

    It 'gives an error for a path of another provider' {
        Test-VhdxImage -LiteralPath 'Env:\PATH' -ErrorAction SilentlyContinue -ErrorVariable problem | Should -BeNullOrEmpty
        $problem[0].FullyQualifiedErrorId | Should -BeExactly 'NotAFileSystemPath,VhdxTools.TestVhdxImageCommand'
    }
}

Describe 'Test-VhdxImage: pipelines and paths' {
    It 'goes on behind a bad file' {
        $good = New-TestImage
        $bad = Join-Path $TestDrive 'zz-bad.vhdx'
        Set-Content -LiteralPath $bad -Value 'x'
        $damaged = New-TestImage
        Set-BatEntry $damaged 9 4
        $answers = $good, $bad, $damaged | Get-Item | Test-VhdxImage -ErrorAction SilentlyContinue -ErrorVariable problem
        $answers | Should -Be $true, $false
        $problem | Should -HaveCount 1
        $problem[0].TargetObject | Should -BeExactly $bad
    }

    It 'takes wildcards, literal paths with brackets, and paths relative to $PWD' {
        $folder = New-Item -ItemType Directory -Path (Join-Path $TestDrive 'wild [1]')
        1..3 | ForEach-Object { Copy-Item -LiteralPath (New-TestImage) -Destination (Join-Path $folder.FullName "d$_.vhdx") }
        Push-Location -LiteralPath $folder.FullName
        try {
            @(Test-VhdxImage -Path 'd*.vhdx') | Should -Be $true, $true, $true
            Test-VhdxImage d1.vhdx | Should -BeTrue
            Test-VhdxImage -LiteralPath ./d2.vhdx | Should -BeTrue
        }
        finally { Pop-Location }
        Test-VhdxImage -LiteralPath (Join-Path $folder.FullName 'd3.vhdx') | Should -BeTrue
    }

    It 'gives the finding of the parent with the parent''s path, and skips it on request' {
        $parent = New-TestImage
        $child = Join-Path $TestDrive 'child.vhdx'
        $null = New-VhdxImage -Path $child -ParentPath $parent
        Set-BatEntry $parent 9 4
        Test-VhdxImage -Path $child | Should -BeFalse
        (Test-VhdxImage -Path $child -Detailed).File | Should -BeExactly $parent
        Test-VhdxImage -Path $child -SkipParent | Should -BeTrue
        Remove-Item -LiteralPath $parent
        $missing = Test-VhdxImage -Path $child -Detailed
        $missing.RuleId | Should -BeExactly 'VX804'
        $missing.Message | Should -BeLike "*$parent*"
        Test-VhdxImage -Path $child -SkipParent -Detailed | Should -BeNullOrEmpty
    }
}

Describe 'Test-VhdxImage: long checks' {
    BeforeAll {
        # As long as a fixed image of 8 TiB, on whatever file system holds such a file; most of it is a hole.
        $long = foreach ($folder in $TestDrive, '/dev/shm') {
            if (-not (Test-Path -LiteralPath $folder)) { continue }
            $path = Join-Path $folder "long-$([guid]::NewGuid()).vhdx"
            $null = New-VhdxImage -Path $path -SizeBytes 8TB -BlockSizeBytes 1MB -Fixed -Preallocation None -ErrorAction SilentlyContinue
            if (Test-Path -LiteralPath $path) { $path; break }
        }
    }

    AfterAll {
        if ($long) { Remove-Item -LiteralPath $long -ErrorAction Ignore }
    }

    It 'find nothing wrong with eight million blocks' {
        if (-not $long) { Set-ItResult -Skipped -Because 'no file system here holds a file of 8 TiB' }
        Test-VhdxImage -Path $long -Detailed | Should -BeNullOrEmpty
    }

    It 'give findings as they come' {
        if (-not $long) { Set-ItResult -Skipped -Because 'no file system here holds a file of 8 TiB' }
        $bat = (Get-VhdxLayout -Path $long).Regions | Where-Object Name -EQ BAT
        $entry = Read-Bytes $long ([long] $bat.FileOffset + 80) 8
        Set-Byte $long ([long] $bat.FileOffset + 80) ([byte[]] (4, 0, 0, 0, 0, 0, 0, 0))
        try {
            $before = if ($IsLinux) { Get-ReadBytes }
            $found = Test-VhdxImage -Path $long -Detailed | Select-Object -First 1
            $answer = Test-VhdxImage -Path $long
            $found.Block | Should -Be 10
            $answer | Should -BeFalse
            if ($IsLinux) { (Get-ReadBytes) - $before | Should -BeLessThan 16MB -Because 'neither needs more of a BAT of 64 MiB than its beginning' }
        }
        finally {
            Set-Byte $long ([long] $bat.FileOffset + 80) $entry
        }
    }

    It 'end before the file does when they are stopped' {
        if (-not $long) { Set-ItResult -Skipped -Because 'no file system here holds a file of 8 TiB'; return }
        if (-not $IsLinux) { Set-ItResult -Skipped -Because 'only Linux tells how much a process has read'; return }
        $before = Get-ReadBytes
        Test-VhdxImage -Path $long | Should -BeTrue
        $whole = (Get-ReadBytes) - $before
        # A stop may come too late for a check: it has many tries. One that does not listen always reads everything.
        for ($try = 0; $try -lt 50; $try++) {
            $shell = [powershell]::Create()
            try {
                $null = $shell.AddScript("Import-Module '$manifestPath'").Invoke()
                $shell.Commands.Clear()
                $null = $shell.AddCommand('Test-VhdxImage').AddParameter('Path', $long)
                $before = Get-ReadBytes
                $running = $shell.BeginInvoke()
                while (-not $running.IsCompleted -and (Get-ReadBytes) - $before -lt 2MB) { }
                $shell.Stop()
                $read = (Get-ReadBytes) - $before
                if ($shell.InvocationStateInfo.State -eq 'Stopped' -and $read -lt $whole - 8MB) { return }
            }
            finally { $shell.Dispose() }
        }
        throw "No check ended before it had read all $whole bytes."
    }
}

Describe 'Test-VhdxImage: damages that qemu-img check meets too' {
    # What qemu-img says is not asserted: it passes most of them.
    It 'finds <Name>' -Skip:(-not $qemu) -ForEach @(
        @{ Name = 'two entries for one block'; Rule = 'VX609'; Damage = { Set-BatEntry $path 9 (0x500000 -bor 6) } }
        @{ Name = 'a reserved state'; Rule = 'VX602'; Damage = { Set-BatEntry $path 9 5 } }
        @{ Name = 'reserved bits'; Rule = 'VX603'; Damage = { Set-BatEntry $path 1 (0x500000 -bor 14) } }
        @{ Name = 'a block over the log'; Rule = 'VX610'; Damage = { Set-BatEntry $path 9 (0x100000 -bor 6) } }
        @{ Name = 'a leaked block'; Rule = 'VX611'; Damage = { Set-BatEntry $path 1 0 } }
        @{ Name = 'a disk identifier of zeros'; Rule = 'VX714'; Damage = { Set-Byte $path (2MB + 64KB + 24) ([byte[]]::new(16)) } }
    ) {
        $path = New-TestImage
        $null = & qemu-img check -f vhdx $path 2>&1
        $LASTEXITCODE | Should -Be 0
        . $Damage
        $null = & qemu-img check -f vhdx $path 2>&1
        @(Test-VhdxImage -Path $path -Detailed | ForEach-Object RuleId) | Should -Be $Rule
    }
}

Describe 'Test-VhdxImage: views and help' {
    It 'shows offsets in hexadecimal in the table' {
        $path = New-TestImage
        Set-BatEntry $path 9 (0x500000 -bor 6)
        $text = Test-VhdxImage -Path $path -Detailed | Format-Table | Out-String -Width 200
        $text | Should -Match 'VX609'
        $text | Should -Match '0x500000'
    }

    It 'has a help topic that is the table of rules' {
        $topic = Join-Path $repository 'en-US' 'about_VhdxTools_Rules.help.txt'
        $out = New-Item -ItemType Directory -Path (Join-Path $TestDrive 'help')
        $arguments = @('-NoProfile', '-NonInteractive', '-File', (Join-Path $repository 'build.ps1'), '-Task', 'Help', '-OutputPath', $out.FullName, '-NoBuild')
        $shell = [Environment]::ProcessPath
        if ([IO.Path]::GetFileNameWithoutExtension($shell) -eq 'dotnet') { $arguments = @((Join-Path $PSHOME 'pwsh.dll')) + $arguments }
        $null = & $shell @arguments
        $LASTEXITCODE | Should -Be 0
        $printed = Join-Path $out.FullName 'about_VhdxTools_Rules.help.txt'
        [IO.File]::ReadAllText($printed) | Should -BeExactly ([IO.File]::ReadAllText($topic))
        $text = [IO.File]::ReadAllText($topic)
        foreach ($rule in [VhdxTools.VhdxRules]::All) { $text | Should -BeLike "*$($rule.Id) *" }
        [VhdxTools.VhdxRules]::All.Count | Should -BeGreaterThan 60
    }
}
