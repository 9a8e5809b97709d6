# The log in the real system: the order of calls under strace, logs that killed processes leave, ours and QEMU's.

BeforeDiscovery {
    $stages = 'first write', 'two writes', 'flushed', 'flushed and written', 'flushed twice', 'trimmed', 'trimmed and flushed', 'many blocks'
}

BeforeAll {
    . (Join-Path $PSScriptRoot 'common.ps1')
    . (Join-Path $PSScriptRoot 'disks.ps1')

    function Get-Shell {
        # How this PowerShell is called as a program.
        [Environment]::ProcessPath
        if ([IO.Path]::GetFileNameWithoutExtension([Environment]::ProcessPath) -eq 'dotnet') { Join-Path $PSHOME 'pwsh.dll' }
        '-NoProfile', '-NonInteractive'
    }

    function Test-Strace {
        # Whether strace is here and may trace.
        if (-not (Test-Peer strace)) { return 'strace is not here' }
        $null = & strace -f -e trace=none true 2>&1
        if ($LASTEXITCODE -ne 0) { 'ptrace is not allowed here' }
    }

    function ConvertTo-Quoted {
        param([string] $Text)
        "'" + $Text.Replace("'", "''") + "'"
    }

    $useModule = "Import-Module $(ConvertTo-Quoted $manifestPath)`nAdd-Type -AssemblyName System.Runtime`n"
    # The pattern of disks.ps1 in a process that has no C# of ours: bytes by seed, never zero.
    $fill = "function Fill([int] `$count, [int] `$value) { `$b = [byte[]]::new(`$count); [Array]::Fill(`$b, [byte] `$value); , `$b }`n"

    function Get-LogEntryCount {
        # How many entries stand in the log's sectors that are of the log that the header names; the others are history.
        param([string] $Path)
        $image = [VhdxToolsTests.DiskImage]::new($Path)
        $log = $image.Bytes($image.LogOffset, $image.LogLength)
        $count = 0
        for ($at = 0; $at -lt $log.Length; $at += 4096) { if ([Text.Encoding]::ASCII.GetString($log, $at, 4) -ceq 'loge' -and (Get-GuidAt $log ($at + 32)) -eq $image.LogGuid) { $count++ } }
        $count
    }

    function Compare-Replay {
        # The three ways to the same disk: read by us as it is, repaired by qemu-img, opened for writing by us.
        param([string] $Path)

        $state = Get-FileState $Path
        $theirs = "$Path.qemu.vhdx"
        $ours = "$Path.ours.vhdx"
        Copy-Item -LiteralPath $Path -Destination $theirs
        Copy-Item -LiteralPath $Path -Destination $ours
        $said = & qemu-img check -f vhdx -r all $theirs 2>&1
        $LASTEXITCODE | Should -Be 0 -Because "$said"
        $raw = ConvertTo-Raw $theirs
        Compare-Raw $Path $raw | Should -Be -1 -Because 'what we read over the dirty log is what qemu-img replays'
        Get-FileState $Path | Should -BeExactly $state
        Use-Disk $ours { $disk.ReadByte() | Should -BeGreaterOrEqual 0 }
        ([VhdxToolsTests.DiskImage]::new($ours)).LogGuid | Should -Be ([guid]::Empty)
        Compare-Raw $ours $raw | Should -Be -1
        $said = & qemu-img check -f vhdx $ours 2>&1
        $LASTEXITCODE | Should -Be 0 -Because "$said"
        Test-VhdxImage $ours | Should -BeTrue
        Remove-Item -LiteralPath $raw, $theirs, $ours
    }

    function Get-Byte {
        param([string] $Path, [long] $Offset)
        Use-Disk $Path -Access Read { $disk.Position = $Offset; $disk.ReadByte() }
    }
}

Describe 'The order of calls of the real system' {
    BeforeAll {
        $why = if ($IsLinux) { Test-Strace } else { 'strace is for Linux' }
        if ($why) { return }

        $path = New-Image (Join-Path (New-Folder) 'traced.vhdx') 64MB
        $trace = "$path.trace"
        $script = $useModule + $fill + @"
`$disk = [VhdxTools.VhdxDisk]::Open($(ConvertTo-Quoted $path), 'ReadWrite')
`$disk.WriteAt(5, (Fill 100 1), 0, 100)
`$disk.WriteAt(3MB, (Fill 2MB 2), 0, 2MB)
`$disk.WriteAt(9MB + 512, (Fill 512 3), 0, 512)
`$disk.Flush()
`$disk.WriteAt(20MB, (Fill 4096 4), 0, 4096)
`$disk.WriteAt(100, (Fill 10 5), 0, 10)
`$disk.Flush()
`$disk.WriteAt(200, (Fill 10 7), 0, 10)
`$disk.Flush()
`$disk.WriteAt(30MB, (Fill 4096 6), 0, 4096)
`$disk.Dispose()
"@
        $encoded = [Convert]::ToBase64String([Text.Encoding]::Unicode.GetBytes($script))
        $shell = Get-Shell
        $said = & strace -f -y -o $trace -e trace=pwrite64,write,fsync,fdatasync,ftruncate --seccomp-bpf @shell -EncodedCommand $encoded 2>&1
        if ($LASTEXITCODE -ne 0) { throw "The traced process failed: $said" }
        $image = [VhdxToolsTests.DiskImage]::new($path)

        # One word a call on the image: what it did where.
        $calls = foreach ($line in [IO.File]::ReadLines($trace)) {
            if (-not $line.Contains("<$path>") -or $line -notmatch '^\d+\s+(\w+)\(\d+<') { continue }
            switch ($Matches[1]) {
                { $_ -in 'fsync', 'fdatasync' } { 'flush' }
                'ftruncate' { 'length' }
                'pwrite64' {
                    if ($line -notmatch ', (\d+), (\d+)(\)| <unfinished)') { throw "Not understood: $line" }
                    $at = [long] $Matches[2]
                    if ($at -in 64KB, 128KB) { 'header' }
                    elseif ($at -ge $image.LogOffset -and $at -lt $image.LogOffset + $image.LogLength) { 'log' }
                    elseif ($at -ge $image.BatOffset -and $at -lt $image.BatOffset + $image.BatLength) { 'bat' }
                    elseif ($at -lt 1MB) { 'other' }
                    else { 'data' }
                }
                default { $_ }
            }
        }
        # A row of equal ones becomes one, so that the size of a write may be what it likes.
        $text = ($calls -join ' ') -replace '\b(data|log)( \1)+\b', '$1' -replace '\blength data\b', 'data' -replace '\bdata length\b', 'data' -replace '\b(data)( \1)+\b', '$1'
    }

    It 'is: log entry, flush, each header with a flush, and only then data' {
        if ($why) { Set-ItResult -Skipped -Because $why }
        $text | Should -Match '^(flush )?log flush header flush header flush data '
    }

    It 'is at a flush: data, flush, log entry, flush, BAT' {
        if ($why) { Set-ItResult -Skipped -Because $why }
        ([regex]::Matches($text, '\bdata flush log flush bat\b')).Count | Should -Be 3
        @($calls -eq 'bat') | Should -HaveCount 3
        for ($i = 1; $i -lt $calls.Count; $i++) { if ($calls[$i] -eq 'bat') { $calls[$i - 1] | Should -Be flush; $calls[$i - 2] | Should -Be log } }
    }

    It 'is at the end: BAT, flush, each header with a flush, and at most a new length' {
        if ($why) { Set-ItResult -Skipped -Because $why }
        $text | Should -Match ' bat flush header flush header flush( length flush)?$'
    }

    It 'is in all what the engine promises, and nothing else: what only overwrites is flushed without a log entry' {
        if ($why) { Set-ItResult -Skipped -Because $why }
        $text | Should -Match '^(flush )?log flush header flush header flush data flush log flush bat data flush log flush bat data flush data flush log flush bat flush header flush header flush( length flush)?$'
        @($calls -eq 'header') | Should -HaveCount 4
    }
}

Describe 'Our log after SIGKILL' -ForEach @{ Names = $stages } {
    BeforeAll {
        $why = if ($IsWindows) { 'there is no SIGKILL on Windows' } elseif (-not (Test-Peer qemu-img)) { 'qemu-img is not here' }
        if ($why) { return }

        # One process brings an image to each stage, all stay open, and then it is killed.
        $own = New-Folder
        $images = @{}
        foreach ($stage in $Names) { $images[$stage] = New-Image (Join-Path $own "$stage.vhdx") 400MB }
        $script = $useModule + $fill + @"
function Open(`$name) { [VhdxTools.VhdxDisk]::Open((Join-Path $(ConvertTo-Quoted $own) "`$name.vhdx"), 'ReadWrite') }
`$a = Open 'first write'; `$a.WriteAt(5000, (Fill 3000 1), 0, 3000)
`$b = Open 'two writes'; `$b.WriteAt(5000, (Fill 3000 1), 0, 3000); `$b.WriteAt(7MB, (Fill 3MB 2), 0, 3MB)
`$c = Open 'flushed'; `$c.WriteAt(5000, (Fill 3000 1), 0, 3000); `$c.WriteAt(7MB, (Fill 3MB 2), 0, 3MB); `$c.Flush()
`$d = Open 'flushed and written'; `$d.WriteAt(5000, (Fill 3000 1), 0, 3000); `$d.Flush(); `$d.WriteAt(7MB, (Fill 3MB 2), 0, 3MB); `$d.WriteAt(5000, (Fill 10 9), 0, 10)
`$e = Open 'flushed twice'; `$e.WriteAt(5000, (Fill 3000 1), 0, 3000); `$e.Flush(); `$e.WriteAt(7MB, (Fill 3MB 2), 0, 3MB); `$e.Flush()
`$f = Open 'trimmed'; `$f.WriteAt(1MB, (Fill 5MB 1), 0, 5MB); `$f.Flush(); `$f.Trim(2MB, 3MB)
`$g = Open 'trimmed and flushed'; `$g.WriteAt(1MB, (Fill 5MB 1), 0, 5MB); `$g.Flush(); `$g.Trim(2MB, 3MB); `$g.Flush(); `$g.WriteAt(50MB, (Fill 10 3), 0, 10)
`$h = Open 'many blocks'; for (`$i = 0; `$i -lt 400; `$i += 3) { `$h.WriteAt(`$i * 1MB + 17, (Fill 10 (1 + `$i % 200)), 0, 10); if (`$i % 30 -eq 0) { `$h.Flush() } }; `$h.Flush()
& /bin/kill -9 `$PID
"@
        $result = Invoke-ChildShell $script
        if ($result.ExitCode -notin 137, 9) { throw "The process ended with $($result.ExitCode): $($result.Output)" }
    }

    It 'is dirty and read alike by us and by qemu-img: <_>' -ForEach $stages {
        if ($why) { Set-ItResult -Skipped -Because $why }
        $path = $images[$_]
        (Get-VhdxImage $path).LogState | Should -Be Dirty
        Test-VhdxImage $path | Should -BeTrue
        Compare-Replay $path
    }

    It 'holds what was flushed' {
        if ($why) { Set-ItResult -Skipped -Because $why }
        foreach ($stage in 'flushed', 'flushed twice') {
            Get-Byte $images[$stage] 5000 | Should -Be 1
            Get-Byte $images[$stage] 7999 | Should -Be 1
            Get-Byte $images[$stage] 8000 | Should -Be 0
            Get-Byte $images[$stage] (7MB) | Should -Be 2
            Get-Byte $images[$stage] (10MB - 1) | Should -Be 2
        }
        Get-Byte $images['flushed and written'] 5100 | Should -Be 1
        Get-Byte $images['flushed and written'] 5000 | Should -BeIn 1, 9
        Get-Byte $images['flushed and written'] (8MB) | Should -BeIn 0, 2
        Get-Byte $images['trimmed'] (1MB) | Should -Be 1
        Get-Byte $images['trimmed'] (3MB) | Should -BeIn 0, 1
        Get-Byte $images['trimmed and flushed'] (1MB) | Should -Be 1
        Get-Byte $images['trimmed and flushed'] (3MB) | Should -Be 0
        Get-Byte $images['trimmed and flushed'] (5MB) | Should -Be 1
        Use-Disk $images['many blocks'] -Access Read {
            for ($i = 0; $i -lt 400; $i++) {
                $disk.Position = $i * 1MB + 20
                $disk.ReadByte() | Should -Be $(if ($i % 3 -eq 0) { 1 + $i % 200 } else { 0 })
            }
        }
    }

    It 'holds every flushed generation of a process that is killed in the middle of its work, round <_>' -ForEach (1..3) {
        if ($why) { Set-ItResult -Skipped -Because $why }
        # Each generation writes its number at 16 places, some of them in new blocks, and flushes; a file tells how far it came.
        $path = New-Image (Join-Path (New-Folder) 'a.vhdx') 200MB
        $progress = "$path.progress"
        $script = $useModule + $fill + @"
`$disk = [VhdxTools.VhdxDisk]::Open($(ConvertTo-Quoted $path), 'ReadWrite')
`$file = [IO.FileStream]::new($(ConvertTo-Quoted $progress), 'CreateNew', 'Write', 'ReadWrite', 1)
for (`$g = 1; `$g -lt 250; `$g++) {
    for (`$i = 0; `$i -lt 16; `$i++) { `$disk.WriteAt(`$i * 1MB, (Fill 100000 `$g), 0, 100000) }
    `$disk.WriteAt((16 + (`$g * 7) % 180) * 1MB + 300, (Fill 1000 `$g), 0, 1000)
    `$disk.Flush()
    `$file.WriteByte(`$g)
}
"@
        $start = [Diagnostics.ProcessStartInfo]::new([Environment]::ProcessPath)
        foreach ($argument in @(Get-Shell | Select-Object -Skip 1) + @('-EncodedCommand', [Convert]::ToBase64String([Text.Encoding]::Unicode.GetBytes($script)))) { $start.ArgumentList.Add($argument) }
        $start.RedirectStandardError = $true
        $start.RedirectStandardOutput = $true
        $process = [Diagnostics.Process]::Start($start)
        try {
            for ($i = 0; $i -lt 3000 -and -not ((Test-Path -LiteralPath $progress) -and ([IO.FileInfo]::new($progress)).Length -gt 2) -and -not $process.HasExited; $i++) { Start-Sleep -Milliseconds 10 }
            Start-Sleep -Milliseconds (Get-Random -Minimum 0 -Maximum 120)
        }
        finally { $process.Kill(); $process.WaitForExit() }
        $done = (& { if (Test-Path -LiteralPath $progress) { ([IO.FileInfo]::new($progress)).Length } else { 0 } })
        $done | Should -BeGreaterThan 2 -Because $process.StandardError.ReadToEnd()
        $done | Should -BeLessThan 249 -Because 'it was to be killed in the middle'
        for ($i = 0; $i -lt 16; $i++) { Get-Byte $path ($i * 1MB + 777) | Should -BeIn $done, ($done + 1) }
        for ($g = [Math]::Max(1, $done - 20); $g -le $done; $g++) { Get-Byte $path ((16 + ($g * 7) % 180) * 1MB + 301) | Should -Be $g }
        Compare-Replay $path
    }

    It 'is replayed and written on by the next process' {
        if ($why) { Set-ItResult -Skipped -Because $why }
        $path = $images['flushed twice']
        Use-Disk $path { $disk.WriteAt(100MB, [byte[]] 7, 0, 1) }
        (Get-VhdxImage $path).LogState | Should -Be Clean
        Get-Byte $path 5000 | Should -Be 1
        Get-Byte $path (8MB) | Should -Be 2
        Get-Byte $path (100MB) | Should -Be 7
        $said = & qemu-img check -f vhdx $path 2>&1
        $LASTEXITCODE | Should -Be 0 -Because "$said"
    }

    It 'is as good in a chain: the child of a dirty parent and the dirty child' {
        if ($why) { Set-ItResult -Skipped -Because $why }
        $own = New-Folder
        $parent = New-Image (Join-Path $own 'base.vhdx') 8MB
        Use-Disk $parent { $disk.WriteAt(0, [VhdxToolsTests.Disks]::Pattern(0, 6MB, 1), 0, 6MB) }
        $child = New-Image (Join-Path $own 'tip.vhdx') 0 @{ ParentPath = $parent }
        $script = $useModule + $fill + @"
`$disk = [VhdxTools.VhdxDisk]::Open($(ConvertTo-Quoted $child), 'ReadWrite')
`$disk.WriteAt(1MB + 1000, (Fill 3000 200), 0, 3000)
`$disk.Flush()
`$disk.WriteAt(3MB, (Fill 512 201), 0, 512)
& /bin/kill -9 `$PID
"@
        (Invoke-ChildShell $script).ExitCode | Should -BeIn 137, 9
        (Get-VhdxImage $child).LogState | Should -Be Dirty
        $model = [byte[]]::new(8MB)
        [VhdxToolsTests.Disks]::Pattern(0, 6MB, 1).CopyTo($model, 0)
        for ($i = 0; $i -lt 3000; $i++) { $model[1MB + 1000 + $i] = 200 }
        $read = {
            $bytes = [byte[]]::new(8MB)
            $null = $disk.ReadAt(0, $bytes, 0, 8MB)
            if ($bytes[3MB] -eq 201) { for ($i = 0; $i -lt 512; $i++) { $bytes[3MB + $i] = $model[3MB + $i] } }
            [Linq.Enumerable]::SequenceEqual($bytes, $model)
        }
        Use-Disk $child -Access Read $read | Should -BeTrue
        Use-Disk $child -Access ReadWrite $read | Should -BeTrue
        (Get-VhdxImage $child).LogState | Should -Be Clean
        [Linq.Enumerable]::SequenceEqual([VhdxToolsTests.DiskImage]::new($child, [VhdxToolsTests.DiskImage]::new($parent)).Content(), $model) | Should -BeTrue
    }
}

Describe 'The log of a killed qemu-io' {
    BeforeAll {
        $why = if (-not $IsLinux) { 'strace is for Linux' } elseif (-not (Test-Peer qemu-io) -or -not (Test-Peer qemu-img)) { 'qemu is not here' } else { Test-Strace }
        if ($why) { return }

        # Killed at the n-th flush of one of its threads: in the middle of headers, log entries or the BAT.
        $own = New-Folder
        $killed = foreach ($n in 1..24) {
            $path = Join-Path $own "$n.vhdx"
            $null = & qemu-img create -q -f vhdx $path 64M -o block_size=1M
            $null = & /bin/sh -c 'exec strace -f -o /dev/null -e trace=fdatasync,fsync -e inject=fdatasync,fsync:signal=SIGKILL:when=$0 qemu-io -f vhdx -c "write -q -P 90 0 64k" -c "write -q -P 91 3M 2M" -c "write -q -P 92 5M 64k" -c "write -q -P 93 40M 3M" "$1" 2>/dev/null' $n $path 2>&1
            if ($LASTEXITCODE -in 137, 9 -and ([VhdxToolsTests.DiskImage]::new($path)).LogGuid -ne [guid]::Empty) { $path }
        }
    }

    It 'is dirty in some of the images' {
        if ($why) { Set-ItResult -Skipped -Because $why }
        @($killed | Where-Object { Get-LogEntryCount $_ }).Count | Should -BeGreaterThan 0
    }

    It 'is replayed by us to the same bytes' {
        if ($why) { Set-ItResult -Skipped -Because $why }
        foreach ($path in $killed) {
            # Headers that name a log without an entry are corrupt by MS-VHDX 2.3.3; QEMU leaves them for a moment.
            if (-not (Get-LogEntryCount $path)) {
                (Get-InnerError { [VhdxTools.VhdxDisk]::Open($path) }).Id | Should -BeExactly 'VX501'
                continue
            }
            Compare-Replay $path
        }
    }

    It 'is as good when qemu-io aborts of itself' {
        if ($why) { Set-ItResult -Skipped -Because $why }
        $path = Join-Path $own 'abort.vhdx'
        $null = & qemu-img create -q -f vhdx $path 64M -o block_size=1M
        $null = & /bin/sh -c 'exec qemu-io -f vhdx -c "write -q -P 90 0 64k" -c "write -q -P 91 3M 2M" -c flush -c "write -q -P 92 7M 64k" -c abort "$0" 2>/dev/null' $path 2>&1
        $LASTEXITCODE | Should -BeIn 134, 6
        Get-Byte $path 0 | Should -Be 90
        Get-Byte $path (4MB) | Should -Be 91
        Compare-Replay $path
    }
}

Describe 'A device that loses something' {
    BeforeAll {
        $why = if ($IsLinux) { Test-Strace } else { 'strace is for Linux' }

        function Invoke-Injected {
            # Runs a script with the n-th fsync of a process on a file failing, and gives what it prints.
            param([string] $Path, [int] $Number, [string] $Script)
            $encoded = [Convert]::ToBase64String([Text.Encoding]::Unicode.GetBytes($useModule + $fill + $Script))
            $shell = Get-Shell
            & strace -f -o /dev/null -P $Path -e trace=fsync,fdatasync -e "inject=fsync,fdatasync:error=EIO:when=$Number" @shell -OutputFormat Text -EncodedCommand $encoded 2>&1
        }
    }

    It 'is told of at whatever flush, and the image is as it was at the last one that succeeded' {
        if ($why) { Set-ItResult -Skipped -Because $why }
        $folder = New-Folder
        foreach ($number in 1..9) {
            $path = New-Image (Join-Path $folder "f$number.vhdx") 8MB
            $said = Invoke-Injected $path $number @"
`$disk = [VhdxTools.VhdxDisk]::Open($(ConvertTo-Quoted $path), 'ReadWrite')
`$done = 0
try {
    foreach (`$i in 1..3) { `$disk.WriteAt(1MB * `$i, (Fill 4096 `$i), 0, 4096); `$disk.Flush(); `$done = `$i }
    'all'
}
catch { "failed after `$done " + `$_.Exception.InnerException.Id }
finally { try { `$disk.Dispose() } catch { 'dispose failed' } }
"@
            $said = "$said"
            $said | Should -Match '(failed after \d IOFailed|dispose failed)' -Because "the flush $number failed"
            $done = if ($said -match 'after (\d)') { [int] $Matches[1] } else { 3 }
            for ($i = 1; $i -le $done; $i++) { Get-Byte $path ($i * 1MB) | Should -Be $i }
            Test-VhdxImage $path | Should -BeTrue
        }
    }

    It 'leaves no new image behind' {
        if ($why) { Set-ItResult -Skipped -Because $why }
        $folder = New-Folder
        $path = Join-Path $folder 'new.vhdx'
        # The temporary name is not known before: every fsync of the process fails.
        $encoded = [Convert]::ToBase64String([Text.Encoding]::Unicode.GetBytes($useModule + "try { New-VhdxImage $(ConvertTo-Quoted $path) 10MB -ErrorAction Stop } catch { `$_.FullyQualifiedErrorId }"))
        $shell = Get-Shell
        $said = & strace -f -o /dev/null -e trace=fsync -e inject=fsync:error=EIO @shell -OutputFormat Text -EncodedCommand $encoded 2>&1
        "$said" | Should -BeLike 'IOFailed,*'
        Get-ChildItem -LiteralPath $folder -Force | Should -BeNullOrEmpty
    }
}
