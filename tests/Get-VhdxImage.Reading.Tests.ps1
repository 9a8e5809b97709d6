# Reading what is damaged, in use, protected or something else altogether: Get-VhdxImage and Get-VhdxLayout.

BeforeDiscovery {
    $cmdlets = @('Get-VhdxImage', 'Get-VhdxLayout')
    $strangers = @(
        @{ Label = 'gzip'; Bytes = [byte[]] (0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3); Id = 'FileCompressed'; Says = 'gzip' }
        @{ Label = 'xz'; Bytes = [byte[]] (0xFD, 0x37, 0x7A, 0x58, 0x5A, 0, 0, 4); Id = 'FileCompressed'; Says = 'xz' }
        @{ Label = 'zip'; Bytes = [byte[]] (0x50, 0x4B, 3, 4, 20, 0, 0, 0); Id = 'FileCompressed'; Says = 'zip' }
        @{ Label = 'zstd'; Bytes = [byte[]] (0x28, 0xB5, 0x2F, 0xFD, 4, 0); Id = 'FileCompressed'; Says = 'zstd' }
        @{ Label = '7z'; Bytes = [byte[]] (0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C); Id = 'FileCompressed'; Says = '7z' }
        @{ Label = 'bzip2'; Bytes = [byte[]] (0x42, 0x5A, 0x68, 0x39); Id = 'FileCompressed'; Says = 'bzip2' }
        @{ Label = 'empty'; Bytes = [byte[]] @(); Id = 'FileEmpty'; Says = 'is empty' }
        @{ Label = 'one byte'; Bytes = [byte[]] (0x76); Id = 'NotAVirtualDisk'; Says = 'no VHDX' }
        @{ Label = 'text'; Bytes = [Text.Encoding]::ASCII.GetBytes("It was a dark and stormy night.`n" * 100); Id = 'NotAVirtualDisk'; Says = 'no VHDX' }
        @{ Label = 'zeros'; Bytes = [byte[]]::new(100000); Id = 'NotAVirtualDisk'; Says = 'no VHDX' }
        @{ Label = 'signature of seven bytes'; Bytes = [Text.Encoding]::ASCII.GetBytes('vhdxfil'); Id = 'NotAVirtualDisk'; Says = 'no VHDX' }
    )
    $refused = @(
        # Id, and what is changed in a sound image.
        @{ Id = 'VX303'; Case = 'both headers damaged'; Change = { param($path) foreach ($at in 64KB, 128KB) { Write-FileBytes $path ($at + 100) ([byte[]] (1)) } } }
        @{ Id = 'VX303'; Case = 'equal numbers, different headers (R2)'; With = @{ Header = @{ SequenceNumber = 5 }; Header2 = @{ SequenceNumber = 5; LogLength = 2MB } } }
        @{ Id = 'VX304'; Case = 'version 2'; With = @{ Header = @{ Version = 2 } } }
        @{ Id = 'VX305'; Case = 'log version 1, log dirty'; With = @{ Header = @{ LogVersion = 1; LogGuid = [guid]::new(1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0) } } }
        @{ Id = 'VX306'; Case = 'log dirty, in the header section'; With = @{ Header = @{ LogOffset = 0; LogGuid = [guid]::new(1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0) } } }
        @{ Id = 'VX306'; Case = 'log dirty, not on a MiB'; With = @{ Header = @{ LogOffset = 1MB + 4096; LogGuid = [guid]::new(1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0) } } }
        @{ Id = 'VX307'; Case = 'log dirty, length 0 (R7)'; With = @{ Header = @{ LogLength = 0; LogGuid = [guid]::new(1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0) } } }
        @{ Id = 'VX501'; Case = 'log dirty, nothing in it (R7)'; With = @{ Header = @{ LogGuid = [guid]::new(1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0) } } }
        @{ Id = 'VX402'; Case = 'both region tables damaged'; Change = { param($path) foreach ($at in 192KB, 256KB) { Write-FileBytes $path ($at + 1000) ([byte[]] (1)) } } }
        @{ Id = 'VX401'; Case = 'both region tables zeroed'; Change = { param($path) foreach ($at in 192KB, 256KB) { Write-FileBytes $path $at ([byte[]]::new(65536)) } } }
        @{ Id = 'VX408'; Case = 'an unknown required region (R21)'; With = @{ Region = @(@{ Id = [guid]::new(9, 9, 9, 0, 0, 0, 0, 0, 0, 0, 0); Offset = 4MB; Length = 1MB; Required = 1 }); FileLength = 5MB } }
        @{ Id = 'VX701'; Case = 'metadata signature lost'; Change = { param($path) Write-FileBytes $path 2MB ([byte[]] (0)) } }
        @{ Id = 'VX706'; Case = 'an unknown required item (R21)'; With = @{ Item = @(@{ Id = [guid]::new(9, 9, 9, 0, 0, 0, 0, 0, 0, 0, 0); Flags = 4; Content = [byte[]] (1, 2) }) } }
        @{ Id = 'VX706'; Case = 'a required item of a user (R21)'; With = @{ Item = @(@{ Id = [guid]::new(9, 9, 9, 0, 0, 0, 0, 0, 0, 0, 0); Flags = 5; Content = [byte[]] (1, 2) }) } }
        @{ Id = 'VX710'; Case = 'block size 3 MiB'; With = @{ BlockSize = 3MB } }
        @{ Id = 'VX711'; Case = 'size 0'; With = @{ Size = 0 } }
        @{ Id = 'VX711'; Case = 'size no multiple of the sector'; With = @{ Size = 1MB + 512; LogicalSectorSize = 4096 } }
        @{ Id = 'VX712'; Case = 'sector size 1024'; With = @{ LogicalSectorSize = 1024 } }
        @{ Id = 'VX601'; Case = 'BAT region too short'; With = @{ Size = 1TB } }
    )
}

BeforeAll {
    . (Join-Path $PSScriptRoot 'common.ps1')
    . (Join-Path $PSScriptRoot 'handmade.ps1')
    $folder = (Get-PSDrive -Name TestDrive).Root

    function New-Path {
        param([string] $Extension = '.vhdx')
        Join-Path $folder ([IO.Path]::GetRandomFileName() + $Extension)
    }

    function Get-OpenCount {
        # How often this process has a file open, as the system knows it; $null where it cannot tell.
        param([string] $Path)

        if (-not $IsLinux) { return $null }
        @(Get-ChildItem -LiteralPath '/proc/self/fd' | Where-Object { $_.Target -ceq $Path }).Count
    }

    function Set-Aside {
        # What R20 asks for: nobody in this process holds the file; it can be opened alone, moved and deleted.
        param([string] $Path)

        $count = Get-OpenCount $Path
        if ($null -ne $count) { $count | Should -Be 0 -Because 'the handle is closed' }
        [IO.FileStream]::new($Path, [IO.FileMode]::Open, [IO.FileAccess]::ReadWrite, [IO.FileShare]::None).Dispose()
        Move-Item -LiteralPath $Path -Destination "$Path.moved"
        Remove-Item -LiteralPath "$Path.moved"
        Test-Path -LiteralPath "$Path.moved" | Should -BeFalse
    }
}

Describe 'A copy of the header or region table that is damaged' {
    It 'R1: header 1 has the greater number and a wrong checksum, header 2 is valid at <_>' -ForEach 0, 1, 7 {
        $good = [guid] '33333333-0000-0000-0000-000000000002'
        $path = New-HandmadeImage (New-Path) -Header @{ SequenceNumber = 99 } -Header2 @{ SequenceNumber = $_; DataWriteGuid = $good }
        Write-FileBytes $path (64KB + 4000) ([byte[]] (1))
        (Get-VhdxImage -LiteralPath $path).DataWriteGuid | Should -Be $good
        $layout = Get-VhdxLayout -LiteralPath $path
        $layout.Headers.IsCurrent | Should -Be @($false, $true)
        $layout.Headers.IsValid | Should -Be @($false, $true)
        $layout.Problems.RuleId | Should -BeExactly 'VX302'
    }

    It 'R1: header 2 is lost: <Case>' -ForEach @(
        @{ Case = 'signature'; Offset = 0; Bytes = [byte[]] (0x48) }
        @{ Case = 'checksum'; Offset = 4; Bytes = [byte[]] (1, 2, 3, 4) }
        @{ Case = 'all zeros'; Offset = 0; Bytes = [byte[]]::new(4096) }
    ) {
        $path = New-HandmadeImage (New-Path) -Header @{ SequenceNumber = 1 } -Header2 @{ SequenceNumber = 2; DataWriteGuid = [guid]::NewGuid() }
        Write-FileBytes $path (128KB + $Offset) $Bytes
        (Get-VhdxImage -LiteralPath $path).DataWriteGuid | Should -Be $identifiers.DataWrite
    }

    It 'R2: two identical headers open' {
        $path = New-HandmadeImage (New-Path) -Header @{ SequenceNumber = 3 }
        (Get-VhdxImage -LiteralPath $path).Size | Should -Be 64MB
        @((Get-VhdxLayout -LiteralPath $path).Headers | Where-Object IsCurrent) | Should -HaveCount 1
    }

    It 'R3: region table <Number> is damaged: <Case>' -ForEach @(
        foreach ($number in 1, 2) {
            @{ Number = $number; Case = 'signature'; Rule = 'VX401'; Offset = 0; Bytes = [byte[]] (0) }
            @{ Number = $number; Case = 'a byte at its end'; Rule = 'VX402'; Offset = 65535; Bytes = [byte[]] (1) }
            @{ Number = $number; Case = 'zeros'; Rule = 'VX404'; Offset = 0; Bytes = [byte[]]::new(65536) }
        }
    ) {
        $path = New-HandmadeImage (New-Path) -Size 12MB
        Write-FileBytes $path (128KB + 64KB * $Number + $Offset) $Bytes
        (Get-VhdxImage -LiteralPath $path).Size | Should -Be 12MB
        $layout = Get-VhdxLayout -LiteralPath $path
        $layout.RegionTables[$Number - 1].IsValid | Should -BeFalse
        $layout.RegionTables[2 - $Number].IsCurrent | Should -BeTrue
        $layout.Problems.RuleId | Should -BeExactly $Rule
        $layout.Regions | Should -HaveCount 2
    }
}

Describe 'A file that must be refused' {
    It '<Id>: <Case>; Get-VhdxImage says it and lets go of the file' -ForEach $refused {
        $with = $_.ContainsKey('With') ? $With : @{}
        $path = New-HandmadeImage (New-Path) @with
        if ($_.ContainsKey('Change')) { . ([scriptblock]::Create("$Change")) $path }
        $before = Get-FileState $path
        $failure = { Get-VhdxImage -LiteralPath $path } | Should -Throw -PassThru -ErrorId "$Id,VhdxTools.GetVhdxImageCommand"
        $failure.CategoryInfo.Category | Should -Be 'InvalidData'
        $failure.TargetObject | Should -BeExactly $path
        $failure.Exception.Message | Should -BeLike "*$path*" -Because 'it says which file'
        $failure.Exception.Id | Should -BeExactly $Id
        Get-FileState $path | Should -BeExactly $before
        Set-Aside $path
    }

    It '<Id>: <Case>; Get-VhdxLayout gives what can be read, with that problem' -ForEach $refused {
        $with = $_.ContainsKey('With') ? $With : @{}
        $path = New-HandmadeImage (New-Path) @with
        if ($_.ContainsKey('Change')) { . ([scriptblock]::Create("$Change")) $path }
        $before = Get-FileState $path
        $layout = Get-VhdxLayout -LiteralPath $path
        $layout.Problems.RuleId | Should -Contain $Id
        ($layout.Areas | Measure-Object -Property Length -Sum).Sum | Should -Be ([IO.FileInfo]::new($path).Length)
        Get-FileState $path | Should -BeExactly $before
        Set-Aside $path
    }
}

Describe 'A file that must be taken' {
    It 'R7: log version 1 while LogGuid is zero' {
        (Get-VhdxImage -LiteralPath (New-HandmadeImage (New-Path) -Header @{ LogVersion = 1 })).LogState | Should -Be 'Clean'
    }

    It 'R6: valid entries under an old LogGuid with higher numbers are history' {
        $size = Read-Bytes (New-HandmadeImage (New-Path)) (2MB + 64KB) 4096
        Set-Bytes $size 8 ([ulong] 32MB)
        $wrong = [byte[]]::new(4096)
        $log = @{
            0      = New-LogEntryBytes -Sequence 10 -Tail 0 -Update @{ Offset = 2MB + 64KB; Data = $size }
            0x8000 = New-LogEntryBytes -Sequence 900 -Tail 0x8000 -Update @{ Offset = 2MB + 64KB; Data = $wrong } -LogGuid ([guid]::NewGuid())
        }
        $path = New-HandmadeImage (New-Path) -Header @{ LogGuid = $identifiers.Log } -Log $log
        (Get-VhdxImage -LiteralPath $path).Size | Should -Be 32MB
    }

    It 'R15: the last block is cut short where the disk does not need it, at a length that is no multiple of 1 MiB' {
        # The disk is 33 MiB + 512; its second block of 32 MiB is needed for 1 MiB + 512 only.
        $path = New-HandmadeImage (New-Path) -Size (33MB + 512) -BlockSize 32MB -Bat @{ 0 = New-BatValue 6 4; 1 = New-BatValue 6 36 } -FileLength (37MB + 512)
        $image = Get-VhdxImage -LiteralPath $path
        $image.BlocksAllocated | Should -Be 2
        $image.FileSize | Should -Be (37MB + 512)
        $layout = Get-VhdxLayout -LiteralPath $path
        $layout.FileLength | Should -Be (37MB + 512)
        $layout.Areas[-1].Kind | Should -Be 'PayloadBlock'
        $layout.Areas[-1].FileOffset + $layout.Areas[-1].Length | Should -Be (37MB + 512)
    }

    It 'R21: an unknown region and an unknown item that are not required' {
        $id = [guid] '99999999-0000-0000-0000-000000000009'
        $path = New-HandmadeImage (New-Path) -Region @{ Id = $id; Offset = 4MB; Length = 2MB; Required = 0 } -FileLength 6MB -Item @{ Id = $id; Flags = 2; Content = [byte[]] (1, 2, 3) }
        (Get-VhdxImage -LiteralPath $path).Size | Should -Be 64MB
    }

    It 'R9: blocks in the states 4 and 5' {
        $path = New-HandmadeImage (New-Path) -Bat @{ 0 = New-BatValue 5 4; 1 = New-BatValue 4 4 }
        $image = Get-VhdxImage -LiteralPath $path
        $image.BlocksAllocated | Should -Be 0
        (Get-VhdxLayout -LiteralPath $path).Bat.Invalid | Should -Be 2
    }

    It 'R17: whatever its name is: <Name>' -ForEach @(
        @{ Name = 'a VHD.vhdx'; Make = 'vhd'; Format = 'VHD'; Type = 'Fixed' }
        @{ Name = 'a child.vhdx'; Make = 'child'; Format = 'VHDX'; Type = 'Differencing' }
        @{ Name = 'a base.avhdx'; Make = 'base'; Format = 'VHDX'; Type = 'Dynamic' }
        @{ Name = 'a base.vhd'; Make = 'base'; Format = 'VHDX'; Type = 'Dynamic' }
        @{ Name = 'a base without extension'; Make = 'base'; Format = 'VHDX'; Type = 'Dynamic' }
        @{ Name = 'a base.gz'; Make = 'base'; Format = 'VHDX'; Type = 'Dynamic' }
    ) {
        $path = Join-Path $folder $Name
        switch ($Make) {
            'vhd' { [IO.File]::WriteAllBytes($path, [byte[]]::new(1MB) + (New-VhdFooterBytes -Size 1MB)) }
            'child' { $null = New-HandmadeImage $path -Locator ([ordered] @{ parent_linkage = $identifiers.Linkage.ToString('B'); relative_path = '.\x.vhdx' }) }
            'base' { $null = New-HandmadeImage $path }
        }
        $image = Get-VhdxImage -LiteralPath $path
        $image.VhdFormat | Should -Be $Format
        $image.VhdType | Should -Be $Type
    }
}

Describe 'R18, something else than an image' {
    It '<Label> is <Id> for both cmdlets, whatever its name' -ForEach $strangers {
        $path = New-Path
        [IO.File]::WriteAllBytes($path, $Bytes)
        foreach ($cmdlet in 'Get-VhdxImage', 'Get-VhdxLayout') {
            $failure = { & $cmdlet -LiteralPath $path } | Should -Throw -PassThru -ErrorId "$Id,VhdxTools.$($cmdlet -replace '-')Command"
            $failure.Exception.Message | Should -BeLike "*$path*$Says*"
            $failure.CategoryInfo.Category | Should -Be 'InvalidData'
            $failure.TargetObject | Should -BeExactly $path
        }
        Set-Aside $path
    }

    It 'a folder is PathIsFolder: <_>' -ForEach $cmdlets {
        $failure = { & $_ -LiteralPath $folder } | Should -Throw -PassThru -ErrorId "PathIsFolder,VhdxTools.$($_ -replace '-')Command"
        $failure.Exception.Message | Should -Match 'is a folder'
    }

    It '<Device> is NotARegularFile: <Cmdlet>' -ForEach @(
        foreach ($cmdlet in $cmdlets) { foreach ($device in '/dev/null', '/dev/zero', '/dev/random', '/dev/tty') { @{ Cmdlet = $cmdlet; Device = $device } } }
    ) {
        if (-not $IsLinux -or -not (Test-Path -LiteralPath $Device)) { Set-ItResult -Skipped -Because 'this system has no such device' }
        $failure = { & $Cmdlet -LiteralPath $Device } | Should -Throw -PassThru -ErrorId "NotARegularFile,VhdxTools.$($Cmdlet -replace '-')Command"
        $failure.Exception.Message | Should -Match 'device'
    }

    It 'a pipe is NotARegularFile at once, though nobody writes to it: <_>' -ForEach $cmdlets {
        if (-not (Test-Peer mkfifo)) { Set-ItResult -Skipped -Because 'mkfifo is not here' }
        $pipe = New-Path
        & mkfifo $pipe
        $failure = { & $_ -LiteralPath $pipe } | Should -Throw -PassThru -ErrorId "NotARegularFile,VhdxTools.$($_ -replace '-')Command"
        $failure.Exception.Message | Should -Match 'pipe'
        Remove-Item -LiteralPath $pipe
    }

    It 'an image of another kind is named: <Format>' -ForEach @(@{ Format = 'qcow2'; Says = 'QCOW' }, @{ Format = 'vmdk'; Says = 'VMDK' }, @{ Format = 'vdi'; Says = 'VDI' }) {
        if (-not (Test-Peer qemu-img)) { Set-ItResult -Skipped -Because 'qemu-img is not here' }
        $path = New-Path
        $null = & qemu-img create -f $Format $path 10M
        $failure = { Get-VhdxImage -LiteralPath $path } | Should -Throw -PassThru -ErrorId 'NotAVirtualDisk,VhdxTools.GetVhdxImageCommand'
        $failure.Exception.Message | Should -BeLike "*$Says*"
    }

    It 'random bytes of many lengths end in a result or one clear error, also behind a good signature' {
        $random = [Random]::new(20250101)
        foreach ($length in 1, 8, 511, 512, 520, 4096, 65536, 65537, 131072, 262144, 327680, 1048576, 3145729) {
            $bytes = [byte[]]::new($length)
            $random.NextBytes($bytes)
            $path = New-Path
            [IO.File]::WriteAllBytes($path, $bytes)
            { Get-VhdxImage -LiteralPath $path } | Should -Throw -ErrorId 'NotAVirtualDisk,VhdxTools.GetVhdxImageCommand' -Because "$length random bytes"
            { Get-VhdxLayout -LiteralPath $path } | Should -Throw -ErrorId 'NotAVirtualDisk,VhdxTools.GetVhdxLayoutCommand' -Because "$length random bytes"
            if ($length -lt 8) { continue }
            Write-FileBytes $path 0 ([Text.Encoding]::ASCII.GetBytes('vhdxfile'))
            { Get-VhdxImage -LiteralPath $path } | Should -Throw -ErrorId 'VX303,VhdxTools.GetVhdxImageCommand'
            $layout = Get-VhdxLayout -LiteralPath $path
            $layout.Problems.RuleId | Should -Contain 'VX303'
            ($layout.Areas | Measure-Object -Property Length -Sum).Sum | Should -Be $length
            Remove-Item -LiteralPath $path
        }
    }
}

Describe 'R19, a file that is in use: <_>' -ForEach $cmdlets {
    It 'is read while another process writes to it and shares it' {
        $cmdlet = $_
        $path = New-HandmadeImage (New-Path)
        $stream = [IO.FileStream]::new($path, [IO.FileMode]::Open, [IO.FileAccess]::ReadWrite, [IO.FileShare]'ReadWrite, Delete')
        try { (& $cmdlet -LiteralPath $path).Size | Should -Be 64MB } finally { $stream.Dispose() }
    }

    It 'that is not shared is read, or refused as in use; either way it stays' {
        $cmdlet = $_
        $path = New-HandmadeImage (New-Path)
        $before = Get-FileState $path
        $stream = [IO.FileStream]::new($path, [IO.FileMode]::Open, [IO.FileAccess]::ReadWrite, [IO.FileShare]::None)
        try {
            $result = & $cmdlet -LiteralPath $path -ErrorAction SilentlyContinue -ErrorVariable failures
            # Locks of .NET bind only those on Linux who ask for them.
            if ($IsWindows) { $result | Should -BeNullOrEmpty }
            if ($result) { $result.Size | Should -Be 64MB }
            else { $failures[0].FullyQualifiedErrorId | Should -BeLike 'FileInUse,*' }
        }
        finally {
            $stream.Dispose()
        }
        Get-FileState $path | Should -BeExactly $before
    }
}

Describe 'R5, a dirty log and a file that cannot be written: <_>' -ForEach $cmdlets {
    It 'is answered as if replayed, and the bytes stay' {
        $own = New-Item -ItemType Directory -Path (New-Path '')
        $bat = [byte[]]::new(4096)
        Set-Bytes $bat 0 (New-BatValue 6 5)
        $entry = New-LogEntryBytes -Sequence 5 -Tail 0 -Update @{ Offset = 3MB; Data = $bat } -Last 6MB
        $path = New-HandmadeImage (Join-Path $own dirty.vhdx) -Header @{ LogGuid = $identifiers.Log } -Log @{ 0 = $entry }
        Set-ItemProperty -LiteralPath $path -Name IsReadOnly -Value $true
        if (-not $IsWindows) { [IO.File]::SetUnixFileMode($own.FullName, 'UserRead, UserExecute') }
        try {
            $before = Get-FileState $path
            $result = & $_ -LiteralPath $path
            $result.LogState | Should -Be 'Dirty'
            ($_ -eq 'Get-VhdxImage' ? $result.BlocksAllocated : $result.Bat.BlocksAllocated) | Should -Be 1
            Get-FileState $path | Should -BeExactly $before
        }
        finally {
            if (-not $IsWindows) { [IO.File]::SetUnixFileMode($own.FullName, 'UserRead, UserWrite, UserExecute') }
            Set-ItemProperty -LiteralPath $path -Name IsReadOnly -Value $false
        }
    }
}

Describe 'The time of the last access: <_>' -ForEach $cmdlets {
    It 'stays, where the owner reads' {
        if (-not $IsLinux) { Set-ItResult -Skipped -Because 'only Linux lets a reader ask for that' }
        $path = New-HandmadeImage (New-Path)
        # Older than the last write: what even lazy file systems would renew.
        [IO.File]::SetLastAccessTimeUtc($path, [datetime]::new(2020, 1, 2, 3, 4, 5, [DateTimeKind]::Utc))
        $null = & $_ -LiteralPath $path
        [IO.File]::GetLastAccessTimeUtc($path) | Should -Be ([datetime]::new(2020, 1, 2, 3, 4, 5, [DateTimeKind]::Utc))
    }
}

Describe 'Without rights' {
    It 'the error is AccessDenied, and the file stays' {
        if ($IsWindows) { Set-ItResult -Skipped -Because 'this test takes rights away by Unix modes' }
        if ([Environment]::UserName -eq 'root') { Set-ItResult -Skipped -Because 'root may read everything' }
        $path = New-HandmadeImage (New-Path)
        [IO.File]::SetUnixFileMode($path, 'None')
        $failure = { Get-VhdxImage -LiteralPath $path } | Should -Throw -PassThru -ErrorId 'AccessDenied,VhdxTools.GetVhdxImageCommand'
        $failure.CategoryInfo.Category | Should -Be 'PermissionDenied'
    }
}
