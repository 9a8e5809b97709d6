# Repair-VhdxImage against the built module: switches, questions, pipelines, peers, killed processes.

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

    function Set-BatEntry {
        param([string] $Path, [int] $Index, [uint64] $Value)
        Set-Byte $Path (3MB + 8 * $Index) ([BitConverter]::GetBytes($Value))
    }

    function Set-Length {
        param([string] $Path, [long] $Length)
        $stream = [IO.File]::Open($Path, 'Open', 'ReadWrite')
        try { $stream.SetLength($Length) } finally { $stream.Dispose() }
    }

    function New-TestImage {
        # 64 blocks of 1 MiB; the first ones lie from 4 MiB on, each filled with its number plus one.
        param([int] $Blocks = 3)
        $path = Join-Path $TestDrive "$([guid]::NewGuid()).vhdx"
        $null = New-VhdxImage -Path $path -SizeBytes 64MB -BlockSizeBytes 1MB
        Set-Length $path (4MB + $Blocks * 1MB)
        for ($block = 0; $block -lt $Blocks; $block++) {
            Set-BatEntry $path $block ((4MB + $block * 1MB) -bor 6)
            $data = [byte[]]::new(1MB)
            [Array]::Fill($data, [byte] ($block + 1))
            Set-Byte $path (4MB + $block * 1MB) $data
        }
        $path
    }

    function Start-Shell {
        # A PowerShell of its own with the module loaded; output and errors go where the test reads them.
        param([string] $Command)
        $start = [Diagnostics.ProcessStartInfo]::new([Environment]::ProcessPath)
        if ([IO.Path]::GetFileNameWithoutExtension($start.FileName) -eq 'dotnet') { $start.ArgumentList.Add((Join-Path $PSHOME 'pwsh.dll')) }
        '-NoProfile', '-NonInteractive', '-Command', "Import-Module '$manifestPath'; $Command" | ForEach-Object { $start.ArgumentList.Add($_) }
        $start.UseShellExecute = $false
        $start.RedirectStandardOutput = $start.RedirectStandardError = $true
        [Diagnostics.Process]::Start($start)
    }

    function Get-ShellText {
        param([string] $Command)
        $process = Start-Shell $Command
        $errors = $process.StandardError.ReadToEndAsync()
        $process.StandardOutput.ReadToEnd() + $errors.Result
        $process.WaitForExit()
    }

    function Get-DiskByte {
        # The first byte of each MiB of the disk.
        param([string] $Path)
        $disk = [VhdxTools.VhdxDisk]::Open($Path, 'Read')
        try {
            $one = [byte[]]::new(1)
            for ($offset = 0; $offset -lt $disk.Length; $offset += 1MB) {
                $disk.Position = $offset
                $null = $disk.Read($one, 0, 1)
                $one[0]
            }
        }
        finally { $disk.Dispose() }
    }
}

Describe 'Repair-VhdxImage' {
    It 'mends what loses nothing, says so, and finds nothing to do the second time' {
        $path = New-TestImage
        Set-Byte $path (64KB + 100) 1
        Set-Byte $path (256KB + 20) 7
        $result = Repair-VhdxImage -Path $path
        $result | Should -BeOfType ([VhdxTools.VhdxRepairResult])
        $result.Changed | Should -BeTrue
        $result.Before.RuleId | Should -Be 'VX302', 'VX402'
        $result.Actions.RuleId | Should -Be 'VX302', 'VX402'
        $result.After | Should -BeNullOrEmpty
        $result.IsSound | Should -BeTrue
        Test-VhdxImage -Path $path -Detailed | Should -BeNullOrEmpty

        $hash = (Get-FileHash -LiteralPath $path).Hash
        $time = (Get-Item -LiteralPath $path).LastWriteTimeUtc
        (Repair-VhdxImage -Path $path -Leaks -DropBadBlocks -DiscardLog).Changed | Should -BeFalse
        (Get-FileHash -LiteralPath $path).Hash | Should -Be $hash
        (Get-Item -LiteralPath $path).LastWriteTimeUtc | Should -Be $time
    }

    It 'tells with -WhatIf in numbers what would be done, and touches nothing' {
        $path = New-TestImage
        Set-BatEntry $path 1 4
        $hash = (Get-FileHash -LiteralPath $path).Hash
        $time = (Get-Item -LiteralPath $path).LastWriteTimeUtc
        $text = Get-ShellText "Repair-VhdxImage -Path '$path' -DropBadBlocks -WhatIf"
        $text | Should -Match 'Give up payload block 1 .*bytes 0x100000 to 0x200000 of the disk become zero\. In all 1048576 bytes'
        Repair-VhdxImage -Path $path -DropBadBlocks -WhatIf | Should -BeNullOrEmpty
        (Get-FileHash -LiteralPath $path).Hash | Should -Be $hash
        (Get-Item -LiteralPath $path).LastWriteTimeUtc | Should -Be $time
    }

    It 'closes gaps with -Leaks, and tells before and after in numbers' {
        $path = New-TestImage 5
        Set-BatEntry $path 1 0
        Set-BatEntry $path 2 0
        $text = Get-ShellText "Repair-VhdxImage -Path '$path' -Leaks -WhatIf"
        $text | Should -Match 'Move 2 blocks from the end of the file into space that nothing references, and cut the file to 7340032 bytes, 2097152 less\.'
        [IO.FileInfo]::new($path).Length | Should -Be 9MB
        (Get-DiskByte $path)[0..5] | Should -Be 1, 0, 0, 4, 5, 0
        $result = Repair-VhdxImage -Path $path -Leaks
        $result.BytesBefore, $result.BytesAfter, $result.BlocksMoved | Should -Be 9MB, 7MB, 2
        $result.After | Should -BeNullOrEmpty
        ($result | Out-String) | Should -Match 'Length +: 9437184 to 7340032 bytes, 2 blocks moved'
        (Get-DiskByte $path)[0..5] | Should -Be 1, 0, 0, 4, 5, 0
        (Repair-VhdxImage -Path $path -Leaks).Changed | Should -BeFalse
    }

    It 'moves a log away from a block with -DiscardLog, and keeps the block' {
        # Where the log is at 1 MiB, block 0 is said to be, too.
        $path = New-TestImage
        Set-BatEntry $path 0 (1MB -bor 6)
        Set-Byte $path 1MB (, [byte] 77 * 512)
        $result = Repair-VhdxImage -Path $path -DiscardLog -Confirm:$false
        $result.Actions.RuleId | Should -Be 'VX610'
        $result.Actions.Method | Should -Be 'DiscardLog'
        $result.IsSound | Should -BeTrue
        $bytes = [IO.File]::ReadAllBytes($path)
        foreach ($header in 64KB, 128KB) { [BitConverter]::ToUInt64($bytes, $header + 72) | Should -Be 4MB }
        (Get-DiskByte $path)[0..3] | Should -Be 77, 2, 3, 0
    }

    It 'asks before something is lost, and needs an answer where nobody can give one' {
        $path = New-TestImage
        Set-BatEntry $path 1 4
        Set-Byte $path (64KB + 100) 1
        foreach ($before in '', "`$ConfirmPreference = 'High';") {
            $text = Get-ShellText "& { $before Repair-VhdxImage -Path '$path' -DropBadBlocks }"
            $text | Should -Match 'NonInteractive'
        }
        (Test-VhdxImage -Path $path -Detailed).RuleId | Should -Be 'VX302', 'VX602', 'VX611'
        (Repair-VhdxImage -Path $path).Actions.RuleId | Should -Be 'VX302'
        $result = Repair-VhdxImage -Path $path -DropBadBlocks -Confirm:$false
        $result.Actions.RuleId | Should -Be 'VX602'
        $result.Actions[0].IsLost | Should -BeTrue
        (Get-DiskByte $path)[0..3] | Should -Be 1, 0, 3, 0
    }

    It 'names the switch that helps against what is left' {
        $path = New-TestImage
        Set-BatEntry $path 1 4
        $result = Repair-VhdxImage -Path $path
        $result.Changed | Should -BeFalse
        $result.After.Repair | Should -Be 'DropBadBlocks', 'Leaks'
        $result.Hints | Should -BeLike '*mends 1 finding:*'
        $result.Hints -match '^-\w+' -replace ' .*' | Should -Be '-DropBadBlocks', '-Leaks'
    }

    It 'takes files from the pipeline, and one bad file does not stop the others' {
        $folder = New-Item -ItemType Directory -Path (Join-Path $TestDrive 'pipeline')
        $first = New-TestImage
        Set-Byte $first (64KB + 100) 1
        Copy-Item -LiteralPath $first -Destination (Join-Path $folder 'a.vhdx')
        Set-Content -LiteralPath (Join-Path $folder 'b.vhdx') -Value 'no image'
        Copy-Item -LiteralPath $first -Destination (Join-Path $folder 'c.vhdx')
        $results = Get-ChildItem -Path $folder | Repair-VhdxImage -ErrorVariable errors -ErrorAction SilentlyContinue
        $results.Changed | Should -Be $true, $true
        $errors | Should -HaveCount 1
        $errors[0].FullyQualifiedErrorId | Should -Be 'NotAVirtualDisk,VhdxTools.RepairVhdxImageCommand'
    }

    It 'refuses a file that is in use' {
        $path = New-TestImage
        Set-Byte $path (64KB + 100) 1
        $disk = [VhdxTools.VhdxDisk]::Open((New-TestImage), 'ReadWrite')
        $stream = [IO.File]::Open($path, 'Open', 'ReadWrite', 'None')
        try {
            { Repair-VhdxImage -Path $path -ErrorAction Stop } | Should -Throw -ErrorId 'FileInUse,*'
        }
        finally { $stream.Dispose(); $disk.Dispose() }
    }

    It 'mends an image that qemu-img reads afterwards to the same bytes' -Skip:(-not $qemu) {
        $path = New-TestImage
        Set-BatEntry $path 1 (200MB -bor 6)
        Set-BatEntry $path 9 (6MB -bor 6)
        $result = Repair-VhdxImage -Path $path -DropBadBlocks -Confirm:$false
        $result.Actions.RuleId | Should -Be 'VX608', 'VX609'
        $raw = "$path.raw"
        $null = qemu-img convert -O raw $path $raw
        $bytes = [IO.File]::ReadAllBytes($raw)
        @(0..10 | ForEach-Object { $bytes[$_ * 1MB] }) | Should -Be 1, 0, 3, 0, 0, 0, 0, 0, 0, 3, 0
        $null = qemu-img check $path
        $LASTEXITCODE | Should -Be 0
    }
}

Describe 'Repair-VhdxImage -Salvage' {
    It 'copies what is readable, lists the rest, and leaves the damaged file alone' {
        $path = New-TestImage
        Set-BatEntry $path 1 4
        Set-Byte $path 64KB ([byte[]]::new(128KB))
        $hash = (Get-FileHash -LiteralPath $path).Hash
        $copy = "$path.copy.vhdx"
        Repair-VhdxImage -Path $path -Salvage $copy -WhatIf | Should -BeNullOrEmpty
        $copy | Should -Not -Exist
        $result = Repair-VhdxImage -Path $path -Salvage $copy
        $result.Destination | Should -Be $copy
        $result.Changed | Should -BeFalse
        $result.Unreadable | Should -HaveCount 1
        $result.Unreadable[0].VirtualOffset | Should -Be 1MB
        $result.Unreadable[0].VirtualLength | Should -Be 1MB
        (Get-DiskByte $copy)[0..3] | Should -Be 1, 0, 3, 0
        (Get-FileHash -LiteralPath $path).Hash | Should -Be $hash
        ($result | Out-String) | Should -Match 'Unreadable +: 0x100000\+0x100000'
    }

    It 'replaces a file with -Force only, and never two images into one, nor the image itself' {
        $path = New-TestImage
        $copy = "$path.copy.vhdx"
        Set-Content -LiteralPath $copy -Value 'old'
        { Repair-VhdxImage -Path $path -Salvage $copy -ErrorAction Stop } | Should -Throw -ErrorId 'FileExists,*'
        Get-Content -LiteralPath $copy | Should -Be 'old'
        $other = New-TestImage
        $results = $path, $other | Repair-VhdxImage -Salvage $copy -Force -ErrorVariable errors -ErrorAction SilentlyContinue
        @($results).Path | Should -Be $path
        $errors[0].FullyQualifiedErrorId | Should -BeLike 'FileExists,*'
        { Repair-VhdxImage -Path $path -Salvage $path -Force -ErrorAction Stop } | Should -Throw -ErrorId 'DestinationIsSource,*'
        Test-VhdxImage -Path $path | Should -BeTrue
    }

    It 'is for itself: <Arguments>' -ForEach @(
        @{ Arguments = @{ Salvage = 'x.vhdx'; Leaks = $true } }
        @{ Arguments = @{ Salvage = 'x.vhdx'; DropBadBlocks = $true } }
        @{ Arguments = @{ Force = $true } }
    ) {
        { Repair-VhdxImage -Path (New-TestImage) @Arguments } | Should -Throw -ErrorId 'ContradictingParameters,*'
    }
}

Describe 'A repair whose process is killed' {
    It 'leaves an image that the same command mends, round <_>' -ForEach (1..4) {
        # 1500 blocks share the space of others: each gets a copy, in many entries of the log.
        $path = Join-Path $TestDrive "killed$_.vhdx"
        $null = New-VhdxImage -Path $path -SizeBytes 2GB -BlockSizeBytes 1MB
        Set-Length $path 8MB
        foreach ($block in 0..3) {
            $data = [byte[]]::new(1MB)
            $data[0] = $block + 1
            Set-Byte $path (4MB + $block * 1MB) $data
        }
        $entries = [byte[]]::new(8 * 1500)
        foreach ($block in 0..1499) {
            [BitConverter]::GetBytes([uint64] ((4MB + ($block % 4) * 1MB) -bor 6)).CopyTo($entries, 8 * $block)
        }
        Set-Byte $path 3MB $entries

        $process = Start-Shell "'ready'; Repair-VhdxImage -Path '$path' -DropBadBlocks -Confirm:`$false | Out-Null; 'done'"
        try {
            $process.StandardOutput.ReadLine() | Should -Be 'ready'

            # The first copies make the file longer; then the work goes on for a while.
            while ([IO.FileInfo]::new($path).Length -eq 8MB -and -not $process.HasExited) { [Threading.Thread]::Sleep(1) }
            Start-Sleep -Milliseconds (15 * ($_ - 1))
        }
        finally { $process.Kill(); $process.WaitForExit() }
        $process.StandardOutput.ReadToEnd() | Should -BeNullOrEmpty -Because 'it was to be killed in the middle'
        @(Test-VhdxImage -Path $path -Detailed | Where-Object RuleId -EQ 'VX609').Count | Should -BeGreaterThan 0

        $expected = @(foreach ($block in 0..2047) { $block -lt 1500 ? 1 + $block % 4 : 0 }) -join ','
        (Get-DiskByte $path) -join ',' | Should -Be $expected
        $result = Repair-VhdxImage -Path $path -DropBadBlocks -Confirm:$false
        $result.IsSound | Should -BeTrue
        $result.After.Where{ $_.RuleId -ne 'VX611' } | Should -BeNullOrEmpty
        (Get-DiskByte $path) -join ',' | Should -Be $expected
        (Repair-VhdxImage -Path $path -DropBadBlocks).Changed | Should -BeFalse
        Remove-Item -LiteralPath $path
    }
}

Describe 'A repair that closes gaps, and whose process is killed' {
    It 'does no harm, and is finished by the same command' {
        if ($IsWindows) { Set-ItResult -Skipped -Because 'there is no kill -9' }
        . (Join-Path $PSScriptRoot 'disks.ps1')
        $folder = New-Folder
        $path = New-Image (Join-Path $folder disk.vhdx) 300MB
        Use-Disk $path {
            $bytes = [byte[]]::new(1MB)
            for ($i = 0; $i -lt 300; $i++) { [Array]::Fill($bytes, [byte] (1 + $i % 250)); $disk.WriteAt(1MB * $i, $bytes, 0, 1MB) }
            $disk.Flush()
        }

        # Every third block of the first 270 is gone, and nothing references its space any more.
        for ($i = 0; $i -lt 270; $i += 3) { Set-BatEntry $path $i 0 }
        $digest = Get-Digest $path
        $worn = "$path.worn"
        Copy-Item -LiteralPath $path -Destination $worn
        $length = [IO.FileInfo]::new($path).Length
        foreach ($delay in 0, 60, 150, 220, 300, 400) {
            Copy-Item -LiteralPath $worn -Destination $path -Force
            $null = Invoke-Killed "Repair-VhdxImage '$path' -Leaks" $delay
            Get-Digest $path | Should -BeExactly $digest
            Test-VhdxImage $path | Should -BeTrue
            $result = Repair-VhdxImage $path -Leaks
            $result.After | Should -BeNullOrEmpty
            [IO.FileInfo]::new($path).Length | Should -Be ($length - 90MB)
            Get-Digest $path | Should -BeExactly $digest
            (Repair-VhdxImage $path -Leaks).Changed | Should -BeFalse
        }
    }
}

Describe 'A salvage' {
    BeforeAll { . (Join-Path $PSScriptRoot 'disks.ps1') }

    It 'never takes the place of a parent, also of one that no longer fits' {
        $folder = New-Folder
        $parent = New-Image (Join-Path $folder a.vhdx) 20MB
        Use-Disk $parent { $disk.WriteAt(5MB, [byte[]] (1..100), 0, 100) }
        $child = New-Image (Join-Path $folder c.avhdx) 0 @{ ParentPath = $parent }
        Use-Disk $child { $disk.WriteAt(6MB, [byte[]] (1..100), 0, 100) }
        Set-VhdxImage $parent -ResetDiskIdentifier -WarningAction SilentlyContinue
        $state = Get-FileState $parent
        { Repair-VhdxImage $child -Salvage $parent -Force -Confirm:$false -ErrorAction Stop } | Should -Throw -ErrorId 'DestinationIsParent,*'
        Get-FileState $parent | Should -BeExactly $state
    }
}
